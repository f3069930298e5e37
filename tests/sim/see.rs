//! What riskd was told against what was true when the venue looked.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use riskd::domain::flow::WalletChange;
use riskd::domain::holdings::{Position, WorkingOrder, WorkingOrders};
use riskd::domain::money::Money;
use riskd::domain::observation::{Content, Figures, Learned, Missing, Observation};
use riskd::domain::request::Outcome;
use riskd::engine::event::{Event, ReadFailure, ReadResult};
use riskd::venue::rest::Outgoing;
use riskd_paper::{Incoming as Asking, Response as Answering};
use rust_decimal::Decimal;

use super::invariants::{Look, Told, Trigger, Violation, only_reduces};
use super::kind::{Asked, Part, What};
use super::mutations::{self, Mutation};
use super::net::OrdersRead;
use super::rules::MANY;
use super::trader;
use super::world::{World, say};

/// What was true of the accounts when the requests of one call arrived.
#[derive(Debug, Default)]
pub struct Truths(BTreeMap<&'static str, Truth>);

/// What was true of one account.
#[derive(Debug, Default)]
struct Truth {
    figures: Option<Figures>,
    /// What was held as the figures were read.
    held: Option<Arc<[Position]>>,
    /// The money that had come in by then, and what of it was not told before.
    flows: Decimal,
    untold: Vec<String>,
    positions: Parts<Position>,
    orders: Parts<WorkingOrder>,
}

/// Lists by the part of the account that they are of.
#[derive(Debug)]
struct Parts<T>(Vec<(Part, Arc<[T]>)>);

impl<T> Default for Parts<T> {
    fn default() -> Parts<T> {
        Parts(Vec::new())
    }
}

impl<T: Clone> Parts<T> {
    /// What was so when it was read last counts.
    fn put(&mut self, part: Part, list: Arc<[T]>) {
        self.0.retain(|(known, _)| *known != part);
        self.0.push((part, list));
    }

    /// All of it, once each of the parts was read.
    fn whole(&self, parts: &[Part]) -> Option<Arc<[T]>> {
        let is_all = self.0.iter().any(|(part, _)| *part == Part::All);
        if !is_all && self.0.len() < parts.len() {
            return None;
        }
        let lists = self.0.iter().flat_map(|(_, list)| list.iter());
        Some(lists.cloned().collect())
    }
}

impl Truths {
    /// What was read of an account was so.
    pub fn of(account: &'static str, seen: &ReadResult) -> Truths {
        let mut truth = Truth::default();
        match seen {
            ReadResult::Positions(held) => truth.positions.put(Part::All, Arc::clone(held)),
            ReadResult::Orders(working) => {
                let listed = working.listed().unwrap_or_default();
                truth.orders.put(Part::All, listed.into());
            }
        }
        Truths(BTreeMap::from([(account, truth)]))
    }
}

fn named(account: &str) -> &'static str {
    let found = MANY.into_iter().find(|name| *name == account);
    found.unwrap()
}

impl World {
    /// A request is at the venue: notes what is true, lets the venue carry it
    /// out, and holds that it did no harm.
    pub(super) fn receive(&mut self, call: u64, asked: &Outgoing) -> Result<Answering, Violation> {
        let what = self.kind().asked(asked);
        self.note_truth(call, what);
        if asked.method == Method::GET {
            return Ok(self.hand_over(asked));
        }
        let names = self.options.names.iter().copied();
        let before: Vec<Arc<[Position]>> = names.map(|name| self.venue.held(name)).collect();
        let answering = self.hand_over(asked);
        say!(self, "the venue gets {} {what:?}", asked.url.path());
        if what.what == What::Close {
            self.break_close(asked, what.account.unwrap(), &before);
        }
        self.does_no_harm(asked, what, &before)?;
        Ok(answering)
    }

    /// What becomes of a close in a world that is broken on purpose.
    fn break_close(&self, asked: &Outgoing, account: &str, before: &[Arc<[Position]>]) {
        match self.options.mutation {
            Some(Mutation::Reverses) => self.reverse(account, before),
            Some(Mutation::Opens) => {
                let opening = self.kind().opening(asked, self.time.now());
                opening.iter().for_each(|asked| drop(self.hand_over(asked)));
            }
            _ => {}
        }
    }

    /// What was held is held the other way round.
    fn reverse(&self, account: &str, before: &[Arc<[Position]>]) {
        let mut names = self.options.names.iter();
        let place = names.position(|name| *name == account).unwrap();
        for held in before[place].iter() {
            let traded = self.kind().traded_as(held.key.instrument.as_str());
            // There is no order of the size of dust.
            let _ = trader::open(&self.venue.paper, account, traded, -held.quantity);
        }
    }

    fn hand_over(&self, asked: &Outgoing) -> Answering {
        let headers = asked.headers.iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        self.venue.paper.receive(&Asking {
            method: asked.method.as_str(),
            path: asked.url.path(),
            query: asked.query.expose().unwrap_or_default(),
            headers: headers.collect(),
            body: asked.body.as_deref().unwrap_or_default().as_bytes(),
        })
    }

    /// Notes what is true of what a call asks for.
    fn note_truth(&mut self, call: u64, asked: Asked) {
        let told = self.kind().told(asked.what, self.is_poll(call));
        let asked = Asked {
            what: told,
            ..asked
        };
        let Some(truths) = self.truths.get_mut(&call) else {
            return;
        };
        let venue = &self.venue;
        let accounts: &[&'static str] = match (&asked.account, asked.what) {
            (Some(account), _) => std::slice::from_ref(account),
            (None, What::Snapshot) => self.options.names,
            (None, _) => &[],
        };
        for account in accounts.iter().copied() {
            let truth = truths.0.entry(account).or_default();
            if matches!(asked.what, What::Snapshot | What::Figures) {
                truth.figures = Some(venue.figures(account));
                truth.held = Some(venue.held(account));
                truth.flows = self.flows.get(account).copied().unwrap_or_default();
                let untold = self.untold.iter().filter(|(name, _)| *name == account);
                truth.untold = untold.map(|(_, id)| id.clone()).collect();
            }
            match asked.what {
                What::Snapshot => truth.positions.put(Part::All, venue.held(account)),
                What::Positions(part) => {
                    truth.positions.put(part, venue.held_in(account, part));
                }
                What::Orders(part) => {
                    let orders = venue.working_in(account, part);
                    truth.orders.put(part, orders.into());
                }
                What::Figures | What::Close | What::Cancel | What::Other => {}
            }
        }
    }

    /// I3, I9 and I13: what a write has changed.
    fn does_no_harm(
        &self,
        asked: &Outgoing,
        what: Asked,
        before: &[Arc<[Position]>],
    ) -> Result<(), Violation> {
        let counters = self.venue.paper.counters();
        if counters.opening_orders > 0 {
            return Err("I13: an order was let in that could open or add".to_owned());
        }
        if counters.all_accounts > 0 {
            return Err("I13: a request was let in that acts on all accounts".to_owned());
        }
        let path = asked.url.path();
        // What a resting order or another trader does meanwhile is not riskd's.
        let others_act = self.is_on("fills_on_cancel") || self.is_on("appears");
        for (account, before) in self.options.names.iter().copied().zip(before) {
            let after = self.venue.held(account);
            if what.account == Some(account) {
                if !others_act {
                    only_reduces(before, &after)?;
                }
            } else if **before != *after {
                return Err(format!("I9: {path} changed what {account} holds"));
            }
        }
        Ok(())
    }

    /// What a poll told of an account: the truth, a part of it, a lie that may
    /// be believed, or nothing.
    pub(super) fn judge(
        &mut self,
        observation: &Observation,
        truths: &Truths,
    ) -> Result<Trigger, Violation> {
        let account = named(observation.account.as_str());
        let change = observation.learned().and_then(|told| told.wallet.as_ref());
        if let Some(WalletChange::Unexplained(amount)) = change.map(|wallet| wallet.change)
            && self.is_long_quiet()
        {
            return Err(format!(
                "L: {amount} in the wallet of {account} is in doubt, and the venue lists it"
            ));
        }
        Ok(self.told(account, observation, truths))
    }

    fn told(
        &mut self,
        account: &'static str,
        observation: &Observation,
        truths: &Truths,
    ) -> Trigger {
        let at = observation.at;
        let Content::Learned(told) = &observation.content else {
            // It does not say that what was told before is not so.
            return Trigger::Untruth(account);
        };
        let truth = truths.0.get(account);
        let holds_untold = truth.is_some_and(|truth| self.holds_untold(account, truth, told));
        if holds_untold && self.is_traded(account, told) {
            // Such a change of the wallet is a result by all that riskd can know.
            self.mislead(account);
        }
        let change = told.wallet.as_ref().map(|wallet| wallet.change);
        if let Some(WalletChange::Unexplained(_)) = change {
            // The figures are in doubt by the adapter's own word.
            self.lied.insert(account, true);
            return Trigger::Untruth(account);
        }
        self.polled.insert(account, told.positions.clone());
        if let Some(WalletChange::TakenForResult(_)) = change {
            self.mislead(account);
        }
        let held = truth.and_then(|truth| truth.positions.whole(self.kind().parts()));
        if let Some((truth, held)) = truth
            .zip(held)
            .filter(|(truth, held)| truth.has(told, held))
        {
            self.lied.insert(account, false);
            // Figures and positions that are of two times need not go together.
            let is_one_time = truth.held.as_ref() == Some(&held);
            let is_whole = is_one_time && self.is_whole(told);
            let pnl = self.session_pnl(account, told, truth.flows);
            if let Some(session) = self.sessions.get_mut(account) {
                session.seen |= is_whole;
            }
            let seen = Learned {
                figures: told.figures,
                positions: Some(held),
                ..Learned::default()
            };
            self.realized.insert(account, told.figures.realized);
            return if is_whole {
                Trigger::Truth {
                    account,
                    seen,
                    pnl,
                    at,
                }
            } else {
                Trigger::Shown { account, seen, at }
            };
        }
        let again = self.lied.insert(account, true).unwrap_or(false);
        let was = self.realized.get(account).copied().flatten();
        let is_unloaded = self.kind().profile().zero_means_unloaded && told.figures.are_all_zero();
        let believable = !is_unloaded && (again || !shows(told, was));
        if !believable {
            return Trigger::Untruth(account);
        }
        self.mislead(account);
        self.realized.insert(account, told.figures.realized);
        Trigger::Shown {
            account,
            seen: told.clone(),
            at,
        }
    }

    /// Takes the flows that were told; whether the figures hold money that was told
    /// neither with them nor before.
    fn holds_untold(&mut self, account: &str, truth: &Truth, told: &Learned) -> bool {
        let wallet = told.wallet.as_ref();
        let flows = wallet.map(|wallet| &wallet.flows[..]).unwrap_or_default();
        let is_told = |id: &str| flows.iter().any(|flow| &*flow.id == id);
        self.untold
            .retain(|(name, id)| *name != account || !is_told(id));
        truth.untold.iter().any(|id| !is_told(id))
    }

    /// Whether something else is held than at the look before, of the same process.
    fn is_traded(&self, account: &str, told: &Learned) -> bool {
        let before = self.polled.get(account).cloned().flatten();
        let both = before.zip(told.positions.as_ref());
        both.is_some_and(|(before, now)| !same_positions(&before, now))
    }

    /// Whether every figure that the venue has was told, and the positions.
    fn is_whole(&self, told: &Learned) -> bool {
        let figures = &told.figures;
        let known = [figures.unrealized, figures.balance, figures.equity];
        let has_day = self.kind().profile().day.is_some();
        known.iter().all(Option::is_some)
            && (figures.realized.is_some() || !has_day)
            && told.positions.is_some()
    }

    /// What a read that enforcement asked for told, and which events say that
    /// something was done.
    pub(super) fn judge_read(&self, mut event: Event, truths: Truths) -> (Event, Trigger) {
        let Event::ReadEnded {
            account,
            at,
            result,
            ..
        } = &mut event
        else {
            let trigger = acted(&event);
            return (event, trigger);
        };
        let account = named(account.as_str());
        let truth = self.truth_of(account, truths);
        let told = match result {
            Err(_) => None,
            Ok(ReadResult::Positions(told)) => {
                let mut ones = truth.positions.iter();
                let same = ones.any(|ones| same_positions(told, ones));
                Some(if same { Told::Truth } else { Told::Lie })
            }
            Ok(ReadResult::Orders(told)) => Some(counted(told, &truth)),
        };
        let (positions, orders) = match result {
            Ok(ReadResult::Orders(_)) => (None, told),
            _ => (told, None),
        };
        let trigger = Trigger::Read {
            account,
            look: Look {
                asked: *at,
                positions: positions.map(|told| (told, truth.clone())),
                orders: orders.map(|told| (told, truth)),
            },
        };
        if self.options.mutation == Some(Mutation::NeverLearns) {
            *result = Err(ReadFailure {
                missing: Missing::Late,
                words: Arc::from(""),
            });
        }
        if self.options.mutation == Some(Mutation::OneList)
            && let Ok(ReadResult::Orders(orders)) = result
        {
            *orders = mutations::one_list(orders);
        }
        if self.options.mutation == Some(Mutation::FlatUnseen) {
            *result = Ok(match result {
                Ok(ReadResult::Orders(_)) => {
                    ReadResult::Orders(WorkingOrders::Listed(Arc::from([])))
                }
                _ => ReadResult::Positions(Arc::from([])),
            });
        }
        (event, trigger)
    }

    /// What a read of working orders told that was made for rules and locks. One that
    /// left some of them as they were known says nothing of all of them.
    pub(super) fn judge_orders(&self, read: &OrdersRead, truths: Truths) -> Trigger {
        if !read.are_all {
            return Trigger::Other;
        }
        let account = named(read.account.as_str());
        let truth = self.truth_of(account, truths);
        let told = counted(&read.orders, &truth);
        Trigger::Read {
            account,
            look: Look {
                asked: read.at,
                positions: None,
                orders: Some((told, truth)),
            },
        }
    }

    /// What was true of an account, as far as all of it was asked for.
    fn truth_of(&self, account: &'static str, mut truths: Truths) -> Learned {
        let truth = truths.0.remove(account).unwrap_or_default();
        let parts = self.kind().parts();
        let orders = truth.orders.whole(self.kind().order_parts());
        Learned {
            positions: truth.positions.whole(parts),
            orders: orders.map_or(WorkingOrders::NotRead, WorkingOrders::Listed),
            ..Learned::default()
        }
    }
}

/// Whether as many orders were told as there were.
fn counted(told: &WorkingOrders, truth: &Learned) -> Told {
    if told.count() == truth.orders.count() {
        Told::Truth
    } else {
        Told::Lie
    }
}

/// What an event says was done to an account: a request left, or was answered.
pub fn acted(event: &Event) -> Trigger {
    match event {
        Event::Sent { account, .. } => Trigger::Acted(account.to_string()),
        Event::Answered {
            account, answer, ..
        } if answer.outcome != Outcome::NotSent => Trigger::Acted(account.to_string()),
        _ => Trigger::Other,
    }
}

impl Truth {
    /// Whether all that was told is true, of figures and of what was held.
    fn has(&self, told: &Learned, held: &[Position]) -> bool {
        let fits = |told: Option<Money>, truth: Option<Money>| told.is_none() || told == truth;
        let Some(truth) = &self.figures else {
            return false;
        };
        let figures = &told.figures;
        fits(figures.realized, truth.realized)
            && fits(figures.unrealized, truth.unrealized)
            && fits(figures.balance, truth.balance)
            && fits(figures.equity, truth.equity)
            && told
                .positions
                .as_ref()
                .is_none_or(|positions| same_positions(positions, held))
    }
}

fn same_positions(told: &[Position], truth: &[Position]) -> bool {
    told.len() == truth.len()
        && told.iter().all(|one| {
            truth
                .iter()
                .any(|other| other.key == one.key && other.quantity == one.quantity)
        })
}

/// Whether the figures give the lie away by themselves, or by the realized
/// result that was told before.
fn shows(told: &Learned, was: Option<Money>) -> bool {
    let value = |figure: Option<Money>| figure.map(Money::decimal);
    let figures = &told.figures;
    let open = value(figures.unrealized);
    let is_flat = told.positions.as_ref().is_some_and(|held| held.is_empty());
    if is_flat && open.is_some_and(|open| !open.is_zero()) {
        return true;
    }
    let dropped = value(figures.realized).is_some_and(|now| now.is_zero())
        && open.is_none_or(|open| open.is_zero());
    if dropped && value(was).is_some_and(|was| !was.is_zero()) {
        return true;
    }
    match (value(figures.balance), value(figures.equity), open) {
        (Some(balance), Some(equity), Some(open)) => {
            let gap = (equity - balance - open).abs();
            gap > balance.abs().max(equity.abs()) * Decimal::new(25, 3)
        }
        _ => false,
    }
}
