//! What trades do in the simulation: placing, filling, cancelling. Flattening is
//! in `flatten.rs`.

use rust_decimal::Decimal;
use thiserror::Error;

use crate::sim::Simulation;
use crate::sim::account::ConnectionStatus;
use crate::sim::flatten::FlattenScope;
use crate::sim::market::MAX_PRICE;
use crate::sim::order::{MAX_QUANTITY, Order, OrderState, OrderType, Side, Ticket};
use crate::sim::script::Later;

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
    /// A quantity of zero or beyond [`MAX_QUANTITY`].
    #[error("a quantity is 1 to 100000 contracts")]
    BadQuantity,
    /// A price that is missing, not positive, or beyond [`MAX_PRICE`].
    #[error("a price is above zero and at most 1000000000")]
    BadPrice,
    /// A motion too fast or too slow to simulate.
    #[error("a drift is 0.001 to 1000 ticks a second, a walk moves every 1 to 86400000 ms")]
    BadMotion,
    /// The order is unknown or finished.
    #[error("order {0} is unknown or finished")]
    NoLiveOrder(String),
}

/// How a cancel is carried out, faults included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CancelBehaviour {
    #[default]
    Normal,
    /// Accepted and forgotten.
    Nothing,
    /// `CancelPending` for so many milliseconds.
    Late(u64),
    /// `CancelPending` for ever.
    Stuck,
    /// The order fills at that moment.
    Fills,
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

    fn is_connected(&self, account: usize) -> bool {
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
        let account = self.connected_account(account)?;
        let contract = self.contract_index(&ticket.instrument)?;
        check_ticket(ticket)?;
        if let Some(price) = price {
            check_price(Some(price))?;
        }
        let order = self.new_order(account, contract, ticket);
        let order_id = order.order_id.clone();
        self.orders.push(order);
        if let Some(price) = price {
            self.fill(self.orders.len().saturating_sub(1), price);
        }
        self.settle();
        Ok(order_id)
    }

    fn new_order(&mut self, account: usize, contract: usize, ticket: &Ticket) -> Order {
        let state = match ticket.order_type {
            OrderType::StopMarket | OrderType::StopLimit => OrderState::Accepted,
            OrderType::Market | OrderType::Limit => OrderState::Working,
        };
        Order {
            id: self.take_id(),
            order_id: self.take_order_id(),
            name: ticket.name.clone().unwrap_or_else(|| "Entry".to_owned()),
            account,
            contract,
            side: ticket.side,
            held_before: self.held(account, contract),
            order_type: ticket.order_type,
            state,
            quantity: ticket.quantity,
            filled: 0,
            average_fill: Decimal::ZERO,
            limit_price: ticket.limit_price.unwrap_or_default(),
            stop_price: ticket.stop_price.unwrap_or_default(),
            triggered: false,
            time_in_force: ticket.time_in_force,
            oco_id: ticket.oco_id.clone().unwrap_or_default(),
            placed: self.now(),
        }
    }

    /// Contracts held, negative when short.
    pub(crate) fn held(&self, account: usize, contract: usize) -> i64 {
        self.accounts
            .get(account)
            .map_or(0, |account| account.quantity(contract))
    }

    /// A market order of the venue's own making; nothing for a quantity of zero
    /// or an account whose connection is away.
    pub(crate) fn trade_at_market(
        &mut self,
        account: usize,
        contract: usize,
        quantity: i64,
        name: &str,
    ) {
        let Ok(size) = u32::try_from(quantity.unsigned_abs()) else {
            return;
        };
        let Some(price) = self.market.contracts.get(contract).map(|c| c.last) else {
            return;
        };
        if size == 0 || !self.is_connected(account) {
            return;
        }
        let mut ticket = Ticket::market("", Side::of(quantity), size);
        ticket.name = Some(name.to_owned());
        let order = self.new_order(account, contract, &ticket);
        self.orders.push(order);
        self.fill(self.orders.len().saturating_sub(1), price);
    }

    /// Fills a whole order at a price and cancels its group.
    fn fill(&mut self, index: usize, price: Decimal) {
        let Some(order) = self.orders.get_mut(index) else {
            return;
        };
        order.state = OrderState::Filled;
        order.filled = order.quantity;
        order.average_fill = price;
        let order = order.clone();
        if let (Some(account), Some(contract)) = (
            self.accounts.get_mut(order.account),
            self.market.contracts.get_mut(order.contract),
        ) {
            contract.volume = contract.volume.saturating_add(u64::from(order.quantity));
            let quantity = order.side.signed(order.quantity);
            let commission = self.settings.commission;
            account.fill(order.contract, contract, quantity, price, commission);
        }
        self.cancel_group_of(&order);
    }

    fn cancel_group_of(&mut self, filled: &Order) {
        if filled.oco_id.is_empty() {
            return;
        }
        for order in &mut self.orders {
            if order.account == filled.account
                && order.oco_id == filled.oco_id
                && order.state.is_live()
            {
                order.state = OrderState::Cancelled;
            }
        }
    }

    /// Fills what the current prices reach, oldest order first. Orders of an
    /// account whose connection is away wait.
    pub(crate) fn fill_resting_orders(&mut self) {
        for index in 0..self.orders.len() {
            let Some(order) = self.orders.get_mut(index) else {
                return;
            };
            let account = self.accounts.get(order.account);
            let connected =
                account.is_some_and(|account| account.connection == ConnectionStatus::Connected);
            let Some(last) = self.market.contracts.get(order.contract).map(|c| c.last) else {
                continue;
            };
            if !connected || !order.state.is_live() {
                continue;
            }
            if let Some(price) = order.fill_price(last) {
                self.fill(index, price);
            }
        }
    }

    /// The live orders of an account, in one contract or all.
    pub(crate) fn live_orders(&self, account: usize, contract: Option<usize>) -> Vec<String> {
        let scope = FlattenScope {
            contract,
            ..FlattenScope::account(account)
        };
        self.covered_orders(&scope)
    }

    /// How many orders of an account may still fill.
    pub(crate) fn count_live_orders(&self, account: usize) -> usize {
        let is_live = |order: &&Order| order.account == account && order.state.is_live();
        self.orders.iter().filter(is_live).count()
    }

    pub(crate) fn covered_orders(&self, scope: &FlattenScope) -> Vec<String> {
        self.orders
            .iter()
            .filter(|order| order.state.is_live() && scope.covers_order(order))
            .map(|order| order.order_id.clone())
            .collect()
    }

    /// Asks for the cancel of one live order.
    pub(crate) fn cancel(
        &mut self,
        account: usize,
        order_id: &str,
        behaviour: CancelBehaviour,
    ) -> Result<(), TradeError> {
        let found = self.orders.iter().position(|order| {
            order.account == account
                && order.order_id.eq_ignore_ascii_case(order_id)
                && order.state.is_live()
        });
        let index = found.ok_or_else(|| TradeError::NoLiveOrder(order_id.to_owned()))?;
        self.cancel_at(index, behaviour);
        self.settle();
        Ok(())
    }

    /// Asks for the cancel of several orders; those not live are skipped.
    pub(crate) fn cancel_each(&mut self, order_ids: &[String], behaviour: CancelBehaviour) {
        for order_id in order_ids {
            let found = self
                .orders
                .iter()
                .position(|order| order.order_id == *order_id && order.state.is_live());
            if let Some(index) = found {
                self.cancel_at(index, behaviour);
            }
        }
        self.settle();
    }

    fn cancel_at(&mut self, index: usize, behaviour: CancelBehaviour) {
        let phase = self.settings.cancel_phase_ms;
        let Some(order) = self.orders.get_mut(index) else {
            return;
        };
        let wait = match behaviour {
            CancelBehaviour::Nothing => return,
            CancelBehaviour::Fills => {
                let resting = match order.order_type {
                    OrderType::Limit | OrderType::StopLimit => order.limit_price,
                    OrderType::StopMarket | OrderType::Market => order.stop_price,
                };
                return self.fill(index, resting);
            }
            CancelBehaviour::Stuck => {
                order.state = OrderState::CancelPending;
                return;
            }
            CancelBehaviour::Normal => phase,
            CancelBehaviour::Late(ms) => ms.max(phase),
        };
        if wait == 0 {
            order.state = OrderState::Cancelled;
            return;
        }
        order.state = OrderState::CancelPending;
        let order = order.id;
        self.schedule(wait, Later::CancelDone { order });
    }

    pub(crate) fn confirm_cancel(&mut self, id: u64) {
        let waiting = |order: &&mut Order| order.id == id && order.state.is_live();
        if let Some(order) = self.orders.iter_mut().find(waiting) {
            order.state = OrderState::Cancelled;
        }
    }
}

fn check_ticket(ticket: &Ticket) -> Result<(), TradeError> {
    if ticket.quantity == 0 || ticket.quantity > MAX_QUANTITY {
        return Err(TradeError::BadQuantity);
    }
    let (limit, stop) = match ticket.order_type {
        OrderType::Market => (false, false),
        OrderType::Limit => (true, false),
        OrderType::StopMarket => (false, true),
        OrderType::StopLimit => (true, true),
    };
    if limit {
        check_price(ticket.limit_price)?;
    }
    if stop {
        check_price(ticket.stop_price)?;
    }
    Ok(())
}

fn check_price(price: Option<Decimal>) -> Result<(), TradeError> {
    price
        .filter(|price| *price > Decimal::ZERO && *price <= MAX_PRICE)
        .map(drop)
        .ok_or(TradeError::BadPrice)
}
