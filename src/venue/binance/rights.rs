//! What the key may do (wallet API, API key permission page).

use crate::domain::key_rights::KeyRights;
use crate::venue::rest::json::{Node, Unexpected};

/// What an answer says of the key that asked.
///
/// # Errors
/// When it does not say what the key may do: nothing is taken for harmless then.
pub(super) fn read(answer: Node<'_>) -> Result<KeyRights, Unexpected> {
    let answer = answer.as_object()?;
    let flag = |name| answer.need(name)?.as_boolean();
    Ok(KeyRights {
        may_trade: flag("enableFutures")?,
        may_withdraw: flag("enableWithdrawals")?,
        may_transfer: flag("enableInternalTransfer")? || flag("permitsUniversalTransfer")?,
        is_bound: flag("ipRestrict")?,
        ends: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::json::Json;

    const GOOD: &str = r#"{"ipRestrict": true, "createTime": 1623840271000,
        "enableReading": true, "enableWithdrawals": false, "enableInternalTransfer": false,
        "permitsUniversalTransfer": false, "enableFutures": true,
        "enableSpotAndMarginTrading": false}"#;

    fn words(from: &str, to: &str) -> String {
        let body = GOOD.replacen(from, to, 1);
        let json = Json::parse(body.as_bytes()).unwrap();
        let rights = read(json.root()).ok();
        rights.map_or("unreadable".to_owned(), |rights| rights.words())
    }

    #[test]
    fn a_key_says_what_it_may_do() {
        let bound = "from listed addresses alone";
        for (name, value, expected) in [
            ("", "", format!("may read, trade; {bound}")),
            ("enableFutures", "false", format!("may read; {bound}")),
            (
                "enableWithdrawals",
                "true",
                format!("may read, trade, withdraw; {bound}"),
            ),
            (
                "permitsUniversalTransfer",
                "true",
                format!("may read, trade, transfer; {bound}"),
            ),
            (
                "enableInternalTransfer",
                "true",
                format!("may read, trade, transfer; {bound}"),
            ),
            (
                "ipRestrict",
                "false",
                "may read, trade; from any address".to_owned(),
            ),
            ("enableWithdrawals", "null", "unreadable".to_owned()),
            ("enableFutures", "1", "unreadable".to_owned()),
        ] {
            let was = ["true", "false"].map(|was| format!(r#""{name}": {was}"#));
            let from = was.iter().find(|was| GOOD.contains(*was));
            let to = format!(r#""{name}": {value}"#);
            let shown = from.map_or_else(|| words("", ""), |from| words(from, &to));
            assert_eq!(shown, expected, "{name} {value}");
        }
    }
}
