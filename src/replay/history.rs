//! Histories: rows of what was observed.

use crate::domain::observation::{Content, Timestamp};

/// One row of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it was true.
    pub time: Timestamp,
    /// The account, by its place in the rule file.
    pub account: usize,
    /// What was learned.
    pub content: Content,
}
