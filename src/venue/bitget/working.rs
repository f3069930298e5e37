//! Working orders of all kinds.

use super::family::Family;
use super::list::{Listing, Null};
use super::orders::{self, List, Listed};
use super::product::Product;
use super::{Bitget, classic, unified};
use crate::domain::holdings::{OrderBook, WorkingOrders};
use crate::domain::limits::Cost;
use crate::venue::Permit;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::Node;

/// What another page of the orders in the books takes.
const ORDERS: Cost = Cost(&[("requests", 1), ("orders", 1)]);
/// What another page of conditional orders takes.
const PLANS: Cost = Cost(&[("requests", 1), ("plans", 1)]);

impl Bitget {
    pub(super) async fn all_orders(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let read = |family| async move {
            let [one, two, three] =
                Product::ALL.map(|product| self.orders_in(family, product, permit));
            let (one, two, three) = tokio::join!(one, two, three);
            let mut listed = one?;
            listed.extend(two?);
            listed.extend(three?);
            Ok(listed)
        };
        let listed: Vec<Listed> = self.client.speak(permit, read).await?;
        self.plans.learn_all(listed.iter().cloned());
        Ok(WorkingOrders::Listed(
            listed.into_iter().map(|one| one.order).collect(),
        ))
    }

    async fn orders_in(
        &self,
        family: Family,
        product: Product,
        permit: &Permit,
    ) -> Result<Vec<Listed>, RestError> {
        let listed = match family {
            Family::Classic => self.classic_orders_in(product, permit).await?,
            Family::Unified => self.unified_orders_in(product, permit).await?,
        };
        let symbols = listed
            .iter()
            .filter_map(|one| one.order.instrument.as_ref());
        for symbol in symbols {
            self.contracts.learn_product(symbol.as_str(), product);
        }
        Ok(listed)
    }

    /// Four lists.
    async fn classic_orders_in(
        &self,
        product: Product,
        permit: &Permit,
    ) -> Result<Vec<Listed>, RestError> {
        let listing = |read, cost| Listing {
            read,
            rows: Some("entrustedList"),
            next: Some(("endId", "idLessThan")),
            cost,
            null: Null::IsDoubted,
        };
        let book = List {
            family: Family::Classic,
            book: OrderBook::Regular,
        };
        let plans = List {
            book: OrderBook::Conditional,
            ..book
        };
        let [normal, trailing, of_positions] = classic::PLAN_LISTS.map(|list| {
            let listing = listing(classic::plans(product, list), PLANS);
            self.listed(listing, plans, permit)
        });
        let regular = listing(classic::orders(product), ORDERS);
        let (regular, normal, trailing, of_positions) = tokio::join!(
            self.listed(regular, book, permit),
            normal,
            trailing,
            of_positions
        );
        let mut listed = regular?;
        for plans in [normal?, trailing?, of_positions?] {
            listed.extend(plans);
        }
        Ok(listed)
    }

    /// Two lists.
    async fn unified_orders_in(
        &self,
        product: Product,
        permit: &Permit,
    ) -> Result<Vec<Listed>, RestError> {
        let book = List {
            family: Family::Unified,
            book: OrderBook::Regular,
        };
        let strategies = List {
            book: OrderBook::Conditional,
            ..book
        };
        let in_book = Listing {
            read: unified::orders(product),
            rows: Some("list"),
            next: Some(("cursor", "cursor")),
            cost: ORDERS,
            null: Null::IsDoubted,
        };
        let waiting = Listing {
            read: unified::strategies(product),
            rows: None,
            next: None,
            cost: PLANS,
            null: Null::IsDoubted,
        };
        let (regular, waiting) = tokio::join!(
            self.listed(in_book, book, permit),
            self.listed(waiting, strategies, permit)
        );
        let mut listed = regular?;
        listed.extend(waiting?);
        Ok(listed)
    }

    async fn listed(
        &self,
        listing: Listing,
        list: List,
        permit: &Permit,
    ) -> Result<Vec<Listed>, RestError> {
        let mut working = Vec::new();
        let add = |rows: &[Node<'_>]| orders::add(&mut working, rows, list);
        let wait = self.client.limits.read;
        self.client.list(permit, listing, wait, add).await?;
        Ok(working)
    }
}
