//! Trees of conditions: reading one, and putting its answer into words.

use rust_decimal::{Decimal, RoundingStrategy};

use super::clock::{Clock, Clocks};
use super::kind::Asked;
use super::{Context, Reading, kind};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::book::{Condition, Leaf};

/// A tree that is being read.
pub struct Tree<'a> {
    clocks: std::slice::IterMut<'a, Clock>,
    /// Scheduled times up to this one have been decided.
    handled: Timestamp,
    each: Option<&'a [Position]>,
}

impl<'a> Tree<'a> {
    /// Begins to read a tree.
    pub fn new(clocks: &'a mut Clocks, handled: Timestamp) -> Tree<'a> {
        Tree {
            clocks: clocks.iter_mut(),
            handled,
            each: None,
        }
    }

    /// The same, where a limit on each position by itself is read of these alone.
    #[must_use]
    pub fn of_each(self, positions: &'a [Position]) -> Tree<'a> {
        Tree {
            each: Some(positions),
            ..self
        }
    }

    /// The answer of the tree. Every kind is read, so that its numbers can be
    /// shown whatever the others say.
    pub fn read(&mut self, condition: &Condition, context: &Context<'_>) -> Reading {
        match condition {
            Condition::Is(leaf) => self.read_leaf(leaf, context),
            Condition::Not(part) => self.read(part, context).negated(),
            Condition::Any(parts) => parts
                .iter()
                .map(|part| self.read(part, context))
                .reduce(Reading::or)
                .unwrap_or(Reading::of(Truth::False)),
            Condition::All(parts) => parts
                .iter()
                .map(|part| self.read(part, context))
                .reduce(Reading::and)
                .unwrap_or(Reading::of(Truth::True)),
        }
    }

    fn read_leaf(&mut self, leaf: &Leaf, context: &Context<'_>) -> Reading {
        let mut none = Clock::Unknown;
        let mut asked = Asked {
            clock: self.clocks.next().unwrap_or(&mut none),
            handled: self.handled,
            each: self.each,
        };
        kind::of(leaf).read(&mut asked, context)
    }
}

/// The answer of one kind by itself.
pub fn read_alone(leaf: &Leaf, context: &Context<'_>) -> Reading {
    let mut asked = Asked {
        clock: &mut Clock::Unknown,
        handled: context.now.wall,
        each: None,
    };
    kind::of(leaf).read(&mut asked, context)
}

/// The next instant by the steady clock at which an answer may change without
/// an observation. One that has come hides none that is still to come: a tree may
/// hold several durations, and each of them counts.
pub fn steady_deadline(condition: &Condition, context: &Context<'_>) -> Option<Timestamp> {
    let mut first: Option<Timestamp> = None;
    condition.for_each_leaf(&mut |leaf| {
        let deadline = kind::of(leaf).steady_deadline(context);
        let to_come = deadline.filter(|at| *at > context.now.steady);
        first = earlier(first, to_come);
    });
    first
}

/// The next instant by the wall clock at which an answer may change without an
/// observation and without a calendar, likewise.
pub fn wall_deadline(condition: &Condition, context: &Context<'_>) -> Option<Timestamp> {
    let mut first: Option<Timestamp> = None;
    condition.for_each_leaf(&mut |leaf| {
        let deadline = kind::of(leaf).wall_deadline(context);
        first = earlier(first, deadline.filter(|at| *at > context.now.wall));
    });
    first
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Whether the tree needs the working orders to be known now.
pub fn needs_orders(condition: &Condition, context: &Context<'_>) -> bool {
    condition.has_leaf(|leaf| kind::of(leaf).needs_orders(context))
}

/// Whether the tree may need the working orders at some time.
pub fn may_need_orders(condition: &Condition) -> bool {
    condition.has_leaf(|leaf| kind::of(leaf).may_need_orders())
}

/// The positions that the tree objects to, each once: those of any part of an
/// `any`, and those that every part of an `all` which looks at positions one by
/// one objects to. What stands under a `not` objects to none.
pub fn offending<'a>(condition: &Condition, context: &Context<'a>) -> Vec<&'a Position> {
    objected(condition, context).unwrap_or_default()
}

/// `None` for a tree that does not look at positions one by one.
fn objected<'a>(condition: &Condition, context: &Context<'a>) -> Option<Vec<&'a Position>> {
    match condition {
        Condition::Not(_) => None,
        Condition::Is(leaf) => kind::of(leaf).offending(context),
        Condition::Any(parts) => {
            let lists = parts.iter().filter_map(|part| objected(part, context));
            lists.reduce(|mut all, more| {
                for position in more {
                    if !is_among(position, &all) {
                        all.push(position);
                    }
                }
                all
            })
        }
        Condition::All(parts) => {
            let lists = parts.iter().filter_map(|part| objected(part, context));
            lists.reduce(|mut all, more| {
                all.retain(|position| is_among(position, &more));
                all
            })
        }
    }
}

fn is_among(position: &Position, list: &[&Position]) -> bool {
    list.iter().any(|other| other.key == position.key)
}

/// The evidence behind an answer: the kind that decides under plain names, the
/// others under names that begin with their kind.
pub fn describe(
    condition: &Condition,
    clocks: &mut Clocks,
    handled: Timestamp,
    context: &Context<'_>,
) -> Fields {
    described(condition, clocks, handled, context, |parts| {
        let decides = |part: &Part<'_>| part.holds() == Truth::True;
        parts
            .iter()
            .position(decides)
            .unwrap_or_else(|| nearest(parts))
    })
}

/// The evidence behind a warning: the kind whose numbers the tree shows under
/// plain names, with how much of its limit is used.
pub fn describe_near(
    condition: &Condition,
    clocks: &mut Clocks,
    handled: Timestamp,
    context: &Context<'_>,
    shown: &Reading,
) -> Fields {
    let mut fields = described(condition, clocks, handled, context, |parts| {
        let is_shown = |part: &Part<'_>| part.reading.has_numbers_of(shown);
        parts
            .iter()
            .position(is_shown)
            .unwrap_or_else(|| nearest(parts))
    });
    let start = shown.start.filter(|start| !start.is_zero());
    fields
        .put_known("start", start.map(Money::new))
        .put_known("used", shown.used().and_then(percent));
    fields
}

/// A share in percent, cut to a tenth: it is 100 only when it is all.
fn percent(share: Decimal) -> Option<String> {
    let percent = share.checked_mul(Decimal::ONE_HUNDRED)?;
    let cut = percent.round_dp_with_strategy(1, RoundingStrategy::ToNegativeInfinity);
    Some(format!("{}%", cut.normalize()))
}

/// One kind of a tree with what it answers.
struct Part<'a> {
    leaf: &'a Leaf,
    /// Whether it stands under an odd number of `not`.
    negated: bool,
    reading: Reading,
}

impl Part<'_> {
    /// What it says to the tree.
    fn holds(&self) -> Truth {
        if self.negated {
            self.reading.truth.negated()
        } else {
            self.reading.truth
        }
    }
}

fn described(
    condition: &Condition,
    clocks: &mut Clocks,
    handled: Timestamp,
    context: &Context<'_>,
    choose: impl FnOnce(&[Part<'_>]) -> usize,
) -> Fields {
    let mut leaves = Vec::new();
    leaves_of(condition, false, &mut leaves);
    let mut tree = Tree::new(clocks, handled);
    let read = |(leaf, negated)| Part {
        reading: tree.read_leaf(leaf, context),
        leaf,
        negated,
    };
    let parts: Vec<Part<'_>> = leaves.into_iter().map(read).collect();
    let decisive = choose(&parts);
    let mut fields = Fields::new();
    let order = std::iter::once(decisive).chain((0..parts.len()).filter(|i| *i != decisive));
    for index in order {
        let Some(part) = parts.get(index) else {
            continue;
        };
        let mut own = Fields::new();
        own.put("condition", part.leaf.key());
        part.reading.describe(&mut own);
        kind::of(part.leaf).describe(&part.reading, handled, context, &mut own);
        if part.negated {
            own.put("negated", true);
        }
        if index == decisive {
            fields.0.append(&mut own.0);
        } else {
            let key = part.leaf.key();
            fields.put(format!("{key}.truth"), part.reading.truth);
            for (name, value) in own.0 {
                fields.put(format!("{key}.{name}"), value);
            }
        }
    }
    fields
}

/// The kinds of a tree in the order in which it is read.
fn leaves_of<'a>(condition: &'a Condition, negated: bool, leaves: &mut Vec<(&'a Leaf, bool)>) {
    match condition {
        Condition::Is(leaf) => leaves.push((leaf, negated)),
        Condition::Not(part) => leaves_of(part, !negated, leaves),
        Condition::Any(parts) | Condition::All(parts) => {
            for part in parts {
                leaves_of(part, negated, leaves);
            }
        }
    }
}

/// The kind that has used most of its limit: the one that a warning is about.
fn nearest(parts: &[Part<'_>]) -> usize {
    let pairs = parts.iter().map(|part| &part.reading).enumerate();
    let nearest = pairs.reduce(|best, next| {
        if next.1.is_nearer_than(best.1) {
            next
        } else {
            best
        }
    });
    nearest.map_or(0, |(index, _)| index)
}
