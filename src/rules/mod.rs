//! Rule files: YAML text in, a checked [`ruleset::RuleSet`] and every
//! diagnostic out.
//!
//! The way of a file: `tree` reads the text into nodes that keep their places
//! (the raw form), `check` turns them into the [`RuleSet`] (the checked form)
//! with the readers of `read` and the tables of keys in `tables`, and whatever
//! is wrong becomes a [`Diagnostic`]. Nothing here does I/O: the files that a
//! rule file names come through a [`Loader`].

pub mod address;
pub mod book;
pub mod budget;
pub mod diagnostic;
pub mod expression;
pub mod reference;
pub mod ruleset;
pub mod schema;
pub mod settings;

mod check;
pub(crate) mod dated;
pub(crate) mod keys;
pub(crate) mod node;
pub(crate) mod read;
mod redact;
pub(crate) mod render;
mod secret_text;
pub(crate) mod suggest;
mod tables;
pub(crate) mod tree;
mod words;

pub use check::{Loader, MAX_ACCOUNTS, MAX_NOTIFIERS, MAX_RULES, MAX_TEST_FILES, is_topic};
pub use redact::{HIDDEN_URL, redacted_text};
pub use tree::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, MAX_TEXT};

use std::path::Path;

use crate::domain::account::{AccountName, AccountNumber};
use crate::domain::observation::Timestamp;
use dated::Dated;
use diagnostic::{Diagnostic, Findings, MAX_SHOWN};
use ruleset::{RuleFile, RuleSet};
use secret_text::Trust;
use settings::Venue;

/// What came of a rule file.
#[derive(Debug)]
pub struct Loaded {
    /// The rules; there only when no error was found.
    pub rules: Option<RuleSet>,
    /// Everything that was found, by place; secrets are starred out.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more diagnostics there were than are reported.
    pub omitted: usize,
    /// The accounts that can be acted on by hand, whatever else is wrong; each
    /// that stands under a duplicate name.
    pub targets: Vec<Target>,
    /// Names that stand for more than one account, which is an error: which of
    /// them is meant is unknown.
    pub duplicate: Vec<Duplicate>,
    /// The settings of the daemon; there when nothing is wrong with them,
    /// whatever else is.
    pub daemon: Option<settings::Daemon>,
    name: String,
    /// The text with secrets starred out; empty when there is nothing to show.
    shown: String,
    /// What turns on the date.
    dated: Vec<Dated>,
}

/// An account that can be acted on by hand: it and its venue are right, though
/// the rest of the file may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The account's name in the file.
    pub account: AccountName,
    /// Its name at the venue.
    pub number: AccountNumber,
    /// The venue.
    pub venue: Venue,
}

/// A name under which a file that is wrong gives an account more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The name.
    pub account: AccountName,
    /// The number that each of them has at its venue, in the order of the file;
    /// `None` where it cannot be read.
    pub numbers: Vec<Option<AccountNumber>>,
}

/// Reads and checks a rule file. `name` is what messages call it; `loader`
/// gives the text of files that it names.
pub fn load(name: &str, text: &str, loader: &Loader<'_>) -> Loaded {
    let mut findings = Findings::default();
    let tree = tree::read(text, &mut findings);
    let (mut declared, rules) = match &tree.root {
        // With half a file, everything but the syntax error is a guess.
        Some(root) if !tree.complete => (check::accounts_alone(root, loader), None),
        Some(root) => check::file(root, text, loader, &mut findings),
        None => (check::Declared::default(), None),
    };
    if let Some(root) = &tree.root {
        check::read_duplicates(root, &tree.again, &mut declared);
    }
    let targets = targets(&declared);
    let duplicate = duplicate(&declared);
    let rules = rules.filter(|_| findings.errors() == 0);
    let trust = if tree.complete {
        Trust::Read
    } else {
        Trust::Unread
    };
    let dated = findings.dated().to_vec();
    let shown = if findings.is_empty() && dated.is_empty() {
        String::new()
    } else {
        findings.secrets.redacted(text, trust)
    };
    let (diagnostics, omitted) = findings.into_shown();
    Loaded {
        rules,
        diagnostics,
        omitted,
        targets,
        duplicate,
        daemon: declared.daemon,
        name: name.to_owned(),
        shown,
        dated,
    }
}

/// Reads and checks a rule set of the record, with the files that it named as they
/// were then. `loader` gives what is not among them: those of a set whose files are
/// not on record.
pub fn load_kept(
    name: &str,
    text: &str,
    files: Option<&[RuleFile]>,
    loader: &Loader<'_>,
) -> Loaded {
    load(name, text, &|path| {
        let mut known = files.unwrap_or_default().iter();
        match known.find(|file| Path::new(&file.path) == path) {
            Some(file) => Ok(file.text.clone()),
            None => loader(path),
        }
    })
}

fn targets(declared: &check::Declared) -> Vec<Target> {
    let drafts = declared.accounts.iter().chain(&declared.again);
    let found = drafts.filter(|draft| draft.whole).filter_map(|draft| {
        let name = draft.venue.as_ref()?;
        let venue = declared.venues.iter().find(|venue| venue.name == *name)?;
        Some(Target {
            account: draft.name.clone(),
            number: draft.number.clone()?,
            venue: venue.clone(),
        })
    });
    let mut targets: Vec<Target> = found.collect();
    if !declared.again.is_empty() {
        let all = std::mem::take(&mut targets);
        for target in all {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

fn duplicate(declared: &check::Declared) -> Vec<Duplicate> {
    let mut duplicate: Vec<Duplicate> = Vec::new();
    for draft in &declared.again {
        let account = &draft.name;
        let drafts = declared.accounts.iter().chain(&declared.again);
        let same: Vec<_> = drafts.filter(|other| other.name == *account).collect();
        // The very same entry once more leaves no doubt.
        let is_one = same.iter().all(|other| {
            (&other.number, &other.venue) == (&draft.number, &draft.venue)
                && draft.number.is_some()
                && draft.venue.is_some()
        });
        if !is_one && duplicate.iter().all(|known| known.account != *account) {
            let numbers = same.iter().map(|other| other.number.clone()).collect();
            let account = account.clone();
            duplicate.push(Duplicate { account, numbers });
        }
    }
    duplicate
}

impl Loaded {
    /// Adds the warnings that turn on the date: contracts whose month is past,
    /// lists of closures that end soon. With errors in the file they wait.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Loaded {
        if self.rules.is_none() {
            return self;
        }
        let dated = std::mem::take(&mut self.dated);
        for warning in dated.iter().filter_map(|dated| dated.warning(now)) {
            if self.diagnostics.len() < MAX_SHOWN {
                self.diagnostics.push(warning)
            } else {
                self.omitted = self.omitted.saturating_add(1)
            }
        }
        self.diagnostics.sort_by(Diagnostic::by_place);
        self
    }

    fn sheet(&self) -> render::Sheet<'_> {
        render::Sheet {
            name: &self.name,
            shown: &self.shown,
            diagnostics: &self.diagnostics,
            omitted: self.omitted,
        }
    }

    /// The diagnostics with the lines that they are about, for people.
    pub fn render(&self, color: Color) -> String {
        render::report(&self.sheet(), color)
    }

    /// The diagnostics, each on a line: `file:line:column: error: ...; ...`.
    pub fn render_short(&self) -> String {
        render::short(&self.sheet())
    }
}

/// Whether a report has colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// For a terminal.
    Styled,
    /// For everything else.
    Plain,
}
