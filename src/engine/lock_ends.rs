//! When the locks of an account end, and what becomes of that when the wall
//! clock turns out to have been wrong.

use super::account::AccountRun;
use super::claims::Asking;
use super::effect::Severity;
use super::fire::lock_fields;
use super::locks::{Correction, Lock, lock_end};
use super::output::Output;
use super::record::{EntryKind, Record};
use crate::domain::lock::{LockEnd, LockKind};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::session::Session;
use crate::rules::ruleset::{Account, Until};

impl AccountRun {
    /// What is asked for when somebody asks for a lock now.
    pub(super) fn asking(&self, until: Until, now: Now) -> Asking {
        let begun = self.memory.session.as_ref();
        Asking {
            until,
            at: now.steady,
            begun: begun.map(|session| (session.date, session.next_open)),
        }
    }

    /// When a lock ends that was asked for at this time of the wall clock.
    pub(super) fn end_of(&self, asking: &Asking, asked_at: Timestamp) -> LockEnd {
        end_by(&self.account, asking, asked_at)
    }

    /// Finds the ends of the locks anew where the wall clock was set.
    pub(super) fn correct_locks(&mut self, now: Now, out: &mut Output<'_>) {
        let account = &self.account;
        let corrections = self
            .locks
            .correct(now, |asking, at| end_by(account, asking, at));
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
            out.record(Record::LockEnded {
                account: self.account.name.clone(),
                kind,
                at: now.wall,
                reason: "the wall clock was set: its end is found anew".to_owned(),
            });
        }
        out.record(Record::Lock(lock.row(kind, &self.account.name)));
        let message = format!(
            "the wall clock was set: the {} of {} holds {}, as was asked for, not {before}",
            kind.name(),
            self.account.name,
            lock.end
        );
        self.report_corrected(kind, lock, message, out);
    }

    fn report_revived(&self, kind: LockKind, lock: &Lock, out: &mut Output<'_>) {
        out.record(Record::Lock(lock.row(kind, &self.account.name)));
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

/// When a lock ends that was asked for at this time. The session is the one by
/// the calendar; where the wall clock was set back over an open, it has the end
/// of the one that had begun.
fn end_by(account: &Account, asking: &Asking, asked_at: Timestamp) -> LockEnd {
    let session = account.session.session_at(asked_at).map(|session| {
        let begun = asking.begun.filter(|(date, _)| *date > session.date);
        Session {
            next_open: begun.map_or(session.next_open, |(_, next_open)| next_open),
            ..session
        }
    });
    lock_end(asking.until, account, session.as_ref(), asked_at)
}
