//! Trees of conditions: reading one, and putting its answer into words.

use rust_decimal::{Decimal, RoundingStrategy};

use super::limit::{Inputs, KnownLimit, Limit};
use super::{
    Answer, Context, Reading, at, drawdown, expr, max_loss, no_data, orders, pnl, position,
    profit_floor, windows,
};
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::window::WindowReading;
use crate::engine::record::Fields;
use crate::engine::truth::Truth;
use crate::rules::ruleset::{Condition, Leaf, Only, PnlPer, Windows};

/// What reading a tree may keep from one time to the next. Nothing here is
/// state: without it the answers are the same, only slower.
#[derive(Clone, Debug)]
pub struct Caches {
    kept: Vec<Cache>,
    /// Whether a kind that follows the clock was read anew.
    has_asked_clock: bool,
}

/// By the kind that it is for.
#[derive(Clone, Copy, Debug)]
enum Cache {
    /// A kind that keeps nothing.
    Nothing,
    /// Windows: where the clock lies to them, from an instant on.
    Clock(Option<(Timestamp, WindowReading)>),
    /// A schedule: none while a scheduled time waits to be acted upon.
    Pause(Option<at::Pause>),
    /// A limit that follows what the account remembers.
    Limit(Option<KnownLimit>),
}

impl Caches {
    /// Room for the kinds of this tree.
    pub fn of(condition: &Condition) -> Caches {
        let mut caches = Vec::new();
        condition.for_each_leaf(&mut |leaf| {
            caches.push(match leaf {
                Leaf::Windows(_) => Cache::Clock(None),
                Leaf::At(_) => Cache::Pause(None),
                Leaf::TrailingDrawdown(_) | Leaf::MaxLoss(_) => Cache::Limit(None),
                _ => Cache::Nothing,
            });
        });
        Caches {
            kept: caches,
            has_asked_clock: false,
        }
    }
}

/// A tree that is being read: where in the caches the next kind is, up to when
/// scheduled times have been decided, and of which positions a limit on each of
/// them is read.
pub struct Tree<'a> {
    caches: &'a mut Caches,
    next: usize,
    handled: Timestamp,
    each: Each<'a>,
}

/// The positions of which a limit on each position by itself is read.
#[derive(Clone, Copy, Debug)]
pub enum Each<'a> {
    /// All that are held.
    Held,
    /// Just these.
    Of(&'a [Position]),
}

impl<'a> Each<'a> {
    /// The positions, as far as they are known.
    pub(super) fn of(self, context: &Context<'a>) -> Option<&'a [Position]> {
        match self {
            Each::Held => context.positions,
            Each::Of(positions) => Some(positions),
        }
    }
}

impl<'a> Tree<'a> {
    /// Begins to read a tree.
    pub fn new(caches: &'a mut Caches, handled: Timestamp) -> Tree<'a> {
        Tree {
            caches,
            next: 0,
            handled,
            each: Each::Held,
        }
    }

    /// The same, where a limit on each position by itself is read of these alone.
    #[must_use]
    pub fn of_each(self, positions: &'a [Position]) -> Tree<'a> {
        Tree {
            each: Each::Of(positions),
            ..self
        }
    }

    /// The answer of the tree. Every kind is read, so that its numbers can be
    /// shown whatever the others say.
    pub fn read<A: Answer>(&mut self, condition: &Condition, context: &Context<'_>) -> A {
        match condition {
            Condition::Is(leaf) => self.read_leaf(leaf, context),
            Condition::Not(part) => self.read::<A>(part, context).negated(),
            Condition::Any(parts) => parts
                .iter()
                .map(|part| self.read(part, context))
                .reduce(A::or)
                .unwrap_or(A::of(Truth::False)),
            Condition::All(parts) => parts
                .iter()
                .map(|part| self.read(part, context))
                .reduce(A::and)
                .unwrap_or(A::of(Truth::True)),
        }
    }

    fn read_leaf<A: Answer>(&mut self, leaf: &Leaf, context: &Context<'_>) -> A {
        let index = self.next;
        self.next = self.next.saturating_add(1);
        match leaf {
            Leaf::Pnl(rule) => pnl::read(rule, self.each, context),
            Leaf::ProfitFloor(rule) => profit_floor::read(rule, context),
            Leaf::TrailingDrawdown(rule) => {
                let inputs = Some(drawdown::inputs(rule, context));
                let limit = self.limit(index, inputs, || drawdown::limit(rule, context));
                drawdown::read(rule, limit, context)
            }
            Leaf::MaxLoss(rule) => {
                let inputs = max_loss::inputs(rule, context);
                let limit = self.limit(index, inputs, || max_loss::limit(rule, context));
                max_loss::read(rule, limit, context)
            }
            Leaf::Position(rule) => position::read(rule, context),
            Leaf::Orders(rule) => orders::read(rule, context),
            Leaf::NoData(rule) => A::of(no_data::read(rule, context)),
            Leaf::Expr(rule) => A::from_reading(expr::read(rule, context)),
            Leaf::Windows(rule) => {
                let clock = self.clock(index, rule, context);
                A::of(windows::read(rule, clock, context))
            }
            Leaf::At(rule) => {
                let mut none = None;
                let pause = match self.caches.kept.get_mut(index) {
                    Some(Cache::Pause(pause)) => pause,
                    _ => &mut none,
                };
                let now = context.now.wall;
                let truth = at::read(rule, self.handled, pause, now);
                self.caches.has_asked_clock |= at::is_new(*pause, now);
                A::of(truth)
            }
        }
    }

    /// A limit, worked out anew only when what it follows has changed.
    fn limit(
        &mut self,
        index: usize,
        inputs: Option<Inputs>,
        work_out: impl FnOnce() -> Limit,
    ) -> Limit {
        match (self.caches.kept.get_mut(index), inputs) {
            (Some(Cache::Limit(known)), Some(inputs)) => KnownLimit::of(known, inputs, work_out),
            _ => work_out(),
        }
    }

    /// Where the present lies to windows.
    fn clock(&mut self, index: usize, rule: &Windows, context: &Context<'_>) -> WindowReading {
        let now = context.now.wall;
        if let Some(Cache::Clock(Some((from, reading)))) = self.caches.kept.get(index)
            && *from <= now
            && now < reading.until
        {
            return *reading;
        }
        self.caches.has_asked_clock = true;
        let slot = self.caches.kept.get_mut(index);
        let reading = windows::clock(rule, context);
        if let Some(slot) = slot {
            *slot = Cache::Clock(Some((now, reading)));
        }
        reading
    }
}

impl Caches {
    /// The same without limits that were worked out before.
    #[must_use]
    pub fn without_limits(&self) -> Caches {
        let anew = |cache: &Cache| match cache {
            Cache::Limit(_) => Cache::Limit(None),
            other => *other,
        };
        Caches {
            kept: self.kept.iter().map(anew).collect(),
            has_asked_clock: false,
        }
    }

    /// Whether an answer by the clock was found anew since this was asked last,
    /// so that the deadlines may be others.
    pub fn take_asked_clock(&mut self) -> bool {
        std::mem::take(&mut self.has_asked_clock)
    }

    /// Whether a scheduled time of the tree, as it was read last, waits to be
    /// acted upon.
    pub fn has_due_time(&self) -> bool {
        let is_due = |cache: &Cache| matches!(cache, Cache::Pause(None));
        self.kept.iter().any(is_due)
    }

    /// The next instant by the wall clock at which an answer may change without
    /// an observation.
    pub fn wall_deadline(&self) -> Option<Timestamp> {
        self.kept
            .iter()
            .filter_map(|cache| match cache {
                Cache::Nothing | Cache::Limit(_) => None,
                Cache::Clock(known) => known.map(|(_, reading)| reading.until),
                Cache::Pause(pause) => at::deadline(*pause),
            })
            .min()
    }
}

/// The next instant by the steady clock at which an answer may change without
/// an observation. One that has come hides none that is still to come: a tree may
/// hold several durations, and each of them counts.
pub fn steady_deadline(condition: &Condition, context: &Context<'_>) -> Option<Timestamp> {
    let mut first: Option<Timestamp> = None;
    condition.for_each_leaf(&mut |leaf| {
        let deadline = match leaf {
            Leaf::NoData(rule) => no_data::deadline(rule, context),
            Leaf::Expr(rule) => expr::steady_deadline(rule, context),
            _ => None,
        };
        let to_come = deadline.filter(|at| *at > context.now.steady);
        first = earlier(first, to_come);
    });
    first
}

/// The next instant by the wall clock at which an answer that is not in the
/// caches may change without an observation, likewise.
pub fn wall_deadline(condition: &Condition, context: &Context<'_>) -> Option<Timestamp> {
    let mut first: Option<Timestamp> = None;
    condition.for_each_leaf(&mut |leaf| {
        if let Leaf::Expr(rule) = leaf {
            let deadline = expr::wall_deadline(rule, context);
            first = earlier(first, deadline.filter(|at| *at > context.now.wall));
        }
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
    condition.has_leaf(|leaf| match leaf {
        Leaf::Orders(_) => true,
        Leaf::Expr(rule) => expr::needs_orders(rule),
        Leaf::Windows(rule) => windows::needs_orders(rule, context),
        _ => false,
    })
}

/// Whether the tree may need the working orders at some time.
pub fn may_need_orders(condition: &Condition) -> bool {
    condition.has_leaf(|leaf| match leaf {
        Leaf::Orders(_) => true,
        Leaf::Expr(rule) => expr::needs_orders(rule),
        Leaf::Windows(rule) => rule.only != Some(Only::Positions),
        _ => false,
    })
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
        Condition::Is(leaf) => match &**leaf {
            Leaf::Pnl(rule) if rule.per == PnlPer::Position => Some(pnl::offending(rule, context)),
            Leaf::Windows(rule) => Some(windows::offending(rule, context)),
            Leaf::Position(rule) => Some(position::offending(rule, context)),
            _ => None,
        },
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
    caches: &mut Caches,
    handled: Timestamp,
    context: &Context<'_>,
) -> Fields {
    described(condition, caches, handled, context, |parts| {
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
    caches: &mut Caches,
    handled: Timestamp,
    context: &Context<'_>,
    shown: &Reading,
) -> Fields {
    let mut fields = described(condition, caches, handled, context, |parts| {
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
    caches: &mut Caches,
    handled: Timestamp,
    context: &Context<'_>,
    choose: impl FnOnce(&[Part<'_>]) -> usize,
) -> Fields {
    let mut leaves = Vec::new();
    leaves_of(condition, false, &mut leaves);
    let mut tree = Tree::new(caches, handled);
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
        describe_leaf(part.leaf, &part.reading, handled, context, &mut own);
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

fn describe_leaf(
    leaf: &Leaf,
    reading: &Reading,
    handled: Timestamp,
    context: &Context<'_>,
    fields: &mut Fields,
) {
    fields.put("condition", leaf.key());
    reading.describe(fields);
    match leaf {
        Leaf::Pnl(rule) => pnl::describe(rule, reading, context, fields),
        Leaf::ProfitFloor(rule) => profit_floor::describe(rule, context, fields),
        Leaf::TrailingDrawdown(rule) => drawdown::describe(rule, context, fields),
        Leaf::MaxLoss(rule) => max_loss::describe(rule, context, fields),
        Leaf::Windows(rule) => windows::describe(rule, context, fields),
        Leaf::At(rule) => at::describe(rule, handled, context, fields),
        Leaf::Position(rule) => position::describe(rule, reading, context, fields),
        Leaf::Orders(rule) => orders::describe(rule, reading, context, fields),
        Leaf::NoData(rule) => no_data::describe(rule, context, fields),
        Leaf::Expr(rule) => expr::describe(rule, context, fields),
    }
}
