//! I11: a close in flight is alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::holdings::Position;
use riskd::domain::ids::RequestId;
use riskd::domain::observation::Timestamp;
use riskd::domain::request::{Outcome, Write};
use riskd::engine::enforcement::FILLING;

use crate::invariants::Violation;

/// The closes that may still be filling, by the clock by which riskd waits.
pub struct Closes {
    /// Whether a close that arrives while another one fills can only reduce what is
    /// left: then the answer to the first is what the second must wait for.
    joins: bool,
    in_flight: Vec<Close>,
    /// What was told of each account last.
    held: BTreeMap<String, Arc<[Position]>>,
}

struct Close {
    account: String,
    request: RequestId,
    write: Write,
    answered: Option<Timestamp>,
    /// What the account was known to hold as it left.
    held: Option<Arc<[Position]>>,
}

impl Closes {
    /// None is in flight.
    pub fn new(joins: bool) -> Closes {
        Closes {
            joins,
            in_flight: Vec::new(),
            held: BTreeMap::new(),
        }
    }

    /// A write leaves.
    pub fn sent(
        &mut self,
        account: &str,
        request: RequestId,
        write: &Write,
        now: Timestamp,
    ) -> Result<(), Violation> {
        if !write.closes() {
            return Ok(());
        }
        self.in_flight.retain(|close| close.may_fill_at(now));
        let mut others = self.in_flight.iter();
        if let Some(other) = others.find(|close| close.meets(account, write)) {
            return Err(format!(
                "I11: request {request} to {account} ({write}) left while request {} may still be filling, answered {:?}",
                other.request, other.answered
            ));
        }
        self.in_flight.push(Close {
            account: account.to_owned(),
            request,
            write: write.clone(),
            answered: None,
            held: self.held.get(account).cloned(),
        });
        Ok(())
    }

    /// A write was answered, or given up.
    pub fn answered(&mut self, request: RequestId, outcome: Outcome, now: Timestamp) {
        match outcome {
            Outcome::Acknowledged | Outcome::Unknown if !self.joins => {
                let is_it = |close: &&mut Close| close.request == request;
                if let Some(close) = self.in_flight.iter_mut().find(is_it) {
                    close.answered = Some(now);
                }
            }
            _ => {
                self.in_flight.retain(|close| close.request != request);
            }
        }
    }

    /// riskd was told what an account holds, by what was asked for at `asked`.
    pub fn told(&mut self, account: &str, positions: &Arc<[Position]>, asked: Timestamp) {
        self.in_flight.retain(|close| {
            let is_after = close.answered.is_some_and(|at| asked > at);
            close.account != account || !is_after || close.explains(positions)
        });
        self.held.insert(account.to_owned(), Arc::clone(positions));
    }

    /// Another process goes on with what the record has of the last seconds, by a
    /// clock that is ahead by `shift`: the answer to what has none does not come any
    /// more.
    pub fn restarted(
        &mut self,
        now: Timestamp,
        shift: TimeDelta,
        is_recent: impl Fn(RequestId) -> bool,
    ) {
        if self.joins {
            self.in_flight.clear();
        }
        self.in_flight.retain(|close| is_recent(close.request));
        for close in &mut self.in_flight {
            close.answered = Some(close.answered.map_or(now, |at| at + shift));
        }
    }

    /// The wall clock is set, which is all that another process has to go by.
    pub fn forget_times(&mut self) {
        self.in_flight.clear();
    }
}

impl Close {
    fn may_fill_at(&self, now: Timestamp) -> bool {
        self.answered.is_none_or(|at| now - at < FILLING)
    }

    fn meets(&self, account: &str, write: &Write) -> bool {
        let same = match (&self.write, write) {
            (Write::ClosePosition(one), Write::ClosePosition(other)) => one == other,
            // Several close a position that is larger than an order may be.
            (Write::CloseQuantity(one), Write::CloseQuantity(other)) => {
                one.position == other.position && one.part == other.part
            }
            _ => true,
        };
        self.account == account && same
    }

    /// Whether these positions may be what is left of what was held while the
    /// close fills: none of them has turned, grown, or is another one.
    fn explains(&self, positions: &[Position]) -> bool {
        let is_touched = |position: &&Position| match &self.write {
            Write::ClosePosition(key) => position.key == *key,
            _ => true,
        };
        let mut touched = positions.iter().filter(is_touched).peekable();
        if touched.peek().is_none() {
            return false;
        }
        let Some(held) = &self.held else { return true };
        touched.all(|position| {
            held.iter().any(|before| {
                before.key == position.key
                    && before.quantity.is_sign_negative() == position.quantity.is_sign_negative()
                    && position.quantity.abs() <= before.quantity.abs()
                    && before.average_price == position.average_price
            })
        })
    }
}
