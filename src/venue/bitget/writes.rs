//! What a write is here.

use super::closing::Way;
use super::family::Family;
use super::routes::{self, Command};
use super::{Bitget, classic, errors, unified};
use crate::domain::holdings::OrderBook;
use crate::domain::request::{CloseQuantity, Outcome, Write};
use crate::venue::Permit;
use crate::venue::exchange::adapter::Told;
use crate::venue::rest::error::RestError;

impl Bitget {
    /// Sends one in the API that the account speaks; once more in the other one where it
    /// was refused for having come to speak that, and nothing was done.
    pub(super) async fn send(&self, write: &Write, permit: &Permit) -> Option<Told> {
        let unsent = |error: RestError| (Outcome::NotSent, None, error.to_string());
        let family = match self.client.family(permit).await {
            Ok(family) => family,
            Err(error) => return Some(unsent(error)),
        };
        let told = self.send_in(family, write, permit).await?;
        if told.0 != Outcome::Refused || self.client.spoken.known() == Some(family) {
            return Some(told);
        }
        match self.client.family(permit).await {
            Ok(other) if other != family => {
                let permit = self.client.http.beside(permit, permit.cost);
                self.send_in(other, write, &permit).await
            }
            _ => Some(told),
        }
    }

    async fn send_in(&self, family: Family, write: &Write, permit: &Permit) -> Option<Told> {
        let (command, way) = self.command(family, write)?;
        let sent = self.client.post(permit, &command).await;
        let told = errors::write(&sent, command.says);
        if let Write::CloseQuantity(close) = write {
            if told.0 == Outcome::Refused {
                self.symbols.doubt(close.position.instrument.as_str());
            }
            if let Some(way) = way {
                self.ways.learn(close, way, told.0);
            }
        }
        Some(told)
    }

    /// One request. Nothing here opens a position or adds to it.
    pub(super) fn command(&self, family: Family, write: &Write) -> Option<(Command, Option<Way>)> {
        match write {
            Write::CloseQuantity(close) if routes::is_closing(close) => match family {
                Family::Classic => Some(self.classic_close(close)),
                Family::Unified => {
                    let contract = self.contracts.of(close.position.instrument.as_str());
                    let link = self.order_ids.next();
                    Some((unified::close(&contract, close, &link), None))
                }
            },
            Write::CancelOrdersOf {
                instrument,
                book: Some(OrderBook::Regular),
            } => {
                let contract = self.contracts.of(instrument.as_str());
                let command = match family {
                    Family::Classic => classic::cancel_symbol(&contract, instrument),
                    Family::Unified => unified::cancel_symbol(&contract, instrument),
                };
                Some((command, None))
            }
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                book: Some(book),
            } if routes::is_order_id(id) => {
                let contract = self.contracts.of(instrument.as_str());
                let command = match (family, book) {
                    (Family::Classic, OrderBook::Regular) => {
                        classic::cancel_order(&contract, instrument, id)
                    }
                    (Family::Classic, OrderBook::Conditional) => {
                        let plan = self.plans.of(id)?;
                        classic::cancel_plan(&contract, instrument, &plan, id)
                    }
                    (Family::Unified, OrderBook::Regular) => unified::cancel_order(id),
                    (Family::Unified, OrderBook::Conditional) => unified::cancel_strategy(id),
                    // riskd reads no such list here.
                    (_, OrderBook::Twap) => return None,
                };
                Some((command, None))
            }
            Write::CancelOrders
            | Write::Flatten
            | Write::ClosePosition(_)
            | Write::CloseQuantity(_)
            | Write::CancelOrdersOf { .. }
            | Write::CancelOrder { .. } => None,
        }
    }

    fn classic_close(&self, close: &CloseQuantity) -> (Command, Option<Way>) {
        let symbol = &close.position.instrument;
        let contract = self.contracts.of(symbol.as_str());
        let largest = self.symbols.all().of(symbol).largest_market_order;
        let way = self.ways.choose(close, largest);
        let by_side = match way {
            Way::Side => classic::close_side(&contract, symbol, close.position.side),
            Way::Order => None,
        };
        let command =
            by_side.unwrap_or_else(|| classic::close(&contract, close, &self.order_ids.next()));
        (command, Some(way))
    }
}
