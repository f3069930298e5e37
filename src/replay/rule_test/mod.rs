//! Rule tests: `riskd test`.
//!
//! A test file names a rule file and holds tests. Each takes one account
//! through its steps and lists every firing of every rule for it. Additions to
//! the plain form: `name` may be left out; `end` lets time pass after the last
//! step; a figure, `margin`, `positions` and `orders` may be `unknown`; a position
//! may be a mapping with `quantity`, `unrealized`, `price` and what the venue says of
//! its worth; `orders` may list each order with `instrument`, `side` and `quantity`.

mod outcome;
mod read;
mod tables;

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::account::RuleName;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::observation::{Content, Learned, Missing, Timestamp};
use crate::rules::book::Account;
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::render::{self, Sheet};
use crate::rules::ruleset::RuleSet;
use crate::rules::{self, Color, Loader};

pub use outcome::{Difference, TestOutcome};
pub use read::MAX_TESTS;

/// The names of the actions.
const ACTIONS: [&str; 6] = [
    "cancel_orders",
    "flatten",
    "close_position",
    "lock",
    "close_only",
    "notify",
];

/// What came of a test file.
#[derive(Debug)]
pub struct LoadedTests {
    /// The tests; there only when no error was found, neither here nor in the
    /// rule file.
    pub file: Option<TestFile>,
    /// Everything that was found in the test file, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more diagnostics there were than are reported.
    pub omitted: usize,
    /// The rule file, when it could be read.
    pub rule_file: Option<rules::Loaded>,
    name: String,
    text: String,
}

/// The tests of a file.
#[derive(Debug)]
pub struct TestFile {
    /// The rules that are tested.
    pub rules: Arc<RuleSet>,
    /// The tests, in the order of the file.
    pub tests: Vec<RuleTest>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct RuleTest {
    /// What it is called; its line when it has no name.
    pub name: String,
    /// The line it begins on, from 1.
    pub line: u32,
    /// The account that it is about.
    pub account: Arc<Account>,
    /// The instant from which offsets count.
    pub start: Timestamp,
    /// What is observed, in the order of time; never empty.
    pub steps: Vec<TestStep>,
    /// Every firing, in the order of time.
    pub expect: Vec<Expected>,
    /// Up to when time passes, if longer than to the last step.
    pub end: Option<TimeDelta>,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestStep {
    /// When, from the start of the test.
    pub at: TimeDelta,
    /// Whether the engine starts again from what is stored before it.
    pub restart: bool,
    /// What is observed.
    pub says: Says,
}

/// What a step observes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing can be learned.
    Missing,
    /// These are new; the rest is as before.
    Learned(Changes),
}

/// A value that a step names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// It is not known from here on.
    Unknown,
    /// It is this from here on.
    Known(T),
}

impl<T> Given<T> {
    fn into_option(self) -> Option<T> {
        match self {
            Given::Unknown => None,
            Given::Known(value) => Some(value),
        }
    }
}

/// The values that a step names; the others stay as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Closed result of the venue's day.
    pub realized: Option<Given<Money>>,
    /// Open result.
    pub unrealized: Option<Given<Money>>,
    /// Cash without the open result.
    pub balance: Option<Given<Money>>,
    /// Cash with the open result.
    pub equity: Option<Given<Money>>,
    /// The maintenance margin of what is held.
    pub margin: Option<Given<Money>>,
    /// Open positions.
    pub positions: Option<Given<Arc<[Position]>>>,
    /// Working orders.
    pub orders: Option<Given<WorkingOrders>>,
}

impl Changes {
    /// Puts the named values into what was known before.
    fn apply(&self, learned: &mut Learned) {
        fn put<T: Clone>(slot: &mut Option<T>, given: &Option<Given<T>>) {
            if let Some(given) = given {
                *slot = given.clone().into_option();
            }
        }
        put(&mut learned.figures.realized, &self.realized);
        put(&mut learned.figures.unrealized, &self.unrealized);
        put(&mut learned.figures.balance, &self.balance);
        put(&mut learned.figures.equity, &self.equity);
        put(&mut learned.maintenance_margin, &self.margin);
        put(&mut learned.positions, &self.positions);
        if let Some(given) = &self.orders {
            let orders = given.clone().into_option();
            learned.orders = orders.unwrap_or(WorkingOrders::Unknown);
        }
    }
}

impl Says {
    /// The content of the observation, given what was known before it.
    fn content(&self, known: &mut Learned) -> Content {
        match self {
            Says::Missing => Content::Missing(Missing::Stated),
            Says::Learned(changes) => {
                changes.apply(known);
                Content::Learned(known.clone())
            }
        }
    }
}

/// A firing that must happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its line in the test file, from 1.
    pub line: u32,
    /// When, from the start of the test.
    pub at: TimeDelta,
    /// The rule.
    pub rule: RuleName,
    /// Its actions by name, in order; any when `None`.
    pub actions: Option<Vec<String>>,
}

/// Reads and checks a test file. `name` is what messages call it; `loader`
/// gives the text of a file whose path is relative to the test file.
pub fn load(name: &str, text: &str, loader: &Loader<'_>) -> LoadedTests {
    let mut rule_file = None;
    let mut loaded = read_file(name, text, |node, findings| {
        let loaded = named_rules(name, node, loader, findings)?;
        let rules = loaded.rules.as_ref().map(|rules| Arc::new(rules.clone()));
        rule_file = Some(loaded);
        rules
    });
    loaded.rule_file = rule_file;
    loaded
}

/// Reads and checks a test file for these rules, which name it: its own
/// `rules` says what `riskd test` loads, and is not followed here.
pub fn load_for(name: &str, text: &str, rules: &Arc<RuleSet>) -> LoadedTests {
    read_file(name, text, |_, _| Some(Arc::clone(rules)))
}

fn read_file(
    name: &str,
    text: &str,
    rules: impl FnOnce(&Node<'_>, &mut Findings) -> Option<Arc<RuleSet>>,
) -> LoadedTests {
    let mut findings = Findings::default();
    let file = checked_file(text, rules, &mut findings);
    let file = file.filter(|_| findings.errors() == 0);
    let (diagnostics, omitted) = findings.into_shown();
    LoadedTests {
        file,
        diagnostics,
        omitted,
        rule_file: None,
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn checked_file(
    text: &str,
    rules: impl FnOnce(&Node<'_>, &mut Findings) -> Option<Arc<RuleSet>>,
    findings: &mut Findings,
) -> Option<TestFile> {
    if text.trim().is_empty() {
        let start = Place {
            line: 1,
            column: 1,
            ..Place::default()
        };
        let help = "begin with `rules:` and the path of a rule file";
        findings.push(Diagnostic::error(start, "the test file is empty").help(help));
        return None;
    }
    let tree = rules::tree::read(text, findings);
    let root = tree.root.filter(|_| tree.complete)?;
    let fields = Fields::open(&root, &tables::FILE, findings)?;
    let rules = fields.read("rules", findings, rules);
    let tests = fields
        .get("tests")
        .map(|node| read::tests(node, rules.as_deref(), findings));
    Some(TestFile {
        rules: rules?,
        tests: tests?,
    })
}

/// The rule file that the test file names.
fn named_rules(
    name: &str,
    node: &Node<'_>,
    loader: &Loader<'_>,
    findings: &mut Findings,
) -> Option<rules::Loaded> {
    let path = rules::read::scalar(node, "the path of a rule file", findings)?;
    match load_rules(name, Path::new(path), loader) {
        Ok(loaded) => {
            if loaded.rules.is_none() {
                let message = "the rule file has errors";
                findings.push(Diagnostic::error(node.place, message));
            }
            Some(loaded)
        }
        Err(error) => {
            let message = format!("the rule file cannot be read: {error}");
            let help = "the path is relative to this file";
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// Loads the rule file; what it names is relative to itself.
fn load_rules(test_file: &str, path: &Path, loader: &Loader<'_>) -> std::io::Result<rules::Loaded> {
    let text = loader(path)?;
    let beside = |of: &Path, path: &Path| of.parent().map_or(path.to_owned(), |dir| dir.join(path));
    let shown = beside(Path::new(test_file), path);
    Ok(rules::load(&shown.to_string_lossy(), &text, &|companion| {
        loader(&beside(path, companion))
    }))
}

impl LoadedTests {
    /// What is wrong with the rule file and with the test file, with the lines
    /// that it is about, for people.
    pub fn render(&self, color: Color) -> String {
        let own = render::report(&self.sheet(), color);
        match self.broken_rules() {
            Some(rules) => rules.render(color) + &own,
            None => own,
        }
    }

    /// The same, each diagnostic on a line.
    pub fn render_short(&self) -> String {
        let own = render::short(&self.sheet());
        match self.broken_rules() {
            Some(rules) => rules.render_short() + &own,
            None => own,
        }
    }

    fn broken_rules(&self) -> Option<&rules::Loaded> {
        self.rule_file
            .as_ref()
            .filter(|loaded| loaded.rules.is_none())
    }

    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            name: &self.name,
            shown: &self.text,
            diagnostics: &self.diagnostics,
            omitted: self.omitted,
        }
    }
}
