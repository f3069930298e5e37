//! Edits of the accounts while riskd is down: locks and unfinished work follow
//! the venue's account, whatever an edit calls it.

use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::account::{AccountName, AccountNumber};
use riskd::domain::holdings::{Position, WorkingOrders};
use riskd::domain::lock::LockEnd;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Learned, Observation};
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::Write;
use riskd::engine::effect::Effect;
use riskd::engine::event::{Command, Event};
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::rules::book::RuleBook;
use riskd::rules::book::Until;
use rust_decimal::Decimal;

use super::random::Random;
use super::rules;
use crate::support::{at, figures};

const CONFIG: EngineConfig = EngineConfig {
    acts: true,
    stale_after: None,
};
/// Sequences of starts, and starts of each.
const SEQUENCES: u64 = 150;
const STARTS: usize = 6;
/// The number at the venue of the account that this is about.
const NUMBER: &str = "a";

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Nothing,
    Name(&'static str),
    Spelling(&'static str),
    OtherNumber,
    Removed,
}

const EDITS: [Edit; 7] = [
    Edit::Nothing,
    Edit::Name("a"),
    Edit::Name("renamed"),
    Edit::Spelling("A"),
    Edit::Spelling("a"),
    Edit::OtherNumber,
    Edit::Removed,
];

/// The rules with this account first, or without it.
fn rule_file(account: Option<(&str, &str)>) -> Arc<RuleBook> {
    let rules = rules::with_rules(
        "
  - { name: daily loss, accounts: [b], when: { pnl: { loss: 600 } }, then: [flatten, { notify: log }] }
",
    );
    let mut rules = RuleBook::clone(&rules);
    match account {
        None => drop(rules.accounts.remove(0)),
        Some((name, number)) => {
            let first = Arc::make_mut(&mut rules.accounts[0]);
            first.name = AccountName::from(name);
            first.number = AccountNumber::parse(number).unwrap();
        }
    }
    Arc::new(rules)
}

/// A riskd that is started again and again.
struct Sequence {
    engine: Engine,
    now: Now,
    name: &'static str,
    number: &'static str,
}

impl Sequence {
    fn account(&self) -> AccountName {
        AccountName::from(self.name)
    }

    fn rules_after(&self, edit: Edit) -> Arc<RuleBook> {
        match edit {
            Edit::Nothing => rule_file(Some((self.name, self.number))),
            Edit::Name(name) => rule_file(Some((name, self.number))),
            Edit::Spelling(number) => rule_file(Some((self.name, number))),
            Edit::OtherNumber => rule_file(Some((self.name, "another"))),
            Edit::Removed => rule_file(None),
        }
    }

    fn takes_the_account_away(&self, edit: Edit) -> bool {
        match edit {
            Edit::Nothing | Edit::Spelling(_) => false,
            Edit::Name(name) => name != self.name,
            Edit::OtherNumber | Edit::Removed => true,
        }
    }

    /// What the account shows; gives what is sent.
    fn shows(&mut self, held: i64) -> Vec<Effect> {
        self.now.wall += TimeDelta::seconds(1);
        self.now.steady += TimeDelta::seconds(1);
        let position = |held: i64| Position::new(PositionKey::new("ES 03-26"), Decimal::from(held));
        let observation = Observation {
            account: self.account(),
            at: self.now.steady,
            content: Content::Learned(Learned {
                figures: figures(["0", "0", "50000", "50000"]),
                positions: Some((held != 0).then(|| position(held)).into_iter().collect()),
                orders: WorkingOrders::NotRead,
                stamp: Some(self.now.steady.timestamp_millis()),
                ..Learned::default()
            }),
        };
        self.engine
            .step(self.now, Event::Observed(observation))
            .effects
    }

    fn command(&mut self, command: Command) {
        self.engine.step(self.now, Event::Command(command));
    }

    /// A start with an edited file, as the daemon makes it: what a reload would
    /// refuse is refused, and the rules from before go on.
    fn starts(&mut self, edit: Edit) -> (bool, Vec<Effect>) {
        let kept = self.engine.keep();
        let edited = self.rules_after(edit);
        let is_refused = !self
            .engine
            .objections(&edited, |old, new| old == new)
            .is_empty();
        let rules = if is_refused {
            self.rules_after(Edit::Nothing)
        } else {
            edited
        };
        let kept = Kept {
            next: kept.next,
            ..kept
        };
        let started = Engine::start(rules, CONFIG, kept, self.now);
        self.engine = started.engine;
        match edit {
            Edit::Name(name) if !is_refused => self.name = name,
            Edit::Spelling(number) => self.number = number,
            _ => {}
        }
        (is_refused, started.effects)
    }
}

fn closes(effects: &[Effect], account: &AccountName) -> bool {
    effects.iter().any(|effect| {
        matches!(effect, Effect::Send { account: to, write: Write::Flatten, .. } if to == account)
    })
}

fn sequence(seed: u64) {
    let mut random = Random::new(seed);
    let now = at("2026-03-03T15:00:00Z");
    let started = Engine::start(
        rule_file(Some((NUMBER, NUMBER))),
        CONFIG,
        Kept::default(),
        now,
    );
    let mut riskd = Sequence {
        engine: started.engine,
        now,
        name: NUMBER,
        number: NUMBER,
    };
    let mut told = vec![format!("seed {seed}")];
    riskd.shows(0);
    for _ in 0..STARTS {
        let reason = "by hand".to_owned();
        let account = riskd.account();
        match random.within(0, 4) {
            0 => {
                let until = Until::Manual;
                riskd.command(Command::Lock {
                    account,
                    until,
                    reason,
                });
            }
            1 => riskd.command(Command::Flatten { account, reason }),
            2 => riskd.command(Command::Unlock { account, reason }),
            _ => {}
        }
        let before = riskd.engine.keep();
        let is_tied = !before.rows.locks.is_empty() || !before.rows.intents.is_empty();
        let edit = random.of(&EDITS);
        let is_lost = riskd.takes_the_account_away(edit);
        let (is_refused, effects) = riskd.starts(edit);
        told.push(format!("{edit:?}, tied: {is_tied}, refused: {is_refused}"));
        let edits = told.join("\n");
        assert_eq!(is_refused, is_tied && is_lost, "{edits}");
        let after = riskd.engine.keep();
        let ends =
            |kept: &Kept| -> Vec<LockEnd> { kept.rows.locks.iter().map(|row| row.end).collect() };
        assert_eq!(ends(&before), ends(&after), "{edits}");
        assert_eq!(
            before.rows.intents.len(),
            after.rows.intents.len(),
            "{edits}"
        );
        let is_there = matches!(edit, Edit::OtherNumber | Edit::Removed) && !is_refused;
        if is_there {
            // Another account, or none: this one is not riskd's any more.
            return;
        }
        let sent = [effects, riskd.shows(2)].concat();
        let is_closed = closes(&sent, &riskd.account()) || !before.rows.intents.is_empty();
        assert_eq!(is_closed, is_tied, "{edits}: {sent:?}");
    }
}

#[test]
fn an_edit_while_riskd_is_down_loses_no_lock_and_no_unfinished_work() {
    for seed in 0..SEQUENCES {
        sequence(seed);
    }
}
