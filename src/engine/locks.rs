//! The locks of one account: extended, never shortened.

use crate::domain::ids::FiringId;
use crate::domain::local_time;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::session::Session;
use crate::rules::ruleset::{Account, Until};

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

/// The locks of one account, at most one of each kind.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    full: Option<Lock>,
    close_only: Option<Lock>,
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

    /// Puts a lock in force, or extends the one that is.
    pub fn set(&mut self, kind: LockKind, lock: Lock) -> Locking {
        match self.slot(kind) {
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
        }
    }

    /// Ends the lock of this kind.
    pub fn end(&mut self, kind: LockKind) -> Option<Lock> {
        self.slot(kind).take()
    }

    /// Whether there is no lock.
    pub const fn are_none(&self) -> bool {
        self.full.is_none() && self.close_only.is_none()
    }

    /// The kinds whose time is over. A wall clock that was set forward does not
    /// end a lock early: the steady clock must agree.
    pub fn over(&self, now: Now) -> impl Iterator<Item = LockKind> + use<> {
        let both = now.wall.min(now.steady);
        let is_over = |lock: &Option<Lock>| lock.as_ref().is_some_and(|l| l.end.is_over(both));
        let full = is_over(&self.full).then_some(LockKind::Lock);
        let close_only = is_over(&self.close_only).then_some(LockKind::CloseOnly);
        full.into_iter().chain(close_only)
    }

    /// When the first of them ends, by the wall clock.
    pub fn deadline(&self) -> Option<Timestamp> {
        [&self.full, &self.close_only]
            .into_iter()
            .flatten()
            .filter_map(|lock| match lock.end {
                LockEnd::At(end) => Some(end),
                LockEnd::Manual => None,
            })
            .min()
    }
}

/// When a lock that begins now ends. Until the end of a session means until the
/// next one opens: between close and next open the account belongs to the
/// session that closed. Without a session to come, only a person ends it.
pub fn lock_end(until: Until, account: &Account, session: Option<&Session>, now: Now) -> LockEnd {
    match until {
        Until::Manual => LockEnd::Manual,
        Until::SessionEnd => {
            session.map_or(LockEnd::Manual, |session| LockEnd::At(session.next_open))
        }
        Until::TimeOfDay(time) => LockEnd::At(local_time::next_at(
            account.session.timezone(),
            time,
            now.wall,
        )),
        Until::For(span) => now
            .wall
            .checked_add_signed(span)
            .map_or(LockEnd::Manual, LockEnd::At),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn lock(end: LockEnd) -> Lock {
        Lock {
            since: Timestamp::UNIX_EPOCH,
            end,
            reason: String::new(),
            firing: None,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH
            .checked_add_signed(TimeDelta::seconds(seconds))
            .unwrap()
    }

    #[test]
    fn a_lock_is_extended_and_never_shortened() {
        let mut locks = Locks::default();
        let mut set = |end| locks.set(LockKind::Lock, lock(end));
        assert_eq!(set(LockEnd::At(at(10))), Locking::Set);
        assert_eq!(set(LockEnd::At(at(5))), Locking::Kept);
        assert_eq!(set(LockEnd::At(at(20))), Locking::Extended);
        assert_eq!(set(LockEnd::Manual), Locking::Extended);
        assert_eq!(set(LockEnd::At(at(90))), Locking::Kept);
    }

    #[test]
    fn a_wall_clock_set_forward_does_not_end_a_lock() {
        let mut locks = Locks::default();
        locks.set(LockKind::Lock, lock(LockEnd::At(at(100))));
        let over = |wall, steady| {
            locks
                .over(Now {
                    wall: at(wall),
                    steady: at(steady),
                })
                .count()
        };
        assert_eq!(over(3700, 50), 0);
        assert_eq!(over(50, 3700), 0);
        assert_eq!(over(3700, 100), 1);
    }
}
