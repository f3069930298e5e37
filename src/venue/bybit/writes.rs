//! What a write is here.

use super::routes::{self, Command, Kinds};
use super::{Bybit, errors};
use crate::domain::request::{Outcome, Write};
use crate::venue::Permit;
use crate::venue::exchange::adapter::Told;

impl Bybit {
    /// Sends one, and remembers what a cancel named.
    pub(super) async fn send(&self, write: &Write, permit: &Permit) -> Option<Told> {
        let (command, kinds) = self.command(write)?;
        let sent = self.client.post(permit, &command).await;
        let told = errors::write(&sent, write);
        match write {
            Write::CancelOrdersOf { instrument, .. } => {
                if let Some(kinds) = kinds {
                    self.second_look.cancelled(instrument.as_str(), kinds);
                }
            }
            Write::CloseQuantity(close) if told.0 == Outcome::Refused => {
                self.symbols.doubt(close.position.instrument.as_str());
            }
            _ => {}
        }
        Some(told)
    }

    /// One request. Nothing here opens a position or adds to it.
    pub(super) fn command(&self, write: &Write) -> Option<(Command, Option<Kinds>)> {
        match write {
            Write::CloseQuantity(close) => {
                let category = self.categories.of(close.position.instrument.as_str());
                Some((routes::close(category, close, &self.order_ids.next()), None))
            }
            Write::CancelOrdersOf { instrument, .. } => {
                let category = self.categories.of(instrument.as_str());
                let kinds = self.second_look.kinds(instrument.as_str());
                let command = routes::cancel_symbol(category, instrument, kinds);
                Some((command, Some(kinds)))
            }
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                ..
            } => {
                let category = self.categories.of(instrument.as_str());
                Some((routes::cancel_order(category, instrument, id)?, None))
            }
            Write::CancelOrders
            | Write::Flatten
            | Write::ClosePosition(_)
            | Write::CancelOrder { .. } => None,
        }
    }
}
