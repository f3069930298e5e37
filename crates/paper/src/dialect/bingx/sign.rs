//! Who asks: key, signature and timestamp.

use super::params::Params;
use super::reply::Refusal;
use crate::config::KeyConfig;
use crate::dialect::exchange::mac;
use crate::http::message::Incoming;

/// Milliseconds for which a request is good: also where it asks for more, which no client
/// was seen to be refused for.
const RECEIVE_WINDOW_MS: i64 = 5000;
/// Milliseconds by which a timestamp may be ahead of the server. The pages advise to keep
/// a clock within a second or two.
const AHEAD_MS: i64 = 1000;

/// The key that a request shows.
pub(crate) fn key<'a>(keys: &'a [KeyConfig], request: &Incoming<'_>) -> Option<&'a KeyConfig> {
    let shown = request.header("x-bx-apikey")?;
    keys.iter().find(|key| key.key == shown)
}

/// Checks the signature of all parameters, then their timestamp against the server's time
/// in milliseconds. Neither the method nor the path is signed.
pub(crate) fn check(key: &KeyConfig, params: &Params, server_ms: i64) -> Result<(), Refusal> {
    let signature = params.text("signature");
    let signature = signature.ok_or_else(|| Refusal::new(100_412, "Null signature"))?;
    let mismatch = || Refusal::new(100_421, "Null timestamp or timestamp mismatch");
    let timestamp = params.text("timestamp").ok_or_else(mismatch)?;
    let payload = params.payload();
    let is_signed = mac::from_hex(signature)
        .is_some_and(|bytes| mac::is_signed(&key.secret, &[payload.as_bytes()], &bytes));
    if !is_signed {
        let text = "Signature verification failed due to signature mismatch";
        return Err(Refusal::new(100_001, text));
    }
    let timestamp: i64 = timestamp.parse().map_err(|_| mismatch())?;
    let asked = params.whole("recvWindow")?.filter(|window| *window > 0);
    let window = asked.map_or(RECEIVE_WINDOW_MS, |window| window.min(RECEIVE_WINDOW_MS));
    let oldest = server_ms.saturating_sub(window);
    if timestamp < oldest || timestamp >= server_ms.saturating_add(AHEAD_MS) {
        return Err(mismatch());
    }
    Ok(())
}
