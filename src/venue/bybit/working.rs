//! Working orders of all kinds.

use super::client::Pages;
use super::routes::{self, Group};
use super::{Bybit, orders};
use crate::domain::holdings::{WorkingOrder, WorkingOrders};
use crate::domain::limits::Cost;
use crate::venue::Permit;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::Node;

impl Bybit {
    pub(super) async fn all_orders(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let asked = self.second_look.asked();
        let [one, two, three] = Group::ALL.map(|group| self.working_in(group, permit));
        let (one, two, three) = tokio::join!(one, two, three);
        let mut working = one?;
        working.extend(two?);
        working.extend(three?);
        self.second_look.saw(asked, &working);
        Ok(WorkingOrders::Listed(working.into()))
    }

    async fn working_in(
        &self,
        group: Group,
        permit: &Permit,
    ) -> Result<Vec<WorkingOrder>, RestError> {
        let pages = Pages {
            read: routes::orders(group),
            category: Some(group.category),
            full: 50,
            cost: Cost(&[("requests", 1), ("orders", 1)]),
        };
        let mut working = Vec::new();
        let add = |rows: &[Node<'_>]| orders::add(&mut working, rows);
        let wait = self.client.limits.read;
        self.client.pages(permit, pages, wait, add).await?;
        for instrument in working.iter().filter_map(|order| order.instrument.as_ref()) {
            self.categories.learn(instrument.as_str(), group.category);
        }
        Ok(working)
    }
}
