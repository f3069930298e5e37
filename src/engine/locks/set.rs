//! Setting the locks of an account, and making them hold longer.

use super::claims::Asking;
use super::end_of::end_of;
use super::{Lock, Locking, lock_fields};
use crate::domain::ids::FiringId;
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::engine::account::AccountRun;
use crate::engine::effect::Severity;
use crate::engine::output::Output;
use crate::engine::record::{EntryKind, Fields, LockRow, RecordRow};
use crate::rules::book::Until;

impl AccountRun {
    /// Locks the account, or extends its lock. Gives the end that was asked for
    /// and what that did; nothing is done while riskd only observes.
    pub(in crate::engine) fn lock(
        &mut self,
        kind: LockKind,
        until: Until,
        reason: String,
        firing: Option<FiringId>,
        now: Now,
        out: &mut Output<'_>,
    ) -> (LockEnd, Option<Locking>) {
        let asking = self.asking(until, now);
        let end = end_of(&self.account, &asking, now.wall);
        if !out.config.acts {
            let message = format!(
                "would lock {} {end}; nothing is locked in observe mode",
                self.account.name
            );
            out.entry(
                EntryKind::WouldSend,
                Some(&self.account.name),
                message,
                Fields::new(),
            );
            return (end, None);
        }
        let lock = Lock {
            since: now.wall,
            end,
            reason: reason.clone(),
            firing,
        };
        let locking = self.guard.ask_lock(kind, lock, asking, now);
        let (entry, verb) = match locking {
            Locking::Kept => return (end, Some(locking)),
            Locking::Set => (EntryKind::Locked, "is locked"),
            Locking::Extended => (EntryKind::LockExtended, "stays locked"),
        };
        let since = self.guard.lock(kind).map_or(now.wall, |lock| lock.since);
        out.record(RecordRow::Lock(LockRow {
            account: self.account.name.clone(),
            kind,
            since,
            end,
            reason: reason.clone(),
            firing,
        }));
        let what = match kind {
            LockKind::Lock => verb,
            LockKind::CloseOnly => "may only reduce exposure",
        };
        let message = format!("{} {what} {end}: {reason}", self.account.name);
        let fields = lock_fields(kind, end, &reason);
        out.entry(entry, Some(&self.account.name), message, fields);
        (end, Some(locking))
    }

    /// What is asked for when somebody asks for a lock now.
    fn asking(&self, until: Until, now: Now) -> Asking {
        let begun = self.ledger.session();
        Asking {
            until,
            at: now.steady,
            begun: begun.map(|session| (session.date, session.next_open)),
        }
    }

    /// Takes over a lock of the record that was set while the account had
    /// another name.
    pub(in crate::engine) fn take_over_lock(
        &mut self,
        row: LockRow,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let name = self.account.name.clone();
        let old = row.account.clone();
        let message = format!(
            "{name} is locked {}: it is the account that was called {old} when the lock was set: {}",
            row.end, row.reason
        );
        out.record(RecordRow::LockEnded {
            account: old,
            kind: row.kind,
            at: now.wall,
            reason: format!("the account is called {name} in the rule file now"),
        });
        let kind = row.kind;
        self.guard.restore_lock(kind, Lock::from(row));
        if let Some(lock) = self.guard.lock(kind) {
            out.record(RecordRow::Lock(lock.row(kind, &name)));
        }
        out.entry(
            EntryKind::Locked,
            Some(&name),
            message.clone(),
            Fields::new(),
        );
        out.notify(self.notice(Severity::Critical, EntryKind::Locked, message));
    }
}
