//! Initial and maintenance margin, and the price at which a position would be liquidated.
//!
//! Cross margin, wallet by wallet, or isolated margin, position by position: then the
//! margin of a position is the initial one at its entry price. A position's maintenance margin is its value
//! at the mark price times the instrument's rate. A wallet is short of margin when
//! its equity, balance and open result, is at or below the maintenance margin of
//! its positions. Nothing is liquidated: a real venue does more than can be
//! simulated in a few lines, and riskd is to be flat long before.

use rust_decimal::Decimal;

use super::account::Account;
use super::market::{Contract, Market};
use super::position::{Position, signed_as};

/// The leverage of every position: initial margin is a tenth of the value.
pub(crate) const LEVERAGE: Decimal = Decimal::TEN;

impl Account {
    /// The open result of the positions whose margin is in one asset.
    pub(crate) fn unrealized_in(&self, asset: &str, market: &Market) -> Decimal {
        self.in_asset(asset, market)
            .map(|(position, _)| self.position_unrealized(position, market))
            .sum()
    }

    /// Balance and open result in one asset.
    pub(crate) fn equity_in(&self, asset: &str, market: &Market) -> Decimal {
        self.balance(asset).unwrap_or_default() + self.unrealized_in(asset, market)
    }

    /// The maintenance margin in one asset.
    pub(crate) fn maintenance_in(&self, asset: &str, market: &Market) -> Decimal {
        self.in_asset(asset, market)
            .map(|(position, contract)| self.maintenance(position, contract, market))
            .sum()
    }

    /// The maintenance margin of one position.
    pub(crate) fn maintenance(
        &self,
        position: &Position,
        contract: &Contract,
        market: &Market,
    ) -> Decimal {
        let price = self.price(market, position.key.contract);
        let value = contract.money(price * position.quantity.abs());
        value * contract.terms.maintenance_rate
    }

    /// The initial margin in one asset.
    pub(crate) fn initial_in(&self, asset: &str, market: &Market) -> Decimal {
        self.in_asset(asset, market)
            .map(|(position, contract)| self.initial(position, contract, market))
            .sum()
    }

    /// The initial margin of one position.
    pub(crate) fn initial(
        &self,
        position: &Position,
        contract: &Contract,
        market: &Market,
    ) -> Decimal {
        let price = self.price(market, position.key.contract);
        let value = contract.money(price * position.quantity.abs());
        value.checked_div(LEVERAGE).unwrap_or_default()
    }

    /// The part of a wallet that is set aside for one position; zero in cross margin.
    pub(crate) fn set_aside(&self, position: &Position, contract: &Contract) -> Decimal {
        if self.isolated {
            let value = position.entry_value(contract);
            value.checked_div(LEVERAGE).unwrap_or_default()
        } else {
            Decimal::ZERO
        }
    }

    /// What is set aside of the wallet of one asset.
    pub(crate) fn set_aside_in(&self, asset: &str, market: &Market) -> Decimal {
        self.in_asset(asset, market)
            .map(|(position, contract)| self.set_aside(position, contract))
            .sum()
    }

    /// The mark price at which a position would be liquidated. `None` when no price
    /// above zero does it.
    pub(crate) fn liquidation_price(
        &self,
        position: &Position,
        market: &Market,
    ) -> Option<Decimal> {
        let price = if self.isolated {
            self.isolated_price(position, market)
        } else {
            self.cross_price(position.key.contract, market)
        };
        price.filter(|price| *price > Decimal::ZERO)
    }

    /// The mark price at which what is set aside for a position and its open result
    /// are down to its maintenance margin. With the names of
    /// [`Account::cross_price`], and `C` what is set aside less what the position was
    /// worth when it was opened:
    ///
    /// ```text
    /// p = -C / (m (Q - A r))
    /// ```
    fn isolated_price(&self, position: &Position, market: &Market) -> Option<Decimal> {
        let contract = market.contracts.get(position.key.contract)?;
        let entry = signed_as(position.entry_value(contract), position.quantity);
        let lost = entry - self.set_aside(position, contract);
        lost.checked_div(slope(position.quantity, position.quantity.abs(), contract))
    }

    /// The mark price of a contract at which the equity of its asset is down to the
    /// maintenance margin, while every other price stays where it is:
    ///
    /// ```text
    /// p = (M - E + Q m P) / (m (Q - A r))
    /// ```
    ///
    /// `Q` the sum of the signed quantities in the contract (long and short of
    /// hedge mode together), `A` that of their sizes, `m` the multiplier, `r` the
    /// maintenance rate, `P` the mark price now, `E` the equity and `M` the
    /// maintenance margin of the other contracts.
    fn cross_price(&self, index: usize, market: &Market) -> Option<Decimal> {
        let contract = market.contracts.get(index)?;
        let asset = contract.terms.asset.as_str();
        let (mut net, mut gross, mut margin) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for position in self
            .positions
            .iter()
            .filter(|one| one.key.contract == index)
        {
            net += position.quantity;
            gross += position.quantity.abs();
            margin += self.maintenance(position, contract, market);
        }
        let others = self.maintenance_in(asset, market) - margin;
        let value = contract.money(self.price(market, index) * net);
        let lost = others - self.equity_in(asset, market) + value;
        lost.checked_div(slope(net, gross, contract))
    }

    fn in_asset<'a>(
        &'a self,
        asset: &'a str,
        market: &'a Market,
    ) -> impl Iterator<Item = (&'a Position, &'a Contract)> {
        self.positions.iter().filter_map(move |position| {
            let contract = market.contracts.get(position.key.contract)?;
            (contract.terms.asset == asset).then_some((position, contract))
        })
    }
}

/// What equity less maintenance margin gains while the mark price rises by one.
fn slope(net: Decimal, gross: Decimal, contract: &Contract) -> Decimal {
    contract.money(net - gross * contract.terms.maintenance_rate)
}
