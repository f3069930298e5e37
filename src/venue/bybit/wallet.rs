//! The wallets of a unified account.

use crate::venue::exchange::wallet::{Coin, Wallet, Wallets};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// The wallets in an answer's result. A list without the account is no answer.
///
/// # Errors
/// What is not as it should be.
pub(super) fn read(result: &Object<'_>, assets: &[String]) -> Result<Wallet, Unexpected> {
    let list = result.need("list")?;
    let rows = list.as_list()?;
    let [account] = rows.as_slice() else {
        return Err(list.unexpected("a list of one account"));
    };
    let coins = account.as_object()?.need("coin")?;
    let mut wallets = Wallets::of(assets);
    for row in coins.as_list()? {
        wallets.add(coin(&row.as_object()?)?, row)?;
    }
    Ok(wallets.sum())
}

fn coin(row: &Object<'_>) -> Result<Coin, Unexpected> {
    // An empty text is a legal value of every number, and says nothing.
    let number = |name| row.member(name).and_then(Node::decimal);
    Ok(Coin {
        name: row.need("coin")?.as_label()?,
        balance: number("walletBalance"),
        unrealized: number("unrealisedPnl"),
        equity: number("equity"),
        borrowed: number("spotBorrow"),
        margin: number("totalPositionIM"),
        // The account's own total is of every coin, and says nothing where each
        // position has a margin of its own.
        maintenance: number("totalPositionMM"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Figures;
    use crate::venue::rest::json::Json;

    fn of(body: &str, assets: &[&str]) -> Result<Wallet, String> {
        let json = Json::parse(body.as_bytes()).unwrap();
        let assets: Vec<String> = assets.iter().map(ToString::to_string).collect();
        read(&json.root().object().unwrap(), &assets).map_err(|error| error.to_string())
    }

    fn coins(coins: &str) -> String {
        format!(r#"{{"list": [{{"accountType": "UNIFIED", "coin": [{coins}]}}]}}"#)
    }

    /// Balance, unrealized, equity.
    fn figures(wallet: &Wallet) -> [String; 3] {
        let Figures {
            balance,
            unrealized,
            equity,
            ..
        } = wallet.figures;
        [balance, unrealized, equity]
            .map(|figure| figure.map_or("?".to_owned(), |figure| figure.to_string()))
    }

    const USDT: &str = r#"{"coin": "USDT", "walletBalance": "10000.5", "unrealisedPnl": "-250.25",
        "equity": "9750.25", "usdValue": "9751.1", "spotBorrow": "0"}"#;
    const USDC: &str = r#"{"coin": "USDC", "walletBalance": "5000", "unrealisedPnl": "0",
        "equity": "5000", "spotBorrow": "0"}"#;
    const BTC: &str = r#"{"coin": "BTC", "walletBalance": "0.50", "unrealisedPnl": "",
        "equity": "0.5", "spotBorrow": "0"}"#;

    #[test]
    fn b13_open_results_are_counted_once() {
        let wallet = of(&coins(&format!("{USDT}, {USDC}")), &["USDT", "USDC"]).unwrap();
        assert_eq!(figures(&wallet), ["15000.50", "-250.25", "14750.25"]);
        assert!(wallet.blind_spots.is_empty());
        assert!(wallet.shows_positions);
        assert!(!of(&coins(USDC), &["USDC"]).unwrap().shows_positions);
    }

    #[test]
    fn the_maintenance_margin_is_that_of_the_assets_that_count() {
        let of_coin = |coin: &str, margin: &str| {
            coin.replacen('{', &format!(r#"{{"totalPositionMM": "{margin}", "#), 1)
        };
        let [usdt, usdc, btc] = [(USDT, "120.5"), (USDC, "30"), (BTC, "0.01")]
            .map(|(coin, margin)| of_coin(coin, margin));
        let all = coins(&format!("{usdt}, {usdc}, {btc}"));
        let margin = |body: &str| of(body, &["USDT", "USDC"]).unwrap().maintenance_margin;
        assert_eq!(margin(&all), Some("150.5".parse().unwrap()));
        // One of which nothing is said leaves the sum unknown.
        assert_eq!(margin(&coins(&format!("{usdt}, {USDC}"))), None);
        assert_eq!(margin(&coins(&of_coin(USDT, ""))), None);
    }

    #[test]
    fn what_lies_outside_is_a_blind_spot() {
        let wallet = of(&coins(&format!("{USDT}, {USDC}, {BTC}")), &["USDT"]).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
        let told: Vec<&str> = wallet.blind_spots.iter().map(|spot| &*spot.what).collect();
        assert_eq!(told, ["5000 USDC in the wallet", "0.5 BTC in the wallet"]);
        assert!(wallet.blind_spots.iter().all(|spot| !spot.hides_results));
        // Borrowed money is not lost, and not a profit.
        let debt = USDT.replace(r#""spotBorrow": "0""#, r#""spotBorrow": "300""#);
        let wallet = of(&coins(&debt.replace("9750.25", "9450.25")), &["USDT"]).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
        assert_eq!(
            &*wallet.blind_spots[0].what,
            "300 USDT borrowed for spot trading"
        );
    }

    #[test]
    fn an_account_without_coins_is_empty_and_no_account_is_no_answer() {
        let wallet = of(&coins(""), &["USDT"]).unwrap();
        assert_eq!(figures(&wallet), ["0.00", "0.00", "0.00"]);
        for wrong in [
            r#"{"list": []}"#,
            r#"{"list": null}"#,
            "{}",
            r#"{"list": [{}]}"#,
            r#"{"list": [{"coin": null}]}"#,
            r#"{"list": [{"coin": []}, {"coin": []}]}"#,
            r#"{"list": [{"coin": ["USDT"]}]}"#,
            r#"{"list": [{"coin": [{"walletBalance": "5"}]}]}"#,
            &coins(&format!("{USDT}, {USDT}")),
        ] {
            assert!(of(wrong, &["USDT"]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_coin_does_not_say_is_unknown() {
        for (from, to, expected) in [
            (r#""10000.5""#, r#""""#, ["?", "-250.25", "9750.25"]),
            (r#""-250.25""#, r#""""#, ["10000.50", "?", "9750.25"]),
            (r#""9750.25""#, r#""""#, ["10000.50", "-250.25", "9750.25"]),
            (r#""9750.25""#, "null", ["10000.50", "-250.25", "9750.25"]),
            (r#""10000.5""#, r#""NaN""#, ["?", "-250.25", "9750.25"]),
            (
                r#""10000.5""#,
                "10000.5",
                ["10000.50", "-250.25", "9750.25"],
            ),
        ] {
            let wallet = of(&coins(&USDT.replacen(from, to, 1)), &["USDT"]).unwrap();
            assert_eq!(figures(&wallet), expected, "{to}");
        }
    }
}
