//! What the record left open: locks in force and work that is not finished.

use super::Engine;
use super::account::{AccountRun, ResumedFirst};
use super::effect::Effect;
use super::enforcement::{FILLING, Intent};
use super::identity::{Home, Homes, report_left_behind};
use super::locks::Lock;
use super::output::Output;
use super::record::{Cause, EntryKind, Fields, Goal, IntentEnd, IntentRow, LockRow, RecordRow};
use super::restore::RecentRequest;
use chrono::TimeDelta;

use crate::domain::account::AccountName;
use crate::domain::lock::LockKind;
use crate::domain::now::Now;

impl Engine {
    /// Puts the locks of the record in force, each for the account of the venue
    /// that it was set for.
    pub(super) fn restore_locks(
        &mut self,
        rows: Vec<LockRow>,
        homes: &Homes,
        now: Now,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for row in rows {
            match homes.find(&row.account, &self.rules) {
                Home::Here => {
                    let account = row.account.clone();
                    effects.extend(self.on_account(&account, now, |run, _| {
                        run.guard.restore_lock(row.kind, Lock::from(row));
                    }));
                }
                Home::Renamed(name) => {
                    effects.extend(self.on_account(&name, now, |run, out| {
                        run.take_over_lock(row, now, out);
                    }));
                }
                Home::Gone if self.index.contains_key(&row.account) => {
                    // Another account has its name: the lock must not act on it.
                    let account = row.account.clone();
                    effects.extend(self.on_account(&account, now, |run, out| {
                        run.guard.restore_lock(row.kind, Lock::from(row));
                        run.end_locks_of_previous_account(now, out);
                    }));
                }
                Home::Gone => effects.extend(self.park_lock(row, now)),
            }
        }
        effects
    }

    /// Keeps a lock whose account is not in the rule file, should it come back.
    fn park_lock(&mut self, row: LockRow, now: Now) -> Vec<Effect> {
        let account = row.account.clone();
        let message = format!(
            "{account} is locked {} by the record and is not in the rule file: nothing keeps it flat; put it back, or end the lock once it is there",
            row.end
        );
        let parked = self.parked.entry(account.clone()).or_default();
        let kind = row.kind;
        let is_over = row.end.is_over(now.wall.min(now.steady));
        parked.locks.set(kind, Lock::from(row));
        if is_over {
            return Vec::new();
        }
        self.tell(now, |out| report_left_behind(&account, message, out))
    }

    /// A close from before the start may still be filling: one without an answer for
    /// as long as it would be after one, since its answer does not come any more.
    pub(super) fn note_earlier_closes(
        &mut self,
        recent: &[RecentRequest],
        homes: &Homes,
        now: Now,
    ) {
        for request in recent {
            let name = match homes.find(&request.account, &self.rules) {
                Home::Here => request.account.clone(),
                Home::Renamed(name) => name,
                Home::Gone => continue,
            };
            let (Some(write), Some(index)) = (request.close(), self.index.get(&name)) else {
                continue;
            };
            let answered = request.answer.map_or(now.wall, |(at, _)| at);
            let ago = now.wall.signed_duration_since(answered);
            let until = now
                .steady
                .checked_sub_signed(ago.max(TimeDelta::zero()))
                .and_then(|at| at.checked_add_signed(FILLING));
            if let (Some(run), Some(until)) = (self.accounts.get_mut(*index), until) {
                run.guard.enforcement_mut().note_earlier_close(write, until);
            }
        }
    }

    /// Takes up what was left undone, each for the account of the venue that it
    /// was asked for.
    pub(super) fn resume_intents(
        &mut self,
        rows: Vec<IntentRow>,
        recent: &[RecentRequest],
        homes: &Homes,
        now: Now,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for row in rows {
            let home = homes.find(&row.account, &self.rules);
            let name = match &home {
                Home::Here => Some(row.account.clone()),
                Home::Renamed(name) => Some(name.clone()),
                Home::Gone => None,
            };
            let intent = Intent {
                id: row.id,
                goal: row.goal.clone(),
                cause: row.cause.clone(),
                since: now.steady,
            };
            let first = first_of(&row.account, &intent.goal, recent);
            let name = name.filter(|name| self.is_still_asked_for(name, &intent));
            match (home, name) {
                (Home::Here, Some(name)) if self.config.acts => {
                    effects.extend(self.on_account(&name, now, |run, out| {
                        run.resume(intent, first, now, out);
                    }));
                }
                (_, Some(name)) if self.config.acts => {
                    effects.push(abandoned(&row, now));
                    effects.extend(self.on_account(&name, now, |run, out| {
                        run.take_over_intent(row, first, now, out);
                    }));
                }
                (_, Some(name)) => {
                    effects.push(abandoned(&row, now));
                    effects.extend(self.on_account(&name, now, |run, out| {
                        run.leave_undone(&row, out);
                    }));
                }
                (home, None) => {
                    effects.push(abandoned(&row, now));
                    if home == Home::Gone {
                        effects.extend(self.report_unfinished(&row, now));
                    }
                }
            }
        }
        effects
    }

    /// Whether an account is in the rule file for whom this is still to be
    /// reached: what was asked for by a lock ends with it.
    fn is_still_asked_for(&self, account: &AccountName, intent: &Intent) -> bool {
        let run = self
            .index
            .get(account)
            .and_then(|index| self.accounts.get(*index));
        let kind = match intent.goal {
            Goal::ReduceOnly => LockKind::CloseOnly,
            Goal::Quiet | Goal::FlatAndQuiet | Goal::Closed(_) => LockKind::Lock,
        };
        run.is_some_and(|run| intent.cause != Cause::Lock || run.guard.lock(kind).is_some())
    }

    fn report_unfinished(&mut self, row: &IntentRow, now: Now) -> Vec<Effect> {
        let message = format!(
            "{} was being made {} and is not in the rule file under this name and number: nothing finishes that",
            row.account,
            row.goal.words()
        );
        self.tell(now, |out| report_left_behind(&row.account, message, out))
    }

    /// What is told about an account that the engine does not run.
    fn tell(&mut self, now: Now, tell: impl FnOnce(&mut Output<'_>)) -> Vec<Effect> {
        let mut out = Output {
            now,
            config: &self.config,
            rules_hash: &self.rules.hash,
            ids: &mut self.ids,
            effects: Vec::new(),
        };
        tell(&mut out);
        out.effects
    }
}

/// What is done first for an intent of before: where no close is known to have
/// gone out, the last word was that something is held.
fn first_of(account: &AccountName, goal: &Goal, recent: &[RecentRequest]) -> ResumedFirst {
    let closes = matches!(goal, Goal::FlatAndQuiet | Goal::Closed(_));
    let mut its = recent.iter().filter(|request| request.account == *account);
    if closes && !its.any(|request| request.close().is_some()) {
        ResumedFirst::Send
    } else {
        ResumedFirst::Look
    }
}

fn abandoned(row: &IntentRow, now: Now) -> Effect {
    Effect::Record(RecordRow::IntentEnded {
        id: row.id,
        at: now.wall,
        end: IntentEnd::Abandoned,
    })
}

impl AccountRun {
    /// Drops what was left undone: riskd only observes now. A firing that asked
    /// for it is armed again as soon as riskd acts.
    fn leave_undone(&mut self, row: &IntentRow, out: &mut Output<'_>) {
        if let Cause::Firing(firing) = row.cause {
            for run in self.rules.iter_mut() {
                run.state.leave_undone(firing);
            }
        }
        let name = &self.account.name;
        let message = format!(
            "{name} was being made {}; that is not finished: nothing is sent in observe mode",
            row.goal.words()
        );
        let mut fields = Fields::new();
        fields.put("goal", row.goal.name());
        out.entry(EntryKind::WouldSend, Some(name), message, fields);
    }
}
