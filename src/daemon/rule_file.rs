//! Reading the rule file with everything that it names, away from the
//! dispatcher: a disk may hang, a parse takes its time.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::rule_tests;
use crate::engine::Engine;
use crate::files;
use crate::rules::diagnostic::Diagnostic;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::{Daemon, Mode};
use crate::rules::{self, Loaded};

/// Most errors of a refused file that are told of.
const MAX_TOLD: usize = 10;

/// Where the rules come from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The rule file.
    pub(super) path: PathBuf,
    /// Send nothing, whatever the file says.
    pub(super) observe: bool,
}

/// SHA-256 over all that was read: two are the same only when every byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

/// What the rule file says now.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) fingerprint: Fingerprint,
    /// The file itself and those that it names, whether they are there or not.
    pub(super) files: Vec<PathBuf>,
    /// The settings in it; there when nothing is wrong with them, whatever else
    /// is.
    pub(super) daemon: Option<Daemon>,
    pub(super) verdict: Verdict,
}

/// What is to be thought of a rule file.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing speaks against it.
    Good(RuleSet),
    /// The rules can be used, but tests that the file names fail.
    TestsFail(RuleSet, Refusal),
    /// There are no rules in it that can be used.
    Bad(Refusal),
}

impl Verdict {
    /// The rules, for a reload: those whose tests fail are no better than none.
    pub(super) fn rules(self) -> Result<RuleSet, Refusal> {
        match self {
            Verdict::Good(rules) => Ok(rules),
            Verdict::TestsFail(_, refusal) | Verdict::Bad(refusal) => Err(refusal),
        }
    }
}

/// Why a rule file cannot be put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, each error on a line with file, line and column where it
    /// has some; never a secret.
    pub text: String,
    /// Line and column of the first error, from 1, where it has some.
    pub place: Option<(u32, u32)>,
}

impl Refusal {
    /// Why this engine, which runs the others, does not take these rules now.
    pub(super) fn by(engine: &Engine, running: &RuleSet, rules: &RuleSet) -> Option<Refusal> {
        let objections = engine.objections(&rules.book, |old, new| {
            rules.has_the_accounts_of(new, (running, old))
        });
        if objections.is_empty() {
            return None;
        }
        let text = objections.join("; ");
        Some(Refusal::from(format!(
            "{text}. A corrected file comes into force by itself, this one with a reload once nothing speaks against it (`systemctl reload riskd`)"
        )))
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Refusal {
        Refusal { text, place: None }
    }
}

impl Source {
    /// Reads everything, checks it and runs the tests that it names. `None` when
    /// not a byte differs from `known`.
    pub(super) fn read(&self, known: Option<Fingerprint>) -> Option<Reading> {
        let seen = FilesRead::default();
        let text = seen.read(&self.path);
        let loaded = text.map(|text| {
            let folder = self.folder();
            let loader = |file: &Path| seen.read(&folder.join(file));
            rules::load(&self.path.display().to_string(), &text, &loader)
        });
        let daemon = loaded
            .as_ref()
            .ok()
            .and_then(|loaded| loaded.daemon.clone());
        let rules = match loaded {
            Ok(loaded) => checked(loaded).map(|rules| self.observing(rules)),
            Err(error) => Err(self.unreadable(&error)),
        };
        let tests = rules.as_ref().map_or(Vec::new(), |rules| {
            rule_tests::read(rules, |file| seen.read(&self.folder().join(file)))
        });
        let (fingerprint, files) = seen.end();
        if known == Some(fingerprint) {
            return None;
        }
        Some(Reading {
            fingerprint,
            files,
            daemon,
            verdict: match rules {
                Ok(rules) => self.tested(rules, tests),
                Err(refusal) => Verdict::Bad(refusal),
            },
        })
    }

    fn tested(&self, rules: RuleSet, tests: Vec<io::Result<String>>) -> Verdict {
        let rules = Arc::new(rules);
        let report = rule_tests::run(&self.path, &rules, tests);
        let rules = Arc::unwrap_or_clone(rules);
        match report.refusal(&self.path) {
            None => Verdict::Good(rules),
            Some(refusal) => Verdict::TestsFail(rules, refusal),
        }
    }

    /// The rules, with nothing sent where that was asked for.
    pub(super) fn observing(&self, mut rules: RuleSet) -> RuleSet {
        if self.observe {
            rules.daemon.mode = Mode::Observe;
        }
        rules
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    fn unreadable(&self, error: &io::Error) -> Refusal {
        Refusal::from(format!("{}: {error}", self.path.display()))
    }
}

/// The rules of a file without errors, else its errors.
fn checked(loaded: Loaded) -> Result<RuleSet, Refusal> {
    let errors = loaded.diagnostics.iter().filter(|found| found.is_error());
    let place = errors.clone().next().map(place);
    let short = loaded.render_short();
    let count = errors.count();
    loaded.rules.ok_or_else(|| {
        let is_error = |line: &&str| line.contains(": error: ");
        let mut lines: Vec<&str> = short.lines().filter(is_error).collect();
        let more = count.saturating_sub(MAX_TOLD);
        lines.truncate(MAX_TOLD);
        let more = match more {
            0 => String::new(),
            more => format!("\nand {more} more errors"),
        };
        Refusal {
            text: lines.join("\n") + &more,
            place,
        }
    })
}

fn place(found: &Diagnostic) -> (u32, u32) {
    (found.place.line, found.place.column)
}

/// What was read so far.
#[derive(Default)]
struct FilesRead(RefCell<(Sha256, Vec<PathBuf>)>);

impl FilesRead {
    fn read(&self, path: &Path) -> io::Result<String> {
        let text = read_text(path);
        let mut seen = self.0.borrow_mut();
        let (sha, files) = &mut *seen;
        let mut add = |part: &[u8]| {
            sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            sha.update(part);
        };
        add(path.as_os_str().as_encoded_bytes());
        match &text {
            Ok(text) => add(text.as_bytes()),
            Err(error) => add(error.to_string().as_bytes()),
        }
        files.push(path.to_owned());
        text
    }

    fn end(self) -> (Fingerprint, Vec<PathBuf>) {
        let (sha, files) = self.0.into_inner();
        (Fingerprint(sha.finalize().into()), files)
    }
}

/// The text of a regular file that is not longer than a rule file may be. A
/// pipe or a device in its place could be read for ever.
pub fn read_text(path: &Path) -> io::Result<String> {
    // One byte more, so that the reader of the rules sees that it is too long.
    files::beginning(path, rules::MAX_TEXT.saturating_add(1)).map(decoded)
}

/// The text of a rule file. What is no UTF-8 is marked in it by the replacement
/// character: the readers say where that is, and read the rest.
pub fn decoded(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
