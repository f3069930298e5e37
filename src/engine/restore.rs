//! Starting an engine: from nothing, or from what the record kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::account::{AccountRun, Rules};
use super::effect::Effect;
use super::identity::{Home, Homes};
use super::memory::AccountMemory;
use super::output::{NextIds, Output};
use super::record::{EntryKind, Fields, IntentRow, LockRow};
use super::rule_state::RuleState;
use super::{Engine, EngineConfig, deferred_account};
use chrono::TimeDelta;

use crate::domain::account::{AccountName, RuleName};
use crate::domain::ids::FiringId;
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::request::{Outcome, Write};
use crate::rules::book::RuleBook;
use crate::rules::book::{Account, Rule};

/// What the record kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// What it keeps of the accounts.
    pub rows: KeptRows,
    /// The numbers to give out next.
    pub next: NextIds,
    /// The rule sets that were in force last, in the order in which they came
    /// into force: what is looser than one of them waits for the next session,
    /// where the rules say so.
    pub earlier: Vec<EarlierRules>,
    /// Accounts of the rule file that another engine runs: they are taken up when
    /// they are handed over.
    pub elsewhere: HashSet<AccountName>,
}

/// What the record keeps under the names of accounts: of all of them for a start, of
/// one that is taken up later. What a start takes up is the sum of what is kept of
/// each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptRows {
    /// States of accounts, as JSON.
    pub accounts: Vec<(AccountName, String)>,
    /// States of rules, as JSON.
    pub rules: Vec<(AccountName, RuleName, String)>,
    /// Locks in force.
    pub locks: Vec<LockRow>,
    /// Intents that have no end.
    pub intents: Vec<IntentRow>,
    /// The requests of the last seconds before this start: a close among them may
    /// still be filling.
    pub recent: Vec<RecentRequest>,
    /// Firings of which the record says that riskd only observed. A rule's state
    /// says so itself; one of an earlier version does not.
    pub observed: Vec<FiringId>,
}

/// A request that left, or may have left, shortly before this start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentRequest {
    /// The account.
    pub account: AccountName,
    /// What was asked, by its stable name.
    pub write: String,
    /// The instrument or order that it named.
    pub target: Option<String>,
    /// When it was decided, by the wall clock.
    pub queued_at: Timestamp,
    /// When it left, where that is on record.
    pub sent_at: Option<Timestamp>,
    /// When it was answered, and how.
    pub answer: Option<(Timestamp, Outcome)>,
}

impl RecentRequest {
    /// The close that it was, if it was one and may have been carried out.
    pub(super) fn close(&self) -> Option<Write> {
        if matches!(self.answer, Some((_, Outcome::NotSent | Outcome::Refused))) {
            return None;
        }
        Write::recorded_close(&self.write, self.target.as_deref())
    }
}

/// A rule set that was in force.
#[derive(Clone, Debug)]
pub struct EarlierRules {
    /// When it came into force first.
    pub from: Timestamp,
    /// When it came into force last.
    pub last_from: Timestamp,
    /// The rules.
    pub rules: Arc<RuleBook>,
}

/// An engine that was started, and what is to be done first.
#[derive(Debug)]
pub struct Started {
    /// The engine.
    pub engine: Engine,
    /// Reads for what was left undone, and log entries.
    pub effects: Vec<Effect>,
}

impl Engine {
    /// Starts an engine. Locks, latches and marks are as they were; nothing is
    /// known of any account until it is observed afresh; what was left undone
    /// is read first and then finished.
    pub fn start(rules: Arc<RuleBook>, config: EngineConfig, kept: Kept, now: Now) -> Started {
        let mut engine = Engine {
            config,
            accounts: Vec::with_capacity(rules.accounts.len()),
            index: HashMap::new(),
            ids: kept.next,
            touched: Vec::new(),
            parked: HashMap::new(),
            elsewhere: kept.elsewhere,
            rules: Arc::clone(&rules),
        };
        let all = rules.accounts.iter();
        let own = all.filter(|account| !engine.elsewhere.contains(&account.name));
        let own: Vec<Arc<Account>> = own.cloned().collect();
        let effects = engine.take_up(&own, kept.rows, &kept.earlier, now);
        Started { engine, effects }
    }

    /// Takes up accounts of the rule file, none of which is run, with what the record
    /// keeps of them.
    pub(super) fn take_up(
        &mut self,
        accounts: &[Arc<Account>],
        kept: KeptRows,
        earlier: &[EarlierRules],
        now: Now,
    ) -> Vec<Effect> {
        let Stored {
            mut memories,
            mut states,
            unreadable,
        } = Stored::read(&kept, now);
        let homes = Homes::of(&memories);
        let mut effects = Vec::new();
        for account in accounts {
            let memory = memories.remove(&account.name);
            let states = states.remove(&account.name).unwrap_or_default();
            effects.extend(self.begin(account, memory, states, earlier, now));
        }
        // What belongs to accounts that are not in the file, should they come back.
        memories.retain(|name, _| !self.elsewhere.contains(name));
        for (name, memory) in memories {
            self.parked.entry(name).or_default().memory = Some(memory);
        }
        states.retain(|name, _| !self.elsewhere.contains(name));
        for (name, rules) in states {
            self.parked.entry(name).or_default().rules = rules;
        }
        let kept = self.own(kept, &homes);
        effects.extend(self.on_each(accounts, now, |run, out| run.roll_session(now, out)));
        effects.extend(self.restore_locks(kept.locks, &homes, now));
        effects.extend(self.on_each(accounts, now, |run, out| run.end_locks(now, out)));
        self.note_earlier_closes(&kept.recent, &homes, now);
        effects.extend(self.resume_intents(kept.intents, &kept.recent, &homes, now));
        effects.extend(self.on_each(accounts, now, |run, out| run.rearm_observed(out)));
        effects.extend(self.report_unreadable(unreadable, now));
        effects
    }

    /// What is kept without that of accounts that another engine runs: it is theirs to
    /// take up or to end.
    fn own(&self, mut kept: KeptRows, homes: &Homes) -> KeptRows {
        let is_own = |name: &AccountName| match homes.find(name, &self.rules) {
            Home::Here => self.index.contains_key(name),
            Home::Renamed(name) => self.index.contains_key(&name),
            Home::Gone => !self.elsewhere.contains(name),
        };
        kept.locks.retain(|row| is_own(&row.account));
        kept.intents.retain(|row| is_own(&row.account));
        kept.recent.retain(|row| is_own(&row.account));
        kept
    }

    /// Begins to run an account.
    fn begin(
        &mut self,
        account: &Arc<Account>,
        memory: Option<AccountMemory>,
        states: HashMap<RuleName, RuleState>,
        earlier: &[EarlierRules],
        now: Now,
    ) -> Vec<Effect> {
        let mut out = Output {
            now,
            config: &self.config,
            rules_hash: &self.rules.hash,
            ids: &mut self.ids,
            effects: Vec::new(),
        };
        let run = AccountRun::start(account, memory, states, (&self.rules, earlier), &mut out);
        let effects = out.effects;
        self.index.insert(account.name.clone(), self.accounts.len());
        self.accounts.push(run);
        effects
    }

    fn on_each(
        &mut self,
        accounts: &[Arc<Account>],
        now: Now,
        mut act: impl FnMut(&mut AccountRun, &mut Output<'_>),
    ) -> Vec<Effect> {
        let each = accounts.iter();
        each.flat_map(|account| self.on_account(&account.name, now, &mut act))
            .collect()
    }

    fn report_unreadable(
        &mut self,
        unreadable: Vec<(AccountName, Option<RuleName>, String)>,
        now: Now,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (account, rule, error) in unreadable {
            effects.extend(self.on_account(&account, now, |run, out| {
                let what = rule.as_ref().map_or_else(
                    || format!("the account {}", run.account.name),
                    |rule| format!("the rule {rule} on {}", run.account.name),
                );
                let message =
                    format!("the stored state of {what} cannot be read and starts afresh: {error}");
                let name = run.account.name.clone();
                out.entry(
                    EntryKind::RecordFailed,
                    Some(&name),
                    message.clone(),
                    Fields::new(),
                );
                out.notify(run.notice(
                    super::effect::Severity::Critical,
                    EntryKind::RecordFailed,
                    message,
                ));
            }));
        }
        effects
    }

    /// Whether anything that was left undone by a run before this one is still
    /// open.
    pub fn has_open_intents(&self) -> bool {
        self.accounts.iter().any(|run| !run.guard.is_idle())
    }

    /// Everything that would be kept, as after a crash right now: for tests of
    /// restarts, and for rule tests that ask for one.
    pub fn keep(&self) -> Kept {
        let mut kept = Kept {
            next: self.ids,
            ..Kept::default()
        };
        for run in &self.accounts {
            let name = &run.account.name;
            if let Ok(state) = serde_json::to_string(run.ledger.memory()) {
                kept.rows.accounts.push((name.clone(), state));
            }
            for (rule, state) in run.rules.states() {
                if let Ok(state) = serde_json::to_string(state) {
                    kept.rows.rules.push((name.clone(), rule.clone(), state));
                }
            }
            kept.rows.locks.extend(run.guard.locks().rows(name));
            kept.rows
                .intents
                .extend(run.guard.intents().iter().map(|intent| IntentRow {
                    id: intent.id,
                    account: name.clone(),
                    goal: intent.goal.clone(),
                    cause: intent.cause.clone(),
                    at: intent.since,
                }));
        }
        kept
    }
}

/// What the record remembers, read from its JSON.
struct Stored {
    memories: HashMap<AccountName, AccountMemory>,
    states: HashMap<AccountName, HashMap<RuleName, RuleState>>,
    /// What cannot be read: whose it is, and why.
    unreadable: Vec<(AccountName, Option<RuleName>, String)>,
}

impl Stored {
    fn read(kept: &KeptRows, now: Now) -> Stored {
        let mut memories: HashMap<AccountName, AccountMemory> = HashMap::new();
        let mut unreadable = Vec::new();
        for (account, state) in &kept.accounts {
            match serde_json::from_str(state) {
                Ok(memory) => {
                    memories.insert(account.clone(), memory);
                }
                Err(error) => unreadable.push((account.clone(), None, error.to_string())),
            }
        }
        let mut states: HashMap<AccountName, HashMap<RuleName, RuleState>> = HashMap::new();
        for (account, rule, state) in &kept.rules {
            match serde_json::from_str::<RuleState>(state) {
                Ok(mut state) => {
                    for firing in &kept.observed {
                        state.leave_undone(*firing);
                    }
                    let last = memories.get(account).and_then(|memory| memory.last);
                    if let Some(gap) = last.and_then(|last| TimeDelta::try_seconds(last.clock_gap))
                    {
                        state.shift(gap);
                    }
                    // Time in which nobody looked counts as unknown.
                    let since = last.map_or(now.steady, |last| last.at.min(now.steady));
                    if state.true_since.is_some() && state.unknown_since.is_none() {
                        state.unknown_since = Some(since);
                    }
                    let of_account = states.entry(account.clone()).or_default();
                    of_account.insert(rule.clone(), state);
                }
                Err(error) => {
                    unreadable.push((account.clone(), Some(rule.clone()), error.to_string()))
                }
            }
        }
        // What is kept from here on is by the clock of this process.
        for last in memories
            .values_mut()
            .filter_map(|memory| memory.last.as_mut())
        {
            last.clock_gap = 0;
        }
        Stored {
            memories,
            states,
            unreadable,
        }
    }
}

impl AccountRun {
    /// Starts from what is remembered, under the rules of the file; what the earlier
    /// ones of the record had in force waits where loosening does.
    fn start(
        account: &Arc<Account>,
        memory: Option<AccountMemory>,
        states: HashMap<RuleName, RuleState>,
        (rules, earlier): (&Arc<RuleBook>, &[EarlierRules]),
        out: &mut Output<'_>,
    ) -> AccountRun {
        let now = out.now;
        // Another number at the venue is another account.
        let is_another_account = memory
            .as_ref()
            .is_some_and(|memory| !account.number.matches(&memory.number));
        let mut run = AccountRun::new(Arc::clone(account), memory, now);
        if !is_another_account {
            run.rules = Rules::parked(states);
        }
        let earlier = run.earlier_rules(earlier, now);
        if deferred_account::is_deferred_by(rules, &earlier) {
            run.defer_until_session_end();
            run.begin_with_first_of(&earlier);
            for form in deferred_account::forms(&earlier, account).chain([account]) {
                // Told once, by what is in force now.
                out.effects.clear();
                run.change_account(Arc::clone(form), true, now, out);
            }
            let reported = std::mem::take(&mut out.effects);
            for earlier in earlier {
                let wanted: Vec<&Arc<Rule>> = earlier.rules_of(&account.name).collect();
                run.change_rules(&wanted, true, now, out);
            }
            // Told once, below, by what is in force now.
            out.effects = reported;
        }
        let wanted: Vec<&Arc<Rule>> = rules.rules_of(&account.name).collect();
        run.change_rules(&wanted, true, now, out);
        run
    }
}
