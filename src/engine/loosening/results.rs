//! Conditions on results and drawdowns. Each function says whether `new` is
//! true whenever `old` is.

use crate::domain::money::Money;
use crate::rules::ruleset::{
    Amount, Breach, Level, MaxLoss, Pnl, ProfitFloor, Ratchet, Span, TrailingDrawdown,
};

/// Results of another sort, of another span or of single positions may be
/// higher or lower than those tested before.
pub(super) fn pnl(old: &Pnl, new: &Pnl) -> bool {
    let Pnl {
        loss,
        profit,
        of,
        over,
        per,
        breach,
    } = new;
    (*of, *over, *per) == (old.of, old.over, old.per)
        && is_limit_as_tight(old.loss, *loss)
        && is_limit_as_tight(old.profit, *profit)
        && is_breach_as_tight(old.breach, *breach)
}

/// Armed by a smaller profit, with a higher floor.
pub(super) fn profit_floor(old: &ProfitFloor, new: &ProfitFloor) -> bool {
    let ProfitFloor {
        arm_at,
        floor,
        breach,
    } = new;
    *arm_at <= old.arm_at && *floor >= old.floor && is_breach_as_tight(old.breach, *breach)
}

pub(super) fn trailing_drawdown(old: &TrailingDrawdown, new: &TrailingDrawdown) -> bool {
    let TrailingDrawdown {
        metric,
        mark,
        trail,
        arm_at,
        span,
        ratchet,
        lock_at,
        high_water,
        breach,
    } = new;
    (*metric, *mark) == (old.metric, old.mark)
        && is_amount_as_small(old.trail, *trail)
        && is_armed_as_soon(old.arm_at, *arm_at)
        && is_mark_as_high((old.span, old.ratchet), (*span, *ratchet))
        && is_lock_as_high(old.lock_at, *lock_at)
        // A floor follows the higher of the mark and what is given here.
        && *high_water >= old.high_water
        && is_breach_as_tight(old.breach, *breach)
}

/// Without a level to be armed at, a drawdown is armed from the start.
fn is_armed_as_soon(old: Option<Money>, new: Option<Money>) -> bool {
    match (old, new) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(old), Some(new)) => new <= old,
    }
}

/// Whether a mark is never lower than it was: one that moves with each look is
/// as high as one that moves at a session's end, and one of a lifetime is as
/// high as that of a session.
fn is_mark_as_high(old: (Span, Ratchet), new: (Span, Ratchet)) -> bool {
    match new {
        (Span::Lifetime, Ratchet::Tick) => true,
        (Span::Lifetime, Ratchet::SessionEnd)
        | (Span::Session, Ratchet::Tick | Ratchet::SessionEnd) => new == old,
    }
}

/// Whether the floor may rise as high as it did.
fn is_lock_as_high(old: Option<Level>, new: Option<Level>) -> bool {
    match (old, new) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(Level::Money(old)), Some(Level::Money(new)))
        | (Some(Level::StartPlus(old)), Some(Level::StartPlus(new))) => new >= old,
        (Some(Level::Money(_)), Some(Level::StartPlus(_)))
        | (Some(Level::StartPlus(_)), Some(Level::Money(_))) => false,
    }
}

pub(super) fn max_loss(old: &MaxLoss, new: &MaxLoss) -> bool {
    let MaxLoss {
        amount,
        anchor,
        of,
        breach,
    } = new;
    // The higher of balance and equity is as high as either, but unknown where one
    // of them is.
    (*anchor, *of) == (old.anchor, old.of)
        && is_amount_as_small(old.amount, *amount)
        && is_breach_as_tight(old.breach, *breach)
}

fn is_breach_as_tight(old: Breach, new: Breach) -> bool {
    match old {
        Breach::Touch => new == Breach::Touch,
        Breach::Cross => true,
    }
}

/// A limit that was not there may be added, one that was may not go.
fn is_limit_as_tight(old: Option<Amount>, new: Option<Amount>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(old), Some(new)) => is_amount_as_small(old, new),
        (Some(_), None) => false,
    }
}

/// An amount and a share cannot be compared: what the share is one of may
/// change.
fn is_amount_as_small(old: Amount, new: Amount) -> bool {
    match (old, new) {
        (Amount::Money(old), Amount::Money(new)) => new <= old,
        (Amount::Share(old), Amount::Share(new)) => new <= old,
        (Amount::Money(_), Amount::Share(_)) | (Amount::Share(_), Amount::Money(_)) => false,
    }
}
