//! One simulated account: cash, positions and the figures of its day.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sim::market::{Contract, Market};

/// Digits kept when part of a position's cost is taken out. What is taken out
/// and what stays always add up to the cost exactly.
const COST_DIGITS: u32 = 10;

/// The connection states of NinjaTrader 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionStatus {
    /// Data and orders flow.
    #[default]
    Connected,
    /// On the way up.
    Connecting,
    /// Down without having been asked; figures are frozen.
    ConnectionLost,
    /// On the way down.
    Disconnecting,
    /// Down on request; figures are frozen.
    Disconnected,
}

/// An open position. There is none with a quantity of zero.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) contract: usize,
    /// Contracts, negative when short.
    pub(crate) quantity: i64,
    /// Sum of entry prices over all contracts, in points. Kept instead of the
    /// average so that no result is ever rounded.
    cost: Decimal,
    /// Contracts that were already open at the last day reset.
    carried: i64,
}

impl Position {
    /// The average entry price.
    pub(crate) fn average_price(&self) -> Decimal {
        self.cost
            .checked_div(Decimal::from(self.quantity.abs()))
            .unwrap_or_default()
    }

    /// The open result in dollars at the given price.
    pub(crate) fn unrealized(&self, contract: &Contract, price: Decimal) -> Decimal {
        let worth = price * Decimal::from(self.quantity.abs());
        contract.money(self.directed(worth - self.cost))
    }

    /// `points` as this position's side earns them.
    fn directed(&self, points: Decimal) -> Decimal {
        if self.quantity < 0 { -points } else { points }
    }

    /// Takes out `count` contracts at `price`: the result in dollars, and the
    /// part of it that belongs to contracts opened since the day reset.
    fn reduce(&mut self, count: i64, price: Decimal, contract: &Contract) -> (Decimal, Decimal) {
        let held = self.quantity.abs();
        let share = |whole: Decimal, part: i64, of: i64| {
            if part == of {
                return whole;
            }
            (whole * Decimal::from(part))
                .checked_div(Decimal::from(of))
                .unwrap_or_default()
                .round_dp(COST_DIGITS)
        };
        let cost = share(self.cost, count, held);
        let points = self.directed(price * Decimal::from(count) - cost);
        let result = contract.money(points);
        let carried = self.carried.min(count);
        let counted = result - share(result, carried, count);
        self.cost -= cost;
        self.carried -= carried;
        self.quantity -= self.quantity.signum() * count;
        (result, counted)
    }
}

/// The highest figures of the session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peaks {
    pub(crate) pnl: Decimal,
    pub(crate) net_liquidation: Decimal,
    pub(crate) unrealized: Decimal,
}

/// A simulated account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) cash: Decimal,
    /// The day's closed result before commission, without what NinjaTrader
    /// drops (see [`Account::reset_day`]).
    pub(crate) gross_realized: Decimal,
    /// The day's commission.
    pub(crate) commission: Decimal,
    pub(crate) positions: Vec<Position>,
    pub(crate) connection: ConnectionStatus,
    /// The prices seen when the connection went away.
    frozen: Option<Vec<Decimal>>,
    pub(crate) day_open_cash: Decimal,
    pub(crate) day_open_net_liquidation: Decimal,
    pub(crate) peaks: Peaks,
}

impl Account {
    /// A flat account.
    pub(crate) fn new(id: u64, name: &str, cash: Decimal) -> Account {
        Account {
            id,
            name: name.to_owned(),
            cash,
            gross_realized: Decimal::ZERO,
            commission: Decimal::ZERO,
            positions: Vec::new(),
            connection: ConnectionStatus::Connected,
            frozen: None,
            day_open_cash: cash,
            day_open_net_liquidation: cash,
            peaks: Peaks {
                net_liquidation: cash,
                ..Peaks::default()
            },
        }
    }

    /// Contracts held, negative when short.
    pub(crate) fn quantity(&self, contract: usize) -> i64 {
        self.position(contract)
            .map_or(0, |position| position.quantity)
    }

    /// The position in one contract.
    pub(crate) fn position(&self, contract: usize) -> Option<&Position> {
        self.positions
            .iter()
            .find(|position| position.contract == contract)
    }

    /// Books a fill of `quantity` contracts, negative when sold.
    pub(crate) fn fill(
        &mut self,
        index: usize,
        contract: &Contract,
        quantity: i64,
        price: Decimal,
        commission: Decimal,
    ) {
        let fee = commission * Decimal::from(quantity.abs());
        self.cash -= fee;
        self.commission += fee;
        let opening = self.close_against(index, contract, quantity, price);
        if opening != 0 {
            self.open(index, opening, price);
        }
    }

    /// Closes what the fill can close and returns what is left to open.
    fn close_against(
        &mut self,
        index: usize,
        contract: &Contract,
        quantity: i64,
        price: Decimal,
    ) -> i64 {
        let held = self.quantity(index);
        if held == 0 || held.signum() == quantity.signum() {
            return quantity;
        }
        let closing = held.abs().min(quantity.abs());
        if let Some(position) = self.positions.iter_mut().find(|p| p.contract == index) {
            let (result, counted) = position.reduce(closing, price, contract);
            self.cash += result;
            self.gross_realized += counted;
        }
        self.positions.retain(|position| position.quantity != 0);
        quantity - quantity.signum() * closing
    }

    fn open(&mut self, index: usize, quantity: i64, price: Decimal) {
        let cost = price * Decimal::from(quantity.abs());
        if let Some(position) = self.positions.iter_mut().find(|p| p.contract == index) {
            position.quantity += quantity;
            position.cost += cost;
            return;
        }
        self.positions.push(Position {
            contract: index,
            quantity,
            cost,
            carried: 0,
        });
    }

    /// The day's closed result, net of commission.
    pub(crate) fn realized(&self) -> Decimal {
        self.gross_realized - self.commission
    }

    /// The price this account sees; it stands still while disconnected.
    pub(crate) fn price(&self, market: &Market, contract: usize) -> Decimal {
        let live = || market.contracts.get(contract).map(|c| c.last);
        match &self.frozen {
            Some(prices) => prices.get(contract).copied(),
            None => live(),
        }
        .unwrap_or_default()
    }

    /// The open result of one position.
    pub(crate) fn position_unrealized(&self, position: &Position, market: &Market) -> Decimal {
        let price = self.price(market, position.contract);
        market
            .contracts
            .get(position.contract)
            .map(|contract| position.unrealized(contract, price))
            .unwrap_or_default()
    }

    /// The open result of all positions.
    pub(crate) fn unrealized(&self, market: &Market) -> Decimal {
        self.positions
            .iter()
            .map(|position| self.position_unrealized(position, market))
            .sum()
    }

    /// The day's result as NinjaTrader shows it.
    pub(crate) fn day_pnl(&self, market: &Market) -> Decimal {
        self.realized() + self.unrealized(market)
    }

    /// Cash and open result.
    pub(crate) fn net_liquidation(&self, market: &Market) -> Decimal {
        self.cash + self.unrealized(market)
    }

    /// Changes the connection; figures freeze while it is not `Connected`.
    pub(crate) fn set_connection(&mut self, status: ConnectionStatus, market: &Market) {
        self.connection = status;
        if status == ConnectionStatus::Connected {
            self.frozen = None;
        } else if self.frozen.is_none() {
            self.frozen = Some(market.prices());
        }
    }

    /// Raises the session's peaks.
    pub(crate) fn raise_peaks(&mut self, market: &Market) {
        self.peaks = Peaks {
            pnl: self.peaks.pnl.max(self.day_pnl(market)),
            net_liquidation: self.peaks.net_liquidation.max(self.net_liquidation(market)),
            unrealized: self.peaks.unrealized.max(self.unrealized(market)),
        };
    }

    /// The reset of 18:00 New York. Positions stay open and are marked as
    /// carried: NinjaTrader shows their open result in the new day, and drops
    /// it from the day when they close (CrossTrade account-manager docs, clean
    /// session requirement). Cash keeps it.
    pub(crate) fn reset_day(&mut self, market: &Market) {
        self.gross_realized = Decimal::ZERO;
        self.commission = Decimal::ZERO;
        for position in &mut self.positions {
            position.carried = position.quantity.abs();
        }
        self.day_open_cash = self.cash;
        self.day_open_net_liquidation = self.net_liquidation(market);
        self.peaks = Peaks {
            net_liquidation: self.day_open_net_liquidation,
            ..Peaks::default()
        };
        self.raise_peaks(market);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use std::str::FromStr;

    fn number(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    fn market(price: &str) -> Market {
        let start = DateTime::UNIX_EPOCH;
        let contract = Contract::new("ES 03-26", number(price), None, None, start).unwrap();
        Market {
            contracts: vec![contract],
        }
    }

    /// Fills in order, then (quantity, realized, unrealized, cash).
    fn check(fills: &[(i64, &str)], last: &str, expected: (i64, &str, &str, &str)) {
        let market = market(last);
        let contract = market.contracts.first().unwrap();
        let mut account = Account::new(1, "Sim101", number("50000"));
        for (quantity, price) in fills {
            account.fill(0, contract, *quantity, number(price), Decimal::ZERO);
        }
        let seen = (
            account.quantity(0),
            account.realized(),
            account.unrealized(&market),
            account.cash,
        );
        let (quantity, realized, unrealized, cash) = expected;
        let expected = (quantity, number(realized), number(unrealized), number(cash));
        assert_eq!(seen, expected, "{fills:?} at {last}");
    }

    #[test]
    fn results_are_exact() {
        check(&[(2, "5000.25")], "5000.25", (2, "0", "0", "50000"));
        check(&[(2, "5000.25")], "4995.25", (2, "0", "-500", "50000"));
        check(&[(-2, "5000")], "4999.75", (-2, "0", "25", "50000"));
        let half = [(2, "5000"), (-1, "5001")];
        check(&half, "5002", (1, "50", "100", "50050"));
        let averaged = [(1, "5000"), (1, "5001"), (-2, "5000.25")];
        check(&averaged, "5000", (0, "-25", "0", "49975"));
        let turned = [(1, "5000"), (-3, "5002")];
        check(&turned, "5001", (-2, "100", "100", "50100"));
        let added = [(-1, "5000"), (-2, "5003"), (1, "5002")];
        check(&added, "5002", (-2, "0", "0", "50000"));
    }

    #[test]
    fn thirds_lose_nothing() {
        let market = market("5000");
        let contract = market.contracts.first().unwrap();
        let mut account = Account::new(1, "Sim101", Decimal::ZERO);
        for (quantity, price) in [
            (1, "5000"),
            (1, "5000.25"),
            (1, "5000.25"),
            (-1, "5000"),
            (-1, "5000"),
            (-1, "5000"),
        ] {
            account.fill(0, contract, quantity, number(price), Decimal::ZERO);
        }
        assert_eq!(account.cash, number("-25"));
        assert_eq!(account.realized(), number("-25"));
    }

    #[test]
    fn commission_is_in_the_net_figure_only() {
        let market = market("5000");
        let contract = market.contracts.first().unwrap();
        let mut account = Account::new(1, "Sim101", number("1000"));
        account.fill(0, contract, 2, number("5000"), number("2.04"));
        account.fill(0, contract, -2, number("5001"), number("2.04"));
        assert_eq!(account.gross_realized, number("100"));
        assert_eq!(account.realized(), number("91.84"));
        assert_eq!(account.cash, number("1091.84"));
    }

    #[test]
    fn a_carried_position_leaves_the_day_figure_when_it_closes() {
        let mut market = market("5000");
        let contract = market.contracts.first().unwrap().clone();
        let mut account = Account::new(1, "Sim101", number("50000"));
        account.fill(0, &contract, 2, number("5000"), Decimal::ZERO);
        account.reset_day(&market);
        market.contracts[0].set_price(number("5003"));
        assert_eq!(account.day_pnl(&market), number("300"));
        account.fill(0, &contract, 1, number("5003"), Decimal::ZERO);
        account.fill(0, &contract, -3, number("5003"), Decimal::ZERO);
        assert_eq!(account.cash, number("50300"));
        // The third contract was opened after the reset. It shares the average
        // cost of 5001, so its 100 stay in the day; the carried 200 are gone.
        assert_eq!(account.day_pnl(&market), number("100"));
    }

    #[test]
    fn figures_freeze_while_disconnected() {
        let mut market = market("5000");
        let contract = market.contracts.first().unwrap().clone();
        let mut account = Account::new(1, "Sim101", number("50000"));
        account.fill(0, &contract, 1, number("5000"), Decimal::ZERO);
        account.set_connection(ConnectionStatus::ConnectionLost, &market);
        market.contracts[0].set_price(number("4990"));
        assert_eq!(account.unrealized(&market), Decimal::ZERO);
        account.set_connection(ConnectionStatus::Connected, &market);
        assert_eq!(account.unrealized(&market), number("-500"));
    }
}
