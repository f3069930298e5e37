//! What is held an account to: its locks, what is being reached for it, and the proof
//! that it was.

use crate::domain::ids::{FiringId, IntentId};
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::venue::VenueProfile;
use crate::engine::enforcement::{Enforcement, Intent, REOPENED_WITHIN, Step};
use crate::engine::locks::{Asking, Correction, Lock, Locking, Locks};
use crate::engine::record::{Cause, Goal};
use crate::engine::status::ProvenFlat;

/// The guard of one account.
#[derive(Debug)]
pub(in crate::engine) struct Guard {
    locks: Locks,
    enforcement: Enforcement,
    /// The open intents that a person's locks asked for: they end with the lock.
    asked_by_lock: Vec<IntentId>,
    /// When the account was last proven flat and quiet, until something is seen
    /// to be held again.
    flat_proven_at: Option<Timestamp>,
    /// The newest proof that the account was flat and quiet.
    proven_flat: Option<ProvenFlat>,
    /// How often in a row the account was re-opened from outside so soon.
    reopened: u32,
}

/// A position came back soon after a proof that there was none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reopened {
    /// How long after the proof, in milliseconds.
    pub(super) after_ms: i64,
    /// How often in a row that has happened.
    pub(super) count: u32,
}

/// Intents that nothing asks for any more, and what to hold back with them.
#[derive(Debug)]
pub(in crate::engine) struct GivenUp {
    pub(in crate::engine) intents: Vec<Intent>,
    pub(in crate::engine) steps: Vec<Step>,
}

impl Guard {
    /// Nothing is asked for yet, under these locks.
    pub(super) fn new(profile: &'static VenueProfile) -> Guard {
        Guard {
            locks: Locks::default(),
            enforcement: Enforcement::new(profile),
            asked_by_lock: Vec::new(),
            flat_proven_at: None,
            proven_flat: None,
            reopened: 0,
        }
    }

    /// What is being reached, and how that stands.
    pub(in crate::engine) fn enforcement(&self) -> &Enforcement {
        &self.enforcement
    }

    /// The same, to tell it what happened and what to reach.
    pub(in crate::engine) fn enforcement_mut(&mut self) -> &mut Enforcement {
        &mut self.enforcement
    }

    /// Whether nothing is being reached.
    pub(in crate::engine) fn is_idle(&self) -> bool {
        self.enforcement.is_idle()
    }

    /// What is being reached.
    pub(in crate::engine) fn intents(&self) -> &[Intent] {
        self.enforcement.intents()
    }

    /// The numbers of what is being reached.
    pub(in crate::engine) fn intent_ids(&self) -> Vec<IntentId> {
        self.intents().iter().map(|intent| intent.id).collect()
    }

    /// Time has passed, or something was seen.
    pub(super) fn advance(&mut self, now: Now) -> Vec<Step> {
        let is_locked = self.locks.get(LockKind::Lock).is_some();
        self.enforcement.set_locked(is_locked);
        self.enforcement.advance(now)
    }

    // Locks

    pub(in crate::engine) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The lock of this kind.
    pub(in crate::engine) fn lock(&self, kind: LockKind) -> Option<&Lock> {
        self.locks.get(kind)
    }

    /// Whether there is a lock of either kind.
    pub(in crate::engine) fn is_locked(&self) -> bool {
        self.last_lock_end().is_some()
    }

    /// When the last of the locks ends.
    pub(in crate::engine) fn last_lock_end(&self) -> Option<LockEnd> {
        let kinds = [LockKind::Lock, LockKind::CloseOnly].into_iter();
        let ends = kinds
            .filter_map(|kind| self.lock(kind))
            .map(|lock| lock.end);
        ends.max()
    }

    /// Takes the locks that were kept while the account was not in the rule file.
    pub(in crate::engine) fn put_locks(&mut self, locks: Locks) {
        self.locks = locks;
    }

    pub(in crate::engine) fn into_locks(self) -> Locks {
        self.locks
    }

    /// Puts a lock of the record in force, or extends the one that is.
    pub(in crate::engine) fn restore_lock(&mut self, kind: LockKind, lock: Lock) {
        self.locks.set(kind, lock);
    }

    /// Puts a lock in force that is asked for now, or extends the one that is.
    pub(in crate::engine) fn ask_lock(
        &mut self,
        kind: LockKind,
        lock: Lock,
        asking: Asking,
        now: Now,
    ) -> Locking {
        self.locks.ask(kind, lock, asking, now)
    }

    /// Finds the ends of the locks anew where the wall clock was set.
    pub(in crate::engine) fn correct_locks(
        &mut self,
        now: Now,
        end_of: impl Fn(&Asking, Timestamp) -> LockEnd,
    ) -> Vec<Correction> {
        self.locks.correct(now, end_of)
    }

    /// Ends the locks whose time is over, and gives them.
    pub(in crate::engine) fn expire_locks(&mut self, now: Now) -> Vec<(LockKind, Lock)> {
        let over = self.locks.over(now);
        over.filter_map(|kind| Some((kind, self.locks.expire(kind, now)?)))
            .collect()
    }

    /// Ends the lock of this kind for good.
    pub(in crate::engine) fn end_lock(&mut self, kind: LockKind) -> Option<Lock> {
        self.locks.end(kind)
    }

    /// Notes that what was asked for since the intent `before` was asked for by a
    /// person's lock.
    pub(in crate::engine) fn note_asked_by_lock(&mut self, before: Option<IntentId>) {
        let open = self.enforcement.intents();
        self.asked_by_lock
            .retain(|id| open.iter().any(|one| one.id == *id));
        let newest = open.last().map(|one| one.id);
        self.asked_by_lock
            .extend(newest.filter(|id| Some(*id) > before));
    }

    /// Gives up what a lock of this kind, which has ended, asked for by itself. What
    /// firings asked for is not moot.
    pub(in crate::engine) fn give_up_demand(&mut self, kind: LockKind) -> GivenUp {
        let goal = match kind {
            LockKind::Lock => Goal::FlatAndQuiet,
            LockKind::CloseOnly => Goal::ReduceOnly,
        };
        self.give_up(|intent| intent.cause == Cause::Lock && intent.goal == goal)
    }

    /// Gives up what was asked for along with locks, by these firings and by the
    /// commands that set them.
    pub(in crate::engine) fn give_up_locked(&mut self, firings: &[FiringId]) -> GivenUp {
        let by_person = std::mem::take(&mut self.asked_by_lock);
        self.give_up(|intent| match &intent.cause {
            Cause::Firing(firing) => firings.contains(firing),
            Cause::Person(_) => by_person.contains(&intent.id),
            Cause::Lock => false,
        })
    }

    fn give_up(&mut self, is_moot: impl Fn(&Intent) -> bool) -> GivenUp {
        let (intents, steps) = self.enforcement.drop_intents(is_moot);
        GivenUp { intents, steps }
    }

    // Proof

    /// The newest proof that the account was flat and quiet.
    pub(in crate::engine) fn proven_flat(&self) -> Option<&ProvenFlat> {
        self.proven_flat.as_ref()
    }

    /// Keeps the proof that these intents have ended by, where they asked for an
    /// account that is flat and quiet.
    pub(super) fn note_proof(&mut self, ended: &[Intent], rounds: u32, now: Now) {
        let flat = ended.iter().filter(|one| one.goal == Goal::FlatAndQuiet);
        let Some(intent) = flat.map(|one| one.id).max() else {
            return;
        };
        self.flat_proven_at = Some(now.steady);
        self.proven_flat = Some(ProvenFlat {
            intent,
            at: now.wall.to_rfc3339(),
            rounds,
        });
    }

    /// A position is held. One that comes back so soon after a proof that there was
    /// none was opened by something that undoes what riskd does: the account is watched
    /// more closely then.
    pub(super) fn note_held(&mut self, now: Now) -> Option<Reopened> {
        let passed = now.since(self.flat_proven_at.take()?);
        if passed > REOPENED_WITHIN {
            self.reopened = 0;
            return None;
        }
        self.reopened = self.reopened.saturating_add(1);
        self.enforcement.note_reopened();
        Some(Reopened {
            after_ms: passed.num_milliseconds(),
            count: self.reopened,
        })
    }
}
