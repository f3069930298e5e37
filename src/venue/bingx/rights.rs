//! What the key may do (account page, permissions of a key).

use crate::domain::key_rights::KeyRights;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// The numbers of rights, where they are a list (sub-account page).
const FUTURES: i64 = 3;
const UNIVERSAL_TRANSFER: i64 = 4;
const WITHDRAW: i64 = 5;
const INTERNAL_TRANSFER: i64 = 7;

/// What an answer says of the key that asked: by name, or as a list of numbers, which has
/// come without the envelope of other answers.
///
/// # Errors
/// When it does not say what the key may do: nothing is taken for harmless then.
pub(super) fn read(answer: Node<'_>) -> Result<KeyRights, Unexpected> {
    let answer = answer.as_object()?;
    let rights = match answer.member("data") {
        Some(data) => data.as_object()?,
        None => answer,
    };
    match rights.member("permissions") {
        Some(numbers) => by_number(&rights, numbers),
        None => by_name(&rights),
    }
}

fn by_name(rights: &Object<'_>) -> Result<KeyRights, Unexpected> {
    let flag = |name| rights.need(name)?.as_boolean();
    Ok(KeyRights {
        may_trade: flag("enableFutures")?,
        may_withdraw: flag("enableWithdrawals")?,
        may_transfer: flag("enableInternalTransfer")? || flag("permitsUniversalTransfer")?,
        is_bound: Some(flag("ipRestrict")?),
        ends: None,
    })
}

fn by_number(rights: &Object<'_>, numbers: Node<'_>) -> Result<KeyRights, Unexpected> {
    let numbers: Result<Vec<i64>, Unexpected> = numbers
        .as_list()?
        .into_iter()
        .map(Node::as_integer)
        .collect();
    let numbers = numbers?;
    let has = |number| numbers.contains(&number);
    let addresses = match rights.member("ipAddresses") {
        Some(list) => Some(!list.as_list()?.is_empty()),
        None => None,
    };
    Ok(KeyRights {
        may_trade: has(FUTURES),
        may_withdraw: has(WITHDRAW),
        may_transfer: has(UNIVERSAL_TRANSFER) || has(INTERNAL_TRANSFER),
        is_bound: addresses,
        ends: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const GOOD: &str = r#"{"code": 0, "msg": "", "data": {"ipRestrict": true,
        "createTime": 1623840271000, "enableReading": true, "enableWithdrawals": false,
        "enableInternalTransfer": false, "permitsUniversalTransfer": false,
        "enableFutures": true, "enableSpotAndMarginTrading": false}}"#;
    const NUMBERS: &str = r#"{"apiKey": "", "note": "", "permissions": [2, 3],
        "ipAddresses": ["203.0.113.7"]}"#;

    fn words(body: &str) -> String {
        let json = Json::parse(body.as_bytes()).unwrap();
        let rights = read(json.root()).ok();
        rights.map_or("unreadable".to_owned(), |rights| rights.words())
    }

    #[test]
    fn a_key_says_what_it_may_do() {
        let least = "may read, trade; from listed addresses alone";
        assert_eq!(words(GOOD), least);
        for (from, to, expected) in [
            (
                r#""enableFutures": true"#,
                r#""enableFutures": false"#,
                "may read; from listed addresses alone",
            ),
            (
                r#""enableWithdrawals": false"#,
                r#""enableWithdrawals": true"#,
                "may read, trade, withdraw; from listed addresses alone",
            ),
            (
                r#""permitsUniversalTransfer": false"#,
                r#""permitsUniversalTransfer": true"#,
                "may read, trade, transfer; from listed addresses alone",
            ),
            (
                r#""ipRestrict": true"#,
                r#""ipRestrict": false"#,
                "may read, trade; from any address",
            ),
            (r#""enableWithdrawals""#, r#""withdrawals""#, "unreadable"),
            (
                r#""enableFutures": true"#,
                r#""enableFutures": 1"#,
                "unreadable",
            ),
            (r#""data": {"#, r#""data": [], "rest": {"#, "unreadable"),
        ] {
            assert_eq!(words(&GOOD.replacen(from, to, 1)), expected, "{to}");
        }
    }

    #[test]
    fn rights_may_be_numbers_too() {
        assert_eq!(
            words(NUMBERS),
            "may read, trade; from listed addresses alone"
        );
        for (from, to, expected) in [
            (
                "[2, 3]",
                "[2, 3, 5]",
                "may read, trade, withdraw; from listed addresses alone",
            ),
            ("[2, 3]", "[2]", "may read; from listed addresses alone"),
            (
                "[2, 3]",
                "[2, 3, 7]",
                "may read, trade, transfer; from listed addresses alone",
            ),
            (
                r#"["203.0.113.7"]"#,
                "[]",
                "may read, trade; from any address",
            ),
            ("[2, 3]", "\"2,3\"", "unreadable"),
            ("[2, 3]", "[\"all\"]", "unreadable"),
        ] {
            assert_eq!(words(&NUMBERS.replacen(from, to, 1)), expected, "{to}");
        }
    }
}
