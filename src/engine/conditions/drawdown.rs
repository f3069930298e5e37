//! `trailing_drawdown`: a floor that follows a high-water mark.

use super::kind::{Asked, ConditionKind};
use super::tightness::{is_amount_as_small, is_breach_as_tight};
use super::{Context, Reading, comparison, words};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::memory::Mark;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Amount, Leaf, Level, Metric, Ratchet, Span, TrailingDrawdown};

/// A floor as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Floor {
    /// What it follows is not known.
    Unknown,
    /// It is not in force yet.
    Off,
    /// It is this, under this mark; `None` when that cannot be computed.
    At(Option<Money>, Money),
}

impl ConditionKind for TrailingDrawdown {
    fn read(&self, _: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let value = value_of(self.metric, context);
        match floor_now(self, context) {
            Floor::Unknown => Reading::of(Truth::Unknown),
            Floor::Off => Reading::of(Truth::False).showing(value),
            Floor::At(floor, mark) => {
                Reading::falls_to(value, floor, self.breach).starting_at(Some(mark))
            }
        }
    }

    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        let mark = mark(self, context);
        let trail = match self.trail {
            Amount::Money(money) => money.to_string(),
            Amount::Share(share) => share.to_string(),
        };
        fields
            .put("metric", metric_words(self.metric))
            .put("comparison", comparison(self.breach, true))
            .put("trail", trail)
            .put("mark", metric_words(self.mark))
            .put_known("high_water", mark.map(|mark| mark.value))
            .put_known("high_water_at", mark.map(|mark| mark.at.to_rfc3339()))
            .put_known("arm_at", self.arm_at)
            .put_known("not_armed", not_armed(self, mark))
            .put_known(
                "lock_at",
                self.lock_at
                    .and_then(|level| lock_level(level, context.account)),
            );
    }

    fn explain(&self, accounts: &[&Account]) -> String {
        let trail = match self.trail {
            Amount::Money(money) => money.grouped(),
            Amount::Share(share) => share.to_string(),
        };
        let mark = metric_words(self.mark);
        let highest = match (self.span, self.ratchet) {
            (Span::Session, _) => format!("the highest {mark} of the session"),
            (Span::Lifetime, Ratchet::Tick) => format!("the highest {mark} ever reached"),
            (Span::Lifetime, Ratchet::SessionEnd) => {
                format!("the highest {mark} at the end of a session")
            }
        };
        let mut text = format!(
            "{} is {} a floor {trail} under {highest}",
            metric_words(self.metric),
            comparison(self.breach, true),
        );
        if self.span == Span::Lifetime {
            match (self.high_water, words::start(accounts)) {
                (Some(seed), _) => text.push_str(&format!(" (beginning at {})", seed.grouped())),
                (None, Some(start)) => {
                    text.push_str(&format!(" (beginning at {})", start.grouped()))
                }
                (None, None) => text.push_str(" (beginning at the starting balance)"),
            }
        }
        if let Some(level) = self.lock_at {
            text.push_str(&format!(
                ", which rises no further than {}",
                level_words(level, accounts)
            ));
        }
        if let Some(arm_at) = self.arm_at {
            let armed = arm_at.grouped();
            text.push_str(&format!(", once {mark} has reached {armed}"));
        }
        text
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::TrailingDrawdown(old) = old else {
            return false;
        };
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
        } = self;
        (*metric, *mark) == (old.metric, old.mark)
            && is_amount_as_small(old.trail, *trail)
            && is_armed_as_soon(old.arm_at, *arm_at)
            && is_mark_as_high((old.span, old.ratchet), (*span, *ratchet))
            && is_lock_as_high(old.lock_at, *lock_at)
            // A floor follows the higher of the mark and what is given here.
            && *high_water >= old.high_water
            && is_breach_as_tight(old.breach, *breach)
    }
}

/// The floor, as far as it is in force.
fn floor_now(rule: &TrailingDrawdown, context: &Context<'_>) -> Floor {
    let Some(mark) = mark(rule, context) else {
        return Floor::Unknown;
    };
    if !is_armed(rule, mark.value) {
        return Floor::Off;
    }
    Floor::At(floor(rule, mark.value, context.account), mark.value)
}

/// Whether the floor is in force. A percentage of a mark at or below zero is no
/// way down from it: the floor would lie at the mark or above it, and be reached
/// before anything was won.
fn is_armed(rule: &TrailingDrawdown, mark: Money) -> bool {
    let is_reached = rule.arm_at.is_none_or(|level| mark >= level);
    is_reached && (mark.is_positive() || matches!(rule.trail, Amount::Money(_)))
}

/// What is seen of the metric.
pub fn value_of(metric: Metric, context: &Context<'_>) -> Option<Money> {
    match metric {
        Metric::Pnl => context.pnl.total,
        Metric::Equity => context.figures.equity,
        Metric::Balance => context.figures.balance,
        Metric::Unrealized => context.figures.unrealized,
    }
}

/// The high-water mark in force.
pub fn high_water(rule: &TrailingDrawdown, context: &Context<'_>) -> Option<Money> {
    mark(rule, context).map(|mark| mark.value)
}

/// The high-water mark in force: the observed one, or the start or the seed
/// when that is higher.
fn mark(rule: &TrailingDrawdown, context: &Context<'_>) -> Option<Mark> {
    match rule.span {
        Span::Session => {
            let session = context.memory.session.as_ref()?;
            let seed = rule.high_water.map(|value| Mark {
                value,
                at: session.open,
            });
            highest(observed(rule, context), seed)
        }
        Span::Lifetime => {
            let observed = observed(rule, context);
            let first = context.memory.last.map(|last| last.at);
            let given = rule.high_water.max(context.account.starting_balance);
            let start = given.zip(first).map(|(value, at)| Mark {
                value,
                at: observed.map_or(at, |mark| mark.at),
            });
            highest(observed, start)
        }
    }
}

/// The highest value that was observed.
fn observed(rule: &TrailingDrawdown, context: &Context<'_>) -> Option<Mark> {
    let marks = &context.memory.lifetime;
    match (rule.span, rule.mark, rule.ratchet) {
        (Span::Session, mark, _) => context.memory.session.as_ref()?.marks.of(mark),
        (Span::Lifetime, Metric::Balance, Ratchet::Tick) => marks.balance,
        (Span::Lifetime, Metric::Balance, Ratchet::SessionEnd) => marks.balance_at_close,
        (Span::Lifetime, _, Ratchet::Tick) => marks.equity,
        (Span::Lifetime, _, Ratchet::SessionEnd) => marks.equity_at_close,
    }
}

fn highest(left: Option<Mark>, right: Option<Mark>) -> Option<Mark> {
    match (left, right) {
        (Some(left), Some(right)) if right.value > left.value => Some(right),
        (Some(left), _) => Some(left),
        (None, right) => right,
    }
}

/// `mark - trail`, or `mark - share * mark`; never above the lock level.
///
/// The percentage is one of the mark itself (CrossTrade FAQ, trailing drawdown
/// example: a mark of 125 and 95 % give a floor of 6.25).
fn floor(rule: &TrailingDrawdown, mark: Money, account: &Account) -> Option<Money> {
    let trail = match rule.trail {
        Amount::Money(money) => money,
        Amount::Share(share) => mark.share(share)?,
    };
    let floor = mark.minus(trail)?;
    match rule.lock_at {
        None => Some(floor),
        Some(level) => Some(floor.min(lock_level(level, account)?)),
    }
}

fn lock_level(level: Level, account: &Account) -> Option<Money> {
    match level {
        Level::Money(money) => Some(money),
        Level::StartPlus(more) => account.starting_balance?.plus(more),
    }
}

/// Why the floor is not in force; `None` while it is, as with most.
fn not_armed(rule: &TrailingDrawdown, mark: Option<Mark>) -> Option<String> {
    let mark = mark.filter(|mark| !is_armed(rule, mark.value))?.value;
    Some(match (rule.arm_at, rule.trail) {
        (Some(level), _) if mark < level => {
            format!("the high-water mark has not reached {}", level.grouped())
        }
        (_, Amount::Share(share)) => format!(
            "{share} of a high-water mark of {} is no way down from it",
            mark.grouped()
        ),
        (_, Amount::Money(_)) => return None,
    })
}

pub(super) const fn metric_words(metric: Metric) -> &'static str {
    match metric {
        Metric::Pnl => "session P&L",
        Metric::Equity => "equity",
        Metric::Balance => "balance",
        Metric::Unrealized => "unrealized P&L",
    }
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

fn level_words(level: Level, accounts: &[&Account]) -> String {
    match level {
        Level::Money(money) => money.grouped(),
        Level::StartPlus(more) => match words::start(accounts).and_then(|start| start.plus(more)) {
            Some(level) => level.grouped(),
            None if more.is_zero() => "the starting balance".to_owned(),
            None => format!("the starting balance + {}", more.grouped()),
        },
    }
}
