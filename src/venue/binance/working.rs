//! Working orders, of both lists.

use super::books::Due;
use super::client::LEAST;
use super::{Binance, errors, orders, routes};
use crate::domain::holdings::{OrderBook, WorkingOrder, WorkingOrders};
use crate::domain::limits::Cost;
use crate::domain::venue::VenueProfile;
use crate::venue::Permit;
use crate::venue::rest::error::RestError;

/// What a read of one list of orders of all symbols takes.
const LIST_OF_ALL: Cost = Cost(&[("weight", 40)]);
/// What a read of both lists of orders of one symbol takes.
const ORDERS_OF_ONE: Cost = Cost(&[("weight", 2)]);

impl Binance {
    /// Both lists, of one symbol or of all of them.
    async fn both_lists(
        &self,
        symbol: Option<&str>,
        permit: &Permit,
    ) -> Result<Vec<WorkingOrder>, RestError> {
        let wait = self.client.limits.read;
        // One that is asked again takes its own weight again.
        let cost = symbol.map_or(LIST_OF_ALL, |_| LEAST);
        let permit = &Permit {
            lane: permit.lane,
            cost,
        };
        let list = async |book| {
            let route = routes::orders(book, symbol);
            let sent = self.client.get(permit, &route, wait).await;
            let json = errors::read(&sent)?;
            Ok::<_, RestError>(orders::read(json.root(), book)?)
        };
        let (regular, conditional) =
            tokio::join!(list(OrderBook::Regular), list(OrderBook::Conditional));
        let mut working = regular?;
        working.extend(conditional?);
        Ok(working)
    }

    pub(super) async fn all_orders(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let working = self.both_lists(None, permit).await?;
        self.books.learn_all(&working);
        Ok(WorkingOrders::Listed(working.into()))
    }

    pub(super) async fn orders_of_held(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let reads = &self.client.http.budget().limits().order_reads;
        let Some(Due::Of(symbols)) = self.books.due(reads) else {
            // Something was closed meanwhile, or all of them became due.
            let permit = self
                .client
                .http
                .beside(permit, VenueProfile::BINANCE.limits.costs.orders);
            return self.all_orders(&permit).await;
        };
        let mut working = Vec::new();
        for (place, symbol) in symbols.iter().enumerate() {
            if place > 0 {
                self.client.http.budget().charge(permit.lane, ORDERS_OF_ONE);
            }
            working.extend(self.both_lists(Some(symbol), permit).await?);
        }
        let all = self.books.learn(&symbols, working);
        Ok(WorkingOrders::Listed(all.into()))
    }
}
