//! A dead man's switch: the orders in the book of one contract, or all of an account, are
//! cancelled unless their owner says again and again that he is there.

use super::Simulation;
use super::cancel::CancelBehaviour;
use super::order::Order;
use super::script::Later;

impl Simulation {
    /// Lets the book of an account in a contract be cancelled after so many
    /// milliseconds, in place of an earlier countdown; 0 stops that one. Without a
    /// contract it is every order of the account, also those that wait for a trigger.
    pub(crate) fn set_countdown(&mut self, account: usize, contract: Option<usize>, ms: u64) {
        self.forget_countdown(account, contract);
        if ms > 0 {
            self.schedule(ms, Later::Countdown { account, contract });
        }
    }

    /// The orders of an account in a contract's book: live, and not waiting for a
    /// trigger.
    pub(crate) fn book_orders(&self, account: usize, contract: usize) -> Vec<String> {
        let is_in_book = |order: &&Order| {
            let is_about_it = order.account == account && order.key.contract == contract;
            is_about_it && order.state.is_live() && !order.waits_for_trigger()
        };
        let orders = self.orders.iter().filter(is_in_book);
        orders.map(|order| order.order_id.clone()).collect()
    }

    pub(super) fn run_countdown(&mut self, account: usize, contract: Option<usize>) {
        let orders = match contract {
            Some(contract) => self.book_orders(account, contract),
            None => self.live_orders(account, None),
        };
        self.cancel_each(&orders, CancelBehaviour::Normal);
    }
}
