//! From the raw form to the checked one: every name resolved, every value
//! possible, everything else an error at its place.

mod accounts;
mod actions;
mod condition;
mod daemon;
mod drawdown;
mod duplicates;
mod expression;
mod flat;
mod holdings;
mod hours;
mod lints;
mod notifiers;
mod pnl;
mod rule;
mod secrets;
mod sessions;
mod size;
mod spelling;
mod tests_named;
mod time;
mod venues;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub(crate) use duplicates::read_duplicates;
pub use notifiers::{MAX_NOTIFIERS, is_topic};

use super::book::{Account, Loosening, Rule, RuleBook};
use super::diagnostic::{Diagnostic, Findings, Place, quoted};
use super::keys::Fields;
use super::node::{KeyValue, Node};
use super::read::{NAME_HELP, is_name};
use super::ruleset::{RuleFile, RuleSet};
use super::settings::{Daemon, Notifier, Venue};
use super::suggest::odd_character;
use super::tables;
use accounts::Draft;
use sessions::Sessions;

/// Most accounts in a file.
pub const MAX_ACCOUNTS: usize = 1_000;
/// Most rules in a file.
pub const MAX_RULES: usize = 20_000;
/// Most files of rule tests that a file names.
pub const MAX_TEST_FILES: usize = 32;

/// Gives the text of a file that a rule file names. A relative path is relative
/// to the rule file.
pub type Loader<'l> = dyn Fn(&Path) -> io::Result<String> + 'l;

/// The files that a rule file names, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Companions(Vec<RuleFile>);

impl Companions {
    /// SHA-256 over the rule file and these, in lower-case hex.
    fn hash(&self, text: &str) -> Arc<str> {
        let mut sha = Sha256::new();
        // Lengths keep the end of one text apart from the start of the next.
        let mut add = |part: &str| {
            sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            sha.update(part.as_bytes());
        };
        add(text);
        for file in &self.0 {
            add(&file.path);
            add(&file.text);
        }
        let digest = sha.finalize();
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into()
    }

    fn add(&mut self, path: &str, content: &str) {
        self.0.push(RuleFile {
            path: path.to_owned(),
            text: content.to_owned(),
        });
    }
}

/// What the sections before the rules declare, right or wrong: a rule that
/// names an account with a mistake in it is not a second mistake.
#[derive(Default)]
pub(crate) struct Declared {
    /// The settings; there only when nothing is wrong with them.
    pub(crate) daemon: Option<Daemon>,
    pub(crate) venues: Vec<Venue>,
    venue_names: HashSet<String>,
    sessions: Sessions,
    pub(crate) accounts: Vec<Draft>,
    /// What else the file says of accounts, under keys that are there again.
    pub(crate) again: Vec<Draft>,
    /// Whether every account could be read at all.
    accounts_complete: bool,
    notifiers: Vec<Notifier>,
    notifier_names: HashSet<String>,
}

/// Checks a whole file; the set is there only when no error was found.
pub(crate) fn file(
    root: &Node<'_>,
    text: &str,
    loader: &Loader<'_>,
    findings: &mut Findings,
) -> (Declared, Option<RuleSet>) {
    let mut companions = Companions::default();
    let mut declared = Declared::default();
    let Some(fields) = Fields::open(root, &tables::FILE, findings) else {
        return (declared, None);
    };
    version(&fields, findings);
    let errors = findings.errors();
    let (daemon, loosening) = daemon::daemon(fields.get("daemon"), findings);
    declared.daemon = (findings.errors() == errors).then(|| daemon.clone());
    sections(&fields, loader, &mut companions, &mut declared, findings);
    let rules = fields
        .get("rules")
        .map(|node| rules(node, &declared, findings));
    let tests = tests_named::files(fields.get("tests"), findings);
    // With errors in the file, what seems amiss may just be unreadable.
    if let Some(rules) = rules.as_deref().filter(|_| findings.errors() == 0) {
        lints::unused(&fields, &declared, rules, findings);
        hours::early_closes(&fields, &declared, rules, findings);
    }
    let set =
        rules.and_then(|rules| assemble(text, &companions, (daemon, loosening), &declared, rules));
    let set = set.map(|set| RuleSet { tests, ..set });
    (declared, set.filter(|_| findings.errors() == 0))
}

/// The venues and accounts alone, for what must work with broken rules.
pub(crate) fn accounts_alone(root: &Node<'_>, loader: &Loader<'_>) -> Declared {
    let mut ignored = Findings::default();
    let mut declared = Declared::default();
    if let Some(fields) = Fields::open(root, &tables::FILE, &mut ignored) {
        let mut companions = Companions::default();
        sections(
            &fields,
            loader,
            &mut companions,
            &mut declared,
            &mut ignored,
        );
    }
    declared
}

fn sections(
    fields: &Fields<'_, '_>,
    loader: &Loader<'_>,
    companions: &mut Companions,
    declared: &mut Declared,
    findings: &mut Findings,
) {
    if let Some(node) = fields.get("sessions") {
        declared.sessions = sessions::sessions(node, loader, companions, findings);
    }
    if let Some(node) = fields.get("venues") {
        venues::venues(node, declared, findings);
    }
    if let Some(node) = fields.get("notify") {
        notifiers::notifiers(node, declared, findings);
    }
    if let Some(node) = fields.get("accounts") {
        accounts::accounts(node, declared, findings);
    }
}

fn version(fields: &Fields<'_, '_>, findings: &mut Findings) {
    let Some(node) = fields.get("version") else {
        return;
    };
    if node.scalar() != Some("1") {
        let message = match node.scalar() {
            Some(other) => format!(
                "version {} of the rule language is not known",
                quoted(other)
            ),
            None => "the version is missing".to_owned(),
        };
        findings.push(Diagnostic::error(node.place, message).help("write `version: 1`"));
    }
}

fn rules(node: &Node<'_>, declared: &Declared, findings: &mut Findings) -> Vec<Arc<Rule>> {
    let mut rules = Vec::new();
    let Some(items) = super::read::list(node, "the list of rules", findings) else {
        return rules;
    };
    if items.len() > MAX_RULES {
        let message = format!("{} rules; {MAX_RULES} is the most", items.len());
        findings.push(Diagnostic::error(node.place, message));
        return rules;
    }
    let mut names: HashMap<&str, Place> = HashMap::new();
    for item in items {
        rule::name_once(item, &mut names, findings);
        rules.extend(rule::rule(item, declared, findings).map(Arc::new));
    }
    rules
}

fn assemble(
    text: &str,
    companions: &Companions,
    (daemon, loosening): (Daemon, Loosening),
    declared: &Declared,
    rules: Vec<Arc<Rule>>,
) -> Option<RuleSet> {
    let accounts: Option<Vec<Arc<Account>>> = declared
        .accounts
        .iter()
        .map(|draft| draft.finish().map(Arc::new))
        .collect();
    let polls = declared.venues.iter().map(|venue| venue.poll);
    let book = RuleBook {
        hash: companions.hash(text),
        accounts: accounts?,
        rules,
        loosening,
        slowest_poll: polls.max().unwrap_or_default(),
    };
    Some(RuleSet {
        text: text.into(),
        book: Arc::new(book),
        files: companions.0.clone(),
        daemon,
        venues: declared.venues.clone(),
        notifiers: declared.notifiers.clone(),
        tests: Vec::new(),
    })
}

/// The entries of a section whose keys are names of the author's choice, those
/// with a bad name left out.
fn named_entries<'n, 'a>(
    node: &'n Node<'a>,
    what: &str,
    findings: &mut Findings,
) -> Vec<&'n KeyValue<'a>> {
    let Some(entries) = node.entries().filter(|entries| !entries.is_empty()) else {
        let message = format!(
            "expected {what}, each under its name; found {}",
            node.describe()
        );
        let help = format!("write {what} as a mapping: `name: {{ ... }}`");
        findings.push(Diagnostic::error(node.place, message).help(help));
        return Vec::new();
    };
    let mut good = Vec::new();
    for entry in entries {
        if is_name(&entry.key) {
            good.push(entry);
        } else {
            let message = format!("{} cannot be a name", quoted(&entry.key));
            let help = match odd_character(&entry.key) {
                Some(odd) => format!(
                    "take out the character U+{:04X}, which looks like a space or like nothing",
                    u32::from(odd)
                ),
                None => NAME_HELP.to_owned(),
            };
            findings.push(Diagnostic::error(entry.key_place, message).help(help));
        }
    }
    good
}

/// The error for a name that is not declared.
fn unknown_name<'k>(
    place: Place,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Diagnostic {
    let near = super::suggest::did_you_mean(name, known.clone());
    let help = near.unwrap_or_else(|| {
        let names: Vec<&str> = known.take(8).collect();
        if names.is_empty() {
            format!("the file declares no {what}")
        } else {
            format!("declared are {}", super::diagnostic::listed(names))
        }
    });
    Diagnostic::error(place, format!("there is no {what} {}", quoted(name))).help(help)
}

/// A domain error as a diagnostic: what stands behind the first semicolon says
/// what would be right.
fn from_domain(place: Place, error: &dyn std::error::Error) -> Diagnostic {
    let text = error.to_string();
    match text.split_once("; ") {
        Some((message, help)) => Diagnostic::error(place, message).help(help),
        None => Diagnostic::error(place, text),
    }
}
