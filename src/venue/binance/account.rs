//! The account: its wallets, and beside them what it holds, of one moment.

use rust_decimal::Decimal;

use super::positions;
use crate::venue::exchange::held::Held;
use crate::venue::exchange::wallet::{Coin, Wallet, Wallets};
use crate::venue::rest::json::{Node, Unexpected};

/// The wallets, and the positions without their prices and margin assets.
///
/// The venue's own totals are of USDT alone, or in multi-assets mode of all assets in
/// dollars; what is free is then shown for each asset as if the others were not used.
/// So wallets are added up by asset, and what is free never is.
///
/// # Errors
/// What is not as it should be.
pub(super) fn read(answer: Node<'_>, assets: &[String]) -> Result<(Wallet, Vec<Held>), Unexpected> {
    let answer = answer.as_object()?;
    let list = answer.need("assets")?;
    let mut wallets = Wallets::of(assets);
    let rows = list.as_list()?;
    // An account that is empty lists its assets too, with zeros.
    if rows.is_empty() {
        return Err(list.unexpected("a list with assets"));
    }
    for row in rows {
        wallets.add(coin(row)?, row)?;
    }
    let mut held = Vec::new();
    let rows = answer.need("positions")?.as_list()?;
    positions::add(&mut held, &rows)?;
    Ok((wallets.sum(), held))
}

fn coin(row: Node<'_>) -> Result<Coin, Unexpected> {
    let fields = row.as_object()?;
    let number = |name| fields.member(name).and_then(Node::decimal);
    let maintenance = number("maintMargin");
    Ok(Coin {
        name: fields.need("asset")?.as_label()?,
        balance: number("walletBalance"),
        unrealized: number("unrealizedProfit"),
        equity: number("marginBalance"),
        borrowed: Some(Decimal::ZERO),
        margin: number("positionInitialMargin").max(maintenance),
        maintenance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::observation::Figures;
    use crate::venue::rest::json::Json;

    const ACCOUNT: &str = r#"{"totalWalletBalance": "10000.50000000",
        "totalMarginBalance": "9750.25000000", "availableBalance": "9000.00000000",
        "assets": [
            {"asset": "USDT", "walletBalance": "10000.50000000",
             "unrealizedProfit": "-250.25000000", "marginBalance": "9750.25000000",
             "maintMargin": "1.5", "positionInitialMargin": "30", "updateTime": 1625474304765},
            {"asset": "USDC", "walletBalance": "5000.00000000",
             "unrealizedProfit": "0.00000000", "marginBalance": "5000.00000000",
             "maintMargin": "0", "positionInitialMargin": "0", "updateTime": 0},
            {"asset": "BNB", "walletBalance": "0.50000000", "unrealizedProfit": "0",
             "marginBalance": "0.50000000", "updateTime": 0}],
        "positions": [
            {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "0.500",
             "unrealizedProfit": "-250.25000000", "notional": "24500", "updateTime": 1},
            {"symbol": "ETHUSDT", "positionSide": "BOTH", "positionAmt": "0.000",
             "unrealizedProfit": "0.00000000", "notional": "0", "updateTime": 0}]}"#;

    fn of(body: &str, assets: &[&str]) -> Result<(Wallet, Vec<Held>), String> {
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
    fn wallets_are_added_up_and_the_totals_of_one_asset_are_not_taken() {
        let (wallet, held) = of(ACCOUNT, &["USDT", "USDC"]).unwrap();
        assert_eq!(figures(&wallet), ["15000.50", "-250.25", "14750.25"]);
        let told: Vec<&str> = wallet.blind_spots.iter().map(|spot| &*spot.what).collect();
        assert_eq!(told, ["0.5 BNB in the wallet"]);
        assert!(wallet.shows_positions);
        assert_eq!(wallet.maintenance_margin, Some("1.5".parse().unwrap()));
        let held: Vec<String> = held.iter().map(|one| one.position.with_worth()).collect();
        assert_eq!(held, ["BTCUSDT:+0.5 (mark 49000, notional 24,500.00)"]);
        let (wallet, _) = of(ACCOUNT, &["USDC"]).unwrap();
        assert_eq!(figures(&wallet), ["5000.00", "0.00", "5000.00"]);
        assert_eq!(&*wallet.blind_spots[0].what, "10000.5 USDT in the wallet");
    }

    #[test]
    fn margin_of_a_position_shows_that_there_is_one() {
        let flat = ACCOUNT
            .replace("-250.25000000", "0")
            .replace(r#""30""#, r#""0""#);
        assert!(of(&flat, &["USDT"]).unwrap().0.shows_positions);
        let flat = flat.replace(r#""maintMargin": "1.5""#, r#""maintMargin": "0""#);
        assert!(!of(&flat, &["USDT"]).unwrap().0.shows_positions);
    }

    #[test]
    fn an_answer_of_another_shape_is_no_empty_account() {
        for (from, to) in [
            (r#""assets""#, r#""wallets""#),
            (r#""positions""#, r#""position""#),
            (r#""asset": "USDT""#, r#""asset": "USDC""#),
            (r#""asset": "USDT""#, r#""coin": "USDT""#),
            (r#""positionAmt": "0.000""#, r#""positionAmt": """#),
            (r#""positionAmt": "0.000""#, r#""positionAmt": null"#),
        ] {
            assert!(
                of(&ACCOUNT.replacen(from, to, 1), &["USDT"]).is_err(),
                "{to}"
            );
        }
        for wrong in [r#"{"assets": [], "positions": []}"#, "[]", "{}", "null"] {
            assert!(of(wrong, &["USDT"]).is_err(), "{wrong}");
        }
        // A figure that is not said is unknown.
        let silent = ACCOUNT.replacen(r#""walletBalance": "10000.50000000","#, "", 1);
        let (wallet, _) = of(&silent, &["USDT"]).unwrap();
        assert_eq!(figures(&wallet), ["?", "-250.25", "9750.25"]);
    }
}
