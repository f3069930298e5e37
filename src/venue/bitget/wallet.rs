//! The wallets of an account: by product and margin coin at a classic one, by coin at a
//! unified one.

use rust_decimal::Decimal;

use super::positions::Holdings;
use super::product::Product;
use crate::venue::exchange::wallet::{Coin, Wallet, Wallets};
use crate::venue::rest::json::{Node, Object, Unexpected};

/// Digits of a wallet that is worked out of two figures, each of which the venue rounds.
const DIGITS: u32 = 6;

/// Adds the wallets of a product of a classic account. `holdings` is what it holds, where
/// that was read.
///
/// # Errors
/// What is not as it should be.
pub(super) fn add_classic(
    wallets: &mut Wallets<'_>,
    envelope: &Object<'_>,
    product: Product,
    holdings: Option<&Holdings>,
) -> Result<(), Unexpected> {
    // What an account may never have had is listed as nothing; its dollars are there.
    if product != Product::Usdt && envelope.says_null("data") {
        return Ok(());
    }
    let list = envelope.need("data")?;
    let rows = list.as_list()?;
    if product == Product::Usdt && rows.is_empty() {
        return Err(list.unexpected("a list with a wallet"));
    }
    for row in rows {
        let fields = row.as_object()?;
        wallets.add(classic(&fields, holdings)?, row)?;
    }
    Ok(())
}

/// The venue says the equity, which holds the open result, and no wallet.
fn classic(row: &Object<'_>, holdings: Option<&Holdings>) -> Result<Coin, Unexpected> {
    let name = row.need("marginCoin")?.as_label()?;
    // An empty text says nothing.
    let number = |name| row.member(name).and_then(Node::decimal);
    let equity = number("accountEquity");
    let unrealized = number("unrealizedPL").or_else(|| {
        let parts = ["crossedUnrealizedPL", "isolatedUnrealizedPL"].map(number);
        match parts {
            [Some(crossed), Some(isolated)] => crossed.checked_add(isolated),
            [Some(one), None] | [None, Some(one)] => Some(one),
            // Where nothing is held there is nothing open; else nobody knows.
            [None, None] => holdings
                .filter(|holdings| !holdings.holds_in(&name))
                .map(|_| Decimal::ZERO),
        }
    });
    let balance = equity.zip(unrealized).and_then(|(equity, open)| {
        let balance = equity.checked_sub(open)?;
        Some(balance.round_dp(DIGITS))
    });
    Ok(Coin {
        balance,
        unrealized,
        equity,
        borrowed: None,
        margin: None,
        maintenance: holdings.and_then(|holdings| holdings.maintenance_in(&name)),
        name,
    })
}

/// The wallets of a unified account.
///
/// # Errors
/// What is not as it should be.
pub(super) fn unified(
    envelope: &Object<'_>,
    assets: &[String],
    holdings: Option<&Holdings>,
) -> Result<Wallet, Unexpected> {
    let data = envelope.need("data")?.as_object()?;
    let equity = data.need("accountEquity")?;
    let list = data.need("assets")?;
    let rows = list.as_list()?;
    if rows.is_empty() && !equity.as_decimal()?.is_zero() {
        return Err(list.unexpected("a list of what the equity is of"));
    }
    let mut wallets = Wallets::of(assets);
    for row in rows {
        wallets.add(coin(&row.as_object()?, holdings)?, row)?;
    }
    let open = data.member("unrealisedPnl").and_then(Node::decimal);
    let mut wallet = wallets.sum();
    wallet.shows_positions |= open.is_some_and(|open| !open.is_zero());
    Ok(wallet)
}

/// What is open in a coin is what its equity holds beside the wallet and the debt.
fn coin(row: &Object<'_>, holdings: Option<&Holdings>) -> Result<Coin, Unexpected> {
    let name = row.need("coin")?.as_label()?;
    let number = |name| row.member(name).and_then(Node::decimal);
    let (equity, balance) = (number("equity"), number("balance"));
    let debt = number("debt").unwrap_or_default();
    let unrealized = equity.zip(balance).and_then(|(equity, balance)| {
        let beside = equity.checked_sub(balance)?;
        beside.checked_add(debt.abs())
    });
    Ok(Coin {
        balance,
        unrealized,
        equity,
        borrowed: Some(debt),
        margin: None,
        maintenance: holdings.and_then(|holdings| holdings.maintenance_in(&name)),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Figures;
    use crate::venue::rest::json::Json;

    const USDT: &str = r#"{"marginCoin": "USDT", "locked": "0", "available": "9000",
        "accountEquity": "9750.25", "usdtEquity": "9751.1", "unrealizedPL": "-250.25",
        "crossedUnrealizedPL": "-250.25", "isolatedUnrealizedPL": "", "assetMode": "single"}"#;

    const UNIFIED: &str = r#"{"accountEquity": "14800.5", "unrealisedPnl": "-250.25",
        "assets": [
        {"coin": "USDT", "equity": "9750.25", "usdValue": "9751", "balance": "10000.5",
         "available": "9000", "debt": "0", "locked": "0"},
        {"coin": "BTC", "equity": "0.5", "usdValue": "25000", "balance": "0.5", "debt": "0"}]}"#;

    fn holdings() -> Holdings {
        Holdings::default()
    }

    fn classic_of(rows: &str, product: Product) -> Result<Wallet, String> {
        let body = format!(r#"{{"data": {rows}}}"#);
        let json = Json::parse(body.as_bytes()).unwrap();
        let assets = ["USDT".to_owned(), "USDC".to_owned()];
        let mut wallets = Wallets::of(&assets);
        let held = holdings();
        add_classic(
            &mut wallets,
            &json.root().object().unwrap(),
            product,
            Some(&held),
        )
        .map_err(|error| error.to_string())?;
        Ok(wallets.sum())
    }

    fn unified_of(data: &str) -> Result<Wallet, String> {
        let body = format!(r#"{{"data": {data}}}"#);
        let json = Json::parse(body.as_bytes()).unwrap();
        let assets = ["USDT".to_owned(), "USDC".to_owned()];
        let held = holdings();
        unified(&json.root().object().unwrap(), &assets, Some(&held))
            .map_err(|error| error.to_string())
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
    fn b13_open_results_are_counted_once_in_both_apis() {
        let wallet = classic_of(&format!("[{USDT}]"), Product::Usdt).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
        assert!(wallet.shows_positions);
        let wallet = unified_of(UNIFIED).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
        assert!(wallet.shows_positions);
        assert_eq!(&*wallet.blind_spots[0].what, "0.5 BTC in the wallet");
    }

    #[test]
    fn what_a_classic_wallet_does_not_say_is_unknown() {
        for (from, to, expected) in [
            // The parts of it say it too.
            (
                r#""unrealizedPL": "-250.25""#,
                r#""unrealizedPL": """#,
                ["10000.50", "-250.25", "9750.25"],
            ),
            (r#""9750.25""#, r#""""#, ["?", "-250.25", "?"]),
            (r#""9750.25""#, "null", ["?", "-250.25", "?"]),
        ] {
            let wallet = classic_of(&format!("[{}]", USDT.replacen(from, to, 1)), Product::Usdt);
            assert_eq!(figures(&wallet.unwrap()), expected, "{to}");
        }
        // Nothing is held, and so nothing is open.
        let silent = USDT.replace("-250.25", "");
        let wallet = classic_of(&format!("[{silent}]"), Product::Usdt).unwrap();
        assert_eq!(figures(&wallet), ["9750.25", "0.00", "9750.25"]);
        assert!(!wallet.shows_positions);
        for wrong in [
            "[]".to_owned(),
            "null".to_owned(),
            "{}".to_owned(),
            "[{}]".to_owned(),
            format!("[{USDT}, {USDT}]"),
        ] {
            assert!(classic_of(&wrong, Product::Usdt).is_err(), "{wrong}");
        }
        let none = classic_of("[]", Product::Coin).unwrap();
        assert_eq!(figures(&none), ["0.00", "0.00", "0.00"]);
    }

    #[test]
    fn a_unified_wallet_without_its_coins_is_no_answer() {
        let empty = r#"{"accountEquity": "0", "unrealisedPnl": "0", "assets": []}"#;
        assert_eq!(
            figures(&unified_of(empty).unwrap()),
            ["0.00", "0.00", "0.00"]
        );
        for wrong in [
            r#"{"accountEquity": "15000", "assets": []}"#,
            r#"{"accountEquity": "15000", "assets": null}"#,
            r#"{"assets": []}"#,
            "{}",
            "[]",
        ] {
            assert!(unified_of(wrong).is_err(), "{wrong}");
        }
        let silent = UNIFIED.replacen(r#""balance": "10000.5""#, r#""balance": """#, 1);
        assert_eq!(
            figures(&unified_of(&silent).unwrap()),
            ["?", "?", "9750.25"]
        );
        // Borrowed money is not lost, and not a profit.
        let debt = UNIFIED
            .replacen(r#""debt": "0""#, r#""debt": "300""#, 1)
            .replacen(r#""equity": "9750.25""#, r#""equity": "9450.25""#, 1);
        let wallet = unified_of(&debt).unwrap();
        assert_eq!(figures(&wallet), ["10000.50", "-250.25", "9750.25"]);
    }
}
