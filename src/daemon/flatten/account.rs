//! One account that is made flat by hand.

use std::sync::Arc;

use crate::domain::account::AccountNumber;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::IntentId;
use crate::domain::now::Now;
use crate::domain::observation::{Content, Missing, Observation, Timestamp};
use crate::domain::request::{Answer, Outcome, Write};
use crate::domain::venue::VenueProfile;
use crate::engine::enforcement::{Enforcement, Intent, Shown, Step};
use crate::engine::event::{FlattenSent, ReadFailure, ReadResult};
use crate::engine::record::{Cause, Goal};
use crate::engine::words;

/// The status of an answer that says that too much was asked.
const TOO_MANY_REQUESTS: u16 = 429;

/// How far the work on an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is worked on here.
    Own,
    /// Nothing more is sent, and it is handed over once all is answered.
    Settling,
    /// It is left to another program.
    HandedOver,
    /// It is flat and quiet.
    Done,
}

/// One account.
pub(super) struct FlattenAccount {
    pub(super) number: AccountNumber,
    pub(super) enforcement: Enforcement,
    pub(super) stage: Stage,
    /// Requests that have left and that the venue did not turn away.
    pub(super) requests: u32,
    positions: Option<Arc<[Position]>>,
    orders: WorkingOrders,
    /// Since when the account is known to be connected and loaded.
    alive_since: Option<Timestamp>,
    /// Requests without an answer, be it that they still wait.
    unanswered: u32,
    /// What became of the flatten, once one was answered or turned away by the
    /// venue's rate limit.
    flatten: Option<FlattenSent>,
}

impl FlattenAccount {
    pub(super) fn new(number: AccountNumber, profile: &'static VenueProfile) -> FlattenAccount {
        FlattenAccount {
            number,
            enforcement: Enforcement::new(profile),
            stage: Stage::Own,
            requests: 0,
            positions: None,
            orders: WorkingOrders::Unknown,
            alive_since: None,
            unanswered: 0,
            flatten: None,
        }
    }

    /// Sends what the account may need, without a look.
    pub(super) fn begin(&mut self, now: Now) -> Vec<Step> {
        self.enforcement
            .begin(intent(now), None, &WorkingOrders::Unknown, now)
    }

    /// Lets go of the account, which another program looks at from here on: what
    /// still waits is withdrawn.
    pub(super) fn let_go(&mut self) -> Vec<Step> {
        self.stage = Stage::Settling;
        self.enforcement.drop_intents(|_| true).1
    }

    /// Takes the account back. It is looked at first where a flatten may have been
    /// carried out, be it one of the other program.
    pub(super) fn take_back(&mut self, now: Now) -> Vec<Step> {
        let was_handed_over = self.stage == Stage::HandedOver;
        self.stage = Stage::Own;
        if was_handed_over || self.is_flattened() {
            return self.enforcement.take_over(intent(now), now);
        }
        self.begin(now)
    }

    /// Whether a flatten may have been carried out: a look says the rest.
    pub(super) fn is_flattened(&self) -> bool {
        self.flatten == Some(FlattenSent::Answered)
    }

    /// Whether the venue's rate limit turned its flatten away.
    pub(super) fn is_refused(&self) -> bool {
        self.flatten == Some(FlattenSent::Refused)
    }

    /// What became of the flatten; one that did not leave counts as turned away.
    pub(super) fn flatten(&self) -> FlattenSent {
        self.flatten.unwrap_or(FlattenSent::Refused)
    }

    /// Whether it was let go and nothing is under way for it any more.
    pub(super) fn is_settled(&self) -> bool {
        self.stage == Stage::Settling && self.unanswered == 0
    }

    pub(super) fn note_asked(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// A request was withdrawn before it was started.
    pub(super) fn note_not_started(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    pub(super) fn note_answered(&mut self, write: &Write, answer: &Answer) {
        self.unanswered = self.unanswered.saturating_sub(1);
        let is_refused = answer.status == Some(TOO_MANY_REQUESTS);
        if is_refused {
            self.requests = self.requests.saturating_sub(1);
        }
        if !write.closes() {
            return;
        }
        if answer.outcome != Outcome::NotSent {
            self.flatten = Some(FlattenSent::Answered);
        } else if is_refused {
            self.flatten.get_or_insert(FlattenSent::Refused);
        }
    }

    /// What was last seen to be there, in words.
    pub(super) fn holdings(&self) -> String {
        words::holdings(self.positions.as_deref(), &self.orders)
    }

    /// Takes what a poll has shown. An empty list of an account that is not known
    /// to be alive is not flat.
    pub(super) fn take_poll(&mut self, observation: &Observation, now: Now) {
        let at = observation.at;
        let learned = match &observation.content {
            Content::Learned(learned) => learned,
            Content::Missing(Missing::Unchanged) => {
                self.enforcement.polled_unchanged(at);
                return;
            }
            Content::Missing(_) => {
                self.alive_since = None;
                return;
            }
        };
        if let Some(symbols) = &learned.symbols {
            self.enforcement.set_symbols(symbols);
        }
        let as_of = self.enforcement.polled(learned.stamp, at);
        let is_unloaded = self.enforcement.profile().zero_means_unloaded;
        if is_unloaded && learned.figures.are_all_zero() {
            self.alive_since = None;
        } else {
            self.alive_since.get_or_insert(now.steady);
        }
        let Some(positions) = &learned.positions else {
            return;
        };
        let closable = self.enforcement.closable(positions);
        let positions = closable.as_ref().unwrap_or(positions);
        self.enforcement.poll_showed(!positions.is_empty(), at);
        let is_believed = |as_of| !positions.is_empty() || self.is_alive_at(as_of);
        if let Some(as_of) = as_of.filter(|as_of| is_believed(*as_of)) {
            self.positions = Some(Arc::clone(positions));
            self.enforcement.saw(Shown::Positions {
                positions: Arc::clone(positions),
                as_of,
            });
        }
    }

    fn is_alive_at(&self, at: Timestamp) -> bool {
        self.alive_since.is_some_and(|since| at > since)
    }

    /// Takes what a read has shown, or says why it is not believed.
    pub(super) fn take_read(&mut self, seen: ReadResult, at: Timestamp) -> Result<(), ReadFailure> {
        match seen {
            ReadResult::Orders(orders) => {
                if orders.count() == Some(0) && self.alive_since.is_none() {
                    return Err(ReadFailure {
                        missing: Missing::Late,
                        words: Arc::from("it is not known whether the account is connected"),
                    });
                }
                self.orders = orders.clone();
                self.enforcement.saw(Shown::Orders { orders, as_of: at });
            }
            // Whether an empty list can be believed was asked with it.
            ReadResult::Positions(positions) => {
                let positions = self.enforcement.closable(&positions).unwrap_or(positions);
                self.positions = Some(Arc::clone(&positions));
                self.enforcement.saw(Shown::Positions {
                    positions,
                    as_of: at,
                });
            }
        }
        Ok(())
    }
}

fn intent(now: Now) -> Intent {
    Intent {
        id: IntentId(0),
        goal: Goal::FlatAndQuiet,
        cause: Cause::Person("riskd flatten".to_owned()),
        since: now.steady,
    }
}
