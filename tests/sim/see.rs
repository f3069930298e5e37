//! What riskd was told against what was true when the venue looked.

use std::collections::BTreeMap;
use std::sync::Arc;

use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::money::Money;
use riskd::domain::observation::{Content, Figures, Learned, Observation};
use riskd::engine::event::Event;
use riskd::venue::crosstrade::Outgoing;
use riskd::venue::paper::{Answering, Asked};
use rust_decimal::Decimal;

use super::faults::TABLE;
use super::invariants::{Seen, Trigger, Violation, only_reduces};
use super::mutations::Mutation;
use super::rules::ACCOUNTS;
use super::world::{World, is_flatten, is_write, say};
use super::{net, venue};

/// What was true when the requests of one call arrived.
#[derive(Debug, Default)]
pub struct Truths {
    accounts: BTreeMap<&'static str, Learned>,
    positions: Option<Arc<[Position]>>,
    orders: Option<WorkingOrders>,
}

fn named(account: &str) -> &'static str {
    let found = ACCOUNTS.into_iter().find(|name| *name == account);
    found.unwrap()
}

impl World {
    /// A request is at the venue: notes what is true, lets the venue carry it
    /// out, and holds that it did no harm.
    pub(super) fn receive(&mut self, call: u64, asked: &Outgoing) -> Result<Answering, Violation> {
        let path = asked.url.path();
        if let Some(truths) = self.truths.get_mut(&call) {
            if path.ends_with("/accounts/snapshot") {
                for account in ACCOUNTS {
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
                query: asked.url.query().unwrap_or_default(),
                authorization: asked.authorization.to_str().ok(),
                body: asked.body.as_deref().unwrap_or_default().as_bytes(),
            })
        };
        if !is_write(asked) {
            return Ok(receive());
        }
        let held = |account| venue::held(&venue, account);
        let before = ACCOUNTS.map(held);
        let answering = receive();
        say!(self, "the venue gets {path}");
        if self.options.mutation == Some(Mutation::Reverses) && is_flatten(path) {
            self.reverse(net::account_of(path).unwrap(), &before);
        }
        let after = ACCOUNTS.map(held);
        let fills = self.venue_fills_on_cancel();
        for (account, (before, after)) in ACCOUNTS.into_iter().zip(before.iter().zip(&after)) {
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

    fn reverse(&self, account: &str, before: &[Arc<[Position]>; 3]) {
        let place = ACCOUNTS.iter().position(|name| *name == account).unwrap();
        for held in before[place].iter() {
            let quantity = -i64::try_from(held.quantity).unwrap();
            let name = held.instrument.as_str();
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
            return match is_whole {
                true => Trigger::Truth { account, seen, pnl },
                false => Trigger::Shown { account, seen },
            };
        }
        let again = self.lied.insert(account, true).unwrap_or(false);
        let was = self.realized.get(account).copied().flatten();
        let believable = !is_all_zero(&told.figures) && (again || !shows(told, was));
        if !believable {
            return Trigger::Untruth(account);
        }
        self.mislead(account);
        self.realized.insert(account, told.figures.realized);
        Trigger::Shown {
            account,
            seen: told.clone(),
        }
    }

    /// What a verification read told.
    pub(super) fn judge_read(&self, mut event: Event, truths: Truths) -> (Event, Trigger) {
        let Event::HoldingsRead {
            account,
            read,
            result,
        } = &mut event
        else {
            return (event, Trigger::Other);
        };
        let truth = Learned {
            figures: Figures::default(),
            positions: truths.positions,
            orders: truths.orders.unwrap_or(WorkingOrders::NotRead),
            stamp: None,
        };
        let seen = match result {
            Err(_) => Seen::Nothing,
            Ok((positions, orders)) => {
                let same = truth
                    .positions
                    .as_ref()
                    .is_some_and(|true_ones| same_positions(positions, true_ones));
                if same && orders.count() == truth.orders.count() {
                    Seen::Truth(truth)
                } else {
                    Seen::Lie
                }
            }
        };
        let trigger = Trigger::Read {
            account: named(account.as_str()),
            read: *read,
            seen,
        };
        if self.options.mutation == Some(Mutation::FlatUnseen) {
            *result = Ok((Arc::from([]), WorkingOrders::Listed(Arc::from([]))));
        }
        (event, trigger)
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
                .any(|other| other.instrument == one.instrument && other.quantity == one.quantity)
        })
}

fn is_all_zero(figures: &Figures) -> bool {
    let known = [
        figures.realized,
        figures.unrealized,
        figures.balance,
        figures.equity,
    ];
    known
        .iter()
        .flatten()
        .all(|figure| figure.decimal().is_zero())
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
