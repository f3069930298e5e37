//! Who is told of what: the record, people, the log and the service manager.

use tracing::{error, info, warn};

use super::{CLOCK_STEP, Dispatcher};
use crate::daemon::lifecycle::StatusLine;
use crate::daemon::set_up::SetUpError;
use crate::domain::account::{AccountName, VenueName};
use crate::engine::effect::{Audience, Notice, Severity};
use crate::engine::record::{EntryKind, Fields, LogEntry, RecordRow};
use crate::notify::Undelivered;
use crate::store::{Batch, Health};

impl Dispatcher {
    /// Tells of what could not be set up at the start and is not needed to
    /// protect.
    pub(in crate::daemon) fn report_mishap(&mut self, kind: EntryKind, text: String) {
        error!("{text}");
        self.report_everyone(Severity::Warning, kind, text);
    }

    /// Tells of a venue whose credential could not be read at the start.
    pub(in crate::daemon) fn report_keyless(&mut self, venue: &VenueName, wrong: &SetUpError) {
        let accounts = &self.engine.rules().accounts;
        let its = accounts.iter().filter(|account| account.venue == *venue);
        let its: Vec<&str> = its.map(|account| account.name.as_str()).collect();
        let text = format!(
            "{wrong}; riskd runs, but NOT PROTECTED: {}. It reads the credential again every 10 s; one that systemd hands over, with the next start",
            its.join(", ")
        );
        error!("{text}");
        self.report_everyone(Severity::Critical, EntryKind::CredentialMissing, text);
    }

    pub(super) fn take_undelivered(&mut self, failure: Undelivered) {
        warn!("{}", failure.message);
        self.counters.undelivered();
        self.tell(EntryKind::NotifyFailed, failure.message);
    }

    /// Writes a log entry that is about no account.
    pub(in crate::daemon) fn tell(&mut self, kind: EntryKind, message: String) {
        let record = RecordRow::LogEntry(LogEntry {
            at: self.now().wall,
            kind,
            account: None,
            rule: None,
            firing: None,
            message,
            fields: Fields::new(),
        });
        self.store.submit(Batch::from(vec![record]));
    }

    pub(in crate::daemon) fn report_everyone(
        &mut self,
        severity: Severity,
        kind: EntryKind,
        text: String,
    ) {
        let notice = Notice {
            to: Audience::Everyone,
            severity,
            kind,
            account: None,
            rule: None,
            text: text.clone(),
        };
        self.notifiers.send(notice, self.now().wall);
        self.tell(kind, text);
    }

    /// Tells once of each change between a record that can be written and one
    /// that cannot.
    pub(super) fn take_health(&mut self, has_writer: bool) {
        let reason = match &*self.health.borrow_and_update() {
            Health::Good => None,
            Health::Degraded { reason, .. } => Some(reason.clone()),
        };
        let reason = if has_writer {
            reason
        } else {
            Some("its writer has ended".to_owned())
        };
        let is_degraded = reason.is_some();
        if self.is_degraded == is_degraded {
            return;
        }
        self.is_degraded = is_degraded;
        match reason {
            None => {
                let text = "the record can be written again".to_owned();
                info!("{text}");
                self.report_everyone(Severity::Info, EntryKind::RecordBack, text);
            }
            Some(reason) => {
                let text = format!(
                    "the record cannot be written: {reason}; riskd goes on protecting and keeps what it can in memory"
                );
                error!("{text}");
                self.report_everyone(Severity::Critical, EntryKind::RecordFailed, text);
            }
        }
    }

    /// Notes when the wall clock was set.
    pub(super) fn watch_the_clock(&mut self) {
        let now = self.now();
        if let Some(last) = self.last_turn {
            let step = now
                .wall
                .signed_duration_since(last.wall)
                .checked_sub(&now.steady.signed_duration_since(last.steady));
            if let Some(step) = step.filter(|step| step.abs() > CLOCK_STEP) {
                let text = format!(
                    "the wall clock was set by {} s; waits and locks are not shortened by it",
                    step.num_seconds()
                );
                warn!("{text}");
                self.tell(EntryKind::ClockStepped, text);
            }
        }
        self.last_turn = Some(now);
    }

    /// Says, once, that riskd is ready.
    pub(in crate::daemon) fn tell_ready(&mut self) {
        if let Some(text) = self.lifecycle.became_ready() {
            info!("{text}");
            self.tell(EntryKind::Ready, text);
        }
    }

    /// Tells the service manager that a round of polls was evaluated.
    pub(in crate::daemon) fn report_alive(&mut self) {
        let failure = self.polls.values().find_map(|poll| poll.failure.as_deref());
        let state = StatusLine {
            overview: self.engine.overview(self.now()),
            mode: self.rules.daemon.mode,
            rules_are_refused: self.rules_file.refused.is_some(),
            record_is_bad: self.is_degraded,
            failure,
        };
        self.lifecycle.alive(&state);
    }
}

/// Log entries of the record stand in the process's log too; ERROR means that a person must act.
pub(super) fn log(entry: &LogEntry) {
    let account = entry.account.as_ref().map_or("", AccountName::as_str);
    let rule = entry.rule.as_ref().map_or("", |rule| rule.as_str());
    let event = entry.kind.name();
    match entry.kind {
        EntryKind::EnforcementStuck
        | EntryKind::EnforcementSlowed
        | EntryKind::LeftBehind
        | EntryKind::RecordFailed => {
            error!(event, account, rule, "{}", entry.message);
        }
        EntryKind::Fired
        | EntryKind::Warned
        | EntryKind::LockViolated
        | EntryKind::Reopened
        | EntryKind::LockCorrected
        | EntryKind::DataLost
        | EntryKind::DataSuspect
        | EntryKind::RuleUnknown
        | EntryKind::VerifyFailed
        | EntryKind::NotYet
        | EntryKind::WouldSend => warn!(event, account, rule, "{}", entry.message),
        _ => info!(event, account, rule, "{}", entry.message),
    }
}
