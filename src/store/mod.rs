//! The record: what riskd saw, decided and did.
//!
//! ```text
//! daemon -> StoreHandle -> Writer (one task) -> Backend: sqlite::Store
//! commands, API ------------------------------> Reads: sqlite::Reader
//! ```
//!
//! What holds here, whatever the record is kept in:
//! - A batch is one transaction. Once it is committed it survives the end of
//!   the process, which is what a request to a venue waits for: see [`Receipt`].
//!   What is acknowledged to a person waits until it survives a loss of power
//!   too, which is seen to beside the writer and holds up no commit.
//! - Whoever submits is never held up and never fails: see [`StoreHandle`].
//! - What it is kept in stands behind [`Reads`] and the writer's `Backend`; only
//!   [`sqlite`] knows of a database.

mod backend;
mod backlog;
mod batch;
mod entry;
mod error;
mod extent;
mod finding;
mod handle;
mod health;
mod node;
mod queue;
mod receipt;
mod report;
mod restored;
mod retention;
mod span;
pub mod sqlite;
mod syncer;
mod writer;

pub use backend::{Read, Reads};
pub use backlog::Backlog;
pub use batch::{Batch, Quality, Refused, RuleSetRow, Sample, Written};
pub use entry::{EntryFilter, EntryRow};
pub use error::{Holder, StoreError};
pub use extent::Extent;
pub use finding::{ChainHead, Finding, FindingKind, MOST_FINDINGS, Verification, WriterChain};
pub use handle::{Counters, FlushError, StoreHandle};
pub use health::Health;
pub use node::NodeName;
pub use queue::{Lost, Waiting};
pub use receipt::{NotCommitted, Receipt};
pub use report::{FiringReport, FiringView, IntentView, LockView, RequestView, SentView};
pub use restored::{KeptRuleSet, Restored};
pub use retention::{Retained, Retention};
pub use span::{Course, Span, SpanLength};
pub use sqlite::{Backup, BackupError, Reader, Store};
pub use writer::{Drained, Writer};
