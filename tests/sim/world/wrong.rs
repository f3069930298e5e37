//! What goes wrong in a world: faults, crashes, reloads, a person.

use std::sync::Arc;

use chrono::TimeDelta;
use riskd::engine::Engine;
use riskd::engine::event::{Command, Event};
use riskd::venue::paper::{ConnectionStatus, FaultRule, RequestClass};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use super::{CONFIG, Happening, World, adapter, say, sets};
use crate::faults::{self, Act, Active, Entry, TABLE};
use crate::invariants::{Trigger, Violation};
use crate::net::ms;
use crate::rules::{self, ACCOUNTS};
use crate::{mutations, trader};

impl World {
    pub(crate) fn begin_random_fault(&mut self) -> Result<(), Violation> {
        let count = i64::try_from(TABLE.len()).unwrap();
        let index = usize::try_from(self.random.within(0, count)).unwrap();
        let one = self.random.percent(50);
        let account = self.random.of(&ACCOUNTS);
        let lasts = self.random.within(500, 20_000);
        let account = one.then_some(account);
        let class = faults::class(&mut self.random);
        self.begin_fault(index, account, ms(lasts), class)
    }

    /// Lets a fault of the table begin.
    pub(crate) fn begin_fault(
        &mut self,
        index: usize,
        account: Option<&'static str>,
        lasts: TimeDelta,
        class: RequestClass,
    ) -> Result<(), Violation> {
        let entry: &Entry = &TABLE[index];
        let mut active = Active {
            index,
            account,
            until: self.time.now() + lasts,
            venue: None,
        };
        if entry.is_out_of_place(&self.faults) {
            return Ok(());
        }
        say!(self, "fault {} on {account:?} for {lasts}", entry.name);
        self.stats.begun[index] += 1;
        match entry.act {
            Act::Venue(make) => {
                let fault = make(&mut self.random);
                let mut rule = FaultRule::new(fault).on(class);
                rule.account = account.map(str::to_owned);
                // Ten megabytes are slow to write.
                rule.count = (entry.name == "huge_body").then_some(3);
                active.venue = Some(self.venue.set_fault(rule).unwrap());
            }
            Act::NoAddon => self.venue.set_addon(false),
            Act::Connection(status) => {
                let account = account.unwrap_or("a");
                active.account = Some(account);
                self.venue.set_connection(account, status).unwrap();
            }
            Act::Gap => self.gap(),
            Act::Clock(hours) => {
                self.leave_all_unclean();
                self.wall += TimeDelta::hours(hours);
                self.look_at_the_clock();
                self.faults.push(active);
                return self.step(Event::Time, &Trigger::Other);
            }
            Act::FrozenClock => {
                self.leave_all_unclean();
                self.frozen = Some(self.now().wall);
            }
            Act::Suspend => self.pause(TimeDelta::minutes(10), TimeDelta::minutes(10)),
            Act::Pause => self.pause(lasts.min(TimeDelta::seconds(60)), TimeDelta::zero()),
            Act::Kill => return self.crash(),
            Act::KillOnDeadDisk | Act::KillOften => {
                let number = self.paces;
                for after in [300, 2_000, 4_500, 7_000] {
                    self.at(ms(after), Happening::Crashes(number));
                }
            }
            Act::Restart => {
                self.disk.commit()?;
                return self.crash();
            }
            Act::Reload => return self.reload(),
            Act::Way(_) | Act::SlowDisk | Act::DeadDisk | Act::ClockChange(_) => {}
        }
        self.faults.push(active);
        Ok(())
    }

    pub(crate) fn end_faults(&mut self) -> Result<(), Violation> {
        let now = self.time.now();
        while let Some(place) = self.faults.iter().position(|active| active.until <= now) {
            let active = self.faults.swap_remove(place);
            self.end_fault(&active)?;
        }
        Ok(())
    }

    /// All faults are over.
    pub(crate) fn clear_faults(&mut self) -> Result<(), Violation> {
        for active in std::mem::take(&mut self.faults) {
            self.end_fault(&active)?;
        }
        self.held.clear();
        Ok(())
    }

    pub(crate) fn end_fault(&mut self, active: &Active) -> Result<(), Violation> {
        say!(self, "fault {} is over", TABLE[active.index].name);
        if let Some(id) = active.venue {
            let status = self.venue.faults().into_iter().find(|one| one.id == id);
            let struck = status.map_or(0, |status| status.struck);
            self.stats.struck[active.index] += struck;
            self.venue.clear_fault(id);
        }
        match TABLE[active.index].act {
            Act::NoAddon => self.venue.set_addon(true),
            Act::Connection(_) => {
                let status = ConnectionStatus::Connected;
                let account = active.account.unwrap();
                self.venue.set_connection(account, status).unwrap();
            }
            Act::Clock(hours) => {
                self.wall -= TimeDelta::hours(hours);
                return self.step(Event::Time, &Trigger::Other);
            }
            Act::FrozenClock => self.frozen = None,
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn gap(&mut self) {
        let ticks = self.random.within(-80, 80);
        let name = self.random.of(&["ES 03-26", "NQ 03-26"]);
        let price = self.venue.price(name).unwrap() + Decimal::from(ticks) / Decimal::from(4);
        self.venue.set_price(name, price).unwrap();
    }

    /// The process stands still, and the machine too for `asleep` of it.
    pub(crate) fn pause(&mut self, lasts: TimeDelta, asleep: TimeDelta) {
        if self.paused.is_some() {
            return;
        }
        if !asleep.is_zero() {
            self.leave_all_unclean();
        }
        self.paused = Some(self.time.now() + lasts);
        self.at(lasts, Happening::Resumes(asleep));
    }

    pub(crate) fn resume(&mut self, asleep: TimeDelta) -> Result<(), Violation> {
        say!(self, "the process goes on");
        self.paused = None;
        self.steady -= asleep;
        self.wall += asleep;
        self.look_at_the_clock();
        self.checker.resumed(self.now());
        self.step(Event::Time, &Trigger::Other)
    }

    pub(crate) fn crash(&mut self) -> Result<(), Violation> {
        say!(self, "crash and restart");
        self.stats.crashes += 1;
        self.generation += 1;
        self.tasks = JoinSet::new();
        self.truths.clear();
        self.lied.clear();
        self.realized.clear();
        self.held.clear();
        self.waiting.clear();
        self.gated.clear();
        self.gates.clear();
        self.polling = false;
        self.reading = false;
        self.paused = None;
        self.queue.retain(|_, happening| {
            !matches!(
                happening,
                Happening::Noted(_) | Happening::Resumes(_) | Happening::Opened(_)
            )
        });
        // The transaction under way is whole or not there.
        if !self.disk_fails() && self.random.percent(50) {
            self.disk.commit()?;
        }
        self.disk.crash();
        // A new process takes the wall clock as it finds it.
        let now = self.now();
        self.steady += now.wall - now.steady;
        self.wall = TimeDelta::zero();
        let now = self.now();
        self.adapter = adapter(&self.sender, &self.shown);
        let mut kept = self.disk.restore(now.wall)?;
        self.handed = self.disk.durable.clone();
        mutations::spoil(self.options.mutation, &mut kept);
        let rules = Arc::clone(&sets()[self.rules]);
        let started = Engine::start(rules, CONFIG, kept, now);
        self.engine = started.engine;
        self.checker.restarted(now, &self.handed);
        self.after(started.effects, &Trigger::Other)?;
        self.checker.agree(&self.engine.keep(), &self.handed)
    }

    pub(crate) fn reload(&mut self) -> Result<(), Violation> {
        if self.paused.is_some() {
            return Ok(());
        }
        self.rules = usize::try_from(self.random.within(0, rules::COUNT)).unwrap();
        say!(self, "reload of rule file {}", self.rules);
        self.checker.reloaded();
        let rules = Arc::clone(&sets()[self.rules]);
        self.step(Event::Reloaded(rules), &Trigger::Other)?;
        self.checker.agree(&self.engine.keep(), &self.handed)
    }

    pub(crate) fn command(&mut self) -> Result<(), Violation> {
        if self.paused.is_some() {
            return Ok(());
        }
        let command = trader::command(&mut self.random);
        say!(self, "person: {command:?}");
        let account = command.account().to_string();
        if let Command::Rearm { .. } = command {
            self.checker.rearmed(&account);
        }
        let trigger = match command {
            Command::Unlock { .. } => Trigger::Unlock(account),
            _ => Trigger::Other,
        };
        self.step(Event::Person(command), &trigger)
    }

    /// The faults in force.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Active> {
        self.faults.iter()
    }
}
