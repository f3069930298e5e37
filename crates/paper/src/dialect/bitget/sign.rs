//! Who asks: key, timestamp, signature and passphrase.

use super::reply::Refusal;
use crate::config::KeyConfig;
use crate::dialect::exchange::mac;
use crate::dialect::query::decode;
use crate::http::message::Incoming;

/// Milliseconds by which a timestamp may be off. No page says it; users report 30 s.
const WINDOW_MS: u64 = 30_000;

/// The key that a request shows.
pub(crate) fn key<'a>(keys: &'a [KeyConfig], request: &Incoming<'_>) -> Option<&'a KeyConfig> {
    let shown = request.header("access-key")?;
    keys.iter().find(|key| key.key == shown)
}

/// Finds the key of a request, and checks timestamp, signature and passphrase.
pub(crate) fn authenticate<'a>(
    keys: &'a [KeyConfig],
    request: &Incoming<'_>,
    server_ms: i64,
) -> Result<&'a KeyConfig, Refusal> {
    let header = |name: &str| request.header(name).filter(|text| !text.is_empty());
    let empty = |code: &str, name: &str| Refusal::new(code, &format!("{name} cannot be empty"));
    header("access-key").ok_or_else(|| empty("40001", "ACCESS_KEY"))?;
    let signature = header("access-sign").ok_or_else(|| empty("40003", "Signature"))?;
    let timestamp = header("access-timestamp").unwrap_or_default();
    let passphrase =
        header("access-passphrase").ok_or_else(|| empty("40011", "ACCESS_PASSPHRASE"))?;
    let Ok(sent_ms) = timestamp.parse::<i64>() else {
        return Err(Refusal::new("40005", "Invalid ACCESS_TIMESTAMP"));
    };
    if sent_ms.abs_diff(server_ms) > WINDOW_MS {
        return Err(Refusal::new("40008", "Request timestamp expired"));
    }
    let key = key(keys, request).ok_or_else(|| Refusal::new("40006", "Invalid ACCESS_KEY"))?;
    if !is_signed(request, key, timestamp, signature) {
        return Err(Refusal::new("40009", "sign signature error"));
    }
    if !key.passphrase.is_empty() && key.passphrase != passphrase {
        return Err(Refusal::new("40012", "apikey/password is incorrect"));
    }
    Ok(key)
}

/// The query is signed as it was sent. A client that signs it before it is encoded was
/// seen to be let in.
fn is_signed(request: &Incoming<'_>, key: &KeyConfig, timestamp: &str, signature: &str) -> bool {
    let Some(signature) = mac::from_base64(signature) else {
        return false;
    };
    let mark = if request.query.is_empty() { "" } else { "?" };
    let plain = decode(request.query, false);
    [request.query, plain.as_str()].into_iter().any(|query| {
        let parts = [
            timestamp.as_bytes(),
            request.method.as_bytes(),
            request.path.as_bytes(),
            mark.as_bytes(),
            query.as_bytes(),
            request.body,
        ];
        mac::is_signed(&key.secret, &parts, &signature)
    })
}
