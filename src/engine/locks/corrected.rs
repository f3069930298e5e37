//! What becomes of the ends of locks when the wall clock turns out to have been
//! wrong.

use super::end_of::end_of;
use super::{Correction, Lock, lock_fields};
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::engine::account::AccountRun;
use crate::engine::effect::Severity;
use crate::engine::output::Output;
use crate::engine::record::{EntryKind, RecordRow};

impl AccountRun {
    /// Finds the ends of the locks anew where the wall clock was set.
    pub(super) fn correct_locks(&mut self, now: Now, out: &mut Output<'_>) {
        let account = &self.account;
        let corrections = self
            .guard
            .correct_locks(now, |asking, at| end_of(account, asking, at));
        for correction in corrections {
            match correction {
                Correction::Moved { kind, before, lock } => {
                    self.report_moved(kind, before, &lock, now, out);
                }
                Correction::Revived { kind, lock } => self.report_revived(kind, &lock, out),
            }
        }
    }

    fn report_moved(
        &self,
        kind: LockKind,
        before: LockEnd,
        lock: &Lock,
        now: Now,
        out: &mut Output<'_>,
    ) {
        if lock.end < before {
            // In the record a lock gives way to none that ends earlier.
            out.record(RecordRow::LockEnded {
                account: self.account.name.clone(),
                kind,
                at: now.wall,
                reason: "the wall clock was set: its end is found anew".to_owned(),
            });
        }
        out.record(RecordRow::Lock(lock.row(kind, &self.account.name)));
        let message = format!(
            "the wall clock was set: the {} of {} holds {}, as was asked for, not {before}",
            kind.name(),
            self.account.name,
            lock.end
        );
        self.report_corrected(kind, lock, message, out);
    }

    fn report_revived(&self, kind: LockKind, lock: &Lock, out: &mut Output<'_>) {
        out.record(RecordRow::Lock(lock.row(kind, &self.account.name)));
        let message = format!(
            "the wall clock was set back: the {} of {}, which had ended by a clock that was ahead, is in force again {}: {}",
            kind.name(),
            self.account.name,
            lock.end,
            lock.reason
        );
        self.report_corrected(kind, lock, message, out);
    }

    fn report_corrected(&self, kind: LockKind, lock: &Lock, message: String, out: &mut Output<'_>) {
        let entry = EntryKind::LockCorrected;
        let fields = lock_fields(kind, lock.end, &lock.reason);
        out.entry(entry, Some(&self.account.name), message.clone(), fields);
        out.notify(self.notice(Severity::Warning, entry, message));
    }
}
