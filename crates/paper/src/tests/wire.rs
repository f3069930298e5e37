//! A paper venue that listens, and a client of the tests' own making: plain HTTP, and
//! a signature by RFC 2104.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use chrono::DateTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{ManualTime, PaperClock, PaperConfig, PaperVenue, serve_venue};

/// The key, secret and clock of the computed vectors (section 1).
pub(super) const KEY: &str = "rd-test-key-0001";
pub(super) const SECRET: &str = "rd-test-secret-0123456789abcdef";
pub(super) const CLOCK_MS: i64 = 1_700_000_000_000;
/// The key of the account in hedge mode.
pub(super) const HEDGE_KEY: &str = "rd-test-key-0002";

/// A venue that listens, whose time stands still until it is moved.
pub(super) struct Wire {
    pub(super) venue: PaperVenue,
    pub(super) time: ManualTime,
    address: SocketAddr,
    stop: CancellationToken,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

impl Wire {
    pub(super) fn of(config: PaperConfig) -> Wire {
        let start = DateTime::from_timestamp_millis(CLOCK_MS).unwrap();
        let (clock, time) = PaperClock::manual(start);
        let venue = PaperVenue::new(config, clock).unwrap();
        let stop = CancellationToken::new();
        let (sender, receiver) = std::sync::mpsc::channel();
        let (served, stopped) = (venue.clone(), stop.clone());
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(async move {
                let any = SocketAddr::from(([127, 0, 0, 1], 0));
                let serving = serve_venue(served, any, stopped.clone()).await.unwrap();
                sender.send(serving.address).unwrap();
                stopped.cancelled().await;
            });
        });
        Wire {
            venue,
            time,
            address: receiver.recv().unwrap(),
            stop,
        }
    }

    /// The venue's time, in milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.time.now().timestamp_millis()
    }

    /// A request as it stands on the wire; `None` when no response came.
    pub(super) fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut text = format!("{line} HTTP/1.1\r\nHost: paper\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() {
            write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{text}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Reply {
            status,
            head: head.to_owned(),
            body: serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// HMAC-SHA256 in lower-case hexadecimal digits, by RFC 2104.
pub(super) fn sign(secret: &str, text: &str) -> String {
    let mut block = [0_u8; 64];
    block[..secret.len()].copy_from_slice(secret.as_bytes());
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    let mut hex = String::new();
    for byte in outer {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}
