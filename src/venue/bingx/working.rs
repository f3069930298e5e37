//! Working orders, of both lists.

use super::{BingX, errors, orders, routes};
use crate::domain::holdings::WorkingOrders;
use crate::venue::Permit;
use crate::venue::rest::error::RestError;

impl BingX {
    /// All of them: none is known to rest where one list alone is empty.
    pub(super) async fn all_orders(&self, permit: &Permit) -> Result<WorkingOrders, RestError> {
        let wait = self.client.limits.read;
        let of_kinds = async {
            let sent = self.client.get(permit, &routes::orders(), wait).await;
            let json = errors::read(&sent)?;
            Ok::<_, RestError>(orders::read(errors::data(json.root())?)?)
        };
        let of_twaps = async {
            let sent = self.client.get(permit, &routes::twaps(), wait).await;
            let json = errors::read(&sent)?;
            Ok::<_, RestError>(orders::read_twaps(errors::data(json.root())?)?)
        };
        let (working, twaps) = tokio::join!(of_kinds, of_twaps);
        let mut working = working?;
        working.extend(twaps?);
        self.dead_man.note_orders(&working);
        Ok(WorkingOrders::Listed(working.into()))
    }
}
