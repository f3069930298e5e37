//! How the locks of an account end: by time, by a person, or with the account that
//! they were set for.

use super::{Lock, lock_fields};
use crate::domain::lock::LockKind;
use crate::domain::now::Now;
use crate::engine::account::{AccountRun, GivenUp};
use crate::engine::effect::Severity;
use crate::engine::output::Output;
use crate::engine::record::{EntryKind, IntentEnd, RecordRow};

impl AccountRun {
    /// Ends the locks whose time is over.
    pub(in crate::engine) fn end_locks(&mut self, now: Now, out: &mut Output<'_>) {
        if self.guard.locks().are_none() {
            return;
        }
        self.correct_locks(now, out);
        for (kind, lock) in self.guard.expire_locks(now) {
            let reason = "its time is over";
            self.lock_has_ended(kind, &lock, EntryKind::LockEnded, reason, now, out);
        }
    }

    /// Ends the locks that were set for the account that had this name before:
    /// they must not act on another one.
    pub(in crate::engine) fn end_locks_of_previous_account(
        &mut self,
        now: Now,
        out: &mut Output<'_>,
    ) {
        for kind in [LockKind::Lock, LockKind::CloseOnly] {
            let reason = "the account has another number at the venue now";
            let ended = self.end_lock(kind, EntryKind::LockEnded, reason, now, out);
            if ended.is_none() {
                continue;
            }
            let message = format!(
                "the {} of {} was set for another number at the venue and has ended: {} is not locked",
                kind.name(),
                self.account.name,
                self.account.number
            );
            out.notify(self.notice(Severity::Critical, EntryKind::LockEnded, message));
        }
    }

    /// Ends a lock, if there is one of this kind, and gives it back.
    pub(in crate::engine) fn end_lock(
        &mut self,
        kind: LockKind,
        entry: EntryKind,
        reason: &str,
        now: Now,
        out: &mut Output<'_>,
    ) -> Option<Lock> {
        let lock = self.guard.end_lock(kind)?;
        self.lock_has_ended(kind, &lock, entry, reason, now, out);
        Some(lock)
    }

    fn lock_has_ended(
        &mut self,
        kind: LockKind,
        lock: &Lock,
        entry: EntryKind,
        reason: &str,
        now: Now,
        out: &mut Output<'_>,
    ) {
        out.record(RecordRow::LockEnded {
            account: self.account.name.clone(),
            kind,
            at: now.wall,
            reason: reason.to_owned(),
        });
        let message = format!(
            "the {} of {} ended: {reason} (its reason was: {})",
            kind.name(),
            self.account.name,
            lock.reason
        );
        let fields = lock_fields(kind, lock.end, reason);
        out.entry(entry, Some(&self.account.name), message.clone(), fields);
        out.notify(self.notice(Severity::Info, entry, message));
        let moot = self.guard.give_up_demand(kind);
        self.end_given_up(moot, now, out);
    }

    /// Ends what nothing asks for any more.
    pub(in crate::engine) fn end_given_up(
        &mut self,
        given_up: GivenUp,
        now: Now,
        out: &mut Output<'_>,
    ) {
        self.carry_out(given_up.steps, now, out);
        for intent in given_up.intents {
            out.record(RecordRow::IntentEnded {
                id: intent.id,
                at: now.wall,
                end: IntentEnd::Abandoned,
            });
        }
    }
}
