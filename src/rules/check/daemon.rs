//! The `daemon` section.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use chrono::TimeDelta;

use super::secrets;
use crate::rules::book::Loosening;
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::settings::{Daemon, Heartbeat, Mode};
use crate::rules::tables;

/// Port of the local API unless the file says otherwise.
pub(crate) const DEFAULT_HTTP_PORT: u16 = 7380;

/// Time between two heartbeats unless the file says otherwise.
const DEFAULT_HEARTBEAT: TimeDelta = TimeDelta::seconds(60);
/// The shortest time between two heartbeats: receivers do not like more.
const MIN_HEARTBEAT: TimeDelta = TimeDelta::seconds(5);
/// The longest time between two heartbeats: what is told later helps nobody.
const MAX_HEARTBEAT: TimeDelta = TimeDelta::hours(1);

/// The settings, and when an edit that loosens takes effect; those that are missing or
/// wrong at their defaults.
pub(super) fn daemon(node: Option<&Node<'_>>, findings: &mut Findings) -> (Daemon, Loosening) {
    let default_http = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_HTTP_PORT);
    let mut daemon = Daemon {
        mode: Mode::Enforce,
        database: None,
        http: Some(default_http),
        heartbeat: None,
    };
    let mut loosening = Loosening::Immediate;
    let Some(fields) = node.and_then(|node| Fields::open(node, &tables::DAEMON, findings)) else {
        return (daemon, loosening);
    };
    if let Some(mode) = fields.read("mode", findings, read::word) {
        daemon.mode = mode;
    }
    if let Some(asked) = fields.read("loosening", findings, read::word) {
        loosening = asked;
    }
    let database = fields.read("database", findings, read::line_of_text);
    daemon.database = database.map(PathBuf::from);
    daemon.heartbeat = fields.read("heartbeat", findings, heartbeat);
    match fields.read("http", findings, http) {
        Some(Http::At(address)) => daemon.http = Some(address),
        Some(Http::Off) => daemon.http = None,
        None => {}
    }
    (daemon, loosening)
}

fn heartbeat(node: &Node<'_>, findings: &mut Findings) -> Option<Heartbeat> {
    let fields = Fields::open(node, &tables::HEARTBEAT, findings)?;
    let url = fields.read("url", findings, secrets::url_or_source);
    let every = match fields.get("every") {
        Some(node) => every(node, findings),
        None => Some(DEFAULT_HEARTBEAT),
    };
    Some(Heartbeat {
        url: url?,
        every: every?,
    })
}

fn every(node: &Node<'_>, findings: &mut Findings) -> Option<TimeDelta> {
    let every = read::duration(node, findings)?;
    if (MIN_HEARTBEAT..=MAX_HEARTBEAT).contains(&every) {
        return Some(every);
    }
    let message = "a heartbeat comes every `5s` to `1h`";
    let help = "`60s` is usual; have its receiver wait for three of them before it alarms";
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

/// Where the local API listens, as the file says it.
enum Http {
    Off,
    At(SocketAddr),
}

/// An address to listen on, or `off`.
fn http(node: &Node<'_>, findings: &mut Findings) -> Option<Http> {
    let text = read::scalar(node, "an address or `off`", findings)?;
    if text == "off" {
        return Some(Http::Off);
    }
    let Ok(address) = text.parse::<SocketAddr>() else {
        let message = format!("{} is not an address with a port", quoted(text));
        findings.push(Diagnostic::error(node.place, message).help(http_help(text)));
        return None;
    };
    if !address.ip().is_loopback() {
        let message = format!("anyone who reaches {address} can read the status page");
        let help = format!("use `127.0.0.1:{}` and a tunnel", address.port());
        findings.push(Diagnostic::warning(node.place, message).help(help));
    }
    Some(Http::At(address))
}

fn http_help(text: &str) -> String {
    let port = text
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    match (text, port) {
        ("false" | "no" | "none" | "Off" | "OFF", _) => "write `off`".to_owned(),
        (_, Some(port)) => format!("write `127.0.0.1:{port}`"),
        _ => format!("write `127.0.0.1:{DEFAULT_HTTP_PORT}` or `off`"),
    }
}
