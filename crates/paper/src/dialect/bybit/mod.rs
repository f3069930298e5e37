//! Bybit v5, from its published pages, as far as a guard of futures accounts calls
//! it.
//!
//! [`routes`] names the calls, [`sign`] checks who asks, [`limits`] counts,
//! [`front`] takes a request through them and through its faults. The calls are in
//! [`markets`], [`account`], [`positions`], [`orders`], [`create`], [`cancel`] and
//! [`logs`]; [`distort`] spoils what they say on request.
//!
//! What differs from the venue: the position mode belongs to the account and not to
//! each symbol, coins other than dollars count for what their perpetual says, and a
//! contract in another coin than USDT or USDC is listed as inverse while its result
//! is counted like a linear one's.

pub(crate) mod account;
pub(crate) mod behaviour;
pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod distort;
pub(crate) mod front;
pub(crate) mod limits;
pub(crate) mod logs;
pub(crate) mod markets;
pub(crate) mod orders;
pub(crate) mod params;
pub(crate) mod positions;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod sign;
pub(crate) mod words;

use std::collections::VecDeque;

use limits::Visits;

/// Client ids kept; older ones are forgotten.
const MAX_LINKS: usize = 10_000;

/// What Bybit knows beside the simulation.
#[derive(Debug, Default)]
pub(crate) struct BybitState {
    pub(crate) visits: Visits,
    links: VecDeque<Link>,
}

/// The client's id of an order.
#[derive(Debug)]
struct Link {
    account: usize,
    order_id: String,
    link_id: String,
}

impl BybitState {
    pub(crate) fn link(&mut self, account: usize, order_id: &str, link_id: &str) {
        if link_id.is_empty() {
            return;
        }
        if self.links.len() >= MAX_LINKS {
            self.links.pop_front();
        }
        self.links.push_back(Link {
            account,
            order_id: order_id.to_owned(),
            link_id: link_id.to_owned(),
        });
    }

    /// The client's id of an order; empty without one.
    pub(crate) fn link_of(&self, order_id: &str) -> &str {
        let found = self.links.iter().find(|link| link.order_id == order_id);
        found.map_or("", |link| &link.link_id)
    }

    pub(crate) fn is_linked(&self, account: usize, link_id: &str) -> bool {
        let mut links = self.links.iter();
        links.any(|link| link.account == account && link.link_id == link_id)
    }
}
