//! The chains over the evidence: what is in the record cannot be changed without
//! a trace. Each writer has its own, so that several need not wait for one another.
//!
//! Each row of evidence that is added, and each change of one, adds a link in
//! the same transaction. A link's hash covers the hash of the link before it,
//! so that a link that is edited, removed, put elsewhere or slipped in does not
//! fit its neighbours, and a row that is treated so does not fit its links.
//! What a chain cannot show is that its end was cut off: for that its head is
//! noted elsewhere, see `riskd verify --head`.
//!
//! In a chain: writers, rule sets, firings, intents, requests, locks and lines of the
//! log, with their ends and answers. Not in it: samples, because they are
//! thinned out with time and what a firing was decided on stands in the firing;
//! and the states of accounts and rules, which are riskd's memory, are written
//! anew with each observation, and prove nothing.

mod change;
mod encoding;
mod evidence;
mod guard;
mod ledger;
mod links;

pub(super) use change::*;
pub(super) use encoding::{Decoded, Hash, Value, decode, hex, link_hash};
pub(super) use evidence::{EVIDENCE, Evidence, Rows, value};
pub(super) use guard::check_locks;
pub(super) use ledger::{Key, Ledger, Mismatch};
pub(super) use links::{Head, Link, append, begin, head, numbered};
