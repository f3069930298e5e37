//! What is particular to each kind of condition: one file a kind, and one list of
//! them.

use super::clock::Clock;
use super::{Context, Reading};
use crate::domain::holdings::Position;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::rules::book::{Account, Leaf};

/// What a kind is asked with, besides what is seen.
pub(super) struct Asked<'a> {
    /// Where the present lies to its calendar.
    pub(super) clock: &'a mut Clock,
    /// Scheduled times up to this one have been decided.
    pub(super) handled: Timestamp,
    /// The positions of which a limit on each of them is read, where those are not
    /// just the ones that are held.
    pub(super) each: Option<&'a [Position]>,
}

/// A kind of condition.
pub(super) trait ConditionKind {
    /// What it answers.
    fn read(&self, asked: &mut Asked<'_>, context: &Context<'_>) -> Reading;

    /// Puts what is behind an answer into evidence; scheduled times up to `handled`
    /// had been decided before it.
    fn describe(
        &self,
        reading: &Reading,
        handled: Timestamp,
        context: &Context<'_>,
        fields: &mut Fields,
    );

    /// The condition in plain words, for these accounts.
    fn explain(&self, accounts: &[&Account]) -> String;

    /// Whether it is true whenever the old one is. Every field is named, so that the
    /// compiler asks for the direction of whatever is added.
    fn is_as_tight_as(&self, old: &Leaf) -> bool;

    /// The positions that it objects to; `None` where it does not look at positions
    /// one by one.
    fn offending<'a>(&self, _: &Context<'a>) -> Option<Vec<&'a Position>> {
        None
    }

    /// Whether its answer may turn on the working orders at some time.
    fn may_need_orders(&self) -> bool {
        false
    }

    /// Whether it does now.
    fn needs_orders(&self, _: &Context<'_>) -> bool {
        self.may_need_orders()
    }

    /// The next instant by the wall clock at which its answer may change without an
    /// observation, as far as no calendar says it.
    fn wall_deadline(&self, _: &Context<'_>) -> Option<Timestamp> {
        None
    }

    /// The same by the steady clock.
    fn steady_deadline(&self, _: &Context<'_>) -> Option<Timestamp> {
        None
    }
}

/// The kind of this condition.
pub(super) fn of(leaf: &Leaf) -> &dyn ConditionKind {
    match leaf {
        Leaf::Pnl(kind) => kind,
        Leaf::ProfitFloor(kind) => kind,
        Leaf::TrailingDrawdown(kind) => kind,
        Leaf::MaxLoss(kind) => kind,
        Leaf::Windows(kind) => kind,
        Leaf::At(kind) => kind,
        Leaf::Position(kind) => kind,
        Leaf::Orders(kind) => kind,
        Leaf::NoData(kind) => kind,
        Leaf::Expr(kind) => kind,
    }
}
