//! One simulated account: wallets, positions and the figures of its day.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::{Contract, Market};
use super::position::{Position, PositionKey, PositionMode, signed_as};

/// How an account is connected to its broker.
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

/// The highest figures of the session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peaks {
    pub(crate) pnl: Decimal,
    pub(crate) net_liquidation: Decimal,
    pub(crate) unrealized: Decimal,
}

/// What an account has of one margin asset, without open results.
#[derive(Clone, Debug)]
pub(crate) struct Wallet {
    pub(crate) asset: String,
    pub(crate) balance: Decimal,
}

/// A fill as it is booked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booking {
    pub(crate) key: PositionKey,
    /// Negative when sold.
    pub(crate) quantity: Decimal,
    pub(crate) price: Decimal,
    /// Commission that counts as a part of the closed result.
    pub(crate) commission: Decimal,
    /// A fee that is kept apart from results.
    pub(crate) fee: Decimal,
}

/// A simulated account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) mode: PositionMode,
    /// Whether all wallets together are the margin of every position.
    pub(crate) multi_assets: bool,
    /// Whether each position has a margin of its own.
    pub(crate) isolated: bool,
    /// Whether an order that closes names its position.
    pub(crate) separate: bool,
    /// Whether it is a unified account and no classic one.
    pub(crate) unified: bool,
    /// Whether its venue lets it trade.
    pub(crate) may_trade: bool,
    /// The first one is that of the account's balance; there is always one.
    pub(crate) wallets: Vec<Wallet>,
    /// The day's closed result before commission, without what was carried (see
    /// [`Account::reset_day`]).
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
    /// A flat account with one wallet.
    pub(crate) fn new(id: u64, name: &str, asset: &str, balance: Decimal) -> Account {
        Account {
            id,
            name: name.to_owned(),
            mode: PositionMode::OneWay,
            multi_assets: false,
            isolated: false,
            separate: false,
            unified: false,
            may_trade: true,
            wallets: vec![Wallet {
                asset: asset.to_owned(),
                balance,
            }],
            gross_realized: Decimal::ZERO,
            commission: Decimal::ZERO,
            positions: Vec::new(),
            connection: ConnectionStatus::Connected,
            frozen: None,
            day_open_cash: balance,
            day_open_net_liquidation: balance,
            peaks: Peaks {
                net_liquidation: balance,
                ..Peaks::default()
            },
        }
    }

    /// Adds a wallet before the first session: what is in it is no result of it.
    pub(crate) fn add_wallet(&mut self, asset: &str, balance: Decimal) {
        self.pay(asset, balance);
        self.day_open_cash = self.cash();
        self.day_open_net_liquidation = self.cash();
        self.peaks.net_liquidation = self.cash();
    }

    /// What is in all wallets together, each asset at par.
    pub(crate) fn cash(&self) -> Decimal {
        self.wallets.iter().map(|wallet| wallet.balance).sum()
    }

    /// The balance of one wallet; `None` without one.
    pub(crate) fn balance(&self, asset: &str) -> Option<Decimal> {
        let mut wallets = self.wallets.iter();
        let found = wallets.find(|wallet| wallet.asset == asset);
        found.map(|wallet| wallet.balance)
    }

    /// Pays an amount into a wallet, or out of it when negative. A wallet that
    /// is not there is made.
    pub(crate) fn pay(&mut self, asset: &str, amount: Decimal) {
        let mut wallets = self.wallets.iter_mut();
        match wallets.find(|wallet| wallet.asset == asset) {
            Some(wallet) => wallet.balance += amount,
            None => self.wallets.push(Wallet {
                asset: asset.to_owned(),
                balance: amount,
            }),
        }
    }

    /// What is held of one position, negative when short.
    pub(crate) fn quantity(&self, key: PositionKey) -> Decimal {
        self.position(key)
            .map_or(Decimal::ZERO, |position| position.quantity)
    }

    /// One position.
    pub(crate) fn position(&self, key: PositionKey) -> Option<&Position> {
        self.positions.iter().find(|position| position.key == key)
    }

    /// Books a fill and returns its closed result before commission and fee.
    pub(crate) fn book(&mut self, booking: &Booking, contract: &Contract) -> Decimal {
        let asset = contract.terms.asset.as_str();
        self.pay(asset, -(booking.commission + booking.fee));
        self.commission += booking.commission;
        let (closing, result) = self.close_against(booking, contract);
        self.pay(asset, result);
        let opening = booking.quantity - signed_as(closing, booking.quantity);
        if !opening.is_zero() {
            self.open(booking.key, opening, booking.price);
        }
        result
    }

    /// Closes what the fill can close: how much that was, and its result.
    fn close_against(&mut self, booking: &Booking, contract: &Contract) -> (Decimal, Decimal) {
        let held = self.quantity(booking.key);
        let adds = held.is_sign_negative() == booking.quantity.is_sign_negative();
        if held.is_zero() || adds {
            return (Decimal::ZERO, Decimal::ZERO);
        }
        let closing = held.abs().min(booking.quantity.abs());
        let mut positions = self.positions.iter_mut();
        let Some(position) = positions.find(|position| position.key == booking.key) else {
            return (Decimal::ZERO, Decimal::ZERO);
        };
        let (result, counted) = position.reduce(closing, booking.price, contract);
        self.gross_realized += counted;
        self.positions
            .retain(|position| !position.quantity.is_zero());
        (closing, result)
    }

    fn open(&mut self, key: PositionKey, quantity: Decimal, price: Decimal) {
        let mut positions = self.positions.iter_mut();
        match positions.find(|position| position.key == key) {
            Some(position) => position.add(quantity, price),
            None => self.positions.push(Position::open(key, quantity, price)),
        }
    }

    /// The day's closed result, net of commission.
    pub(crate) fn realized(&self) -> Decimal {
        self.gross_realized - self.commission
    }

    /// The price at which this account is valued: the mark price, which stands
    /// still while disconnected.
    pub(crate) fn price(&self, market: &Market, contract: usize) -> Decimal {
        let live = || market.contracts.get(contract).map(Contract::mark);
        match &self.frozen {
            Some(prices) => prices.get(contract).copied(),
            None => live(),
        }
        .unwrap_or_default()
    }

    /// The open result of one position.
    pub(crate) fn position_unrealized(&self, position: &Position, market: &Market) -> Decimal {
        let price = self.price(market, position.key.contract);
        market
            .contracts
            .get(position.key.contract)
            .map(|contract| position.unrealized(contract, price))
            .unwrap_or_default()
    }

    /// The open result of all positions, each asset at par.
    pub(crate) fn unrealized(&self, market: &Market) -> Decimal {
        self.positions
            .iter()
            .map(|position| self.position_unrealized(position, market))
            .sum()
    }

    /// The day's result.
    pub(crate) fn day_pnl(&self, market: &Market) -> Decimal {
        self.realized() + self.unrealized(market)
    }

    /// Cash and open result.
    pub(crate) fn net_liquidation(&self, market: &Market) -> Decimal {
        self.cash() + self.unrealized(market)
    }

    /// Changes the connection; figures freeze while it is not `Connected`.
    pub(crate) fn set_connection(&mut self, status: ConnectionStatus, market: &Market) {
        self.connection = status;
        if status == ConnectionStatus::Connected {
            self.frozen = None;
        } else if self.frozen.is_none() {
            self.frozen = Some(market.marks());
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

    /// The reset of the day. Positions stay open and are marked as carried: as in
    /// the accounts of prop firms, their open result shows in the new day, and
    /// goes from the day when they close. Wallets keep it.
    pub(crate) fn reset_day(&mut self, market: &Market) {
        self.gross_realized = Decimal::ZERO;
        self.commission = Decimal::ZERO;
        for position in &mut self.positions {
            position.carry();
        }
        self.day_open_cash = self.cash();
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

    fn fill(account: &mut Account, contract: &Contract, quantity: i64, price: &str, rate: &str) {
        let quantity = Decimal::from(quantity);
        let booking = Booking {
            key: PositionKey::net(0),
            quantity,
            price: number(price),
            commission: number(rate) * quantity.abs(),
            fee: Decimal::ZERO,
        };
        account.book(&booking, contract);
    }

    /// Fills in order, then (quantity, realized, unrealized, cash).
    fn check(fills: &[(i64, &str)], last: &str, expected: (i64, &str, &str, &str)) {
        let market = market(last);
        let contract = market.contracts.first().unwrap();
        let mut account = Account::new(1, "Sim101", "USD", number("50000"));
        for (quantity, price) in fills {
            fill(&mut account, contract, *quantity, price, "0");
        }
        let seen = (
            account.quantity(PositionKey::net(0)),
            account.realized(),
            account.unrealized(&market),
            account.cash(),
        );
        let (quantity, realized, unrealized, cash) = expected;
        let expected = (
            Decimal::from(quantity),
            number(realized),
            number(unrealized),
            number(cash),
        );
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
        let mut account = Account::new(1, "Sim101", "USD", Decimal::ZERO);
        for (quantity, price) in [
            (1, "5000"),
            (1, "5000.25"),
            (1, "5000.25"),
            (-1, "5000"),
            (-1, "5000"),
            (-1, "5000"),
        ] {
            fill(&mut account, contract, quantity, price, "0");
        }
        assert_eq!(account.cash(), number("-25"));
        assert_eq!(account.realized(), number("-25"));
    }

    #[test]
    fn commission_is_in_the_net_figure_only() {
        let market = market("5000");
        let contract = market.contracts.first().unwrap();
        let mut account = Account::new(1, "Sim101", "USD", number("1000"));
        fill(&mut account, contract, 2, "5000", "2.04");
        fill(&mut account, contract, -2, "5001", "2.04");
        assert_eq!(account.gross_realized, number("100"));
        assert_eq!(account.realized(), number("91.84"));
        assert_eq!(account.cash(), number("1091.84"));
    }

    #[test]
    fn a_carried_position_leaves_the_day_figure_when_it_closes() {
        let mut market = market("5000");
        let contract = market.contracts.first().unwrap().clone();
        let mut account = Account::new(1, "Sim101", "USD", number("50000"));
        fill(&mut account, &contract, 2, "5000", "0");
        account.reset_day(&market);
        market.contracts[0].set_price(number("5003"));
        assert_eq!(account.day_pnl(&market), number("300"));
        fill(&mut account, &contract, 1, "5003", "0");
        fill(&mut account, &contract, -3, "5003", "0");
        assert_eq!(account.cash(), number("50300"));
        // The third contract was opened after the reset. It shares the average
        // cost of 5001, so its 100 stay in the day; the carried 200 are gone.
        assert_eq!(account.day_pnl(&market), number("100"));
    }

    #[test]
    fn figures_freeze_while_disconnected() {
        let mut market = market("5000");
        let contract = market.contracts.first().unwrap().clone();
        let mut account = Account::new(1, "Sim101", "USD", number("50000"));
        fill(&mut account, &contract, 1, "5000", "0");
        account.set_connection(ConnectionStatus::ConnectionLost, &market);
        market.contracts[0].set_price(number("4990"));
        assert_eq!(account.unrealized(&market), Decimal::ZERO);
        account.set_connection(ConnectionStatus::Connected, &market);
        assert_eq!(account.unrealized(&market), number("-500"));
    }
}
