//! One run: the engine, the venue, and time between them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::account::AccountName;
use riskd::domain::holdings::WorkingOrders;
use riskd::domain::ids::RequestId;
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use riskd::domain::request::{Answer, Outcome, Write};
use riskd::engine::effect::Effect;
use riskd::engine::event::{Command, Event, ReadFailure};
use riskd::engine::record::{Record, RequestRow};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::ruleset::RuleSet;
use riskd::venue::paper::{
    AccountConfig, Carrying, InstrumentConfig, ManualTime, Motion, PaperClock, PaperConfig,
    PaperVenue,
};
use rust_decimal::Decimal;

use super::durable::Durable;
use super::faults::{Faults, Kind};
use super::invariants::{Checker, Step, Trigger, Violation, only_reduces};
use super::mutations::Mutation;
use super::random::Random;
use super::rules::{self, ACCOUNTS, BYSTANDER};
use super::{trader, venue};

const CONFIG: EngineConfig = EngineConfig {
    acts: true,
    stale_after: Some(TimeDelta::seconds(5)),
};
/// How long things go wrong, and how long until all must be well again.
const CHAOS: TimeDelta = TimeDelta::seconds(150);
const RECOVERY: TimeDelta = TimeDelta::seconds(60);
/// Until a locked account that was entered again is flat.
const RELOCK: TimeDelta = TimeDelta::seconds(15);

/// A run that broke an invariant.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub violation: Violation,
    pub log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.log.len().saturating_sub(60);
        writeln!(f, "seed {}: {}", self.seed, self.violation)?;
        writeln!(
            f,
            "replay with RISKD_SIM_SEED={}; the last events:",
            self.seed
        )?;
        for line in &self.log[last..] {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// Something that will happen at its time.
#[derive(Debug)]
enum Happening {
    PollBegins,
    PollEnds(u64, Vec<(&'static str, Observation, Trigger)>),
    Arrives(&'static str, Write, Carrying),
    Answered(u64, &'static str, RequestId, Answer),
    Looks(u64, &'static str, u64),
    ReadEnds(u64, &'static str, u64, Box<(ReadResult, Learned)>),
    Trades,
    Fails,
    Crashes,
    Reloads,
    ClockSteps,
    Commands,
}

type ReadResult = Result<Learned, Missing>;

struct World {
    venue: PaperVenue,
    time: ManualTime,
    engine: Engine,
    durable: Durable,
    checker: Checker,
    random: Random,
    faults: Faults,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    order: u64,
    generation: u64,
    steady: TimeDelta,
    wall: TimeDelta,
    rules: usize,
    polling: bool,
    honest: BTreeMap<&'static str, bool>,
    wake: Option<Timestamp>,
    calm: bool,
    calm_calendar: bool,
    mutation: Option<Mutation>,
    log: Vec<String>,
}

/// Runs one seed and gives back its events.
pub fn run(seed: u64, mutation: Option<Mutation>) -> Result<Vec<String>, Failure> {
    let mut world = World::new(seed, mutation);
    match world.live() {
        Ok(()) => Ok(world.log),
        Err(violation) => Err(Failure {
            seed,
            violation,
            log: world.log,
        }),
    }
}

fn ms(milliseconds: i64) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds)
}

fn known(account: &AccountName) -> &'static str {
    ACCOUNTS
        .into_iter()
        .find(|name| *name == account.as_str())
        .unwrap()
}

fn sets() -> &'static [Arc<RuleSet>] {
    static SETS: std::sync::OnceLock<Vec<Arc<RuleSet>>> = std::sync::OnceLock::new();
    SETS.get_or_init(|| {
        (0..usize::try_from(rules::COUNT).unwrap())
            .map(rules::rule_set)
            .collect()
    })
}

fn paper(random: &mut Random, start: Timestamp) -> (PaperVenue, ManualTime) {
    let (clock, time) = PaperClock::manual(start);
    let moving = |name: &str, price: i64, ticks| {
        InstrumentConfig::new(name, Decimal::from(price)).moving(Motion::Walk {
            every_ms: 500,
            ticks,
            band_ticks: 400,
        })
    };
    let config = PaperConfig {
        seed: u64::try_from(random.within(0, 1 << 40)).unwrap(),
        accounts: ACCOUNTS
            .into_iter()
            .map(|name| AccountConfig {
                name: name.to_owned(),
                balance: Decimal::from(50_000),
                connection: Default::default(),
            })
            .collect(),
        instruments: vec![moving("ES 03-26", 5000, 6), moving("NQ 03-26", 20_000, 12)],
        ..PaperConfig::default()
    };
    (PaperVenue::new(config, clock).unwrap(), time)
}

impl World {
    fn new(seed: u64, mutation: Option<Mutation>) -> World {
        let mut random = Random::new(seed);
        // Tuesday: in the morning, before the trading hours end, and before
        // the next session opens.
        let start = random.of(&[
            "2026-03-03T15:00:00Z",
            "2026-03-03T15:00:00Z",
            "2026-03-03T21:54:10Z",
            "2026-03-03T22:59:00Z",
        ]);
        let calm_calendar = start.contains("T15");
        let start: Timestamp = start.parse().unwrap();
        let (venue, time) = paper(&mut random, start);
        let started = Engine::start(
            Arc::clone(&sets()[0]),
            CONFIG,
            Kept::default(),
            Now::at(start),
        );
        World {
            venue,
            time,
            engine: started.engine,
            durable: Durable::default(),
            checker: Checker::default(),
            random,
            faults: Faults::default(),
            queue: BTreeMap::new(),
            order: 0,
            generation: 0,
            steady: TimeDelta::zero(),
            wall: TimeDelta::zero(),
            rules: 0,
            polling: false,
            honest: BTreeMap::new(),
            wake: None,
            calm: false,
            calm_calendar,
            mutation,
            log: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        let steady = self.time.now() + self.steady;
        Now {
            wall: steady + self.wall,
            steady,
        }
    }

    fn at(&mut self, after: TimeDelta, happening: Happening) {
        self.order += 1;
        self.queue
            .insert((self.time.now() + after, self.order), happening);
    }

    fn say(&mut self, text: impl fmt::Display) {
        let time = self.time.now();
        self.log
            .push(format!("{} {text}", time.format("%H:%M:%S%.3f")));
    }

    fn live(&mut self) -> Result<(), Violation> {
        let start = self.time.now();
        self.at(ms(0), Happening::PollBegins);
        for (first, happening) in [
            (1_000, Happening::Trades),
            (8_000, Happening::Fails),
            (40_000, Happening::Crashes),
            (30_000, Happening::Reloads),
            (50_000, Happening::ClockSteps),
            (35_000, Happening::Commands),
        ] {
            let after = self.random.within(first / 2, first * 2);
            self.at(ms(after), happening);
        }
        self.pass_until(start + CHAOS)?;
        self.calm = true;
        self.faults.clear();
        self.say("calm");
        self.pass_until(start + CHAOS + RECOVERY)?;
        self.all_is_well()?;
        let locked: Vec<&str> = ACCOUNTS
            .into_iter()
            .filter(|name| self.is_locked(name))
            .collect();
        for account in &locked {
            self.say(format_args!("{account} is entered again"));
            self.venue.open(account, "ES 03-26", 1, None).unwrap();
        }
        self.pass_until(start + CHAOS + RECOVERY + RELOCK)?;
        for account in locked {
            let figures = self.venue.figures(account).unwrap();
            if self.is_locked(account) && !figures.is_flat_and_quiet() {
                return Err(format!("L: {account} is locked and holds {figures:?}"));
            }
        }
        Ok(())
    }

    fn is_locked(&self, account: &str) -> bool {
        self.durable.locks.keys().any(|(name, kind)| {
            name.as_str() == account && *kind == riskd::domain::lock::LockKind::Lock
        })
    }

    /// With the faults over, what was asked for long ago is reached.
    fn all_is_well(&self) -> Result<(), Violation> {
        let old = self.now().wall - TimeDelta::seconds(30);
        for account in ACCOUNTS {
            if let Some(intent) = self.durable.open(account).find(|row| row.at < old) {
                return Err(format!("L: {account} is not {}", intent.goal.words()));
            }
            let figures = self.venue.figures(account).unwrap();
            let busy = self.durable.open(account).next().is_some();
            if self.is_locked(account) && !busy && !figures.is_flat_and_quiet() {
                return Err(format!("L: {account} is locked and holds {figures:?}"));
            }
        }
        Ok(())
    }

    fn pass_until(&mut self, end: Timestamp) -> Result<(), Violation> {
        loop {
            let next = self.queue.keys().next().map_or(end, |(at, _)| *at);
            let wake = self.wake.unwrap_or(end);
            let at = next.min(wake).min(end).max(self.time.now());
            if at >= end {
                self.time.set(end);
                return Ok(());
            }
            self.time.set(at);
            self.venue.tick();
            self.faults.pass(at);
            if next <= wake {
                let (_, happening) = self.queue.pop_first().unwrap();
                self.happen(happening)?;
            } else {
                self.step(Event::Time, Trigger::Other)?;
            }
        }
    }

    fn again(&mut self, low: i64, high: i64, happening: Happening) {
        if !self.calm {
            let after = self.random.within(low, high);
            self.at(ms(after), happening);
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        match happening {
            Happening::PollBegins => self.begin_poll(),
            Happening::PollEnds(generation, seen) => return self.end_poll(generation, seen),
            Happening::Arrives(account, write, carrying) => {
                return self.arrive(account, &write, carrying);
            }
            Happening::Answered(generation, account, request, answer) => {
                if generation == self.generation {
                    let event = Event::Answered {
                        account: AccountName::from(account),
                        request,
                        answer,
                    };
                    return self.step(event, Trigger::Other);
                }
            }
            Happening::Looks(generation, account, read) => self.look(generation, account, read),
            Happening::ReadEnds(generation, account, read, seen) => {
                let (result, truth) = *seen;
                if generation == self.generation {
                    return self.end_read(account, read, result, truth);
                }
            }
            Happening::Trades => {
                if !self.calm {
                    let faults = &self.faults;
                    let deed = trader::trade(&mut self.random, &self.venue, |account| {
                        !faults.on(Kind::Disconnected, account)
                    });
                    if let Some(deed) = deed {
                        self.say(deed);
                    }
                }
                self.again(200, 4_000, Happening::Trades);
            }
            Happening::Fails => {
                if !self.calm {
                    let now = self.time.now();
                    let fault = self.faults.begin(&mut self.random, now);
                    self.say(fault);
                }
                self.again(1_000, 15_000, Happening::Fails);
            }
            Happening::Crashes => {
                self.again(10_000, 100_000, Happening::Crashes);
                if !self.calm {
                    return self.crash();
                }
            }
            Happening::Reloads => {
                self.again(10_000, 60_000, Happening::Reloads);
                if !self.calm {
                    return self.reload();
                }
            }
            Happening::ClockSteps => {
                if !self.calm {
                    let hours = self.random.of(&[-1, 1]);
                    self.wall += TimeDelta::hours(hours);
                    self.say(format_args!("the wall clock steps by {hours} h"));
                    self.again(10_000, 100_000, Happening::ClockSteps);
                    return self.step(Event::Time, Trigger::Other);
                }
            }
            Happening::Commands => {
                self.again(10_000, 60_000, Happening::Commands);
                if !self.calm {
                    return self.command();
                }
            }
        }
        Ok(())
    }

    fn begin_poll(&mut self) {
        self.at(ms(1_000), Happening::PollBegins);
        if self.polling || self.faults.on_all(Kind::PollsHang) {
            return;
        }
        self.polling = true;
        let asked = self.now().steady;
        let seen = ACCOUNTS
            .into_iter()
            .map(|account| {
                let truth = venue::look(&self.venue, account);
                let (content, trigger) = self.poll_of(account, truth);
                let observation = Observation {
                    account: AccountName::from(account),
                    at: asked,
                    content,
                };
                (account, observation, trigger)
            })
            .collect();
        let slow = self.faults.on_all(Kind::PollsSlow);
        let delay = self.random.within(10, if slow { 4_000 } else { 120 });
        self.at(ms(delay), Happening::PollEnds(self.generation, seen));
    }

    /// What a poll says of an account.
    fn poll_of(&mut self, account: &'static str, truth: Learned) -> (Content, Trigger) {
        let was_honest = self.honest.insert(account, false).unwrap_or(false);
        if let Some(missing) = self.faults.missing(account) {
            let believed = self.mutation == Some(Mutation::BelieveMissing);
            if believed {
                return (Content::Learned(raised(truth)), Trigger::Untruth(account));
            }
            return (Content::Missing(missing), Trigger::Untruth(account));
        }
        if self.faults.on(Kind::Zeroed, account) {
            let zero = Some(Money::ZERO);
            let nothing = Learned {
                figures: Figures {
                    realized: zero,
                    unrealized: zero,
                    balance: zero,
                    equity: zero,
                },
                positions: Some(Arc::from([])),
                orders: WorkingOrders::Listed(Arc::from([])),
            };
            return (Content::Learned(nothing), Trigger::Untruth(account));
        }
        // A wrong figure that comes twice is taken for the truth.
        if self.faults.on(Kind::BadEquity, account) && was_honest {
            let mut wrong = truth;
            let equity = wrong.figures.equity.unwrap().decimal();
            wrong.figures.equity = Some(Money::new(equity * Decimal::from(2)));
            return (Content::Learned(wrong), Trigger::Untruth(account));
        }
        self.honest.insert(account, true);
        let trigger = Trigger::Truth {
            account,
            seen: truth.clone(),
        };
        (Content::Learned(truth), trigger)
    }

    fn end_poll(
        &mut self,
        generation: u64,
        seen: Vec<(&'static str, Observation, Trigger)>,
    ) -> Result<(), Violation> {
        if generation != self.generation {
            return Ok(());
        }
        self.polling = false;
        for (_, observation, trigger) in seen {
            self.step(Event::Observed(observation), trigger)?;
        }
        Ok(())
    }

    fn arrive(
        &mut self,
        account: &'static str,
        write: &Write,
        carrying: Carrying,
    ) -> Result<(), Violation> {
        let before = venue::look(&self.venue, account).positions.unwrap();
        venue::carry_out(&self.venue, account, write, carrying);
        if self.mutation == Some(Mutation::Reverses) && *write == Write::Flatten {
            for held in before.iter() {
                let quantity = -i64::try_from(held.quantity).unwrap();
                let name = held.instrument.as_str();
                self.venue.open(account, name, quantity, None).unwrap();
            }
        }
        let after = venue::look(&self.venue, account).positions.unwrap();
        self.say(format_args!("{write} arrives at {account} ({carrying:?})"));
        only_reduces(&before, &after)
    }

    fn look(&mut self, generation: u64, account: &'static str, read: u64) {
        let truth = venue::look(&self.venue, account);
        let nothing = Learned {
            figures: Figures::default(),
            positions: Some(Arc::from([])),
            orders: WorkingOrders::Listed(Arc::from([])),
        };
        let result = if self.faults.on(Kind::ReadsFail, account) {
            Err(Missing::Unreachable)
        } else if self.faults.on(Kind::Disconnected, account) {
            Err(Missing::Disconnected)
        } else if self.mutation == Some(Mutation::FlatUnseen) {
            Ok(nothing)
        } else {
            Ok(truth.clone())
        };
        let slow = self.faults.on_all(Kind::PollsSlow);
        let delay = self.random.within(5, if slow { 3_000 } else { 60 });
        let ends = Happening::ReadEnds(generation, account, read, Box::new((result, truth)));
        self.at(ms(delay), ends);
    }

    fn end_read(
        &mut self,
        account: &'static str,
        read: u64,
        result: ReadResult,
        truth: Learned,
    ) -> Result<(), Violation> {
        let result = result
            .map(|learned| (learned.positions.unwrap(), learned.orders))
            .map_err(|missing| ReadFailure {
                missing,
                words: Arc::from(""),
            });
        let event = Event::HoldingsRead {
            account: AccountName::from(account),
            read,
            result,
        };
        self.step(
            event,
            Trigger::Read {
                account,
                read,
                truth,
            },
        )
    }

    fn crash(&mut self) -> Result<(), Violation> {
        self.say("crash and restart");
        self.generation += 1;
        self.polling = false;
        self.honest.clear();
        // A new process takes the wall clock as it finds it.
        self.steady += self.wall;
        self.wall = TimeDelta::zero();
        let now = self.now();
        let mut kept = self.durable.kept();
        self.spoil(&mut kept);
        let rules = Arc::clone(&sets()[self.rules]);
        let started = Engine::start(rules, CONFIG, kept, now);
        self.engine = started.engine;
        self.checker.restarted(now);
        self.after(started.effects, &Trigger::Other)?;
        self.checker.agree(&self.engine.keep(), &self.durable)
    }

    fn spoil(&self, kept: &mut Kept) {
        if self.mutation == Some(Mutation::ShortenLock) {
            for lock in &mut kept.locks {
                lock.end = riskd::domain::lock::LockEnd::At(lock.since + TimeDelta::minutes(90));
            }
        }
        if self.mutation == Some(Mutation::LowerMark) {
            for (_, state) in &mut kept.accounts {
                let mut value: serde_json::Value = serde_json::from_str(state).unwrap();
                value["lifetime"]["equity"] = serde_json::Value::Null;
                *state = value.to_string();
            }
        }
    }

    fn reload(&mut self) -> Result<(), Violation> {
        self.rules = usize::try_from(self.random.within(0, rules::COUNT)).unwrap();
        let number = self.rules;
        self.say(format_args!("reload of rule file {number}"));
        let rules = Arc::clone(&sets()[self.rules]);
        self.step(Event::Reloaded(rules), Trigger::Other)?;
        self.checker.agree(&self.engine.keep(), &self.durable)
    }

    fn command(&mut self) -> Result<(), Violation> {
        let command = trader::command(&mut self.random);
        self.say(format_args!("person: {command:?}"));
        let account = command.account().to_string();
        if let Command::Rearm { .. } = command {
            self.checker.rearmed(&account);
        }
        let trigger = match command {
            Command::Unlock { .. } => Trigger::Unlock(account),
            _ => Trigger::Other,
        };
        self.step(Event::Person(command), trigger)
    }

    fn step(&mut self, event: Event, trigger: Trigger) -> Result<(), Violation> {
        let effects = self.engine.step(self.now(), event);
        self.after(effects, &trigger)
    }

    /// Checks what a step wants, and starts it.
    fn after(&mut self, effects: Vec<Effect>, trigger: &Trigger) -> Result<(), Violation> {
        let now = self.now();
        let effects = self.mutate(effects);
        let mut states = Vec::new();
        self.engine.drain_states(&mut states);
        for effect in &effects {
            match effect {
                Effect::Record(Record::Entry(entry)) => self.say(&entry.message),
                Effect::Verify { account, read } => {
                    self.say(format_args!("read {read} of {account}"));
                }
                _ => {}
            }
        }
        let step = Step {
            now,
            trigger,
            effects: &effects,
            states: &states,
            rules: self.engine.rules(),
            loss_limit: rules::loss_limit(self.rules),
            calm_calendar: self.calm_calendar,
        };
        self.checker.check(&step, &mut self.durable)?;
        for effect in effects {
            match effect {
                Effect::Send {
                    account,
                    request,
                    write,
                } => self.send(known(&account), request, write),
                Effect::Verify { account, read } => self.read(known(&account), read),
                Effect::Record(_) | Effect::Notify(_) => {}
            }
        }
        let wait = self
            .engine
            .next_wake(now)
            .map_or(TimeDelta::seconds(1), |wait| {
                wait.min(TimeDelta::seconds(1))
            });
        self.wake = Some(self.time.now() + wait.max(ms(1)));
        Ok(())
    }

    fn read(&mut self, account: &'static str, read: u64) {
        if self.mutation == Some(Mutation::NeverRead) {
            return;
        }
        if self.faults.on(Kind::ReadsHang, account) {
            // Nobody answers; the engine gives it up by itself.
            return;
        }
        let delay = self.random.within(5, 80);
        self.at(ms(delay), Happening::Looks(self.generation, account, read));
    }

    fn send(&mut self, account: &'static str, request: RequestId, write: Write) {
        let on = |kind| self.faults.on(kind, account);
        let refused = on(Kind::Refused) || on(Kind::Disconnected);
        let lost = on(Kind::LostBefore) || on(Kind::LostAfter);
        let outcome = if refused {
            Outcome::Refused
        } else if on(Kind::NotSent) {
            Outcome::NotSent
        } else if lost {
            Outcome::Unknown
        } else {
            Outcome::Acknowledged
        };
        let arrives = !refused && !on(Kind::NotSent) && !on(Kind::LostBefore);
        let carrying = if on(Kind::Half) {
            Carrying::Half
        } else if on(Kind::Nothing) {
            Carrying::Nothing
        } else if on(Kind::LeavesOrders) {
            Carrying::LeavesOrders
        } else {
            Carrying::Whole
        };
        let late = on(Kind::Late);
        let silent = on(Kind::NeverAnswered);
        let way = self.random.within(5, 60);
        let effect = if late { way + 2_500 } else { way };
        let back = way + self.random.within(5, 60);
        if arrives {
            self.at(ms(effect), Happening::Arrives(account, write, carrying));
        }
        if !silent {
            let answer = Answer {
                outcome,
                status: None,
                words: Arc::from(""),
            };
            let answered = Happening::Answered(self.generation, account, request, answer);
            self.at(ms(back), answered);
        }
    }

    /// Breaks what the engine wants, when this run is to be caught.
    fn mutate(&self, mut effects: Vec<Effect>) -> Vec<Effect> {
        match self.mutation {
            Some(Mutation::DropFlatten) => effects.retain(|effect| match effect {
                Effect::Send { write, .. } => *write != Write::Flatten,
                Effect::Record(Record::Request(row)) => row.write != "flatten",
                _ => true,
            }),
            Some(Mutation::Uncaused) if self.log.len() > 20 => {
                let account = AccountName::from("a");
                let request = RequestId(1_000_000);
                let write = Write::CancelOrders;
                effects.push(Effect::Record(Record::Request(RequestRow {
                    id: request,
                    account: account.clone(),
                    write: write.name(),
                    target: None,
                    round: 1,
                    at: self.now().wall,
                    intents: Vec::new(),
                })));
                effects.push(Effect::Send {
                    account,
                    request,
                    write,
                });
            }
            Some(Mutation::ForgetRequest) => {
                effects.retain(|effect| !matches!(effect, Effect::Record(Record::Request(_))));
            }
            Some(Mutation::WrongAccount) => {
                for effect in &mut effects {
                    match effect {
                        Effect::Send { account, write, .. } if *write == Write::CancelOrders => {
                            *account = AccountName::from(BYSTANDER);
                        }
                        Effect::Record(Record::Request(row)) if row.write == "cancel_orders" => {
                            row.account = AccountName::from(BYSTANDER);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        effects
    }
}

/// Figures that nobody reported.
fn raised(truth: Learned) -> Learned {
    let more = |value: Option<Money>| value.map(|v| Money::new(v.decimal() + Decimal::from(5_000)));
    Learned {
        figures: Figures {
            balance: more(truth.figures.balance),
            equity: more(truth.figures.equity),
            ..truth.figures
        },
        ..truth
    }
}
