//! The record: one SQLite file that says what riskd saw, decided and did.
//!
//! ```text
//! daemon -> StoreHandle -> Writer (one task) -> Store (one writing connection)
//! commands, API ------------------------------> Reader (read-only connections)
//! ```
//!
//! What holds here:
//! - One process writes a record: [`Store::open`] takes a lock beside the file.
//! - A batch is one transaction. Once it is committed it survives the end of
//!   the process (`synchronous=NORMAL`), which is what a request to a venue waits
//!   for: see [`Receipt`]. What is acknowledged to a person waits for a sync of
//!   the log too, which is made beside the writer and holds up no commit.
//! - Whoever submits is never held up and never fails: see [`StoreHandle`].
//! - With each row of evidence goes a link of the chain, in one transaction: see
//!   [`chain`]. A start compares the locks with it.
//! - All SQL is in [`sql`], but for the query whose filters vary; the texts of
//!   whole transactions are made of its statements in [`together`].

mod aside;
mod backlog;
mod backup;
mod batch;
mod chain;
mod disk;
mod error;
mod extent;
mod files;
mod finding;
mod firing;
mod handle;
mod health;
mod instance;
mod layout;
mod open;
mod put;
mod queue;
mod read;
mod receipt;
mod rescue;
mod restore;
mod retain;
mod row;
mod save;
mod spans;
mod sql;
mod syncer;
mod time;
mod together;
mod values;
mod verify;
mod write;
mod writer;

pub use backlog::Backlog;
pub use backup::{Backup, BackupError};
pub use batch::{Batch, Quality, RuleSetRow, Sample};
pub use error::{Holder, StoreError};
pub use extent::Extent;
pub use finding::{ChainHead, Finding, FindingKind, MOST_FINDINGS, Verification};
pub use firing::{FiringReport, FiringView, IntentView, LockView, RequestView, SentView};
pub use handle::{Counters, FlushError, StoreHandle};
pub use health::Health;
pub use open::Store;
pub use queue::{Lost, Waiting};
pub use read::{EntryFilter, EntryRow, Reader};
pub use receipt::{NotCommitted, Receipt};
pub use restore::{KeptRuleSet, Restored};
pub use retain::{Retained, Retention};
pub use spans::{Course, Span, SpanLength};
pub use write::{Refused, Written};
pub use writer::{Drained, Writer};

#[cfg(test)]
mod tests;
