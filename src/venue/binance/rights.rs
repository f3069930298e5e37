//! What the key may do (wallet API, API key permission page), and its account (account
//! config page).

use super::{Binance, errors, routes};
use crate::domain::key_rights::KeyRights;
use crate::domain::limits::Ask;
use crate::domain::observation::Missing;
use crate::domain::request::Outcome;
use crate::venue::Lane;
use crate::venue::exchange::client::Client;
use crate::venue::exchange::route::Route;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Unexpected};

impl Binance {
    /// What the key may do, and whether its account may trade at all. The two are asked
    /// at two hosts; where nobody can be asked for the first, an account that may not
    /// trade is told all the same.
    pub(super) async fn rights_of_key_and_account(&self) -> Result<KeyRights, RestError> {
        let of_account = async {
            let config = routes::account_config();
            ask(&self.client, &config, account_may_trade).await
        };
        let Some(client) = &self.rights else {
            if !of_account.await? {
                return Ok(KeyRights::of_idle_account());
            }
            return Err(RestError::Said {
                missing: Missing::Stated,
                outcome: Outcome::NotSent,
                words: "the rule file does not say where it is asked (`rights_url`)".to_owned(),
            });
        };
        let route = routes::key_rights();
        let (of_key, of_account) = tokio::join!(ask(client, &route, read), of_account);
        let of_key = of_key?;
        let may_trade = match of_account {
            Ok(may_trade) => may_trade,
            // What a key should not have is told whatever else is not known.
            Err(_) if of_key.may_withdraw => true,
            Err(error) => return Err(error),
        };
        Ok(KeyRights {
            may_trade: of_key.may_trade && may_trade,
            ..of_key
        })
    }
}

async fn ask<T>(
    client: &Client,
    route: &Route,
    read: impl Fn(Node<'_>) -> Result<T, Unexpected>,
) -> Result<T, RestError> {
    let Ok(permit) = client.http.budget().take(Lane::Poll, Ask::List).await else {
        return Err(RestError::NoBudget);
    };
    let sent = client.get(&permit, route, client.limits.read).await;
    let json = errors::read(&sent)?;
    Ok(read(json.root())?)
}

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
        is_bound: Some(flag("ipRestrict")?),
        ends: None,
    })
}

/// Whether the venue lets the account trade, whatever a key may. (`canWithdraw` beside it
/// is about the account's own wallets, and no right of the key.)
///
/// # Errors
/// When it does not say so.
pub(super) fn account_may_trade(answer: Node<'_>) -> Result<bool, Unexpected> {
    answer.as_object()?.need("canTrade")?.as_boolean()
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

    #[test]
    fn an_account_trades_where_its_venue_says_so() {
        let of = |body: &str| account_may_trade(Json::parse(body.as_bytes()).unwrap().root()).ok();
        assert_eq!(of(r#"{"canTrade": true, "canWithdraw": true}"#), Some(true));
        assert_eq!(of(r#"{"canTrade": false}"#), Some(false));
        for wrong in ["{}", "[]", r#"{"canTrade": null}"#, r#"{"canTrade": 1}"#] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
