//! Whether a change makes a rule looser.
//!
//! Only what is provably as tight as before counts as such; any other change
//! counts as a loosening. Every struct is taken apart field by field and every
//! kind is named, so that the compiler asks for the direction of whatever is
//! added to the rule language.

mod tree;

use crate::rules::book::{Action, Rearm, Rule, Until};

/// Whether `new` might let something pass that `old` would not. A rule that is
/// not in force lets everything pass, so nothing is looser than that.
pub fn is_looser(old: &Rule, new: &Rule) -> bool {
    old.enabled && !is_as_tight(old, new)
}

fn is_as_tight(old: &Rule, new: &Rule) -> bool {
    let Rule {
        // The caller compares which accounts a rule has.
        accounts: _,
        when,
        then,
        hold,
        confirm,
        rearm,
        enabled,
        // What people are told, and how a rule is called, protects nothing.
        name: _,
        description: _,
        warn_at: _,
        notify: _,
        line: _,
    } = new;
    *enabled
        && hold.unwrap_or_default() <= old.hold.unwrap_or_default()
        && *confirm <= old.confirm
        && is_armed_as_soon(old.rearm, *rearm)
        && tree::is_as_tight(&old.when, when)
        && does_as_much(&old.then, then)
}

/// Whether a rule that has fired is back on guard no later than it was. Which
/// of a session's end, a false condition, a flat account and a duration comes
/// first depends on the day.
fn is_armed_as_soon(old: Rearm, new: Rearm) -> bool {
    match old {
        Rearm::Never => true,
        Rearm::After(span) => matches!(new, Rearm::After(new) if new <= span),
        Rearm::Session | Rearm::Clear | Rearm::Flat => new == old,
    }
}

/// Whether every action of the old rule is among the new ones, or one that does
/// more.
fn does_as_much(old: &[Action], new: &[Action]) -> bool {
    old.iter()
        .all(|old| is_message(old) || new.iter().any(|new| is_as_strong(old, new)))
}

fn is_message(action: &Action) -> bool {
    match action {
        Action::Notify(_) => true,
        Action::CancelOrders
        | Action::Flatten
        | Action::ClosePosition
        | Action::Lock { .. }
        | Action::CloseOnly { .. } => false,
    }
}

/// Whether the new action does all that the old one did. A lock flattens too,
/// but only while it lasts, so that it does not stand for `flatten`.
fn is_as_strong(old: &Action, new: &Action) -> bool {
    match old {
        Action::CancelOrders => matches!(new, Action::CancelOrders | Action::Flatten),
        Action::Flatten => matches!(new, Action::Flatten),
        Action::ClosePosition => matches!(new, Action::ClosePosition | Action::Flatten),
        Action::Lock { until } => {
            matches!(new, Action::Lock { until: new } if lasts_as_long(*until, *new))
        }
        Action::CloseOnly { until } => match new {
            Action::CloseOnly { until: new } | Action::Lock { until: new } => {
                lasts_as_long(*until, *new)
            }
            Action::CancelOrders | Action::Flatten | Action::ClosePosition | Action::Notify(_) => {
                false
            }
        },
        Action::Notify(_) => new == old,
    }
}

/// Whether a lock ends no earlier than it did. A later time of day is not
/// always a later end: between the two it is the next day's.
fn lasts_as_long(old: Until, new: Until) -> bool {
    match (old, new) {
        (_, Until::Manual) => true,
        (Until::For(old), Until::For(new)) => new >= old,
        (Until::SessionEnd | Until::TimeOfDay(_) | Until::For(_) | Until::Manual, new) => {
            new == old
        }
    }
}
