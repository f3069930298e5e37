//! What one rule remembers for one account, and how it moves from one answer
//! of its condition to the next.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::build_up::{self, BuildUp, ForPosition};
use super::truth::Truth;
use crate::domain::ids::FiringId;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::trade_date::TradeDate;
use crate::rules::book::{Rearm, Rule};

/// What is stored for one rule and one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleState {
    /// Set while the rule has fired and is not re-armed.
    pub fired: Option<Fired>,
    /// Since when the condition has been true, by the steady clock; time in
    /// which it was unknown is left out.
    pub true_since: Option<Timestamp>,
    /// Since when the condition has been unknown, while it would be true.
    pub unknown_since: Option<Timestamp>,
    /// On how many observations in a row it was true.
    pub confirmed: u32,
    /// The same for each position, where the rule waits for each by itself; what
    /// stands above is that of the one that has built up for longest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_position: Vec<BuildUp>,
    /// How many of the warnings of `warn_at` went out in `warned_in`.
    pub warned: u32,
    /// The session in which they went out.
    pub warned_in: Option<TradeDate>,
    /// Scheduled times up to this one have been decided.
    pub handled: Timestamp,
    /// Set when the rule was re-armed because the account was flat: it may fire
    /// again for what is opened next, not for the same flat account.
    #[serde(default)]
    pub awaits_holdings: bool,
}

/// A rule that has fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The firing.
    pub id: FiringId,
    /// When, by the steady clock.
    pub at: Timestamp,
    /// In which session.
    pub session: Option<TradeDate>,
    /// Whether the condition has been false since.
    pub cleared: bool,
    /// Whether what it asked for was not carried out, or not to the end, because
    /// riskd only observed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

/// An answer of the condition.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The answer.
    pub truth: Truth,
    /// What it is for each position by itself, where the rule waits for each.
    pub by_position: Option<&'a [ForPosition]>,
    /// Whether it comes with a new observation and not with mere time.
    pub observed: bool,
}

/// What an answer does to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that others need to know.
    None,
    /// It is to fire now.
    Fires,
    /// Its condition became false for the first time after it had fired.
    Clears,
}

impl RuleState {
    /// A rule that was never evaluated: what was scheduled before `now` is none
    /// of its business.
    pub const fn new(now: Timestamp) -> RuleState {
        RuleState {
            fired: None,
            true_since: None,
            unknown_since: None,
            confirmed: 0,
            by_position: Vec::new(),
            warned: 0,
            warned_in: None,
            handled: now,
            awaits_holdings: false,
        }
    }

    /// Whether a condition that is false leaves everything here as it is.
    pub const fn is_at_rest(&self) -> bool {
        self.fired.is_none()
            && self.true_since.is_none()
            && self.unknown_since.is_none()
            && self.confirmed == 0
            && !self.awaits_holdings
    }

    /// Takes an answer of the condition.
    pub fn answer(&mut self, rule: &Rule, answered: &Answered<'_>, now: Now) -> Change {
        match &mut self.fired {
            Some(fired) => match answered.truth {
                // Once a firing: a value at its limit swings over it all day.
                Truth::False if !fired.cleared => {
                    fired.cleared = true;
                    Change::Clears
                }
                Truth::True | Truth::False | Truth::Unknown => Change::None,
            },
            None => self.build_up(rule, answered, now),
        }
    }

    fn build_up(&mut self, rule: &Rule, answered: &Answered<'_>, now: Now) -> Change {
        match answered.truth {
            Truth::False => {
                self.forget_build_up();
                Change::None
            }
            Truth::Unknown => {
                if self.true_since.is_some() && self.unknown_since.is_none() {
                    self.unknown_since = Some(now.steady);
                }
                Change::None
            }
            Truth::True => {
                self.leave_out_unknown(now);
                let since = self.go_on_building(answered, now);
                let held = rule.hold.is_none_or(|hold| now.since(since) >= hold);
                // One observation is what every firing needs; more are counted.
                let confirmed = rule.confirm <= 1 || self.confirmed >= rule.confirm;
                if held && confirmed {
                    Change::Fires
                } else {
                    Change::None
                }
            }
        }
    }

    /// Counts an answer that is true; since when it has been.
    fn go_on_building(&mut self, answered: &Answered<'_>, now: Now) -> Timestamp {
        if let Some(each) = answered.by_position {
            let longest = build_up::follow(&mut self.by_position, each, answered.observed, now);
            if let Some(longest) = longest {
                self.true_since = Some(longest.true_since);
                self.confirmed = longest.confirmed;
                return longest.true_since;
            }
        }
        if answered.observed {
            self.confirmed = self.confirmed.saturating_add(1);
        }
        *self.true_since.get_or_insert(now.steady)
    }

    /// Time in which the condition was unknown does not count towards `hold`.
    fn leave_out_unknown(&mut self, now: Now) {
        let (Some(since), Some(unknown)) = (self.true_since, self.unknown_since.take()) else {
            return;
        };
        let span = now.since(unknown);
        self.true_since = since.checked_add_signed(span);
        self.by_position.iter_mut().for_each(|one| one.shift(span));
    }

    fn forget_build_up(&mut self) {
        self.true_since = None;
        self.unknown_since = None;
        self.confirmed = 0;
        self.by_position.clear();
    }

    /// Marks the rule as fired.
    pub fn fire(&mut self, id: FiringId, session: Option<TradeDate>, now: Now) {
        self.forget_build_up();
        self.fired = Some(Fired {
            id,
            at: now.steady,
            session,
            cleared: false,
            undone: false,
        });
    }

    /// Notes that what this firing asked for is not carried out: riskd only
    /// observes.
    pub fn leave_undone(&mut self, firing: FiringId) {
        if let Some(fired) = self.fired.as_mut().filter(|fired| fired.id == firing) {
            fired.undone = true;
        }
    }

    /// Whether the rule has fired and what that asked for was not carried out.
    pub fn is_undone(&self) -> bool {
        self.fired.is_some_and(|fired| fired.undone)
    }

    /// Carries the times by the steady clock over to the one of this process,
    /// which is this far behind the one that they were taken from.
    pub fn shift(&mut self, clock_gap: TimeDelta) {
        let shift = |at: &mut Timestamp| *at = at.checked_sub_signed(clock_gap).unwrap_or(*at);
        self.true_since.iter_mut().for_each(shift);
        self.unknown_since.iter_mut().for_each(shift);
        self.fired.iter_mut().for_each(|fired| shift(&mut fired.at));
        let back = clock_gap.checked_mul(-1).unwrap_or_default();
        self.by_position.iter_mut().for_each(|one| one.shift(back));
    }

    /// Lets the rule fire again.
    pub fn rearm(&mut self) {
        self.forget_build_up();
        self.fired = None;
    }

    /// Whether time alone re-arms the rule: a new session, or the duration.
    pub fn is_rearmed_by_time(&self, rearm: Rearm, session: Option<TradeDate>, now: Now) -> bool {
        let Some(fired) = &self.fired else {
            return false;
        };
        match rearm {
            Rearm::Session => match (fired.session, session) {
                (Some(then), Some(current)) => current > then,
                (None, Some(_)) => true,
                (_, None) => false,
            },
            Rearm::After(span) => now.since(fired.at) >= span,
            Rearm::Clear | Rearm::Flat | Rearm::Never => false,
        }
    }

    /// Whether what is known now re-arms the rule. An unknown never does.
    pub fn is_rearmed_by(&self, rearm: Rearm, truth: Truth, flat_and_quiet: Option<bool>) -> bool {
        self.fired.is_some()
            && match rearm {
                Rearm::Clear => truth == Truth::False,
                Rearm::Flat => flat_and_quiet == Some(true),
                Rearm::Session | Rearm::After(_) | Rearm::Never => false,
            }
    }

    /// When time alone may change what the rule does, by the steady clock.
    pub fn steady_deadline(&self, rule: &Rule) -> Option<Timestamp> {
        match (&self.fired, rule.rearm) {
            (Some(fired), Rearm::After(span)) => later(fired.at, span),
            (Some(_), _) => None,
            (None, _) => later(self.true_since?, rule.hold?),
        }
    }
}

fn later(from: Timestamp, span: TimeDelta) -> Option<Timestamp> {
    from.checked_add_signed(span)
}
