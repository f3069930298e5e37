//! What riskd was told against what was true when the venue looked.

use std::collections::BTreeMap;
use std::sync::Arc;

use riskd::domain::account::AccountName;
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::money::Money;
use riskd::domain::observation::{Content, Learned, Missing, Observation, Timestamp};
use riskd::domain::request::Outcome;
use riskd::engine::event::{Event, ReadFailure, ReadResult};
use riskd::venue::rest::Outgoing;
use riskd_paper::{Request as Asked, Response as Answering};
use rust_decimal::Decimal;

use super::faults::TABLE;
use super::invariants::{Look, Told, Trigger, Violation, only_reduces};
use super::mutations::Mutation;
use super::rules::MANY;
use super::world::{World, is_flatten, is_write, say};
use super::{net, venue};

/// What was true when the requests of one call arrived.
#[derive(Debug, Default)]
pub struct Truths {
    accounts: BTreeMap<&'static str, Learned>,
    positions: Option<Arc<[Position]>>,
    orders: Option<WorkingOrders>,
}

impl Truths {
    /// What was read was so.
    pub fn of(seen: &ReadResult) -> Truths {
        let mut truths = Truths::default();
        match seen {
            ReadResult::Positions(held) => truths.positions = Some(Arc::clone(held)),
            ReadResult::Orders(working) => truths.orders = Some(working.clone()),
        }
        truths
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
        let path = asked.url.path();
        if let Some(truths) = self.truths.get_mut(&call) {
            if path.ends_with("/accounts/snapshot") {
                for account in self.options.names.iter().copied() {
                    let truth = venue::look(&self.venue, account);
                    truths.accounts.insert(account, truth);
                }
            } else if let Some(account) = net::account_of(path) {
                let truth = venue::look(&self.venue, account);
                if path.ends_with("/positions") {
                    truths.positions = truth.positions;
                } else if path.ends_with("/orders") {
                    truths.orders = Some(truth.orders);
                }
            }
        }
        let venue = self.venue.clone();
        let receive = || {
            venue.receive(&Asked {
                method: asked.method.as_str(),
                path,
                query: asked.query.expose().unwrap_or_default(),
                authorization: asked
                    .headers
                    .get("authorization")
                    .and_then(|value| value.to_str().ok()),
                body: asked.body.as_deref().unwrap_or_default().as_bytes(),
            })
        };
        if !is_write(asked) {
            return Ok(receive());
        }
        let held = |account| venue::held(&venue, account);
        let names = self.options.names.iter().copied();
        let before: Vec<Arc<[Position]>> = names.clone().map(held).collect();
        let answering = receive();
        say!(self, "the venue gets {path}");
        if self.options.mutation == Some(Mutation::Reverses) && is_flatten(path) {
            self.reverse(net::account_of(path).unwrap(), &before);
        }
        let after: Vec<Arc<[Position]>> = names.clone().map(held).collect();
        let fills = self.venue_fills_on_cancel();
        for (account, (before, after)) in names.zip(before.iter().zip(&after)) {
            if net::account_of(path) == Some(account) {
                // What a resting order does is the trader's.
                if !fills {
                    only_reduces(before, after)?;
                }
            } else if before != after {
                return Err(format!("I9: {path} changed what {account} holds"));
            }
        }
        Ok(answering)
    }

    fn venue_fills_on_cancel(&self) -> bool {
        self.active()
            .any(|active| TABLE[active.index].name == "fills_on_cancel")
    }

    fn reverse(&self, account: &str, before: &[Arc<[Position]>]) {
        let place = self
            .options
            .names
            .iter()
            .position(|name| *name == account)
            .unwrap();
        for held in before[place].iter() {
            let quantity = -i64::try_from(held.quantity).unwrap();
            let name = held.key.instrument.as_str();
            self.venue.open(account, name, quantity, None).unwrap();
        }
    }

    /// What a poll told of an account: the truth, a part of it, a lie that may
    /// be believed, or nothing.
    pub(super) fn judge(&mut self, observation: &Observation, truths: &Truths) -> Trigger {
        let account = named(observation.account.as_str());
        let Content::Learned(told) = &observation.content else {
            // It does not say that what was told before is not so.
            return Trigger::Untruth(account);
        };
        let truth = truths.accounts.get(account);
        if let Some(truth) = truth.filter(|truth| is_part(told, truth)) {
            self.lied.insert(account, false);
            let figures = &told.figures;
            let known = [
                figures.realized,
                figures.unrealized,
                figures.balance,
                figures.equity,
            ];
            let is_whole = known.iter().all(Option::is_some) && told.positions.is_some();
            let equity = truth.figures.equity.unwrap().decimal();
            let pnl = self.session_pnl(account, equity).filter(|_| is_whole);
            if let Some(session) = self.sessions.get_mut(account) {
                session.seen |= is_whole;
            }
            let seen = truth.clone();
            self.realized.insert(account, figures.realized);
            let at = observation.at;
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
        let believable = !told.figures.are_all_zero() && (again || !shows(told, was));
        if !believable {
            return Trigger::Untruth(account);
        }
        self.mislead(account);
        self.realized.insert(account, told.figures.realized);
        Trigger::Shown {
            account,
            seen: told.clone(),
            at: observation.at,
        }
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
        let truth = Learned {
            positions: truths.positions,
            orders: truths.orders.unwrap_or(WorkingOrders::NotRead),
            ..Learned::default()
        };
        let told = match result {
            Err(_) => None,
            Ok(ReadResult::Positions(told)) => {
                let mut ones = truth.positions.iter();
                let same = ones.any(|ones| same_positions(told, ones));
                Some(if same { Told::Truth } else { Told::Lie })
            }
            Ok(ReadResult::Orders(told)) => {
                let same = told.count() == truth.orders.count();
                Some(if same { Told::Truth } else { Told::Lie })
            }
        };
        let (positions, orders) = match result {
            Ok(ReadResult::Orders(_)) => (None, told),
            _ => (told, None),
        };
        let trigger = Trigger::Read {
            account: named(account.as_str()),
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
}

/// What a read of working orders told that was made for rules and locks.
pub fn orders_read(
    account: &AccountName,
    asked: Timestamp,
    told: &WorkingOrders,
    truths: Truths,
) -> Trigger {
    let truth = Learned {
        orders: truths.orders.unwrap_or(WorkingOrders::NotRead),
        ..Learned::default()
    };
    let is_so = told.count() == truth.orders.count();
    let told = if is_so { Told::Truth } else { Told::Lie };
    Trigger::Read {
        account: named(account.as_str()),
        look: Look {
            asked,
            positions: None,
            orders: Some((told, truth)),
        },
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

/// Whether all that was told is true.
fn is_part(told: &Learned, truth: &Learned) -> bool {
    let fits = |told: Option<Money>, truth: Option<Money>| told.is_none() || told == truth;
    let (a, b) = (&told.figures, &truth.figures);
    fits(a.realized, b.realized)
        && fits(a.unrealized, b.unrealized)
        && fits(a.balance, b.balance)
        && fits(a.equity, b.equity)
        && told
            .positions
            .as_ref()
            .is_none_or(|positions| same_positions(positions, truth.positions.as_deref().unwrap()))
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
