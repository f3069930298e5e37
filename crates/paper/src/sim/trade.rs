//! Why the simulation refuses something, and placing orders. What fills them is in
//! `fill.rs`, cancelling in `cancel.rs`, flattening in `flatten.rs`.

use rust_decimal::Decimal;
use thiserror::Error;

use super::Simulation;
use super::account::ConnectionStatus;
use super::order::{Order, OrderState, Side, Ticket};
use super::position::{PositionKey, PositionMode, PositionSide};
use super::rules::in_range;

/// Why the simulation refuses something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TradeError {
    /// No account of that name.
    #[error("account {0} not found")]
    UnknownAccount(String),
    /// No such instrument is listed.
    #[error("instrument {0} is not listed")]
    UnknownInstrument(String),
    /// The account's connection is away.
    #[error("account {0} is not connected")]
    Disconnected(String),
    /// A quantity that is not above zero, or beyond the instrument's maximum.
    #[error("a quantity is above zero and at most {0}")]
    BadQuantity(Decimal),
    /// Less than the instrument's smallest quantity.
    #[error("a quantity is at least {0}")]
    BelowMinimum(Decimal),
    /// A quantity between two steps.
    #[error("a quantity is a multiple of {0}")]
    OffStep(Decimal),
    /// More than one market order may name.
    #[error("a market order is at most {0}; larger ones are split")]
    AboveMarketMaximum(Decimal),
    /// A price between two steps.
    #[error("a price is a multiple of {0}")]
    OffTick(Decimal),
    /// A position that the account's mode does not have.
    #[error("orders are about `net` in one-way mode, about `long` or `short` in hedge mode")]
    WrongPositionSide,
    /// Only a smaller position was wanted, and there is none to make smaller.
    #[error("there is no position that the order could reduce")]
    NothingToReduce,
    /// The mode was to change with something open.
    #[error("the position mode changes only without positions and live orders")]
    ModeInUse,
    /// A transfer of nothing or of too much.
    #[error("a transfer is not zero and at most 1000000000000 either way")]
    BadAmount,
    /// A transfer out of more than there is.
    #[error("there is not enough {0} in the wallet")]
    TooLittle(String),
    /// A funding rate out of range.
    #[error("a funding rate is at most 0.1 either way")]
    BadRate,
    /// A price that is missing, not positive, or beyond [`MAX_PRICE`](crate::MAX_PRICE).
    #[error("a price is above zero and at most 1000000000")]
    BadPrice,
    /// A motion too fast or too slow to simulate.
    #[error("a drift is 0.001 to 1000 ticks a second, a walk moves every 1 to 86400000 ms")]
    BadMotion,
    /// The order is unknown or finished.
    #[error("order {0} is unknown or finished")]
    NoLiveOrder(String),
}

impl Simulation {
    /// The account of that name, in any casing.
    pub(crate) fn account_index(&self, name: &str) -> Result<usize, TradeError> {
        self.accounts
            .iter()
            .position(|account| account.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| TradeError::UnknownAccount(name.to_owned()))
    }

    /// The contract that a spelling names.
    pub(crate) fn contract_index(&self, text: &str) -> Result<usize, TradeError> {
        self.market
            .find(text)
            .ok_or_else(|| TradeError::UnknownInstrument(text.to_owned()))
    }

    fn connected_account(&self, name: &str) -> Result<usize, TradeError> {
        let index = self.account_index(name)?;
        if self.is_connected(index) {
            Ok(index)
        } else {
            Err(TradeError::Disconnected(name.to_owned()))
        }
    }

    pub(super) fn is_connected(&self, account: usize) -> bool {
        let account = self.accounts.get(account);
        account.is_some_and(|account| account.connection == ConnectionStatus::Connected)
    }

    /// Places an order and returns its id. What can fill at once does.
    pub(crate) fn place(&mut self, account: &str, ticket: &Ticket) -> Result<String, TradeError> {
        self.place_at(account, ticket, None)
    }

    /// As [`Simulation::place`]; a market order fills at `price` when given.
    pub(crate) fn place_at(
        &mut self,
        account: &str,
        ticket: &Ticket,
        price: Option<Decimal>,
    ) -> Result<String, TradeError> {
        let (account, key) = self.check_ticket(account, ticket)?;
        let price = price.map(|price| in_range(Some(price))).transpose()?;
        let order = self.new_order(account, key, ticket);
        self.check_reduces(&order)?;
        let order_id = order.order_id.clone();
        self.limit_life(&order);
        self.orders.push(order);
        if let Some(price) = price {
            self.fill(self.orders.len().saturating_sub(1), price);
        }
        self.settle();
        Ok(order_id)
    }

    /// Trades a size that no order may have, at the last price: what is held when a
    /// venue makes its steps wider is no multiple of them.
    pub(crate) fn leave_dust(&mut self, account: &str, ticket: &Ticket) -> Result<(), TradeError> {
        let account = self.connected_account(account)?;
        let contract = self.contract_index(&ticket.instrument)?;
        let key = PositionKey {
            contract,
            side: ticket.position_side,
        };
        let last = self.market.contracts.get(contract).map(|c| c.last);
        let order = self.new_order(account, key, ticket);
        self.orders.push(order);
        if let Some(last) = last {
            self.fill(self.orders.len().saturating_sub(1), last);
        }
        self.settle();
        Ok(())
    }

    /// Places a market order of which a part fills at once; the rest is cancelled, as
    /// it is where a market order is bounded in price.
    pub(crate) fn place_in_part(
        &mut self,
        account: &str,
        ticket: &Ticket,
        part: Decimal,
    ) -> Result<String, TradeError> {
        let (account, key) = self.check_ticket(account, ticket)?;
        let order = self.new_order(account, key, ticket);
        self.check_reduces(&order)?;
        let last = self.market.contracts.get(key.contract).map(|c| c.last);
        let (order_id, index) = (order.order_id.clone(), self.orders.len());
        self.orders.push(Order {
            quantity: part,
            ..order
        });
        if let Some(last) = last.filter(|_| !part.is_zero()) {
            self.fill(index, last);
        }
        if let Some(order) = self.orders.get_mut(index) {
            order.quantity = ticket.quantity;
            order.state = OrderState::Cancelled;
        }
        self.settle();
        Ok(order_id)
    }

    /// The account and position that an order is about, when it may be placed.
    fn check_ticket(
        &self,
        account: &str,
        ticket: &Ticket,
    ) -> Result<(usize, PositionKey), TradeError> {
        let account = self.connected_account(account)?;
        let contract = self.contract_index(&ticket.instrument)?;
        if let Some(contract) = self.market.contracts.get(contract) {
            contract.rules.check(ticket)?;
        }
        let key = PositionKey {
            contract,
            side: ticket.position_side,
        };
        if !key.side.belongs_to(self.mode(account)) {
            return Err(TradeError::WrongPositionSide);
        }
        Ok((account, key))
    }

    fn check_reduces(&self, order: &Order) -> Result<(), TradeError> {
        let closable = self.closable(order.account, order.key, order.side);
        if order.only_reduces() && closable.is_zero() {
            return Err(TradeError::NothingToReduce);
        }
        Ok(())
    }

    /// An order that is not in the book yet.
    pub(super) fn new_order(&mut self, account: usize, key: PositionKey, ticket: &Ticket) -> Order {
        let state = if ticket.order_type.has_trigger() {
            OrderState::Accepted
        } else {
            OrderState::Working
        };
        Order {
            id: self.take_id(),
            order_id: self.take_order_id(),
            name: ticket.name.clone().unwrap_or_else(|| "Entry".to_owned()),
            account,
            key,
            side: ticket.side,
            held_before: self.held(account, key),
            reduce_only: ticket.reduce_only,
            has_rested: false,
            order_type: ticket.order_type,
            state,
            quantity: ticket.quantity,
            filled: Decimal::ZERO,
            average_fill: Decimal::ZERO,
            limit_price: ticket.limit_price.unwrap_or_default(),
            stop_price: ticket.stop_price.unwrap_or_default(),
            triggered: false,
            time_in_force: ticket.time_in_force,
            oco_id: ticket.oco_id.clone().unwrap_or_default(),
            placed: self.now(),
        }
    }

    /// What is held of a position, negative when short.
    pub(crate) fn held(&self, account: usize, key: PositionKey) -> Decimal {
        self.accounts
            .get(account)
            .map_or(Decimal::ZERO, |account| account.quantity(key))
    }

    /// How much of a position an order of this side could close.
    pub(super) fn closable(&self, account: usize, key: PositionKey, side: Side) -> Decimal {
        let held = self.held(account, key);
        if side.signed(held).is_sign_negative() {
            held.abs()
        } else {
            Decimal::ZERO
        }
    }

    /// How much of a position orders that rest in the book of this side would close.
    pub(crate) fn closing_in_book(&self, account: usize, key: PositionKey, side: Side) -> Decimal {
        let resting = self.orders.iter().filter(|order| {
            let is_about_it = order.account == account && order.key == key && order.side == side;
            let is_in_book = order.state.is_live() && !order.waits_for_trigger();
            is_about_it && is_in_book && order.only_reduces()
        });
        resting.map(|order| order.quantity - order.filled).sum()
    }

    /// How an account holds positions.
    pub(crate) fn mode(&self, account: usize) -> PositionMode {
        self.accounts
            .get(account)
            .map_or(PositionMode::OneWay, |account| account.mode)
    }

    /// Changes how an account holds positions. As on real venues, only while it
    /// has neither a position nor a live order.
    pub(crate) fn set_mode(&mut self, account: &str, mode: PositionMode) -> Result<(), TradeError> {
        let index = self.account_index(account)?;
        let is_busy = self.count_live_orders(index) > 0;
        let Some(account) = self.accounts.get_mut(index) else {
            return Err(TradeError::UnknownAccount(account.to_owned()));
        };
        if account.mode != mode && (is_busy || !account.positions.is_empty()) {
            return Err(TradeError::ModeInUse);
        }
        account.mode = mode;
        Ok(())
    }

    /// Opens a position by hand, at `price` or at the market. Negative is short;
    /// in hedge mode it then is the short position.
    pub(crate) fn open_by_hand(
        &mut self,
        account: &str,
        instrument: &str,
        quantity: Decimal,
        price: Option<Decimal>,
    ) -> Result<(), TradeError> {
        let ticket = self.opening_ticket(account, instrument, quantity)?;
        self.place_at(account, &ticket, price)?;
        Ok(())
    }

    /// A market order that opens, in hedge mode the side that it trades to.
    pub(crate) fn opening_ticket(
        &self,
        account: &str,
        instrument: &str,
        quantity: Decimal,
    ) -> Result<Ticket, TradeError> {
        let side = Side::of(quantity);
        let about = match (self.mode(self.account_index(account)?), side) {
            (PositionMode::OneWay, _) => PositionSide::Net,
            (PositionMode::Hedge, Side::Buy) => PositionSide::Long,
            (PositionMode::Hedge, Side::Sell) => PositionSide::Short,
        };
        Ok(Ticket::market(instrument, side, quantity.abs()).about(about))
    }
}
