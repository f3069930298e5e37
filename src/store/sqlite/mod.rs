//! The record in an SQLite file.
//!
//! - One process writes a record: [`Store::open`] takes a lock beside the file.
//! - A batch is one transaction (`synchronous=NORMAL`), and its commit is in the
//!   file for every process; a sync of the log, made beside the writer, has it
//!   survive a loss of power.
//! - With each row of evidence goes a link of the chain, in one transaction: see
//!   [`chain`]. A start compares the locks with it.
//! - A request waits for a text of its firing, and not for the rows: see [`ahead`].
//! - Rows get their numbers from their writer: see [`writers`].
//! - All SQL is in [`sql`], but for the query whose filters vary; the texts of
//!   whole transactions are made of its statements in [`together`].

mod ahead;
mod aside;
mod backend;
mod backup;
mod chain;
mod columns;
mod connection;
mod disk;
mod extent;
mod fault;
mod files;
mod firing;
mod instance;
mod layout;
mod open;
mod path;
mod put;
mod read;
mod relink;
mod rescue;
mod restore;
mod retain;
mod row;
mod save;
mod spans;
mod sql;
mod time;
mod together;
mod values;
mod verify;
mod write;
mod writers;

pub use backup::{Backup, BackupError};
pub use open::Store;
pub use read::Reader;

#[cfg(test)]
pub(super) mod tests;
