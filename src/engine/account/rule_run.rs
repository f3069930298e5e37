//! One rule for one account.

use std::sync::Arc;

use crate::domain::account::RuleName;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::engine::build_up::ForPosition;
use crate::engine::conditions::{self, Clocks, Context, Reading, Tree};
use crate::engine::rule_state::RuleState;
use crate::engine::truth::Truth;
use crate::rules::book::{Condition, Leaf, PnlPer, Rule};

/// An edit that loosens a rule and waits for the next session.
#[derive(Debug)]
pub(in crate::engine) enum Deferred {
    /// This form takes the place of the one in force.
    Change(Arc<Rule>),
    /// The rule is removed, or disabled.
    Removal,
}

/// One rule for one account.
#[derive(Debug)]
pub struct RuleRun {
    pub(in crate::engine) rule: Arc<Rule>,
    /// What waits for the next session, because it loosens the rule.
    pub(in crate::engine) deferred: Option<Deferred>,
    pub(in crate::engine) state: RuleState,
    stored: Option<RuleState>,
    pub(in crate::engine) clocks: Clocks,
    pub(super) nature: Nature,
    /// What the condition answered last.
    pub(super) last: Reading,
    pub(in crate::engine) unknown_since: Option<Timestamp>,
    pub(super) unknown_reported: bool,
    /// When the working orders were asked for that confirmed the condition last.
    orders_counted_at: Option<Timestamp>,
}

impl RuleRun {
    pub(in crate::engine) fn new(rule: Arc<Rule>, stored: Option<RuleState>, now: Now) -> RuleRun {
        RuleRun {
            clocks: Clocks::of(&rule.when),
            nature: Nature::of(&rule),
            state: stored.clone().unwrap_or_else(|| RuleState::new(now.wall)),
            stored,
            deferred: None,
            last: Reading::of(Truth::Unknown),
            unknown_since: None,
            unknown_reported: false,
            orders_counted_at: None,
            rule,
        }
    }

    /// Puts a changed form of the rule in force; its state stays.
    pub(in crate::engine) fn replace(&mut self, rule: Arc<Rule>) {
        self.clocks = Clocks::of(&rule.when);
        self.nature = Nature::of(&rule);
        self.rule = rule;
        self.deferred = None;
    }

    /// What is to be stored now, as JSON, if that differs from what is stored.
    pub(super) fn take_unstored(&mut self) -> Option<(RuleName, String)> {
        if self.stored.as_ref() == Some(&self.state) {
            return None;
        }
        let state = serde_json::to_string(&self.state).ok()?;
        self.stored = Some(self.state.clone());
        Some((self.rule.name.clone(), state))
    }

    /// Whether nothing changes and nothing is told as long as the condition answers as
    /// it did last: so it is with almost every rule on almost every observation.
    pub fn rests(&self) -> bool {
        self.state.is_at_rest()
            && self.unknown_since.is_none()
            && !self.nature.warns
            && self.truth() == Truth::False
            // One that is due is settled by what is decided about it.
            && !self.clocks.has_due_time()
    }

    /// When it fires.
    pub fn condition(&self) -> &Condition {
        &self.rule.when
    }

    /// The next instant by the wall clock at which a calendar changes its answer.
    pub fn calendar_until(&self) -> Option<Timestamp> {
        self.clocks.until()
    }

    /// What the condition answers for each position by itself, for a rule that waits
    /// for each of them; `None` for others.
    pub(super) fn by_position(
        &mut self,
        truth: Truth,
        context: &Context<'_>,
    ) -> Option<Vec<ForPosition>> {
        if !self.nature.waits_by_position || truth != Truth::True {
            return None;
        }
        let held = context.positions.unwrap_or_default();
        let mut of = |number: Option<u64>, positions: &[Position]| {
            let tree = Tree::new(&mut self.clocks, self.state.handled);
            let truth = tree.of_each(positions).read(&self.rule.when, context).truth;
            ForPosition { number, truth }
        };
        let mut answers = vec![of(None, &[])];
        for position in held {
            if let Some(number) = context.memory.position_number(position) {
                answers.push(of(Some(number), std::slice::from_ref(position)));
            }
        }
        // Several limits may be true of one position each, and of none together.
        let is_of_one = answers.iter().any(|answer| answer.truth == truth);
        if let Some(whole) = answers.first_mut().filter(|_| !is_of_one) {
            whole.truth = truth;
        }
        Some(answers)
    }

    /// Whether an observation on which the condition is true confirms it. Working
    /// orders are read more seldom than the rest: those that have counted once do
    /// not count again.
    pub(super) fn is_confirmed_by(&mut self, orders_at: Timestamp, context: &Context<'_>) -> bool {
        if !self.nature.confirms_orders {
            return true;
        }
        if self.orders_counted_at.is_none_or(|at| orders_at > at) {
            self.orders_counted_at = Some(orders_at);
            return true;
        }
        let without = Context {
            orders: &WorkingOrders::Unknown,
            ..*context
        };
        let mut tree = Tree::new(&mut self.clocks, self.state.handled);
        tree.read(&self.rule.when, &without).truth == Truth::True
    }

    /// What the condition answered last.
    pub(in crate::engine) const fn truth(&self) -> Truth {
        self.last.truth
    }

    /// The same with its numbers.
    pub(in crate::engine) const fn reading(&self) -> &Reading {
        &self.last
    }
}

/// What a rule turns on besides the observations, found out once, when it is
/// put in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nature {
    pub(super) is_scheduled: bool,
    /// Whether it is to be confirmed, and may turn on working orders.
    pub(super) confirms_orders: bool,
    /// Whether it waits, by its `hold` or `confirm`, for each position by itself.
    pub(super) waits_by_position: bool,
    /// Whether it turns on data that stay away.
    pub(super) is_about_silence: bool,
    pub(super) warns: bool,
}

impl Nature {
    fn of(rule: &Rule) -> Nature {
        let has = |wanted: fn(&Leaf) -> bool| rule.when.has_leaf(wanted);
        Nature {
            is_scheduled: has(|leaf| matches!(leaf, Leaf::At(_))),
            confirms_orders: rule.confirm > 1 && conditions::may_need_orders(&rule.when),
            waits_by_position: (rule.hold.is_some() || rule.confirm > 1)
                && has(|leaf| matches!(leaf, Leaf::Pnl(pnl) if pnl.per == PnlPer::Position)),
            is_about_silence: has(|leaf| matches!(leaf, Leaf::NoData(_))),
            warns: !rule.warn_at.is_empty(),
        }
    }
}
