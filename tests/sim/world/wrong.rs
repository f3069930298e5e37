//! What goes wrong in a world: how the faults of the table begin and end.

use chrono::TimeDelta;
use riskd::domain::account::AccountName;
use riskd::engine::event::{Command, Event};
use riskd::rules::book::Until;
use riskd_paper::{ConnectionStatus, Fault, FaultRule, RequestClass, Side, Ticket};
use rust_decimal::Decimal;

use super::{Happening, World, say};
use crate::faults::{Act, Active, Edit, Entry, Moment, Struck, TABLE};
use crate::invariants::{Trigger, Violation};
use crate::net::ms;
use crate::rules::{self, ACCOUNTS, BYSTANDER};

/// How long the venue sends a snapshot again, in milliseconds.
const SNAPSHOT_CACHE: u64 = 3_000;
/// How often a fault that kills at a moment does so.
const KILLS: u8 = 3;
/// Between two times that a person asks.
const ASKS_EVERY: i64 = 500;
/// How far a stop is from the price, in ticks.
const STOP_TICKS: i64 = 40;
/// How long after a close the stop that it left fills, in milliseconds.
const STOP_FILLS: i64 = 3;
/// How long a lock of a wrong clock is asked for, in seconds.
pub const LOCKED_FOR: i64 = 45;

impl World {
    pub(crate) fn begin_random_fault(&mut self) -> Result<(), Violation> {
        let kind = self.kind();
        let here = TABLE.iter().enumerate();
        let here: Vec<usize> = here
            .filter(|(_, entry)| entry.at.has(kind))
            .map(|one| one.0)
            .collect();
        let index = self.random.of(&here);
        let one = self.random.percent(50);
        let account = self.random.of(&ACCOUNTS);
        let lasts = self.random.within(500, 20_000);
        let account = one.then_some(account);
        let struck = Struck {
            class: kind.class(&mut self.random),
            is_half: kind.is_exchange() && self.random.percent(25),
        };
        self.begin_fault(index, account, ms(lasts), struck)
    }

    /// Lets a fault of the table begin.
    pub(crate) fn begin_fault(
        &mut self,
        index: usize,
        account: Option<&'static str>,
        lasts: TimeDelta,
        struck: Struck,
    ) -> Result<(), Violation> {
        let entry: &Entry = &TABLE[index];
        let kind = self.kind();
        let mut active = Active {
            index,
            account,
            until: self.time.now() + lasts,
            venue: [None, None],
            times: KILLS,
        };
        if entry.is_out_of_place(&self.faults) {
            return Ok(());
        }
        say!(self, "fault {} on {account:?} for {lasts}", entry.name);
        self.stats.begun[index] += 1;
        self.has_moved_clocks |= entry.moves_clocks();
        match entry.act {
            Act::Venue(make) => {
                let fault = make(&mut self.random, kind);
                let mut rule = struck.rule(&mut self.random, fault);
                rule.account = account.map(str::to_owned);
                rule.count = entry.most_times(kind);
                active.venue[0] = self.set_fault(rule);
            }
            Act::VenueOfOne(make) => {
                let account = account.filter(|name| *name != BYSTANDER).unwrap_or("a");
                let fault = make(&mut self.random, kind);
                active.account = Some(account);
                let mut rule = FaultRule::new(fault).of(account);
                rule.count = entry.most_times(kind);
                active.venue[0] = self.set_fault(rule);
            }
            Act::VenueOfAll(make) => {
                let fault = make(&mut self.random, kind);
                active.venue[0] = self.set_fault(FaultRule::new(fault));
            }
            Act::CachedSnapshots => self.venue.paper.set_snapshot_cache(SNAPSHOT_CACHE),
            Act::DoubtAndLosses => active.venue = self.doubt_and_losses(account),
            Act::StopLeft => {
                let account = account.filter(|name| *name != BYSTANDER).unwrap_or("a");
                active.account = Some(account);
                active.venue[0] = self.leave_stops(account);
            }
            Act::NoAddon => self.venue.paper.set_addon(false),
            Act::Connection(status) => {
                let account = account.unwrap_or("a");
                active.account = Some(account);
                self.venue.paper.set_connection(account, status).unwrap();
            }
            Act::Gap => self.gap(),
            Act::Dust => self.leave_dust(account.unwrap_or("a")),
            Act::MoneyMoves => {
                self.move_money(account.unwrap_or("a"));
                let again = self.random.within(300, 3_000);
                self.at(ms(again), Happening::MoneyMoves(index));
            }
            Act::Clock(hours) => {
                self.faults.push(active);
                return self.set_wall(hours);
            }
            Act::ClockAtLock(hours) => {
                self.faults.push(active);
                self.set_wall(hours)?;
                return self.lock_for_a_while(account.unwrap_or("b"));
            }
            Act::FrozenClock => {
                self.leave_all_unclean();
                self.leaving.closes.forget_times();
                self.frozen = Some(self.now().wall);
            }
            Act::Suspend => self.pause(TimeDelta::minutes(10), TimeDelta::minutes(10)),
            Act::Pause => self.pause(lasts.min(TimeDelta::seconds(60)), TimeDelta::zero()),
            Act::PersonAsksAgain => {
                active.account = Some(account.unwrap_or("a"));
                self.at(ms(5 * ASKS_EVERY), Happening::AsksAgain(index));
            }
            Act::RuleAsksAgain => {
                self.faults.push(active);
                return self.reload(rules::AGAIN);
            }
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
            Act::StartEdited(edit) => {
                self.faults.push(active);
                return self.start_edited(edit, true);
            }
            Act::Reload => {
                let number = self.random_rules();
                return self.reload(number);
            }
            Act::LogGone => return self.lose_log(),
            Act::Way(_) | Act::SlowDisk | Act::DeadDisk | Act::KillAt(_) | Act::ClockChange(_) => {}
        }
        self.faults.push(active);
        Ok(())
    }

    fn set_fault(&self, rule: FaultRule) -> Option<u64> {
        Some(self.venue.paper.set_fault(rule).unwrap())
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
        for id in active.venue.into_iter().flatten() {
            let status = self
                .venue
                .paper
                .faults()
                .into_iter()
                .find(|one| one.id == id);
            let struck = status.map_or(0, |status| status.struck);
            self.stats.struck[active.index] += struck;
            self.venue.paper.clear_fault(id);
        }
        match TABLE[active.index].act {
            Act::NoAddon => self.venue.paper.set_addon(true),
            Act::CachedSnapshots => self.venue.paper.set_snapshot_cache(0),
            Act::Connection(_) => {
                let status = ConnectionStatus::Connected;
                let account = active.account.unwrap();
                self.venue.paper.set_connection(account, status).unwrap();
            }
            Act::Clock(hours) | Act::ClockAtLock(hours) => return self.set_wall(-hours),
            Act::FrozenClock => {
                self.leaving.closes.forget_times();
                self.frozen = None;
            }
            Act::RuleAsksAgain => return self.reload(self.options.rules),
            Act::StartEdited(edit) => return self.start_edited(edit, false),
            Act::StopLeft => self.stops.clear(),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn gap(&mut self) {
        let ticks = self.random.within(-80, 80);
        let traded = &self.kind().traded()[self.random.of(&[0, 1])];
        let paper = &self.venue.paper;
        let price = paper.price(traded.name).unwrap() + traded.tick() * Decimal::from(ticks);
        paper.set_price(traded.name, price).unwrap();
    }

    /// An account comes to hold what is no multiple of a step.
    fn leave_dust(&mut self, account: &'static str) {
        let traded = &self.kind().traded()[0];
        let held = self.venue.paper.holdings(account).unwrap();
        let mut its = held.iter().filter(|held| held.instrument == traded.name);
        let is_short = its.any(|held| held.quantity.is_sign_negative());
        let size = Decimal::new(self.random.within(1, 10), 4);
        let dust = if is_short { -size } else { size };
        self.leave_unclean(account);
        say!(self, "{account} is left with {dust} {}", traded.name);
        let left = self.venue.paper.leave_dust(account, traded.name, dust);
        left.unwrap();
    }

    /// Money is paid into an account, or out of it.
    pub(crate) fn move_money(&mut self, account: &'static str) {
        let asset = self.random.of(self.kind().profile().assets);
        // What is less than a thousandth of the wallet may count as a result.
        let cents = self.random.within(10_000, 300_000) * self.random.of(&[-1, 1]);
        let amount = Decimal::new(cents, 2);
        if let Ok(id) = self.venue.paper.transfer(account, asset, amount) {
            say!(self, "{amount} {asset} is paid to {account}");
            *self.flows.entry(account).or_default() += amount;
            self.untold.push((account, id.to_string()));
        }
    }

    fn set_wall(&mut self, hours: i64) -> Result<(), Violation> {
        self.leave_all_unclean();
        self.leaving.closes.forget_times();
        self.wall += TimeDelta::hours(hours);
        self.look_at_the_clock();
        self.step(Event::Time, &Trigger::Other)
    }

    /// A person locks the account by a clock that is wrong.
    fn lock_for_a_while(&mut self, account: &str) -> Result<(), Violation> {
        self.carry_out(Command::Lock {
            account: AccountName::from(account),
            until: Until::For(TimeDelta::seconds(LOCKED_FOR)),
            reason: "by hand".to_owned(),
        })
    }

    /// The figures of an account lose their result, and each second poll is lost.
    fn doubt_and_losses(&self, account: Option<&str>) -> [Option<u64>; 2] {
        let mut doubt = FaultRule::new(Fault::PnlZeroed);
        doubt.account = account.map(str::to_owned);
        let lost = FaultRule::new(Fault::LostBeforeEffect)
            .on(RequestClass::Snapshot)
            .with_probability(0.5, 7);
        [self.set_fault(doubt), self.set_fault(lost)]
    }

    /// Stops on the closing side of what an account holds, which its closes leave.
    fn leave_stops(&mut self, account: &str) -> Option<u64> {
        for held in self.venue.paper.holdings(account).unwrap() {
            let is_long = held.quantity.is_sign_positive();
            let (side, sign) = if is_long {
                (Side::Sell, 1)
            } else {
                (Side::Buy, -1)
            };
            let tick = self.kind().traded_as(&held.instrument).tick();
            let away = tick * Decimal::from(STOP_TICKS * sign);
            let price = self.venue.paper.price(&held.instrument).unwrap() - away;
            let stop = Ticket::stop(&held.instrument, side, held.quantity.abs(), price);
            let _ = self.venue.paper.place(account, &stop.about(held.side));
            self.stops.push((held.instrument, price));
        }
        if self.kind().is_exchange() {
            // A close takes no orders along there.
            return None;
        }
        self.set_fault(FaultRule::new(Fault::FlattenLeavesOrders).of(account))
    }

    /// A close of this account is done: the stops that it left fill soon.
    pub(crate) fn notice_close(&mut self, account: &str) {
        let is_its = |active: &Active| {
            matches!(TABLE[active.index].act, Act::StopLeft) && active.account == Some(account)
        };
        if self.faults.iter().any(is_its) && !self.stops.is_empty() {
            self.at(ms(STOP_FILLS), Happening::StopsFill);
        }
    }

    pub(crate) fn fill_stops(&mut self) {
        for (name, price) in std::mem::take(&mut self.stops) {
            say!(self, "{name} goes to {price}");
            self.venue.paper.set_price(&name, price).unwrap();
        }
    }

    /// A person asks once more, as long as that fault lasts.
    pub(crate) fn ask_again(&mut self, index: usize) -> Result<(), Violation> {
        let mut active = self.faults.iter();
        let Some(active) = active.find(|active| active.index == index) else {
            return Ok(());
        };
        let account = active.account.unwrap_or("a");
        self.at(ms(ASKS_EVERY), Happening::AsksAgain(index));
        self.carry_out(Command::Flatten {
            account: AccountName::from(account),
            reason: "by hand".to_owned(),
        })
    }

    fn start_edited(&mut self, edit: Edit, is_edited: bool) -> Result<(), Violation> {
        match edit {
            Edit::Observes => self.observes = is_edited,
            Edit::Spelling => self.is_spelled = is_edited,
        }
        self.crash()
    }

    /// Whether the process is killed at this moment.
    pub(crate) fn is_killed_at(&mut self, moment: Moment) -> bool {
        let kills = |active: &&mut Active| {
            matches!(TABLE[active.index].act, Act::KillAt(at) if at == moment) && active.times > 0
        };
        let Some(active) = self.faults.iter_mut().find(kills) else {
            return false;
        };
        active.times -= 1;
        say!(self, "killed {moment:?}");
        true
    }

    /// Whether a fault of this name is in force.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        let mut active = self.faults.iter();
        active.any(|active| TABLE[active.index].name == name)
    }

    /// Money moves once more, as long as that fault lasts.
    pub(crate) fn money_moves_again(&mut self, index: usize) {
        let mut active = self.faults.iter();
        let Some(active) = active.find(|active| active.index == index) else {
            return;
        };
        let account = active.account.unwrap_or("a");
        self.move_money(account);
        let again = self.random.within(300, 3_000);
        self.at(ms(again), Happening::MoneyMoves(index));
    }
}
