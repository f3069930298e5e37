//! The local API of a daemon that watches a paper venue.

mod metrics;
mod reading;
mod writing;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use riskd_paper::{InstrumentConfig, PaperClock, PaperConfig, PaperVenue, Serving, serve_venue};
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::e2e::signal;
use super::machine;

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon with its venue.
struct Rig {
    folder: TempDir,
    address: SocketAddr,
    client: reqwest::Client,
    venue: Serving,
    stop: CancellationToken,
    daemon: Child,
}

/// An answer of the API.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

impl Rig {
    /// Two accounts, the first with a position; a rule that fires far from here
    /// and one that has fired already.
    async fn start(mode: &str) -> Rig {
        let stop = CancellationToken::new();
        let config = PaperConfig {
            instruments: vec![InstrumentConfig::new("ES 03-26", Decimal::from(5000))],
            ..PaperConfig::default()
        };
        let config = config
            .account("Sim101", 50_000)
            .account("Sim102", 50_000)
            .position("Sim101", "ES 03-26", 2);
        let token = config.token.clone();
        let clock = PaperClock::from_fn(|| machine::wednesday().now());
        let venue = PaperVenue::new(config, clock).unwrap();
        let venue = serve_venue(venue, loopback(0), stop.clone()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let file = folder.path().join("token");
        write_secret(&file, &token);
        let text = rules(mode, address, &venue.base_url(), &file);
        std::fs::write(folder.path().join("rules.yaml"), text).unwrap();
        let daemon = machine::riskd()
            .args(["run", "--rules", "rules.yaml", "--database", "riskd.db"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = riskd::http::plain_builder().unwrap().build().unwrap();
        let rig = Rig {
            folder,
            address,
            client,
            venue,
            stop,
            daemon,
        };
        rig.until("/readyz", |answer| answer.status == 200).await;
        rig
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn token(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("api-token")).unwrap();
        text.trim().to_owned()
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path))).await.unwrap()
    }

    /// Posts a body, with the right token.
    async fn post(&self, path: &str, body: impl Into<String>) -> Answer {
        let request = self.client.post(self.url(path)).bearer_auth(self.token());
        answer(request.body(body.into())).await.unwrap()
    }

    /// Asks again and again until the answer is right.
    async fn until(&self, path: &str, is_right: impl Fn(&Answer) -> bool) -> Answer {
        let asking = async {
            loop {
                match answer(self.client.get(self.url(path))).await {
                    Ok(answer) if is_right(&answer) => return answer,
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(PATIENCE, asking)
            .await
            .expect("the right answer never came")
    }

    /// The account's part of the status.
    async fn account(&self, name: &str) -> Value {
        let status = self.get("/status").await.json();
        let accounts = status["accounts"].as_array().unwrap();
        let found = accounts.iter().find(|account| account["account"] == name);
        found.unwrap().clone()
    }

    /// Ends the daemon as systemd does, which is to go well.
    async fn end(mut self) {
        signal(self.daemon.id(), "TERM");
        let ending = async {
            loop {
                match self.daemon.try_wait().unwrap() {
                    Some(status) => return status,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        let status = timeout(PATIENCE, ending).await.expect("it does not end");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        self.stop.cancel();
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    Ok(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await?,
    })
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind(loopback(0)).unwrap();
    listener.local_addr().unwrap()
}

fn write_secret(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn rules(mode: &str, http: SocketAddr, base_url: &str, token: &Path) -> String {
    let token = token.display();
    format!(
        "version: 1
daemon: {{ mode: {mode}, http: '{http}' }}
sessions:
  day: {{ timezone: UTC, open: \"00:00\", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
  paper:
    kind: crosstrade
    base_url: {base_url}
    token: {{ file: {token} }}
    poll: 1s
accounts:
  one: {{ venue: paper, number: Sim101, session: day, starting_balance: 50000 }}
  two: {{ venue: paper, number: Sim102, session: day, starting_balance: 50000 }}
rules:
  - name: daily loss
    accounts: [one, two]
    when: {{ pnl: {{ loss: 1000 }} }}
    then: [flatten]
  - name: no big \"size\"
    accounts: [one]
    when: {{ position: {{ contracts: 1 }} }}
    then: [flatten, {{ lock: {{ until: manual }} }}]
    rearm: never
"
    )
}
