//! The locks of one account: extended, never shortened. Their ends follow from
//! what was asked for; where the wall clock is set, they are found anew.

mod claims;
mod corrected;
mod demand;
mod end_of;
mod ended;
mod set;

use chrono::TimeDelta;

pub use claims::Asking;
use claims::{Asked, Claim};

use super::record::{Fields, LockRow};
use crate::domain::account::AccountName;
use crate::domain::ids::FiringId;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub end: LockEnd,
    /// Why.
    pub reason: String,
    /// The firing that set it, if one did.
    pub firing: Option<FiringId>,
}

impl Lock {
    /// Its row in the record.
    pub fn row(&self, kind: LockKind, account: &AccountName) -> LockRow {
        LockRow {
            account: account.clone(),
            kind,
            since: self.since,
            end: self.end,
            reason: self.reason.clone(),
            firing: self.firing,
        }
    }
}

impl From<LockRow> for Lock {
    fn from(row: LockRow) -> Lock {
        Lock {
            since: row.since,
            end: row.end,
            reason: row.reason,
            firing: row.firing,
        }
    }
}

/// A change of the difference of the two clocks beyond this is a step of the
/// wall clock.
const CLOCK_STEP: TimeDelta = TimeDelta::seconds(2);

/// The locks of one account, at most one of each kind.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    full: Option<Lock>,
    close_only: Option<Lock>,
    /// What they follow from; also of locks that time has ended not long ago.
    claims: Vec<Claim>,
    /// How far the wall clock was ahead of the steady one when the ends were
    /// found.
    ahead: Option<TimeDelta>,
}

/// What a step of the wall clock does to a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It ends at another time than was thought.
    Moved {
        /// Which of the two.
        kind: LockKind,
        /// When it was to end.
        before: LockEnd,
        /// The lock as it is now.
        lock: Lock,
    },
    /// It had ended by a clock that was ahead, and is in force again.
    Revived {
        /// Which of the two.
        kind: LockKind,
        /// The lock.
        lock: Lock,
    },
}

/// What asking for a lock did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    /// The account was not locked before.
    Set,
    /// The lock holds longer now.
    Extended,
    /// The lock in force already holds as long.
    Kept,
}

impl Locks {
    /// The lock of this kind.
    pub const fn get(&self, kind: LockKind) -> Option<&Lock> {
        match kind {
            LockKind::Lock => self.full.as_ref(),
            LockKind::CloseOnly => self.close_only.as_ref(),
        }
    }

    fn slot(&mut self, kind: LockKind) -> &mut Option<Lock> {
        match kind {
            LockKind::Lock => &mut self.full,
            LockKind::CloseOnly => &mut self.close_only,
        }
    }

    /// Puts a lock of the record in force, or extends the one that is.
    pub fn set(&mut self, kind: LockKind, lock: Lock) -> Locking {
        self.claim(Claim {
            kind,
            asked: Asked::Before,
            lock,
            ended: None,
        })
    }

    /// Puts a lock in force that is asked for now, or extends the one that is.
    pub fn ask(&mut self, kind: LockKind, lock: Lock, asking: Asking, now: Now) -> Locking {
        self.ahead.get_or_insert_with(|| ahead(now));
        self.claim(Claim {
            kind,
            asked: Asked::Here(asking),
            lock,
            ended: None,
        })
    }

    fn claim(&mut self, claim: Claim) -> Locking {
        let lock = claim.lock.clone();
        let locking = match self.slot(claim.kind) {
            Some(held) if held.end >= lock.end => Locking::Kept,
            Some(held) => {
                *held = Lock {
                    since: held.since,
                    ..lock
                };
                Locking::Extended
            }
            slot @ None => {
                *slot = Some(lock);
                Locking::Set
            }
        };
        // One that is shorter now may be the longer one by a corrected clock.
        if !self.claims.iter().any(|known| known.stands_in_for(&claim)) {
            self.claims.retain(|known| !claim.stands_in_for(known));
            self.claims.push(claim);
        }
        locking
    }

    /// Ends the lock of this kind for good.
    pub fn end(&mut self, kind: LockKind) -> Option<Lock> {
        self.claims.retain(|claim| claim.kind != kind);
        self.slot(kind).take()
    }

    /// Ends the lock of this kind because its time is over; should the clock have
    /// been ahead, it comes back.
    pub fn expire(&mut self, kind: LockKind, now: Now) -> Option<Lock> {
        let its = self.claims.iter_mut().filter(|claim| claim.kind == kind);
        for claim in its {
            claim.ended.get_or_insert(now.steady);
        }
        self.slot(kind).take()
    }

    /// Whether there is no lock, and none that could come back.
    pub const fn are_none(&self) -> bool {
        self.claims.is_empty()
    }

    /// The kinds whose time is over.
    pub fn over(&self, now: Now) -> impl Iterator<Item = LockKind> + use<> {
        let is_over = |kind| self.get(kind).is_some() && self.longest(kind, now).is_none();
        let full = is_over(LockKind::Lock).then_some(LockKind::Lock);
        let close_only = is_over(LockKind::CloseOnly).then_some(LockKind::CloseOnly);
        full.into_iter().chain(close_only)
    }

    /// The claim of this kind that holds longest.
    fn longest(&self, kind: LockKind, now: Now) -> Option<&Claim> {
        let its = self.claims.iter().filter(|claim| claim.kind == kind);
        its.filter(|claim| claim.holds(now))
            .max_by_key(|claim| claim.lock.end)
    }

    /// Finds the ends anew where the wall clock was set since they were found:
    /// what was asked for in this process counts from when it was asked, by the
    /// clock as it is now. `end_of` says when a lock ends that was asked for at
    /// this time of the wall clock.
    pub fn correct(
        &mut self,
        now: Now,
        end_of: impl Fn(&Asking, Timestamp) -> LockEnd,
    ) -> Vec<Correction> {
        let ahead = ahead(now);
        let step = ahead.checked_sub(self.ahead.get_or_insert(ahead));
        if step.is_none_or(|step| step.abs() <= CLOCK_STEP) {
            return Vec::new();
        }
        self.ahead = Some(ahead);
        self.claims.retain(|claim| !claim.is_forgotten(now));
        for claim in &mut self.claims {
            if let Asked::Here(asking) = &claim.asked
                && let Some(asked_at) = asking.at.checked_add_signed(ahead)
            {
                claim.lock.end = end_of(asking, asked_at);
            }
        }
        let kinds = [LockKind::Lock, LockKind::CloseOnly].into_iter();
        kinds.filter_map(|kind| self.settle(kind, now)).collect()
    }

    /// Puts the longest claim of this kind in force.
    fn settle(&mut self, kind: LockKind, now: Now) -> Option<Correction> {
        let longest = self.longest(kind, now)?.lock.clone();
        let its = self.claims.iter_mut().filter(|claim| claim.kind == kind);
        its.filter(|claim| claim.holds(now))
            .for_each(|claim| claim.ended = None);
        let slot = self.slot(kind);
        match slot {
            Some(held) if held.end == longest.end => None,
            Some(held) => {
                let before = held.end;
                let since = held.since;
                *held = Lock { since, ..longest };
                let lock = held.clone();
                Some(Correction::Moved { kind, before, lock })
            }
            None => {
                *slot = Some(longest.clone());
                let lock = longest;
                Some(Correction::Revived { kind, lock })
            }
        }
    }

    /// The rows of the locks in force, for an account of this name.
    pub fn rows(&self, account: &AccountName) -> impl Iterator<Item = LockRow> {
        let kinds = [LockKind::Lock, LockKind::CloseOnly].into_iter();
        let locks = kinds.filter_map(|kind| Some((kind, self.get(kind)?)));
        locks.map(|(kind, lock)| lock.row(kind, account))
    }

    /// The ends by the wall clock and by the steady one, as far as there are any.
    pub fn deadlines(&self) -> impl Iterator<Item = (Option<Timestamp>, Option<Timestamp>)> {
        let all = self.claims.iter().map(Claim::deadlines);
        all.filter(|ends| *ends != (None, None))
    }
}

fn ahead(now: Now) -> TimeDelta {
    now.wall.signed_duration_since(now.steady)
}

fn lock_fields(kind: LockKind, end: LockEnd, reason: &str) -> Fields {
    let mut fields = Fields::new();
    fields.put("lock", kind.name());
    match end {
        LockEnd::At(end) => fields.put("until", end.to_rfc3339()),
        LockEnd::Manual => fields.put("until", "manual"),
    };
    fields.put("reason", reason);
    fields
}

#[cfg(test)]
mod tests;
