//! Cancelling orders.

use super::Simulation;
use super::flatten::FlattenScope;
use super::order::{Order, OrderState, OrderType};
use super::script::Later;
use super::trade::TradeError;

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
    /// The live orders of an account, in one contract or all.
    pub(crate) fn live_orders(&self, account: usize, contract: Option<usize>) -> Vec<String> {
        let scope = FlattenScope {
            contract,
            ..FlattenScope::account(account)
        };
        self.covered_orders(&scope)
    }

    /// How many orders of an account may still fill, those in parts included.
    pub(crate) fn count_live_orders(&self, account: usize) -> usize {
        let is_live = |order: &&Order| order.account == account && order.state.is_live();
        let orders = self.orders.iter().filter(is_live).count();
        orders.saturating_add(self.live_twaps(account).count())
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
                    OrderType::StopMarket | OrderType::TakeProfit | OrderType::Market => {
                        order.stop_price
                    }
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

    /// Lets a conditional order end by itself where the venue has that habit.
    pub(super) fn limit_life(&mut self, order: &Order) {
        let ms = self.settings.stops_live_ms;
        if ms > 0 && order.waits_for_trigger() {
            self.schedule(ms, Later::StopVanishes { order: order.id });
        }
    }

    pub(super) fn take_stop_away(&mut self, id: u64) {
        let is_it = |order: &&mut Order| {
            order.id == id && order.state.is_live() && order.waits_for_trigger()
        };
        if let Some(order) = self.orders.iter_mut().find(is_it) {
            order.state = OrderState::Cancelled;
        }
    }

    /// Cancels the orders that a fill of one cancels.
    pub(super) fn cancel_group_of(&mut self, filled: &Order) {
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
}
