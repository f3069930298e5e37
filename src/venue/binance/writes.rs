//! What a write is here.

use super::{Binance, routes};
use crate::domain::request::Write;
use crate::venue::exchange::route::Route;

impl Binance {
    /// One request. Nothing here opens a position or adds to it.
    pub(super) fn route(&self, write: &Write) -> Option<Route> {
        match write {
            Write::CloseQuantity(close) if routes::is_closing(close) => {
                // The venue compares an id with those of open orders alone: one that is
                // used again could be filled twice.
                Some(routes::close(close, &self.order_ids.next()))
            }
            Write::CancelOrdersOf {
                instrument,
                book: Some(book),
            } => Some(routes::cancel_symbol(instrument, *book)),
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                book: Some(book),
            } => routes::cancel_order(instrument, *book, id),
            Write::CancelOrders
            | Write::Flatten
            | Write::ClosePosition(_)
            | Write::CloseQuantity(_)
            | Write::CancelOrdersOf { .. }
            | Write::CancelOrder { .. } => None,
        }
    }
}
