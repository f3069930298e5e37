//! Running a rule test, and comparing what happened with what was expected.

use std::collections::{HashMap, VecDeque};

use super::{Expected, RuleTest, TestFile};
use crate::domain::account::RuleName;
use crate::domain::holdings::WorkingOrders;
use crate::domain::observation::{Learned, Timestamp};
use crate::engine::status::RuleStatus;
use crate::replay::{AccountReplay, Note, ReplayEvent, ReplayEventKind, ReplayLog};
use crate::rules::ruleset::RuleSet;

/// Most expected firings that did not happen for which the state of the rule
/// at that time is looked up; each costs another run of the test.
const MAX_LOOKED_UP: usize = 5;

/// What came of one test.
#[derive(Clone, Debug)]
pub struct TestOutcome {
    /// Everything that is not as expected; empty when the test passed.
    pub differences: Vec<Difference>,
    /// Figures that were not trusted and the like, which may explain it.
    pub notes: Vec<Note>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug)]
pub enum Difference {
    /// It was to happen and did not.
    Missing {
        /// What was expected.
        expected: Expected,
        /// When.
        time: Timestamp,
        /// How the rule stood at that time, where it was looked up.
        status: Option<Box<RuleStatus>>,
    },
    /// It happened and is not listed.
    Unexpected(ReplayEvent),
    /// It happened with other actions.
    OtherActions {
        /// What was expected.
        expected: Expected,
        /// What happened.
        happened: ReplayEvent,
    },
}

impl TestOutcome {
    /// Whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl TestFile {
    /// Runs a test of this file.
    pub fn run(&self, test: &RuleTest) -> TestOutcome {
        test.run(&self.rules)
    }
}

impl RuleTest {
    /// Runs the test against these rules.
    pub fn run(&self, rules: &RuleSet) -> TestOutcome {
        let log = self.play(rules, None).1;
        let fired = log.events.into_iter();
        let fired = fired.filter(|event| event.event == ReplayEventKind::Fired);
        let mut differences = self.compare(fired.collect());
        self.look_up(rules, &mut differences);
        TestOutcome {
            differences,
            notes: log.notes,
        }
    }

    /// When an offset is.
    pub fn instant(&self, at: chrono::TimeDelta) -> Timestamp {
        self.start
            .checked_add_signed(at)
            .unwrap_or(Timestamp::MAX_UTC)
    }

    /// Takes the account through the steps, as far as `until`.
    fn play(&self, rules: &RuleSet, until: Option<Timestamp>) -> (AccountReplay, ReplayLog) {
        let mut log = ReplayLog::default();
        let first = self
            .steps
            .first()
            .map_or(self.start, |step| self.instant(step.at));
        let mut replay = AccountReplay::start(&rules.book, &self.account, first, &mut log);
        let mut known = Learned {
            orders: WorkingOrders::Unknown,
            ..Learned::default()
        };
        let is_past = |at: Timestamp| until.is_some_and(|until| at > until);
        for step in &self.steps {
            let at = self.instant(step.at);
            if is_past(at) {
                break;
            }
            if step.restart {
                replay.restart(at, &mut log);
            }
            replay.observe(at, step.says.content(&mut known), &mut log);
        }
        let last = self
            .steps
            .last()
            .map_or(self.start, |step| self.instant(step.at));
        let end = self.end.map_or(last, |end| self.instant(end));
        replay.pass_through(until.map_or(end, |until| until.min(end)), &mut log);
        (replay, log)
    }

    /// Pairs what was expected with what happened. Within one instant the
    /// order does not matter: rules that fire together act once.
    fn compare(&self, fired: Vec<ReplayEvent>) -> Vec<Difference> {
        let mut open: HashMap<(Timestamp, RuleName), VecDeque<usize>> = HashMap::new();
        for (index, event) in fired.iter().enumerate() {
            let key = (event.time, event.rule.clone());
            open.entry(key).or_default().push_back(index);
        }
        let mut fired: Vec<Option<ReplayEvent>> = fired.into_iter().map(Some).collect();
        let mut differences = Vec::new();
        for expected in &self.expect {
            let time = self.instant(expected.at);
            let happened = open
                .get_mut(&(time, expected.rule.clone()))
                .and_then(VecDeque::pop_front)
                .and_then(|index| fired.get_mut(index))
                .and_then(Option::take);
            match happened {
                None => differences.push(Difference::Missing {
                    expected: expected.clone(),
                    time,
                    status: None,
                }),
                Some(happened) if !expected.fits(&happened) => {
                    differences.push(Difference::OtherActions {
                        expected: expected.clone(),
                        happened,
                    });
                }
                Some(_) => {}
            }
        }
        differences.extend(fired.into_iter().flatten().map(Difference::Unexpected));
        differences
    }

    /// Adds how a rule stood when it was expected to fire and did not.
    fn look_up(&self, rules: &RuleSet, differences: &mut [Difference]) {
        let missing = differences
            .iter_mut()
            .filter_map(|difference| match difference {
                Difference::Missing {
                    expected,
                    time,
                    status,
                } => Some((expected, *time, status)),
                _ => None,
            });
        for (expected, time, status) in missing.take(MAX_LOOKED_UP) {
            let (mut replay, _) = self.play(rules, Some(time));
            *status = replay.rule_status(&expected.rule).map(Box::new);
        }
    }
}

impl Expected {
    fn fits(&self, happened: &ReplayEvent) -> bool {
        self.actions
            .as_ref()
            .is_none_or(|actions| *actions == happened.actions)
    }
}
