//! `outside` and `inside`: what the account holds at the wrong time of day.

use super::kind::{Asked, ConditionKind};
use super::tightness::covers;
use super::{Context, Reading, words};
use crate::domain::holdings::{Position, WorkingOrder};
use crate::domain::instrument::Instrument;
use crate::domain::observation::Timestamp;
use crate::domain::window::{WindowReading, is_within, read_any};
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Account, Leaf, Only, WindowSide, Windows};

impl ConditionKind for Windows {
    fn read(&self, asked: &mut Asked<'_>, context: &Context<'_>) -> Reading {
        let clock = asked.clock.windows(&self.windows, context.now.wall);
        if !is_wrong_time(self, clock) {
            return Reading::of(Truth::False);
        }
        Reading::of(match self.only {
            Some(Only::Positions) => holds_position(self, context),
            Some(Only::Orders) => holds_order(self, context),
            None => holds_position(self, context).or(holds_order(self, context)),
        })
    }

    fn describe(&self, _: &Reading, _: Timestamp, context: &Context<'_>, fields: &mut Fields) {
        let side = match self.side {
            WindowSide::Outside => "held outside the allowed hours",
            WindowSide::Inside => "held inside the forbidden hours",
        };
        fields.put("metric", side);
        for window in &self.windows {
            fields.put("window", window);
        }
        for position in offending(self, context) {
            fields.put("position", position);
        }
        fields.put_known("working_orders", context.orders.count());
    }

    fn explain(&self, _: &[&Account]) -> String {
        let what = match self.only {
            None => "a position is held or an order is working",
            Some(Only::Positions) => "a position is held",
            Some(Only::Orders) => "an order is working",
        };
        let narrowed = if self.instruments.is_empty() {
            String::new()
        } else {
            format!(" in {}", words::names(&self.instruments))
        };
        let spans: Vec<String> = self
            .windows
            .iter()
            .map(|window| format!("[{window}]"))
            .collect();
        let side = match self.side {
            WindowSide::Outside => "outside",
            WindowSide::Inside => "inside",
        };
        format!("{what}{narrowed} {side} {}", spans.join(", "))
    }

    fn is_as_tight_as(&self, old: &Leaf) -> bool {
        let Leaf::Windows(old) = old else {
            return false;
        };
        let Windows {
            side,
            windows,
            only,
            instruments,
        } = self;
        let as_long = match side {
            WindowSide::Inside => is_within(&old.windows, windows),
            WindowSide::Outside => is_within(windows, &old.windows),
        };
        *side == old.side
            && as_long
            && counts_as_much(old.only, *only)
            && names_as_many(&old.instruments, instruments)
    }

    fn may_need_orders(&self) -> bool {
        self.only != Some(Only::Positions)
    }

    fn needs_orders(&self, context: &Context<'_>) -> bool {
        self.may_need_orders() && is_wrong_time(self, clock(self, context))
    }

    fn offending<'a>(&self, context: &Context<'a>) -> Option<Vec<&'a Position>> {
        Some(offending(self, context))
    }
}

/// Where the present lies to the windows.
pub(super) fn clock(rule: &Windows, context: &Context<'_>) -> WindowReading {
    read_any(&rule.windows, context.now.wall)
}

/// Whether holding anything now would be a violation.
pub(super) const fn is_wrong_time(rule: &Windows, clock: WindowReading) -> bool {
    match rule.side {
        WindowSide::Outside => !clock.inside,
        WindowSide::Inside => clock.inside,
    }
}

fn holds_position(rule: &Windows, context: &Context<'_>) -> Truth {
    Truth::from(context.positions.map(|positions| {
        positions
            .iter()
            .any(|held| counts(rule, &held.key.instrument))
    }))
}

fn holds_order(rule: &Windows, context: &Context<'_>) -> Truth {
    if rule.instruments.is_empty() {
        return Truth::from(context.orders.count().map(|count| count > 0));
    }
    match context.orders.listed() {
        None => Truth::Unknown,
        Some(orders) => orders
            .iter()
            .map(|order| order_counts(rule, order))
            .fold(Truth::False, Truth::or),
    }
}

fn order_counts(rule: &Windows, order: &WorkingOrder) -> Truth {
    Truth::from(
        order
            .instrument
            .as_ref()
            .map(|instrument| counts(rule, instrument)),
    )
}

fn counts(rule: &Windows, instrument: &Instrument) -> bool {
    rule.instruments.is_empty()
        || rule
            .instruments
            .iter()
            .any(|named| instrument.is_covered_by(named))
}

/// The positions that may not be held now.
fn offending<'a>(rule: &Windows, context: &Context<'a>) -> Vec<&'a Position> {
    if rule.only == Some(Only::Orders) || !is_wrong_time(rule, clock(rule, context)) {
        return Vec::new();
    }
    context
        .positions
        .unwrap_or_default()
        .iter()
        .filter(|held| counts(rule, &held.key.instrument))
        .collect()
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
