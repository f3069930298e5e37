//! The engine over a past instead of the present: histories, and rule tests.
//!
//! Nothing here does I/O or reads a clock: a history is handed in as a reader,
//! the files that a rule test names come through a loader, and time is what
//! the rows and steps say. Between two rows time passes by the engine's own
//! deadlines, so that window edges, schedules, session rolls and holds happen
//! at their exact instants, as they would live.

pub mod history;
mod history_run;
mod log;
mod rest;
pub mod rule_test;
mod run;
pub mod text;

pub use history_run::{replay_history, replay_history_with};
pub use log::{Note, ReplayEvent, ReplayEventKind, ReplayLog};
pub use run::{AccountReplay, REPLAY};
