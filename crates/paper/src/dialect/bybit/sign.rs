//! Who asks: key, timestamp and signature.

use super::reply::Refusal;
use crate::config::KeyConfig;
use crate::dialect::exchange::mac;
use crate::http::message::Incoming;

/// Milliseconds for which a request is good, where it does not say.
const RECEIVE_WINDOW_MS: i64 = 5000;
/// Milliseconds by which a timestamp may be ahead of the server.
const AHEAD_MS: i64 = 1000;

/// The key that a request shows.
pub(crate) fn key<'a>(keys: &'a [KeyConfig], request: &Incoming<'_>) -> Option<&'a KeyConfig> {
    let shown = request.header("x-bapi-api-key")?;
    keys.iter().find(|key| key.key == shown)
}

/// Checks a request's timestamp against the server's time in milliseconds, and its
/// signature.
pub(crate) fn check(
    request: &Incoming<'_>,
    key: &KeyConfig,
    server_ms: i64,
) -> Result<(), Refusal> {
    let timestamp = request.header("x-bapi-timestamp").unwrap_or_default();
    let window = request.header("x-bapi-recv-window").unwrap_or_default();
    if !is_timely(timestamp, window, server_ms) {
        let text = format!(
            "invalid request, please check your server timestamp or recv_window param. \
             req_timestamp[{timestamp}],server_timestamp[{server_ms}],recv_window[{window}]"
        );
        return Err(Refusal::new(10002, &text));
    }
    let wrong = || {
        Refusal::new(
            10004,
            "error sign! please check your signature generation algorithm.",
        )
    };
    let signature = request.header("x-bapi-sign").unwrap_or_default();
    let signature = mac::from_hex(signature).ok_or_else(wrong)?;
    let payload = match request.method {
        "GET" => request.query.as_bytes(),
        _ => request.body,
    };
    let parts = [
        timestamp.as_bytes(),
        key.key.as_bytes(),
        window.as_bytes(),
        payload,
    ];
    if mac::is_signed(&key.secret, &parts, &signature) {
        Ok(())
    } else {
        Err(wrong())
    }
}

fn is_timely(timestamp: &str, window: &str, server_ms: i64) -> bool {
    let window = match window {
        "" => Ok(RECEIVE_WINDOW_MS),
        text => text.parse::<u32>().map(i64::from),
    };
    let (Ok(timestamp), Ok(window)) = (timestamp.parse::<i64>(), window) else {
        return false;
    };
    let oldest = server_ms.saturating_sub(window);
    oldest <= timestamp && timestamp < server_ms.saturating_add(AHEAD_MS)
}
