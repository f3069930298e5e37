//! What the key may do.

use crate::domain::key_rights::KeyRights;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What v2 says of a key that may read the spot account (account-information page).
///
/// # Errors
/// When it does not say what the key may do: nothing is taken for harmless then.
pub(super) fn classic(data: &Object<'_>) -> Result<KeyRights, Unexpected> {
    let rights = texts(data.need("authorities")?)?;
    let has = |word: &str| rights.iter().any(|known| known == word);
    Ok(KeyRights {
        // `trade` is the word of older keys.
        may_trade: has("coow") || has("trade"),
        may_withdraw: has("wwow") || has("withdraw"),
        may_transfer: has("wtow") || has("transfer"),
        is_bound: Some(is_bound(data)?),
        ends: None,
    })
}

/// What v3 says of every key.
///
/// # Errors
/// As [`classic`].
pub(super) fn unified(data: &Object<'_>) -> Result<KeyRights, Unexpected> {
    let kind = data.need("permType")?;
    let may_write = match kind.as_text()?.replace('_', "-").as_str() {
        "read-only" | "readonly" => false,
        "read-and-write" => true,
        _ => return Err(kind.unexpected("`read-only` or `read-and-write`")),
    };
    let rights = texts(data.need("permissions")?)?;
    let has = |word: &str| rights.iter().any(|known| known == word);
    Ok(KeyRights {
        may_trade: may_write && has("uta_trade"),
        // By the right alone: nothing says that a key that only reads cannot hold it.
        may_withdraw: has("withdraw"),
        may_transfer: has("transfer"),
        is_bound: Some(is_bound(data)?),
        ends: None,
    })
}

fn texts(list: Node<'_>) -> Result<Vec<String>, Unexpected> {
    list.as_list()?.into_iter().map(Node::as_text).collect()
}

/// `ips` is a text of addresses, or a list of them; nothing where there is none.
fn is_bound(data: &Object<'_>) -> Result<bool, Unexpected> {
    let Some(addresses) = data.member("ips") else {
        return Ok(false);
    };
    let addresses = match addresses.text() {
        Some(text) => text.split(',').map(str::to_owned).collect(),
        None => texts(addresses)?,
    };
    let is_one = |address: &String| !matches!(address.trim(), "" | "*" | "0.0.0.0");
    Ok(!addresses.is_empty() && addresses.iter().all(is_one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const CLASSIC: &str = r#"{"userId": "1", "ips": "203.0.113.7,203.0.113.8",
        "authorities": ["coor", "cpor", "stor", "coow", "cpow"], "parentId": 2}"#;
    const UNIFIED: &str = r#"{"userId": "1", "ips": "203.0.113.7",
        "permType": "read-and-write", "permissions": ["uta_mgt", "uta_trade"]}"#;

    type Read = fn(&Object<'_>) -> Result<KeyRights, Unexpected>;

    fn words(body: &str, read: Read, from: &str, to: &str) -> String {
        let body = body.replacen(from, to, 1);
        let json = Json::parse(body.as_bytes()).unwrap();
        let rights = read(&json.root().object().unwrap());
        rights.map_or("unreadable".to_owned(), |rights| rights.words())
    }

    #[test]
    fn a_classic_key_says_what_it_may_do() {
        let words = |from: &str, to: &str| words(CLASSIC, classic, from, to);
        let least = "may read, trade; from listed addresses alone";
        assert_eq!(words("", ""), least);
        for (from, to, expected) in [
            (
                r#""coow", "cpow""#,
                r#""cpow""#,
                "may read; from listed addresses alone",
            ),
            (r#""coow""#, r#""trade""#, least),
            (
                r#""cpow""#,
                r#""wtow", "wwow""#,
                "may read, trade, transfer, withdraw; from listed addresses alone",
            ),
            (
                "203.0.113.7,203.0.113.8",
                "",
                "may read, trade; from any address",
            ),
            (r#""authorities""#, r#""rights""#, "unreadable"),
            (r#"["coor", "#, r#"[7, "#, "unreadable"),
        ] {
            assert_eq!(words(from, to), expected, "{to}");
        }
    }

    #[test]
    fn a_unified_key_says_what_it_may_do() {
        let words = |from: &str, to: &str| words(UNIFIED, unified, from, to);
        let least = "may read, trade; from listed addresses alone";
        assert_eq!(words("", ""), least);
        for (from, to, expected) in [
            (
                "read-and-write",
                "read-only",
                "may read; from listed addresses alone",
            ),
            (
                r#""uta_trade""#,
                r#""uta_trade", "withdraw""#,
                "may read, trade, withdraw; from listed addresses alone",
            ),
            (
                r#"read-and-write", "permissions": ["uta_mgt""#,
                r#"read-only", "permissions": ["withdraw""#,
                "may read, withdraw; from listed addresses alone",
            ),
            (
                r#""uta_trade""#,
                r#""copy_futures_trade""#,
                "may read; from listed addresses alone",
            ),
            (
                r#""203.0.113.7""#,
                r#""""#,
                "may read, trade; from any address",
            ),
            ("read-and-write", "everything", "unreadable"),
            (r#""permissions""#, r#""rights""#, "unreadable"),
        ] {
            assert_eq!(words(from, to), expected, "{to}");
        }
    }
}
