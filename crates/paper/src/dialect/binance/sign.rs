//! Who asks: key, signature and timestamp.

use super::params::{Params, missing};
use super::reply::Refusal;
use crate::config::KeyConfig;
use crate::dialect::exchange::mac;
use crate::http::message::Incoming;

/// Milliseconds for which a request is good, where it does not say.
const RECEIVE_WINDOW_MS: i64 = 5000;
/// The longest window.
const LONGEST_WINDOW_MS: i64 = 60_000;
/// Milliseconds by which a timestamp may be ahead of the server.
const AHEAD_MS: i64 = 1000;

/// What stands before a signature; it is the last parameter.
const SIGNATURE: &[u8] = b"signature=";

/// The key that a request shows.
pub(crate) fn key<'a>(keys: &'a [KeyConfig], request: &Incoming<'_>) -> Option<&'a KeyConfig> {
    let shown = request.header("x-mbx-apikey")?;
    keys.iter().find(|key| key.key == shown)
}

/// Checks the signature of what was sent, then its timestamp against the server's
/// time in milliseconds. Neither the method nor the path is signed.
pub(crate) fn check(
    request: &Incoming<'_>,
    key: &KeyConfig,
    params: &Params,
    server_ms: i64,
) -> Result<(), Refusal> {
    let timestamp = params
        .whole("timestamp")?
        .ok_or_else(|| missing("timestamp"))?;
    params
        .text("signature")
        .ok_or_else(|| missing("signature"))?;
    let body: &[u8] = match request.method {
        "GET" => &[],
        _ => request.body,
    };
    if !is_signed(key, request.query.as_bytes(), body) {
        return Err(Refusal::new(
            -1022,
            "Signature for this request is not valid.",
        ));
    }
    let window = params.whole("recvWindow")?.unwrap_or(RECEIVE_WINDOW_MS);
    if window > LONGEST_WINDOW_MS {
        return Err(Refusal::new(-1131, "recvWindow must be less than 60000"));
    }
    if timestamp >= server_ms.saturating_add(AHEAD_MS) {
        let text = "Timestamp for this request was 1000ms ahead of the server's time.";
        return Err(Refusal::new(-1021, text));
    }
    if server_ms.saturating_sub(timestamp) > window {
        let text = "Timestamp for this request is outside of the recvWindow.";
        return Err(Refusal::new(-1021, text));
    }
    Ok(())
}

/// Whether the query and the body behind it, without the signature at the end of one
/// of them, are signed as they were sent.
fn is_signed(key: &KeyConfig, query: &[u8], body: &[u8]) -> bool {
    let signed = match (cut(body), cut(query)) {
        (Some((body, signature)), _) => Some((query, body, signature)),
        (None, Some((query, signature))) => Some((query, body, signature)),
        (None, None) => None,
    };
    let Some((query, body, signature)) = signed else {
        return false;
    };
    let signature = std::str::from_utf8(signature).unwrap_or_default();
    // The case of the digits does not matter.
    let signature = mac::from_hex(&signature.to_ascii_lowercase());
    signature.is_some_and(|signature| mac::is_signed(&key.secret, &[query, body], &signature))
}

/// What stands before a signature, and the signature.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let last = text.iter().rposition(|byte| *byte == b'&');
    let (before, pair) = match last {
        Some(at) => (text.get(..at)?, text.get(at.checked_add(1)?..)?),
        None => (&[][..], text),
    };
    Some((before, pair.strip_prefix(SIGNATURE)?))
}
