//! What fills orders, and how a fill is booked.

use rust_decimal::Decimal;

use super::Simulation;
use super::account::{Booking, ConnectionStatus};
use super::ledger::{EntryKind, Fill, LedgerEntry, Liquidity};
use super::order::{Order, OrderState, Side, Ticket};
use super::position::PositionKey;

impl Simulation {
    /// A market order of the venue's own making, which no rule of the instrument
    /// stops: nothing for a quantity of zero, for a position that the account's
    /// mode does not have, or while the account's connection is away.
    pub(super) fn trade_at_market(
        &mut self,
        account: usize,
        key: PositionKey,
        quantity: Decimal,
        name: &str,
    ) {
        let Some(price) = self.market.contracts.get(key.contract).map(|c| c.last) else {
            return;
        };
        let is_possible = key.side.belongs_to(self.mode(account)) && self.is_connected(account);
        if quantity.is_zero() || !is_possible {
            return;
        }
        let mut ticket = Ticket::market("", Side::of(quantity), quantity.abs());
        ticket.name = Some(name.to_owned());
        let order = self.new_order(account, key, &ticket);
        self.orders.push(order);
        self.fill(self.orders.len().saturating_sub(1), price);
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
            let Some(last) = self
                .market
                .contracts
                .get(order.key.contract)
                .map(|c| c.last)
            else {
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

    /// Fills a whole order at a price and cancels its group. An order that may
    /// only reduce shrinks to what there is to reduce, and is cancelled when that
    /// is nothing.
    pub(super) fn fill(&mut self, index: usize, price: Decimal) {
        let Some(order) = self.orders.get(index).cloned() else {
            return;
        };
        let quantity = if order.only_reduces() {
            let closable = self.closable(order.account, order.key, order.side);
            order.quantity.min(closable)
        } else {
            order.quantity
        };
        let Some(entry) = self.orders.get_mut(index) else {
            return;
        };
        if quantity.is_zero() {
            entry.state = OrderState::Cancelled;
            return;
        }
        entry.state = OrderState::Filled;
        entry.quantity = quantity;
        entry.filled = quantity;
        entry.average_fill = price;
        self.book(&order, quantity, price);
        self.cancel_group_of(&order);
    }

    /// Books a fill: position, wallet, ledger.
    fn book(&mut self, order: &Order, quantity: Decimal, price: Decimal) {
        let (Some(account), Some(contract)) = (
            self.accounts.get_mut(order.account),
            self.market.contracts.get_mut(order.key.contract),
        ) else {
            return;
        };
        contract.volume += quantity;
        let liquidity = order.liquidity();
        let rate = match liquidity {
            Liquidity::Maker => contract.terms.maker_rate,
            Liquidity::Taker => contract.terms.taker_rate,
        };
        let booking = Booking {
            key: order.key,
            quantity: order.side.signed(quantity),
            price,
            commission: self.settings.commission * quantity,
            fee: part(contract.money(price * quantity), rate),
        };
        let realized = account.book(&booking, contract);
        let fee = booking.commission + booking.fee;
        let fill = Fill {
            id: self.ledger.take_id(),
            order_id: order.order_id.clone(),
            at: self.now,
            instrument: contract.symbol.as_str().to_owned(),
            side: order.side,
            position_side: order.key.side,
            quantity,
            price,
            realized,
            fee,
            asset: contract.terms.asset.clone(),
            liquidity,
        };
        for (kind, amount) in [(EntryKind::RealizedPnl, realized), (EntryKind::Fee, -fee)] {
            let entry = LedgerEntry {
                id: self.ledger.take_id(),
                at: self.now,
                kind,
                asset: fill.asset.clone(),
                amount,
                instrument: Some(fill.instrument.clone()),
                fill: Some(fill.id),
                word: None,
            };
            self.ledger.enter(order.account, entry);
        }
        self.ledger.fill(order.account, fill);
    }
}

/// A part of a value; of a rate of zero no digits stay in the sums.
fn part(value: Decimal, rate: Decimal) -> Decimal {
    if rate.is_zero() {
        Decimal::ZERO
    } else {
        value * rate
    }
}
