//! What is wrong with a history.

use std::fmt;

/// The first thing that is wrong with a history. Prints as
/// ``line 7, column `equity`: `12x` is not a number; write ...``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryError {
    /// The line that the row begins on, from 1.
    pub line: u64,
    /// The column, when it is one cell.
    pub column: Option<&'static str>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl HistoryError {
    /// The same, saying what would be right.
    pub(super) fn help(mut self, help: impl Into<String>) -> HistoryError {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for HistoryError {}
