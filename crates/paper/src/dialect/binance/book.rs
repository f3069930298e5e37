//! What both books have in common: what is open in them, and how a call names one order.

use super::BinanceState;
use super::params::Params;
use super::reply::Refusal;
use crate::sim::Simulation;
use crate::sim::order::Order;

/// Where the venue keeps an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Book {
    Regular,
    /// Those that wait for a trigger.
    Conditional,
}

impl Book {
    fn has(self, order: &Order) -> bool {
        order.waits_for_trigger() == (self == Book::Conditional)
    }
}

/// The open orders of an account in a book, of one contract or of all.
pub(crate) fn open_in(
    book: Book,
    sim: &Simulation,
    index: usize,
    wanted: Option<usize>,
) -> impl Iterator<Item = &Order> {
    sim.orders.iter().filter(move |order| {
        let is_wanted = wanted.is_none_or(|contract| order.key.contract == contract);
        order.account == index && order.state.is_live() && book.has(order) && is_wanted
    })
}

/// How a call names an order: by the venue's id, or else by the client's.
pub(crate) struct Named<'a> {
    id: Option<i64>,
    link_id: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// Reads the two parameters, of which one has to be there.
    pub(crate) fn read(params: &'a Params, id: &str, link_id: &str) -> Result<Named<'a>, Refusal> {
        let named = Named {
            id: params.whole(id)?,
            link_id: params.text(link_id),
        };
        if named.id.is_none() && named.link_id.is_none() {
            let text =
                format!("Param '{link_id}' or '{id}' must be sent, but both were empty/null!");
            return Err(Refusal::new(-1102, &text));
        }
        Ok(named)
    }

    /// Whether it names this order, whose id in its book is `id_of` it.
    pub(crate) fn is(&self, known: &BinanceState, order: &Order, id_of: fn(&Order) -> u64) -> bool {
        match self.id {
            Some(id) => u64::try_from(id).is_ok_and(|id| id == id_of(order)),
            None => self.link_id == Some(known.links.of(&order.order_id)),
        }
    }
}

/// There is no such order.
pub(crate) fn not_there() -> Refusal {
    Refusal::new(-2013, "Order does not exist.")
}
