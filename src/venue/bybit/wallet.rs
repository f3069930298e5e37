//! The wallets of a unified account, as the account's figures.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::blind_spot::BlindSpot;
use crate::domain::money::Money;
use crate::domain::observation::Figures;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// What the wallets say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wallet {
    /// The sums over the assets that count, at par.
    pub(super) figures: Figures,
    /// The maintenance margin of the positions in those assets.
    pub(super) maintenance_margin: Option<Money>,
    /// What lies in other coins.
    pub(super) blind_spots: Vec<BlindSpot>,
    /// Whether a coin shows an open result or the margin of a position: an empty list
    /// of positions beside it is not believed (B23).
    pub(super) shows_positions: bool,
}

/// One coin.
struct Coin {
    balance: Option<Decimal>,
    unrealized: Option<Decimal>,
    equity: Option<Decimal>,
    borrowed: Option<Decimal>,
    /// The initial margin of its positions.
    margin: Option<Decimal>,
    /// Their maintenance margin. The account's own total is of every coin, and says
    /// nothing where each position has a margin of its own.
    maintenance: Option<Decimal>,
}

/// The wallets in an answer's result. A coin that is not listed is one of which there
/// is nothing; a list without the account is no answer.
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
    let mut sums = Sums::default();
    let mut blind_spots = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut shows_positions = false;
    for row in coins.as_list()? {
        let object = row.as_object()?;
        let name = object.need("coin")?.as_label()?;
        if seen.contains(&name) {
            return Err(row.unexpected("a coin of its own"));
        }
        let coin = Coin::read(&object);
        shows_positions |= coin.shows_positions();
        if assets.contains(&name) {
            sums.add(&coin);
            blind_spots.extend(coin.borrowed(&name));
        } else {
            blind_spots.extend(coin.outside(&name));
        }
        seen.push(name);
    }
    Ok(Wallet {
        figures: sums.figures(),
        maintenance_margin: money(sums.maintenance),
        blind_spots,
        shows_positions,
    })
}

impl Coin {
    fn read(row: &Object<'_>) -> Coin {
        // An empty text is a legal value of every number, and says nothing.
        let number = |name| row.member(name).and_then(Node::decimal);
        Coin {
            balance: number("walletBalance"),
            unrealized: number("unrealisedPnl"),
            equity: number("equity"),
            borrowed: number("spotBorrow"),
            margin: number("totalPositionIM"),
            maintenance: number("totalPositionMM"),
        }
    }

    fn shows_positions(&self) -> bool {
        let parts = [self.unrealized, self.margin];
        parts.into_iter().flatten().any(|part| !part.is_zero())
    }

    /// Wallet and open result. The venue's own `equity` holds the open result already
    /// (B13), and debts of spot trading too, which are told of by themselves.
    fn worth(&self) -> Option<Decimal> {
        let has_debt = self.borrowed.is_some_and(|debt| !debt.is_zero());
        match self.equity {
            Some(equity) if !has_debt => Some(equity),
            _ => self.balance?.checked_add(self.unrealized?),
        }
    }

    fn outside(&self, name: &str) -> Option<BlindSpot> {
        let is_there = |amount: &Decimal| !amount.is_zero();
        let balance = self
            .balance
            .filter(is_there)
            .or(self.equity.filter(is_there))?;
        let what = format!("{} {name} in the wallet", balance.normalize());
        Some(BlindSpot::aside(Arc::from(name), Arc::from(what)))
    }

    fn borrowed(&self, name: &str) -> Option<BlindSpot> {
        let debt = self.borrowed.filter(|debt| !debt.is_zero())?;
        let what = format!("{} {name} borrowed for spot trading", debt.normalize());
        let kind = format!("{name} borrowed");
        Some(BlindSpot::aside(Arc::from(kind), Arc::from(what)))
    }
}

/// Sums of which each is unknown once a part of it is.
struct Sums {
    balance: Option<Decimal>,
    unrealized: Option<Decimal>,
    equity: Option<Decimal>,
    maintenance: Option<Decimal>,
}

impl Default for Sums {
    fn default() -> Sums {
        Sums {
            balance: Some(Decimal::ZERO),
            unrealized: Some(Decimal::ZERO),
            equity: Some(Decimal::ZERO),
            maintenance: Some(Decimal::ZERO),
        }
    }
}

impl Sums {
    fn add(&mut self, coin: &Coin) {
        let plus = |sum: Option<Decimal>, part: Option<Decimal>| sum?.checked_add(part?);
        self.balance = plus(self.balance, coin.balance);
        self.unrealized = plus(self.unrealized, coin.unrealized);
        self.equity = plus(self.equity, coin.worth());
        self.maintenance = plus(self.maintenance, coin.maintenance);
    }

    fn figures(&self) -> Figures {
        Figures {
            // There is no figure of a day.
            realized: None,
            unrealized: money(self.unrealized),
            balance: money(self.balance),
            equity: money(self.equity),
        }
    }
}

fn money(sum: Option<Decimal>) -> Option<Money> {
    sum.map(|sum| Money::new(sum.normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
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
