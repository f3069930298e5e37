//! The wallets of an account by asset, as the account's figures.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::blind_spot::BlindSpot;
use crate::domain::money::Money;
use crate::domain::observation::Figures;
use crate::venue::rest::json::{Node, Unexpected};

/// What the wallets say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::venue) struct Wallet {
    /// The sums over the assets that count, at par.
    pub(in crate::venue) figures: Figures,
    /// The maintenance margin of the positions in those assets.
    pub(in crate::venue) maintenance_margin: Option<Money>,
    /// What lies in other assets.
    pub(in crate::venue) blind_spots: Vec<BlindSpot>,
    /// Whether an asset shows an open result or the margin of a position: an empty list
    /// of positions beside it is not believed (B23).
    pub(in crate::venue) shows_positions: bool,
}

/// The wallet of one asset.
pub(in crate::venue) struct Coin {
    pub(in crate::venue) name: String,
    pub(in crate::venue) balance: Option<Decimal>,
    pub(in crate::venue) unrealized: Option<Decimal>,
    /// Both together, as the venue says it.
    pub(in crate::venue) equity: Option<Decimal>,
    /// What was borrowed for trading other things.
    pub(in crate::venue) borrowed: Option<Decimal>,
    /// The initial margin of its positions.
    pub(in crate::venue) margin: Option<Decimal>,
    /// Their maintenance margin.
    pub(in crate::venue) maintenance: Option<Decimal>,
}

/// Adds up the wallets of an account. An asset that is not listed is one of which there
/// is nothing.
pub(in crate::venue) struct Wallets<'a> {
    assets: &'a [String],
    sums: Sums,
    blind_spots: Vec<BlindSpot>,
    shows_positions: bool,
    seen: Vec<String>,
}

impl<'a> Wallets<'a> {
    /// Begins to add up; these assets count.
    pub(in crate::venue) fn of(assets: &'a [String]) -> Wallets<'a> {
        Wallets {
            assets,
            sums: Sums::default(),
            blind_spots: Vec::new(),
            shows_positions: false,
            seen: Vec::new(),
        }
    }

    /// Adds the wallet of one asset, which stands in `row`.
    ///
    /// # Errors
    /// When there is one of that asset already.
    pub(in crate::venue) fn add(&mut self, coin: Coin, row: Node<'_>) -> Result<(), Unexpected> {
        if self.seen.contains(&coin.name) {
            return Err(row.unexpected("an asset of its own"));
        }
        self.shows_positions |= coin.shows_positions();
        if self.assets.contains(&coin.name) {
            self.sums.add(&coin);
            self.blind_spots.extend(coin.debt());
        } else {
            self.blind_spots.extend(coin.outside());
        }
        self.seen.push(coin.name);
        Ok(())
    }

    /// All of them together.
    pub(in crate::venue) fn sum(self) -> Wallet {
        Wallet {
            figures: self.sums.figures(),
            maintenance_margin: money(self.sums.maintenance),
            blind_spots: self.blind_spots,
            shows_positions: self.shows_positions,
        }
    }
}

impl Coin {
    fn shows_positions(&self) -> bool {
        let parts = [self.unrealized, self.margin];
        parts.into_iter().flatten().any(|part| !part.is_zero())
    }

    /// Wallet and open result. The venue's own equity holds the open result already
    /// (B13), and debts of spot trading too, which are told of by themselves.
    fn worth(&self) -> Option<Decimal> {
        let has_debt = self.borrowed.is_some_and(|debt| !debt.is_zero());
        match self.equity {
            Some(equity) if !has_debt => Some(equity),
            _ => self.balance?.checked_add(self.unrealized?),
        }
    }

    fn outside(&self) -> Option<BlindSpot> {
        let name = &self.name;
        let is_there = |amount: &Decimal| !amount.is_zero();
        let balance = self
            .balance
            .filter(is_there)
            .or(self.equity.filter(is_there))?;
        let what = format!("{} {name} in the wallet", balance.normalize());
        Some(BlindSpot::aside(Arc::from(name.as_str()), Arc::from(what)))
    }

    fn debt(&self) -> Option<BlindSpot> {
        let name = &self.name;
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
