//! The wallets of the account, by asset.

use rust_decimal::Decimal;

use crate::venue::exchange::wallet::{Coin, Wallet, Wallets};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// The figures of a row. An asset that was never used has empty texts for all of them
/// (recorded reply).
const FIGURES: [&str; 6] = [
    "balance",
    "equity",
    "unrealizedProfit",
    "availableMargin",
    "usedMargin",
    "freezedMargin",
];

/// The wallets. Of the maintenance margin of what is held the venue says nothing.
///
/// # Errors
/// What is not as it should be. An account lists its assets whether it has some or not,
/// so that an empty list is no answer.
pub(super) fn read(data: Node<'_>, assets: &[String]) -> Result<Wallet, Unexpected> {
    let rows = data.as_list()?;
    if rows.is_empty() {
        return Err(data.unexpected("a list with assets"));
    }
    let mut wallets = Wallets::of(assets);
    for row in rows {
        wallets.add(coin(&row.as_object()?)?, row)?;
    }
    Ok(wallets.sum())
}

fn coin(row: &Object<'_>) -> Result<Coin, Unexpected> {
    let is_unused = FIGURES.iter().all(|name| is_empty(row, name));
    let number = |name| match row.member(name).and_then(Node::decimal) {
        None if is_unused => Some(Decimal::ZERO),
        number => number,
    };
    Ok(Coin {
        name: row.need("asset")?.as_label()?,
        balance: number("balance"),
        unrealized: number("unrealizedProfit"),
        equity: number("equity"),
        borrowed: Some(Decimal::ZERO),
        margin: number("usedMargin"),
        maintenance: None,
    })
}

fn is_empty(row: &Object<'_>, name: &str) -> bool {
    let text = row.member(name).and_then(Node::text);
    text.is_some_and(|text| text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Figures;
    use crate::venue::rest::json::Json;

    const USDT: &str = r#"{"userId": "11", "asset": "USDT", "balance": "10000.5000",
        "equity": "9750.2500", "unrealizedProfit": "-250.2500", "realisedProfit": "12.0000",
        "availableMargin": "7250.2500", "usedMargin": "2500.0000", "freezedMargin": "0.0000",
        "shortUid": "7"}"#;
    const UNUSED: &str = r#"{"userId": "", "asset": "USDC", "balance": "", "equity": "",
        "unrealizedProfit": "", "realisedProfit": "0", "availableMargin": "",
        "usedMargin": "", "freezedMargin": "", "shortUid": "7"}"#;

    fn of(rows: &[&str], assets: &[&str]) -> Result<Wallet, String> {
        let body = format!("[{}]", rows.join(","));
        let json = Json::parse(body.as_bytes()).unwrap();
        let assets: Vec<String> = assets.iter().map(ToString::to_string).collect();
        read(json.root(), &assets).map_err(|error| error.to_string())
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

    #[test]
    fn wallets_are_added_up_and_an_unused_one_is_nothing() {
        let both = ["USDT", "USDC"];
        let wallet = of(&[USDT, UNUSED], &both).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
        assert!(wallet.shows_positions && wallet.blind_spots.is_empty());
        assert_eq!(wallet.maintenance_margin, None);
        assert!(!of(&[UNUSED], &both).unwrap().shows_positions);
        let wallet = of(&[USDT, UNUSED], &["USDC"]).unwrap();
        assert_eq!(figures(&wallet), ["0.00", "0.00", "0.00"]);
        assert_eq!(&*wallet.blind_spots[0].what, "10000.5 USDT in the wallet");
        // The margin of a position alone shows it too.
        let even = USDT
            .replace("-250.2500", "0")
            .replace("9750.2500", "10000.5");
        assert!(of(&[&even], &both).unwrap().shows_positions);
    }

    #[test]
    fn what_a_row_does_not_say_is_unknown() {
        for (name, expected) in [
            ("balance", ["?", "-250.25", "9750.25"]),
            ("unrealizedProfit", ["10000.50", "?", "9750.25"]),
        ] {
            let row = USDT.replacen(&format!("\"{name}\": \""), &format!("\"{name}\": \"x"), 1);
            let wallet = of(&[&row], &["USDT"]).unwrap();
            assert_eq!(figures(&wallet), expected, "{name}");
        }
        // One figure that is empty makes no unused asset of it.
        let part = USDT.replacen("\"10000.5000\"", "\"\"", 1);
        let wallet = of(&[&part], &["USDT"]).unwrap();
        assert_eq!(figures(&wallet), ["?", "-250.25", "9750.25"]);
    }

    #[test]
    fn an_answer_of_another_shape_is_no_empty_account() {
        assert!(of(&[], &["USDT"]).is_err());
        assert!(of(&[USDT, USDT], &["USDT"]).is_err());
        assert!(of(&["null"], &["USDT"]).is_err());
        assert!(of(&[&USDT.replacen("\"asset\"", "\"coin\"", 1)], &["USDT"]).is_err());
        for wrong in ["{}", "null", "\"\""] {
            let json = Json::parse(wrong.as_bytes()).unwrap();
            assert!(read(json.root(), &[]).is_err(), "{wrong}");
        }
    }
}
