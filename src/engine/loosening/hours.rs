//! Conditions on time. Each function says whether `new` is true whenever `old`
//! is.

use super::holdings::covers;
use crate::domain::instrument::Instrument;
use crate::domain::window::is_within;
use crate::rules::ruleset::{At, NoData, Only, WindowSide, Windows};

pub(super) fn windows(old: &Windows, new: &Windows) -> bool {
    let Windows {
        side,
        windows,
        only,
        instruments,
    } = new;
    let as_long = match side {
        WindowSide::Inside => is_within(&old.windows, windows),
        WindowSide::Outside => is_within(windows, &old.windows),
    };
    *side == old.side
        && as_long
        && counts_as_much(old.only, *only)
        && names_as_many(&old.instruments, instruments)
}

/// Without `only`, positions and orders both count.
fn counts_as_much(old: Option<Only>, new: Option<Only>) -> bool {
    match new {
        None => true,
        Some(Only::Positions | Only::Orders) => new == old,
    }
}

/// An empty list stands for every instrument.
fn names_as_many(old: &[Instrument], new: &[Instrument]) -> bool {
    new.is_empty() || (!old.is_empty() && covers(new, old))
}

/// More times, each caught up for as long.
pub(super) fn at(old: &At, new: &At) -> bool {
    let At { schedule, catch_up } = new;
    schedule.has_all_of(&old.schedule) && *catch_up >= old.catch_up
}

pub(super) fn no_data(old: &NoData, new: &NoData) -> bool {
    let NoData { after } = new;
    *after <= old.after
}
