//! Leaving out to read rules that would change nothing. riskd itself leaves out
//! nothing: every rule is read with every observation. One who takes the engine along a
//! long history may know better.

use std::fmt;
use std::sync::Arc;

use super::account::RuleRun;
use super::conditions::Context;
use crate::domain::holdings::Position;

/// One who knows when reading the rules of an account again would change nothing and
/// tell nothing.
pub trait Shortcut: fmt::Debug + Send + Sync {
    /// Whether that is so for what was just observed, and can be trusted.
    fn holds(&mut self, context: &Context<'_>) -> bool;

    /// All rules were read with an observation that can be trusted; these are the
    /// positions that it shows.
    fn note_read(
        &mut self,
        rules: &[RuleRun],
        positions: Option<&Arc<[Position]>>,
        context: &Context<'_>,
    );

    /// Something else happened, after which nothing is known.
    fn forget(&mut self);
}
