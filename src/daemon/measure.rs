//! Measures the record now and then, beside everything else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::store::{Extent, Reads};

/// Time between two measurements.
const EVERY: Duration = Duration::from_secs(30);

/// Measures until it is stopped. What cannot be measured stays as it was: that
/// the record cannot be written is told by others.
pub(super) fn measure(
    reader: Arc<dyn Reads>,
    stop: CancellationToken,
) -> watch::Receiver<Option<Extent>> {
    let (measured, seen) = watch::channel(None);
    tokio::spawn(async move {
        let mut due = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = due.tick() => {}
            }
            // An answer that does not come must not hold up the end.
            let extent = tokio::select! {
                () = stop.cancelled() => return,
                extent = reader.extent() => extent,
            };
            match extent {
                Ok(extent) => {
                    measured.send_replace(Some(extent));
                }
                Err(error) => debug!("the record was not measured: {}", error.in_full()),
            }
        }
    });
    seen
}
