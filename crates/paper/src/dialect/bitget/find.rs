//! Finding an order by the venue's id or the client's.

use serde_json::Value;

use super::BitgetState;
use super::params::Params;
use super::reply::{Refusal, missing};
use super::words::{client_id, order_id};
use crate::sim::Simulation;
use crate::sim::order::Order;

/// An order as a request names it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) link: String,
}

impl Named {
    /// By `orderId`, else by `clientOid`.
    pub(crate) fn read(params: &Params) -> Result<Named, Refusal> {
        let text = |name: &str| params.text(name).unwrap_or_default().to_owned();
        let named = Named {
            id: text("orderId"),
            link: text("clientOid"),
        };
        if named.id.is_empty() && named.link.is_empty() {
            return Err(missing("orderId"));
        }
        Ok(named)
    }

    /// An entry of a list of orders.
    pub(crate) fn of_entry(entry: &Value) -> Named {
        let text = |name: &str| {
            let text = entry.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        Named {
            id: text("orderId"),
            link: text("clientOid"),
        }
    }

    pub(crate) fn is(&self, known: &BitgetState, order: &Order) -> bool {
        if self.id.is_empty() {
            client_id(known, order) == self.link
        } else {
            order_id(order.id) == self.id
        }
    }
}

/// The order of an account that was placed under the simulation's id.
pub(crate) fn placed<'a>(sim: &'a Simulation, order_id: &str) -> Option<&'a Order> {
    let mut orders = sim.orders.iter().rev();
    orders.find(|order| order.order_id == order_id)
}
