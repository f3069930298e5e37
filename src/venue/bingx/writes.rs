//! What a write is here.

use super::errors::{self, Said};
use super::{BingX, routes};
use crate::domain::holdings::OrderBook;
use crate::domain::request::{CloseQuantity, Outcome, Write};
use crate::venue::Permit;
use crate::venue::exchange::adapter::Told;
use crate::venue::exchange::route::Route;
use crate::venue::rest::reply::Sent;

impl BingX {
    /// Sends one. Why a close was refused may lie in what was known of its symbol, or of
    /// the account's mode.
    pub(super) async fn send(&self, write: &Write, permit: &Permit) -> Option<Told> {
        let route = self.route(write)?;
        let sent = self.client.write(permit, &route).await;
        let told = errors::write(&sent, write);
        if write.closes() && told.0 == Outcome::Refused {
            self.symbols.doubt();
            self.mode.forget();
        }
        if let Write::CloseQuantity(close) = write {
            self.note_size(close, &sent, told.0);
        }
        Some(told)
    }

    /// Whether an order was refused that may have been too large, or that did not name
    /// its position where it has to.
    fn note_size(&self, close: &CloseQuantity, sent: &Sent, outcome: Outcome) {
        let Sent::Answered(reply) = sent else {
            return;
        };
        if outcome == Outcome::Acknowledged {
            self.sizes.taken(close);
        } else if Said::of(reply).is_refused() {
            self.sizes.refused(close);
            self.parts.refused(close);
        }
    }

    fn close(&self, close: &CloseQuantity) -> Route {
        let id = self.order_ids.next();
        match self.parts.of(close) {
            Some(part) => routes::close_part(close, &part, &id),
            None => routes::close(close, &id),
        }
    }

    /// One request. Nothing here opens a position or adds to it.
    pub(super) fn route(&self, write: &Write) -> Option<Route> {
        match write {
            Write::Flatten => Some(routes::close_all()),
            Write::CloseQuantity(close) if routes::is_closing(close) => Some(self.close(close)),
            Write::CancelOrders => Some(routes::cancel_orders(None)),
            Write::CancelOrdersOf {
                instrument,
                book: None | Some(OrderBook::Regular),
            } => Some(routes::cancel_orders(Some(instrument))),
            Write::CancelOrder {
                id,
                book: Some(OrderBook::Twap),
                ..
            } => routes::cancel_twap(id),
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                book: None | Some(OrderBook::Regular),
            } => routes::cancel_order(instrument, id),
            // A position is closed by its quantity: its id may be that of another one by
            // then, and a close by symbol takes both sides (B19).
            Write::ClosePosition(_)
            | Write::CloseQuantity(_)
            | Write::CancelOrdersOf { .. }
            | Write::CancelOrder { .. } => None,
        }
    }
}
