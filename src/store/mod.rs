//! The record: one SQLite file that says what riskd saw, decided and did.
//!
//! ```text
//! daemon -> StoreHandle -> Writer (one task) -> Store (one writing connection)
//! commands, API ------------------------------> Reader (read-only connections)
//! ```
//!
//! What holds here:
//! - One process writes a record: [`Store::open`] takes a lock beside the file.
//! - A batch is one transaction. One with a vital row is on disk
//!   (`synchronous=FULL`) when [`Store::write`] returns; others survive the end
//!   of the process, but the last of them may be lost with the power.
//! - Whoever submits is never held up and never fails: see [`StoreHandle`].
//! - All SQL is in [`sql`], but for the two queries whose filters vary.

mod backlog;
mod batch;
mod error;
mod instance;
mod layout;
mod open;
mod queue;
mod read;
mod restore;
mod retain;
mod row;
mod sql;
mod story;
mod time;
mod write;
mod writer;

pub use backlog::Backlog;
pub use batch::{Batch, Quality, RuleSetRow, Sample};
pub use error::{Holder, StoreError};
pub use open::{Durability, Store};
pub use queue::{Lost, Waiting};
pub use read::{EntryFilter, EntryRow, Reader};
pub use restore::{KeptRuleSet, Restored};
pub use retain::{Retained, Retention};
pub use story::{FiringStory, FiringView, IntentView, LockView, RequestView};
pub use write::{Refused, Written};
pub use writer::{Counters, Drained, FlushError, Health, StoreHandle, Writer};

#[cfg(test)]
mod tests;
