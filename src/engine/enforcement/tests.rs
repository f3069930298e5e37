//! Tables of what happens to one account, and which steps that leads to.
//!
//! Times are milliseconds. A step to which time alone led stands behind the time
//! at which it came, as in `@350 read 1 orders`; the engine is woken at the times
//! that it asks for, and at no other.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a sum that overflows in a test fails it"
)]

use chrono::DateTime;
use rust_decimal::Decimal;

use super::*;
use crate::domain::abilities::Abilities;
use crate::domain::holdings::{OrderSide, WorkingOrder};
use crate::domain::ids::{FiringId, IntentId};
use crate::domain::instrument::Instrument;
use crate::domain::observation::Missing;
use crate::domain::position_key::PositionKey;
use crate::domain::request::Outcome;

mod filling;
mod intents;
mod pace_of_rounds;
mod proof;
mod taken_over;
mod unreadable;
mod unsent;

use What::{
    Answer, Answers, Ask, Drop, Goes, Holds, Lock, NotSent, Nothing, Poll, ReadGoes, Reads,
    ReadsFail, Resume, Same, TakeOver, Turned, Wish,
};

/// CrossTrade as it is taken to be.
const LAGGING: VenueProfile = VenueProfile::CROSSTRADE;
/// A venue whose polls are never older than they say.
const PROMPT: VenueProfile = VenueProfile {
    polls_cached_for: None,
    ..LAGGING
};
/// A venue where a second close joins the one that is still filling.
const JOINING: VenueProfile = VenueProfile {
    abilities: Abilities {
        repeated_close_joins: true,
        ..PROMPT.abilities
    },
    ..PROMPT
};

/// What happens.
#[derive(Clone, Debug)]
enum What {
    /// Time alone passes.
    Nothing,
    /// A rule asks for this.
    Ask(Goal),
    /// A person asks for this.
    Wish(Goal),
    /// This is taken up after a restart.
    Resume(Goal),
    /// This is taken over from somebody who has just flattened the account.
    TakeOver(Goal),
    /// The account is locked from now on.
    Lock,
    /// The intent is not wanted any more.
    Drop(i64),
    /// It is known that the account holds this, from before.
    Holds(&'static str),
    /// The request leaves riskd.
    Goes(i64),
    /// The request is acknowledged, and left now if it had not.
    Answer(i64),
    /// The request, which has left, ends like this.
    Answers(i64, Outcome),
    /// The request was turned away at the venue's gate.
    Turned(i64),
    /// There was no connection for the request.
    NotSent(i64),
    /// The read leaves riskd.
    ReadGoes,
    /// The read shows this, and left now if it had not.
    Reads(&'static str),
    /// The read fails.
    ReadsFail(Missing),
    /// A poll that was asked for so long ago shows this, with this stamp.
    Poll(i64, i64, &'static str),
    /// A poll that was asked for so long ago shows what the one before did.
    Same(i64),
}

/// One account at a venue, and what was done for it.
struct Desk {
    enforcement: Enforcement,
    now: i64,
    /// When a request leaves that nothing is said of.
    leaving: Leaving,
    held: Option<Arc<[Position]>>,
    intents: i64,
    requests: i64,
    /// The read that is waited for, and what it reads.
    read: Option<(u64, Reading)>,
    /// When it left, where the table said so.
    read_left: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// At once, as with a full budget.
    AtOnce,
    /// When the table says so.
    WhenSaid,
}

fn time(millis: i64) -> Timestamp {
    let start = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
    start + TimeDelta::milliseconds(millis)
}

fn flat() -> Goal {
    Goal::FlatAndQuiet
}

fn out_of(name: &str) -> Goal {
    Goal::Closed(vec![PositionKey::new(name)])
}

/// `ES:2@5000 NQ:-1`, or nothing.
fn positions(text: &str) -> Arc<[Position]> {
    let words = text.split_whitespace();
    let held = words.map(|word| {
        let (name, rest) = word.split_once(':').unwrap();
        let (quantity, price) = match rest.split_once('@') {
            Some((quantity, price)) => (quantity, Some(price.parse().unwrap())),
            None => (rest, None),
        };
        Position {
            average_price: price,
            ..Position::new(PositionKey::new(name), quantity.parse().unwrap())
        }
    });
    held.collect()
}

/// The instruments of one order each to sell one, or nothing.
fn orders(text: &str) -> WorkingOrders {
    let names = text.split_whitespace();
    let working = names.map(|name| WorkingOrder {
        id: Some(Arc::from(name)),
        instrument: Some(Instrument::new(name)),
        side: Some(OrderSide::Sell),
        remaining: Some(Decimal::ONE),
        state: Arc::from("Working"),
        ..WorkingOrder::default()
    });
    WorkingOrders::Listed(working.collect())
}

fn answer(outcome: Outcome, status: Option<u16>) -> crate::domain::request::Answer {
    crate::domain::request::Answer {
        outcome,
        status,
        words: Arc::from(""),
    }
}

impl Desk {
    fn new(profile: &'static VenueProfile) -> Desk {
        Desk {
            enforcement: Enforcement::new(profile),
            now: 0,
            leaving: Leaving::AtOnce,
            held: None,
            intents: 0,
            requests: 0,
            read: None,
            read_left: None,
        }
    }

    /// The same, where requests leave when the table says so.
    fn queued(profile: &'static VenueProfile) -> Desk {
        Desk {
            leaving: Leaving::WhenSaid,
            ..Desk::new(profile)
        }
    }

    fn at(&self) -> Now {
        Now::at(time(self.now))
    }

    /// Plays the table on from where the desk is.
    fn play(&mut self, rows: &[(i64, What, &str)]) {
        for (at, what, expected) in rows {
            let mut told = self.pass_until(*at);
            told.extend(self.happen(what.clone()));
            assert_eq!(told.join("; "), *expected, "at {at}: {what:?}");
        }
    }

    /// Lets time pass, waking enforcement when it asks for it.
    fn pass_until(&mut self, until: i64) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(due) = self.enforcement.deadline() {
            // What is not in the future has been dealt with.
            let due = (due - time(0)).num_milliseconds();
            if due <= self.now || due > until {
                break;
            }
            self.now = due;
            let steps = self.enforcement.advance(self.at());
            let steps = self.carry_out(steps).into_iter();
            told.extend(steps.map(|step| format!("@{due} {step}")));
        }
        self.now = until;
        told
    }

    fn happen(&mut self, what: What) -> Vec<String> {
        let now = self.at();
        let steps = match what {
            Nothing => Vec::new(),
            Ask(goal) => self.begin(goal, Cause::Firing(FiringId(1))),
            Wish(goal) => {
                if self.enforcement.joins_earlier_wish(&goal, now) {
                    return vec!["joined".to_owned()];
                }
                self.begin(goal, Cause::Person("it is enough".to_owned()))
            }
            Resume(goal) => {
                let intent = self.intent(goal, Cause::Firing(FiringId(1)));
                self.enforcement.resume(intent, now)
            }
            TakeOver(goal) => {
                let intent = self.intent(goal, Cause::Person("riskd flatten".to_owned()));
                self.enforcement.take_over(intent, now)
            }
            Lock => {
                self.enforcement.set_locked(true);
                Vec::new()
            }
            Drop(id) => {
                let is_moot = |intent: &Intent| intent.id == IntentId(id);
                self.enforcement.drop_intents(is_moot).1
            }
            Holds(held) => {
                self.held = Some(positions(held));
                Vec::new()
            }
            Goes(request) => {
                self.enforcement.left(RequestId(request), now);
                Vec::new()
            }
            Answer(request) => {
                if self.leaving == Leaving::WhenSaid {
                    self.enforcement.left(RequestId(request), now);
                }
                self.answered(request, Outcome::Acknowledged, Some(200))
            }
            Answers(request, outcome) => self.answered(request, outcome, Some(400)),
            Turned(request) => self.answered(request, Outcome::NotSent, Some(429)),
            NotSent(request) => self.answered(request, Outcome::NotSent, None),
            ReadGoes => {
                self.read_left = Some(self.now);
                let (number, _) = self.read.expect("no read is asked for");
                self.enforcement.read_left(number, now.steady);
                Vec::new()
            }
            Reads(shown) => self.read(shown),
            ReadsFail(missing) => {
                self.read = None;
                let is_busy = missing == Missing::RateLimited;
                self.enforcement.read_failed(is_busy, now)
            }
            Poll(ago, stamp, shown) => {
                let asked = time(self.now - ago);
                if let Some(as_of) = self.enforcement.polled(Some(stamp), asked) {
                    let positions = positions(shown);
                    self.enforcement.saw(Shown::Positions { positions, as_of });
                }
                self.enforcement.advance(now)
            }
            Same(ago) => {
                self.enforcement.polled_unchanged(time(self.now - ago));
                self.enforcement.advance(now)
            }
        };
        self.carry_out(steps)
    }

    fn intent(&mut self, goal: Goal, cause: Cause) -> Intent {
        self.intents += 1;
        Intent {
            id: IntentId(self.intents),
            goal,
            cause,
            since: time(self.now),
        }
    }

    fn begin(&mut self, goal: Goal, cause: Cause) -> Vec<Step> {
        let intent = self.intent(goal, cause);
        let (held, now) = (self.held.clone(), self.at());
        self.enforcement
            .begin(intent, held.as_ref(), &WorkingOrders::Unknown, now)
    }

    fn answered(&mut self, request: i64, outcome: Outcome, status: Option<u16>) -> Vec<Step> {
        let answer = answer(outcome, status);
        self.enforcement
            .answered(RequestId(request), &answer, self.at())
    }

    /// The read that is asked for shows this.
    fn read(&mut self, shown: &str) -> Vec<Step> {
        let (number, what) = self.read.take().expect("no read is asked for");
        let as_of = time(self.read_left.take().unwrap_or(self.now));
        self.enforcement.read_left(number, as_of);
        self.enforcement.saw(match what {
            Reading::Orders | Reading::WatchOrders => Shown::Orders {
                orders: orders(shown),
                as_of,
            },
            Reading::Positions | Reading::Watch | Reading::CloseWatch => Shown::Positions {
                positions: positions(shown),
                as_of,
            },
        });
        self.enforcement.read_ended(self.at())
    }

    /// Notes the steps and gives them in words.
    fn carry_out(&mut self, steps: Vec<Step>) -> Vec<String> {
        steps.into_iter().map(|step| self.take(step)).collect()
    }

    fn take(&mut self, step: Step) -> String {
        match step {
            Step::Send { round, writes } => self.send(round, writes),
            Step::Withdraw { requests } => {
                let numbers: Vec<String> = requests.iter().map(|id| format!("#{id}")).collect();
                format!("withdraw {}", numbers.join(" "))
            }
            Step::Read { read, what } => {
                self.read = Some((read, what));
                let what = match what {
                    Reading::Orders => "orders",
                    Reading::Positions => "positions",
                    Reading::Watch => "watch",
                    Reading::CloseWatch => "close watch",
                    Reading::WatchOrders => "watch of orders",
                };
                format!("read {what}")
            }
            Step::WithdrawRead { .. } => {
                self.read = None;
                "withdraw read".to_owned()
            }
            Step::Reached {
                intents, flat_at, ..
            } => {
                let numbers: Vec<String> = intents.iter().map(|one| one.id.to_string()).collect();
                let flat = flat_at.map(|at| (at - time(0)).num_milliseconds());
                let flat = flat.map(|at| format!(" flat {at}")).unwrap_or_default();
                format!("reached {}{flat}", numbers.join(" "))
            }
            Step::NotYet { .. } => "not yet".to_owned(),
            Step::Stuck { attempts } => format!("stuck {attempts}"),
            Step::Slowed => "slowed".to_owned(),
        }
    }

    fn send(&mut self, round: u32, writes: Vec<Planned>) -> String {
        let mut requests = Vec::new();
        let mut words = format!("send {round}:");
        for planned in writes {
            self.requests += 1;
            let beside = match planned.urgency {
                Urgency::Beside => " beside",
                Urgency::Close | Urgency::Cancel => "",
            };
            words += &format!(" #{} {}{beside}", self.requests, planned.write);
            requests.push((RequestId(self.requests), planned));
        }
        let ids: Vec<RequestId> = requests.iter().map(|(id, _)| *id).collect();
        self.enforcement.queued(requests);
        if self.leaving == Leaving::AtOnce {
            for id in ids {
                self.enforcement.left(id, self.at());
            }
        }
        words
    }
}
