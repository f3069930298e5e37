//! What the key may do (API key information page).

use crate::domain::key_rights::KeyRights;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What an answer's result says of the key that asked.
///
/// # Errors
/// When it does not say what the key may do: nothing is taken for harmless then.
pub(super) fn read(result: &Object<'_>) -> Result<KeyRights, Unexpected> {
    let is_read_only = result.need("readOnly")?.as_integer()? != 0;
    let permissions = result.need("permissions")?.as_object()?;
    let contract = words(&permissions, "ContractTrade")?;
    let derivatives = words(&permissions, "Derivatives")?;
    let wallet = words(&permissions, "Wallet")?;
    let has = |words: &[String], word: &str| words.iter().any(|known| known == word);
    // A unified account trades contracts by either of the two.
    let may_trade = has(&contract, "Order") || has(&derivatives, "DerivativesTrade");
    let is_any = |address: &String| address == "*" || address.is_empty();
    let addresses = match result.member("ips") {
        Some(addresses) => texts(addresses)?,
        None => Vec::new(),
    };
    let ends = result.member("expiredAt").and_then(Node::text);
    Ok(KeyRights {
        may_trade: may_trade && !is_read_only,
        may_withdraw: has(&wallet, "Withdraw") && !is_read_only,
        may_transfer: wallet.iter().any(|word| word.contains("Transfer")) && !is_read_only,
        is_bound: Some(!addresses.is_empty() && !addresses.iter().any(is_any)),
        ends: ends.filter(|ends| !ends.is_empty() && !ends.starts_with("1970")),
    })
}

/// The rights of one group; a group that is not listed has none.
fn words(permissions: &Object<'_>, group: &str) -> Result<Vec<String>, Unexpected> {
    match permissions.member(group) {
        Some(list) => texts(list),
        None => Ok(Vec::new()),
    }
}

fn texts(list: Node<'_>) -> Result<Vec<String>, Unexpected> {
    list.as_list()?.into_iter().map(Node::as_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const GOOD: &str = r#"{"readOnly": 0, "ips": ["203.0.113.7"], "expiredAt": "",
        "permissions": {"ContractTrade": ["Order", "Position"], "Derivatives": [],
        "Wallet": [], "Spot": []}, "apiKey": "abc", "uta": 1}"#;

    fn of(body: &str) -> Option<KeyRights> {
        let json = Json::parse(body.as_bytes()).unwrap();
        read(&json.root().object().unwrap()).ok()
    }

    fn words(from: &str, to: &str) -> String {
        let rights = of(&GOOD.replacen(from, to, 1));
        rights.map_or("unreadable".to_owned(), |rights| rights.words())
    }

    #[test]
    fn a_key_says_what_it_may_do() {
        let least = "may read, trade; from listed addresses alone";
        assert_eq!(words("", ""), least);
        for (from, to, expected) in [
            (
                r#""readOnly": 0"#,
                r#""readOnly": 1"#,
                "may read; from listed addresses alone",
            ),
            (
                r#"["Order", "Position"], "Derivatives": []"#,
                r#"[], "Derivatives": ["DerivativesTrade"]"#,
                least,
            ),
            (
                r#"["Order", "Position"]"#,
                r#"["Position"]"#,
                "may read; from listed addresses alone",
            ),
            (
                r#""Wallet": []"#,
                r#""Wallet": ["AccountTransfer", "Withdraw"]"#,
                "may read, trade, transfer, withdraw; from listed addresses alone",
            ),
            (
                r#""Wallet": []"#,
                r#""Wallet": ["SubMemberTransferList"]"#,
                "may read, trade, transfer; from listed addresses alone",
            ),
            (
                r#"["203.0.113.7"]"#,
                r#"["*"]"#,
                "may read, trade; from any address",
            ),
            (
                r#"["203.0.113.7"]"#,
                "[]",
                "may read, trade; from any address",
            ),
            (
                r#""expiredAt": """#,
                r#""expiredAt": "2027-01-01T00:00:00Z""#,
                "may read, trade; from listed addresses alone; until 2027-01-01T00:00:00Z",
            ),
            (r#""permissions""#, r#""rights""#, "unreadable"),
            (r#""readOnly": 0"#, r#""readOnly": null"#, "unreadable"),
            (r#""Wallet": []"#, r#""Wallet": "Withdraw""#, "unreadable"),
        ] {
            assert_eq!(words(from, to), expected, "{to}");
        }
    }
}
