//! The clients' own ids of their orders.

use std::collections::VecDeque;

/// Ids kept; older ones are forgotten.
const MAX_LINKS: usize = 10_000;

/// The clients' ids, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Links(VecDeque<Link>);

/// The client's id of an order.
#[derive(Debug)]
struct Link {
    account: usize,
    order_id: String,
    link_id: String,
}

impl Links {
    /// Notes the client's id of an order, unless it has none.
    pub(crate) fn add(&mut self, account: usize, order_id: &str, link_id: &str) {
        if link_id.is_empty() {
            return;
        }
        if self.0.len() >= MAX_LINKS {
            self.0.pop_front();
        }
        self.0.push_back(Link {
            account,
            order_id: order_id.to_owned(),
            link_id: link_id.to_owned(),
        });
    }

    /// The client's id of an order; empty without one.
    pub(crate) fn of(&self, order_id: &str) -> &str {
        let found = self.0.iter().find(|link| link.order_id == order_id);
        found.map_or("", |link| &link.link_id)
    }

    /// Whether an account has used an id.
    pub(crate) fn holds(&self, account: usize, link_id: &str) -> bool {
        let mut links = self.0.iter();
        links.any(|link| link.account == account && link.link_id == link_id)
    }
}
