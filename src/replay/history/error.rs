//! What is wrong with a history.

use std::fmt;

use super::columns::Column;

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
    pub(super) const NOT_UTF_8: &str = "this is not UTF-8";

    /// Something that is wrong with the row that begins on this line.
    pub(super) fn on(line: u64, message: impl Into<String>) -> HistoryError {
        HistoryError {
            line,
            column: None,
            message: message.into(),
            help: None,
        }
    }

    /// Something that is wrong with one of its cells.
    pub(super) fn in_column(line: u64, column: Column, message: impl Into<String>) -> HistoryError {
        HistoryError {
            column: Some(column.name()),
            ..HistoryError::on(line, message)
        }
    }

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
