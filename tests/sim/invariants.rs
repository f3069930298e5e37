//! What must hold after every step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::Position;
use riskd::domain::ids::{IntentId, RequestId};
use riskd::domain::lock::{LockEnd, LockKind};

use riskd::domain::abilities::CloseScope;
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Learned, Timestamp};
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::Write;
use riskd::domain::venue::VenueProfile;
use riskd::engine::effect::Effect;
use riskd::engine::enforcement::{FILLING, RUNAWAY_ROUNDS};
use riskd::engine::record::{Cause, EntryKind, Goal, IntentEnd, LogEntry, RecordRow};
use riskd::engine::restore::Kept;
use riskd::rules::book::RuleBook;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::durable::Durable;
use super::rules::{ACCOUNTS, BYSTANDER};
use super::venue;

/// An answer that was lost, the longest wait between two rounds, and a second.
const PROGRESS_WITHIN: TimeDelta = TimeDelta::seconds(22);

/// A violated invariant, named at its head.
pub type Violation = String;

/// What made the engine take a step.
#[derive(Debug)]
pub enum Trigger {
    /// A poll that tells the whole truth about the account.
    Truth {
        account: &'static str,
        seen: Learned,
        /// The session's result, where riskd must know it exactly.
        pnl: Option<Decimal>,
        /// When it was asked for.
        at: Timestamp,
    },
    /// A poll that tells a part of the truth, or a lie that nobody could see
    /// through: it may be acted on, and nothing need be.
    Shown {
        account: &'static str,
        seen: Learned,
        /// When it was asked for.
        at: Timestamp,
    },
    /// A poll that tells nothing, or what cannot be so.
    Untruth(&'static str),
    /// The answer to a read that enforcement asked for.
    Read { account: &'static str, look: Look },
    /// A request left riskd, or was answered.
    Acted(String),
    /// A person ended the locks of an account.
    Unlock(String),
    /// Anything else.
    Other,
}

impl Trigger {
    /// What a poll told, in words.
    pub fn words(&self) -> String {
        let figures = |seen: &Learned| {
            let one = |figure: Option<riskd::domain::money::Money>| {
                figure.map_or("?".to_owned(), |figure| figure.to_string())
            };
            let all = &seen.figures;
            let held = seen.positions.as_ref().map_or("?".to_owned(), |held| {
                let texts: Vec<String> = held.iter().map(ToString::to_string).collect();
                texts.join(" ")
            });
            format!(
                "{} {} {} {} [{held}]",
                one(all.realized),
                one(all.unrealized),
                one(all.balance),
                one(all.equity)
            )
        };
        match self {
            Trigger::Truth {
                account, seen, pnl, ..
            } => {
                format!("{account} tells {} with {pnl:?}", figures(seen))
            }
            Trigger::Shown { account, seen, .. } => format!("{account} shows {}", figures(seen)),
            Trigger::Untruth(account) => format!("{account} tells nothing that counts"),
            Trigger::Read { .. } | Trigger::Acted(_) | Trigger::Unlock(_) | Trigger::Other => {
                String::new()
            }
        }
    }
}

/// Whether what was told was so when the venue looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was.
    Truth,
    /// It was not, by a fault of the venue.
    Lie,
}

/// One look at an account: what was told of positions and of orders, each beside
/// the truth.
#[derive(Clone, Debug)]
pub struct Look {
    /// When it was asked for.
    pub asked: Timestamp,
    pub positions: Option<(Told, Learned)>,
    pub orders: Option<(Told, Learned)>,
}

/// The actions that set a lock.
const LOCKS: [&str; 2] = ["lock", "close_only"];

/// Looks that are remembered of an account.
const LOOKS: usize = 16;

/// What the checker knows of before.
#[derive(Debug, Default)]
pub struct Checker {
    step: u64,
    /// Rules that have fired and are not re-armed: account, rule.
    latched: BTreeSet<(String, String)>,
    /// When a request last left or was answered, by the steady clock.
    acted: BTreeMap<String, Timestamp>,
    /// The last looks at each account.
    looks: BTreeMap<String, VecDeque<Look>>,
    /// Since when an intent is open, by the steady clock.
    opened: BTreeMap<IntentId, Timestamp>,
    /// When the process last went on after it stood still, by the steady clock:
    /// time in which it could do nothing is not held against it.
    went_on: Option<Timestamp>,
    /// When an account was last verified, by the steady clock.
    verified_at: BTreeMap<String, Timestamp>,
    /// When rounds began in the last minute: the runaway guard counts them.
    rounds: BTreeMap<String, Vec<Timestamp>>,
    /// Since when enforcement owes something: the last request or read.
    moved: BTreeMap<String, Timestamp>,
    /// The session and the marks of each account, as recorded.
    marks: BTreeMap<String, Marks>,
    /// The highest equity that a poll has shown.
    best: BTreeMap<String, Decimal>,
    /// Session P&L by the last poll, where it is known exactly.
    pnl: BTreeMap<String, Option<Decimal>>,
    /// Accounts of which nothing was told since other rules are in force: what
    /// was told before may decide by the new ones.
    newly_ruled: BTreeSet<String>,
    /// Rules that may fire again, of accounts of which nothing was told since: the same
    /// holds for them.
    newly_armed: BTreeSet<(String, String)>,
    /// When each lock is over, as its end was found: by the clocks of when it was
    /// asked for, and anew by each other that the wall clock has shown since.
    due: BTreeMap<(AccountName, LockKind), Vec<Due>>,
    /// Until when closes of a process before this one may be filling, by the
    /// steady clock.
    filling: BTreeMap<String, Timestamp>,
    /// What riskd was told last of what an account holds.
    held: BTreeMap<String, Arc<[Position]>>,
    /// Money that came in and was no result, since the marks were recorded last.
    flows: BTreeMap<String, Decimal>,
    /// How often a figure of the truth decided.
    pub decided: u64,
}

/// When a lock is over by the steady clock, as long as the wall clock is as far
/// ahead of that as it was when the end was found.
#[derive(Clone, Copy, Debug)]
struct Due {
    ahead: TimeDelta,
    steady: Timestamp,
}

impl Due {
    fn found(end: LockEnd, now: Now) -> Due {
        let ahead = now.wall - now.steady;
        let steady = match end {
            LockEnd::At(end) => end - ahead,
            LockEnd::Manual => Timestamp::MAX_UTC,
        };
        Due { ahead, steady }
    }
}

/// Whether a lock whose ends were found so is over: by the newest of them, or by
/// one that was found while the wall clock showed what it shows again.
fn is_due(found: &[Due], now: Now) -> bool {
    let ahead = now.wall - now.steady;
    let newest = found.last();
    let by_this_clock = found.iter().filter(|due| due.ahead == ahead);
    newest
        .into_iter()
        .chain(by_this_clock)
        .any(|due| due.steady <= now.steady)
}

/// Whether this step finds the end of a lock of the account anew because the wall
/// clock was set, and nobody asked for more.
fn corrects_lock(effects: &[Effect], account: &AccountName) -> bool {
    effects.iter().any(|effect| {
        matches!(effect, Effect::Record(RecordRow::LogEntry(entry))
            if entry.kind == EntryKind::LockCorrected && entry.account.as_ref() == Some(account))
    })
}

/// What happened in a step, for the checks.
#[derive(Debug)]
pub struct Step<'a> {
    pub now: Now,
    pub trigger: &'a Trigger,
    pub effects: &'a [Effect],
    pub states: &'a [RecordRow],
    pub rules: &'a RuleBook,
    pub loss_limit: i64,
    /// What is known of the venue.
    pub profile: &'static VenueProfile,
    /// Whether riskd acts, or only observes.
    pub acts: bool,
}

fn ensure(holds: bool, violation: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(violation()) }
}

impl Checker {
    /// Checks a step against the record from before it; the record is then
    /// brought up to date.
    pub fn check(&mut self, step: &Step<'_>, durable: &mut Durable) -> Result<(), Violation> {
        self.step += 1;
        match step.trigger {
            Trigger::Truth {
                account,
                seen,
                pnl,
                at,
            } => {
                self.shown(account, seen);
                self.looked(account, polled(*at, Told::Truth, seen));
                self.pnl.insert((*account).to_owned(), *pnl);
            }
            Trigger::Shown { account, seen, at } => {
                self.shown(account, seen);
                self.looked(account, polled(*at, Told::Lie, seen));
                self.pnl.insert((*account).to_owned(), None);
            }
            Trigger::Read { account, look } => self.looked(account, look.clone()),
            Trigger::Acted(account) => {
                self.acted.insert(account.clone(), step.now.steady);
            }
            _ => {}
        }
        let covered: BTreeSet<AccountName> = durable
            .intents
            .values()
            .filter(|row| row.goal == Goal::FlatAndQuiet)
            .map(|row| row.account.clone())
            .collect();
        self.requests_and_records_match(step)?;
        for (place, effect) in step.effects.iter().enumerate() {
            match effect {
                Effect::Record(record) => {
                    self.record(record, step, place, &covered, durable)?;
                    durable.write(record);
                }
                Effect::Send { account, .. } => {
                    self.moved.insert(account.to_string(), step.now.steady);
                    let rounds = self.rounds.entry(account.to_string()).or_default();
                    rounds.retain(|at| step.now.since(*at).num_seconds() <= 60);
                    if rounds.last() != Some(&step.now.steady) {
                        rounds.push(step.now.steady);
                    }
                }
                Effect::Read { account, .. } => {
                    self.moved.insert(account.to_string(), step.now.steady);
                }
                Effect::Withdraw { .. } | Effect::WithdrawRead { .. } | Effect::Notify(_) => {}
            }
        }
        for state in step.states {
            self.state(state, step)?;
            durable.write(state);
        }
        self.breach(step)?;
        self.lock_holds(step, durable)?;
        self.progress(step, durable)
    }

    /// I8: every request stands in the record of its step, and none else does.
    fn requests_and_records_match(&self, step: &Step<'_>) -> Result<(), Violation> {
        let sent: Vec<(RequestId, &str, &str)> = step
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Send {
                    account,
                    request,
                    write,
                    ..
                } => Some((*request, account.as_str(), write.name())),
                _ => None,
            })
            .collect();
        let recorded: Vec<(RequestId, &str, &str)> = step
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Record(RecordRow::Request(row)) => {
                    Some((row.id, row.account.as_str(), row.write.name()))
                }
                _ => None,
            })
            .collect();
        ensure(sent == recorded, || {
            format!("I8: sent {sent:?} but recorded {recorded:?}")
        })
    }

    fn record(
        &mut self,
        record: &RecordRow,
        step: &Step<'_>,
        place: usize,
        covered: &BTreeSet<AccountName>,
        durable: &Durable,
    ) -> Result<(), Violation> {
        match record {
            RecordRow::Firing(row) => {
                let account = row.account.as_str();
                self.latched
                    .insert((account.to_owned(), row.rule.to_string()));
                if row.actions.iter().any(|action| LOCKS.contains(action)) {
                    self.asked_for_lock(account);
                }
                let is_scoped = step
                    .rules
                    .rules_of(&row.account)
                    .any(|rule| rule.name == row.rule);
                ensure(is_scoped, || {
                    format!("I9: {} fired on {account}, out of its scope", row.rule)
                })?;
                if row.rule.as_str() == "daily loss"
                    && let Some(pnl) = self.pnl.get(account).copied().flatten()
                {
                    self.decided += 1;
                    ensure(pnl <= Decimal::from(-step.loss_limit), || {
                        format!("I6: daily loss fired on {account} at a true P&L of {pnl}")
                    })?;
                }
                let flattens = row.actions.contains(&"flatten");
                let sends = self.closes_all(&step.effects[place..], &row.account, step.profile);
                let rounds = self.rounds.get(account).map_or(0, Vec::len);
                let is_slowed = rounds + 1 >= RUNAWAY_ROUNDS;
                let acted = self.acted.get(account);
                // What was closed just now may still be filling.
                let is_filling = acted.is_some_and(|at| step.now.since(*at) <= FILLING)
                    || self
                        .filling
                        .get(account)
                        .is_some_and(|until| step.now.steady < *until);
                let acts = sends || covered.contains(&row.account) || is_slowed || is_filling;
                ensure(!flattens || acts || !step.acts, || {
                    format!("I1: {} fired on {account} and nothing was sent", row.rule)
                })
            }
            RecordRow::Intent(row) => {
                self.opened.insert(row.id, step.now.steady);
                Ok(())
            }
            RecordRow::Request(row) => {
                let account = row.account.as_str();
                ensure(step.acts, || {
                    format!("I2: request {} of a riskd that only observes", row.id)
                })?;
                ensure(!row.intents.is_empty(), || {
                    format!("I2: request {} has no intent behind it", row.id)
                })?;
                for id in &row.intents {
                    self.intent_stands(*id, account, step, durable)?;
                }
                Ok(())
            }
            RecordRow::IntentEnded {
                id,
                end: IntentEnd::Verified,
                ..
            } => {
                self.is_verified(*id, durable)?;
                let account = durable.intents.get(id).map(|row| row.account.to_string());
                self.verified_at
                    .extend(account.map(|account| (account, step.now.steady)));
                Ok(())
            }
            RecordRow::Lock(row) => {
                let key = (row.account.clone(), row.kind);
                let held = durable.locks.get(&key);
                let found = self.due.entry(key).or_default();
                // Who asks for more does not mean what was asked for before.
                if !corrects_lock(step.effects, &row.account) {
                    found.clear();
                }
                found.push(Due::found(row.end, step.now));
                ensure(held.is_none_or(|held| held.end <= row.end), || {
                    format!(
                        "I5: the lock of {} was shortened: {held:?} to {row:?}",
                        row.account
                    )
                })
            }
            RecordRow::LockEnded { account, kind, .. } => {
                let key = (account.clone(), *kind);
                let held = durable.locks.get(&key);
                let by_person =
                    matches!(step.trigger, Trigger::Unlock(name) if name == account.as_str());
                let both = step.now.wall.min(step.now.steady);
                // One whose end is found anew goes on in the same step.
                let goes_on = step.effects.iter().skip(place).any(|effect| {
                    matches!(effect, Effect::Record(RecordRow::Lock(row)) if (row.account.clone(), row.kind) == key)
                });
                let found = self.due.get(&key);
                let is_due = found.is_some_and(|found| is_due(found, step.now));
                ensure(
                    by_person
                        || goes_on
                        || held.is_some_and(|held| is_due || held.end.is_over(both)),
                    || format!("I5: the lock of {account} ended early: {held:?}"),
                )
            }
            RecordRow::LogEntry(entry) => {
                self.note_flow(entry);
                let (Some(account), Some(rule)) = (&entry.account, &entry.rule) else {
                    return Ok(());
                };
                let by_data =
                    !["hours", "by the clock", "by night", "silence"].contains(&rule.as_str());
                let is_untrue =
                    matches!(step.trigger, Trigger::Untruth(name) if *name == account.as_str());
                let is_new = self.newly_ruled.contains(account.as_str())
                    || self
                        .newly_armed
                        .contains(&(account.to_string(), rule.to_string()));
                let is_untrue = is_untrue && !is_new;
                if matches!(entry.kind, EntryKind::Cleared | EntryKind::Fired) && by_data {
                    ensure(!is_untrue, || {
                        format!("I6: {rule} {} by an untrue poll", entry.kind.name())
                    })?;
                }
                if entry.kind == EntryKind::Rearmed {
                    self.newly_armed
                        .insert((account.to_string(), rule.to_string()));
                    self.latched
                        .remove(&(account.to_string(), rule.to_string()));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether these close all that the account is known to hold.
    fn closes_all(
        &self,
        effects: &[Effect],
        account: &AccountName,
        profile: &VenueProfile,
    ) -> bool {
        let mut closes = effects.iter().filter_map(|effect| match effect {
            Effect::Send {
                account: to, write, ..
            } if to == account && write.closes() => Some(write),
            _ => None,
        });
        if profile.abilities.can_close(CloseScope::Account) {
            return closes.any(|write| *write == Write::Flatten);
        }
        let closed: Vec<&PositionKey> = closes.filter_map(Write::position).collect();
        let held = self.held.get(account.as_str());
        let held = held.into_iter().flat_map(|held| held.iter());
        let mut held = held.filter(|position| !venue::is_dust(position));
        held.all(|position| closed.contains(&&position.key))
    }

    /// riskd was told what an account holds.
    pub fn told(&mut self, account: &str, held: &Arc<[Position]>) {
        self.held.insert(account.to_owned(), Arc::clone(held));
    }

    /// I2 and I9: an intent is open, is the account's own, and has a cause.
    fn intent_stands(
        &self,
        id: IntentId,
        account: &str,
        step: &Step<'_>,
        durable: &Durable,
    ) -> Result<(), Violation> {
        let Some(intent) = durable.intents.get(&id) else {
            return Err(format!("I2: intent {id} is not open"));
        };
        ensure(intent.account.as_str() == account, || {
            format!(
                "I9: a request to {account} for an intent about {}",
                intent.account
            )
        })?;
        let is_known = step.rules.account(&intent.account).is_some();
        ensure(is_known, || {
            format!("I9: {account} is not in the rule file")
        })?;
        match &intent.cause {
            Cause::Firing(firing) => {
                let row = durable.firings.get(firing);
                ensure(
                    row.is_some_and(|row| row.account.as_str() == account),
                    || format!("I2: intent {id} on {account} without firing {firing}"),
                )?;
                ensure(account != BYSTANDER, || {
                    "I9: no rule may act on the bystander".to_owned()
                })
            }
            Cause::Lock => {
                let locked = [LockKind::Lock, LockKind::CloseOnly]
                    .iter()
                    .any(|kind| durable.locks.contains_key(&(intent.account.clone(), *kind)));
                ensure(locked, || {
                    format!("I2: intent {id} without a lock on {account}")
                })
            }
            Cause::Person(reason) => ensure(reason == "by hand", || {
                format!("I2: intent {id} of a person who did not ask: {reason}")
            }),
        }
    }

    /// The session's marks of equity and balance move with money that is no result.
    fn note_flow(&mut self, entry: &LogEntry) {
        if entry.kind != EntryKind::Flow {
            return;
        }
        let account = entry.account.as_ref().unwrap();
        let amount = entry.fields.get("amount").unwrap();
        let amount: Decimal = amount.parse().unwrap();
        *self.flows.entry(account.to_string()).or_default() += amount;
    }

    fn looked(&mut self, account: &str, look: Look) {
        if look.positions.is_none() && look.orders.is_none() {
            return;
        }
        let looks = self.looks.entry(account.to_owned()).or_default();
        looks.push_back(look);
        if looks.len() > LOOKS {
            looks.pop_front();
        }
    }

    /// I4: by looks asked after the last request and after it was taken up, and
    /// so when the venue looked.
    fn is_verified(&self, id: IntentId, durable: &Durable) -> Result<(), Violation> {
        let Some(intent) = durable.intents.get(&id) else {
            return Err(format!("I4: intent {id} ended and is not open"));
        };
        let name = intent.account.to_string();
        let after = self.opened.get(&id).max(self.acted.get(&name)).copied();
        let looks = self.looks.get(&name);
        let looks = looks.into_iter().flatten();
        let looks = looks.filter(|look| after.is_none_or(|after| look.asked > after));
        let looks: Vec<&Look> = looks.collect();
        let nothing = (Told::Truth, Learned::default());
        let seen = looks.iter().filter_map(|look| look.positions.as_ref());
        let positions: Vec<&(Told, Learned)> = match intent.goal {
            Goal::FlatAndQuiet | Goal::Closed(_) => seen.collect(),
            // No order at all increases nothing, whatever is held.
            Goal::ReduceOnly => seen.chain([&nothing]).collect(),
            Goal::Quiet => vec![&nothing],
        };
        let orders = looks.iter().filter_map(|look| look.orders.as_ref());
        let orders: Vec<&(Told, Learned)> = orders.collect();
        ensure(!positions.is_empty() && !orders.is_empty(), || {
            format!("I4: {name} verified without a look after {after:?}: {looks:?}")
        })?;
        let is_so = positions.iter().any(|(one, held)| {
            orders.iter().any(|(other, working)| {
                let truth = Learned {
                    positions: held.positions.clone(),
                    orders: working.orders.clone(),
                    ..Learned::default()
                };
                *one == Told::Lie || *other == Told::Lie || venue::is_reached(&intent.goal, &truth)
            })
        });
        ensure(is_so, || {
            format!("I4: {name} is not {}: {looks:?}", intent.goal.words())
        })
    }

    /// I6 and I7: marks as recorded.
    fn state(&mut self, record: &RecordRow, step: &Step<'_>) -> Result<(), Violation> {
        let RecordRow::AccountState { account, state } = record else {
            return Ok(());
        };
        let marks = marks_of(state);
        let name = account.as_str();
        let flow = self.flows.remove(name).unwrap_or_default();
        let old = match self.marks.get_mut(name) {
            Some(old) => std::mem::replace(old, marks),
            None => {
                self.marks.insert(name.to_owned(), marks);
                return Ok(());
            }
        };
        let is_untrue = matches!(step.trigger, Trigger::Untruth(about) if *about == name);
        let same_session = old.session == marks.session;
        // A clock that was ahead had opened it before its time.
        let opens_anew = same_session && old.is_before_its_open() && !marks.is_before_its_open();
        ensure(old.session <= marks.session, || {
            format!(
                "I7: {name} went from session {:?} back to {:?}",
                old.session, marks.session
            )
        })?;
        for (place, mark) in MARKS.into_iter().enumerate() {
            let (Some(before), now) = (old.values[place], marks.values[place]) else {
                continue;
            };
            let before = if FOLLOW_FLOWS.contains(&place) {
                before + flow
            } else {
                before
            };
            let begins = !same_session || opens_anew;
            let may_fall = (begins && place < LIFETIME) || place == OPEN_RESULT;
            ensure(may_fall || now.is_some_and(|now| now >= before), || {
                format!("I7: {mark} of {name} fell from {before} to {now:?}")
            })?;
            // A close takes what was seen last, whenever that is noticed.
            let by_data = same_session && place < AT_CLOSES;
            ensure(!is_untrue || now == Some(before) || !by_data, || {
                format!("I6: {mark} of {name} moved by an untrue poll")
            })?;
        }
        let best = self.best.get(name).copied().unwrap_or(Decimal::MIN);
        let lifetime = marks.values[LIFETIME];
        ensure(lifetime.is_none_or(|mark| mark <= best), || {
            format!("I6: the mark of {name} is {lifetime:?}, the best equity shown {best}")
        })
    }

    /// I1: a true observation of a loss at the limit leaves the rule fired.
    fn breach(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        let Trigger::Truth {
            account: "a",
            pnl: Some(pnl),
            ..
        } = step.trigger
        else {
            return Ok(());
        };
        if *pnl > Decimal::from(-step.loss_limit) {
            return Ok(());
        }
        self.decided += 1;
        let rule = ("a".to_owned(), "daily loss".to_owned());
        ensure(self.latched.contains(&rule), || {
            format!("I1: a P&L of {pnl} was observed and daily loss did not fire")
        })
    }

    fn shown(&mut self, account: &str, seen: &Learned) {
        self.newly_ruled.remove(account);
        self.newly_armed.retain(|(name, _)| name != account);
        let figures = &seen.figures;
        let known = |figure: Option<Money>| figure.map_or(Decimal::ZERO, Money::decimal);
        if let Some(equity) = figures.equity {
            let equity = equity.decimal();
            // First seen in mid-session, what had been made before counts too.
            let at_open = equity - known(figures.realized) - known(figures.unrealized);
            let shown = equity.max(at_open);
            let best = self.best.entry(account.to_owned()).or_insert(shown);
            *best = shown.max(*best);
        }
    }

    /// I5: a locked account that is seen to hold something is made flat, unless
    /// the poll may be older than a read that found it so.
    fn lock_holds(&self, step: &Step<'_>, durable: &Durable) -> Result<(), Violation> {
        let Trigger::Truth { account, seen, .. } = step.trigger else {
            return Ok(());
        };
        let key = (AccountName::from(*account), LockKind::Lock);
        let verified = self.verified_at.get(*account);
        let is_recent = verified.is_some_and(|at| step.now.since(*at).num_seconds() < 6);
        let mut open = durable.open(account);
        let fine = is_recent
            || !step.acts
            || !durable.locks.contains_key(&key)
            || seen.positions.as_deref().is_some_and(venue::is_flat)
            || open.any(|row| row.goal == Goal::FlatAndQuiet);
        ensure(fine, || {
            format!("I5: {account} is locked, holds something, and is left so")
        })
    }

    /// I1: what is open is worked on.
    fn progress(&self, step: &Step<'_>, durable: &Durable) -> Result<(), Violation> {
        for row in durable.intents.values() {
            let account = row.account.as_str();
            let moved = self.moved.get(account);
            ensure(
                moved.is_some_and(|at| step.now.since(*at) <= PROGRESS_WITHIN),
                || format!("I1: intent {} on {account} is not worked on", row.id),
            )?;
        }
        Ok(())
    }

    /// Other rules are in force.
    pub fn reloaded(&mut self) {
        self.newly_ruled = ACCOUNTS.into_iter().map(str::to_owned).collect();
    }

    /// A person re-armed the rule; the record names it in words only.
    pub fn rearmed(&mut self, account: &str) {
        self.latched
            .remove(&(account.to_owned(), "daily loss".to_owned()));
    }

    /// Somebody asks for a lock of an account, which one in force may stand in for:
    /// from now on what was asked for before does not end it.
    pub fn asked_for_lock(&mut self, account: &str) {
        for ((name, _), found) in &mut self.due {
            if name.as_str() == account {
                found.drain(..found.len().saturating_sub(1));
            }
        }
    }

    /// The process goes on after it stood still.
    pub fn resumed(&mut self, now: Now) {
        for at in self.moved.values_mut() {
            *at = now.steady;
        }
        self.went_on = Some(now.steady);
        self.rounds.clear();
    }

    /// The limits of an address that accounts share are used up: what riskd cannot ask
    /// until they are not is not held against it.
    pub fn waits(&mut self, now: Now) {
        for at in self.moved.values_mut() {
            *at = now.steady;
        }
        self.went_on = Some(now.steady);
    }

    /// Since when riskd could have been at work on an intent.
    pub fn worked_on_since(&self, id: IntentId) -> Option<Timestamp> {
        let opened = self.opened.get(&id).copied()?;
        Some(self.went_on.map_or(opened, |went_on| went_on.max(opened)))
    }

    /// Numbers of reads begin anew with each start, and what was not committed
    /// is not known.
    pub fn restarted(&mut self, now: Now, durable: &Durable) {
        self.resumed(now);
        self.filling = durable.filling(now);
        self.opened = durable.intents.keys().map(|id| (*id, now.steady)).collect();
        self.latched.clear();
        for ((account, rule), state) in &durable.rules {
            let state: Value = serde_json::from_str(state).unwrap();
            if !state["fired"].is_null() {
                self.latched.insert((account.to_string(), rule.to_string()));
            }
        }
        let locks = durable.locks.iter();
        self.due = locks
            .map(|(key, row)| (key.clone(), vec![Due::found(row.end, now)]))
            .collect();
        self.marks.clear();
        for (account, state) in &durable.accounts {
            self.marks.insert(account.to_string(), marks_of(state));
        }
        self.verified_at.clear();
        self.held.clear();
        self.flows.clear();
        self.acted.clear();
        self.looks.clear();
        for at in self.moved.values_mut() {
            *at = now.steady;
        }
    }

    /// I5 and I8: what the engine holds is what the record holds.
    pub fn agree(&self, held: &Kept, durable: &Durable) -> Result<(), Violation> {
        let locks: BTreeMap<_, LockEnd> = held
            .rows
            .locks
            .iter()
            .map(|row| ((row.account.clone(), row.kind), row.end))
            .collect();
        let recorded: BTreeMap<_, LockEnd> = durable
            .locks
            .iter()
            .map(|(key, row)| (key.clone(), row.end))
            .collect();
        ensure(locks == recorded, || {
            format!("I5: locks {locks:?}, by the record {recorded:?}")
        })?;
        let open: BTreeSet<_> = held.rows.intents.iter().map(|row| row.id).collect();
        let known: BTreeSet<_> = durable.intents.keys().copied().collect();
        ensure(open == known, || {
            format!("I2: open intents {open:?}, by the record {known:?}")
        })
    }
}

/// The part of an account's state that is checked.
#[derive(Deserialize)]
struct StateOf<'a> {
    #[serde(borrow)]
    session: Option<SessionOf<'a>>,
    #[serde(borrow)]
    last: Option<LastOf<'a>>,
    #[serde(borrow)]
    lifetime: LifetimeOf<'a>,
}

#[derive(Deserialize)]
struct LastOf<'a> {
    at: &'a str,
}

#[derive(Deserialize)]
struct SessionOf<'a> {
    date: &'a str,
    open: &'a str,
    #[serde(borrow)]
    marks: MarksOf<'a>,
}

#[derive(Deserialize)]
struct MarksOf<'a> {
    #[serde(borrow)]
    pnl: Option<MarkOf<'a>>,
    #[serde(borrow)]
    equity: Option<MarkOf<'a>>,
    #[serde(borrow)]
    balance: Option<MarkOf<'a>>,
    #[serde(borrow)]
    unrealized: Option<MarkOf<'a>>,
}

#[derive(Deserialize)]
struct LifetimeOf<'a> {
    #[serde(borrow)]
    equity: Option<MarkOf<'a>>,
    #[serde(borrow)]
    balance: Option<MarkOf<'a>>,
    #[serde(borrow)]
    equity_at_close: Option<MarkOf<'a>>,
    #[serde(borrow)]
    balance_at_close: Option<MarkOf<'a>>,
}

#[derive(Deserialize)]
struct MarkOf<'a> {
    value: &'a str,
}

/// The session and the marks of an account, as recorded.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    session: Option<chrono::NaiveDate>,
    open: Option<Timestamp>,
    /// When the last trustworthy observation was made.
    last: Option<Timestamp>,
    values: [Option<Decimal>; 8],
}

impl Marks {
    /// Whether the newest observation was made before the open of the session.
    fn is_before_its_open(&self) -> bool {
        let both = self.last.zip(self.open);
        both.is_some_and(|(last, open)| last < open)
    }
}

const MARKS: [&str; 8] = [
    "session pnl",
    "session equity",
    "session balance",
    "session unrealized",
    "lifetime equity",
    "lifetime balance",
    "lifetime equity at closes",
    "lifetime balance at closes",
];
/// Those that move with money that is no result.
const FOLLOW_FLOWS: [usize; 2] = [1, 2];
/// The first one that outlives a session.
const LIFETIME: usize = 4;
/// The first one that follows closes.
const AT_CLOSES: usize = 6;
/// The open result's mark starts afresh when the account is flat.
const OPEN_RESULT: usize = 3;

fn marks_of(state: &str) -> Marks {
    let state: StateOf<'_> = serde_json::from_str(state).unwrap();
    let value = |mark: Option<MarkOf<'_>>| mark.map(|mark| mark.value.parse().unwrap());
    let lifetime = state.lifetime;
    let mut values = [
        None,
        None,
        None,
        None,
        value(lifetime.equity),
        value(lifetime.balance),
        value(lifetime.equity_at_close),
        value(lifetime.balance_at_close),
    ];
    let mut open = None;
    let session = state.session.map(|session| {
        open = Some(session.open.parse().unwrap());
        let marks = session.marks;
        values[0] = value(marks.pnl);
        values[1] = value(marks.equity);
        values[2] = value(marks.balance);
        values[3] = value(marks.unrealized);
        session.date.parse().unwrap()
    });
    Marks {
        session,
        open,
        last: state.last.map(|last| last.at.parse().unwrap()),
        values,
    }
}

/// What a poll told.
fn polled(asked: Timestamp, told: Told, seen: &Learned) -> Look {
    let positions = seen.positions.as_ref().map(|_| (told, seen.clone()));
    Look {
        asked,
        positions,
        orders: None,
    }
}

/// I3: no request opens, adds or reverses.
pub fn only_reduces(before: &[Position], after: &[Position]) -> Result<(), Violation> {
    for now in after {
        let held = before
            .iter()
            .find(|held| held.key == now.key)
            .map_or(Decimal::ZERO, |held| held.quantity);
        let same_side = held.is_sign_negative() == now.quantity.is_sign_negative();
        ensure(same_side && now.quantity.abs() <= held.abs(), || {
            format!("I3: a request took {held} to {now}")
        })?;
    }
    Ok(())
}
