//! The paper venue, from outside: HTTP as an adapter sends it, and its handle.

mod control;
mod data_faults;
mod shapes;
mod trading;
mod trouble;
mod wire_faults;

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use riskd_paper::{ManualTime, PaperClock, PaperConfig, PaperVenue, Serving, serve_venue};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A venue that listens, whose time stands still until it is moved.
struct Paper {
    serving: Serving,
    venue: PaperVenue,
    time: ManualTime,
    client: Client,
    stop: CancellationToken,
}

/// Sim101 with cash alone, and an account whose name needs encoding.
fn two_accounts() -> PaperConfig {
    let config = PaperConfig {
        float_noise: false,
        rate_limit: false,
        tick_ms: 0,
        ..PaperConfig::default()
    };
    config
        .account("Sim101", 50_000)
        .account("Eval 50K!", 100_000)
}

fn number(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// 10:00 in New York, on a Thursday in winter.
fn morning() -> DateTime<Utc> {
    "2026-03-05T15:00:00Z".parse().unwrap()
}

fn client() -> Client {
    // A second installation says so and changes nothing.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap()
}

impl Paper {
    async fn start(config: PaperConfig) -> Paper {
        let (clock, time) = PaperClock::manual(morning());
        let venue = PaperVenue::new(config, clock).unwrap();
        let stop = CancellationToken::new();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let serving = serve_venue(venue.clone(), address, stop.clone())
            .await
            .unwrap();
        Paper {
            serving,
            venue,
            time,
            client: client(),
            stop,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.serving.base_url());
        self.client.request(method, url).bearer_auth("paper-token")
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// A read that must succeed.
    async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn flatten(&self, account: &str) -> (StatusCode, Value) {
        let path = format!("/accounts/{account}/positions/flatten");
        self.post(&path, json!({})).await
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.serving.control_url());
        answer(self.client.request(method, url).json(&body)).await
    }

    fn held(&self, account: &str) -> Vec<(String, i64)> {
        self.venue.figures(account).unwrap().positions
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}
