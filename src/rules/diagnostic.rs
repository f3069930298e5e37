//! What is wrong with a rule file, as plain data.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::Serialize;

use super::dated::Dated;
use super::secret_text::Secrets;

/// Most diagnostics that are reported for one file; the rest are counted.
pub const MAX_SHOWN: usize = 100;

/// Most diagnostics that are kept while a file is checked, before they are
/// sorted by place.
const MAX_KEPT: usize = 2_000;

/// Most characters of a text from the file that a message repeats.
const MAX_QUOTED: usize = 60;

/// A place in the text of a rule file, which is never longer than 16 MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first byte in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The bytes from the first to behind the last.
    pub fn range(self) -> Range<usize> {
        let index = |value| usize::try_from(value).unwrap_or(usize::MAX);
        index(self.start)..index(self.end)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosticLevel {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably does not say what its author meant.
    Warning,
}

impl DiagnosticLevel {
    /// The word in front of a message.
    pub const fn name(self) -> &'static str {
        match self {
            DiagnosticLevel::Error => "error",
            DiagnosticLevel::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: DiagnosticLevel,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A few words for the marked text.
    pub label: Option<String>,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: DiagnosticLevel::Error,
            message: message.into(),
            place,
            label: None,
            help: None,
        }
    }

    /// A warning at a place.
    pub(crate) fn warning(place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: DiagnosticLevel::Warning,
            ..Diagnostic::error(place, message)
        }
    }

    /// The same, with words for the marked text.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = Some(label.into());
        self
    }

    /// The same, saying what would be right.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same, with help where there is some.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }

    /// Whether the file cannot be used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == DiagnosticLevel::Error
    }

    pub(super) fn by_place(&self, other: &Diagnostic) -> Ordering {
        let key = |diagnostic: &Diagnostic| (diagnostic.place.start, diagnostic.place.end);
        key(self).cmp(&key(other))
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        [
            Some(&mut self.message),
            self.label.as_mut(),
            self.help.as_mut(),
        ]
        .into_iter()
        .flatten()
    }
}

/// Collects what is found while a file is read and checked.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Diagnostic>,
    errors: usize,
    total: usize,
    /// Places whose value could not be read: what is said of a stand-in is noise.
    silenced: Vec<Place>,
    /// What was said of which place: a value with an anchor is read once for each
    /// of its aliases.
    said: HashSet<(Place, String)>,
    /// Where aliases stand, each with the place of what it stands for.
    aliases: HashMap<Place, Place>,
    /// What turns on the date.
    dated: Vec<Dated>,
    /// The places and texts that must not be shown.
    pub(crate) secrets: Secrets,
}

impl Findings {
    /// Adds one, and ignores what is said of the same place later.
    pub(crate) fn push_last(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.place;
        self.push(diagnostic);
        self.silenced.push(place);
    }

    /// Adds one.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.silenced.contains(&diagnostic.place) {
            return;
        }
        // An error counts each time: what was read for this alias is not right.
        if diagnostic.is_error() {
            self.errors = self.errors.saturating_add(1);
        }
        if self.kept.len() < MAX_KEPT {
            let place = self.origin(diagnostic.place);
            if !self.said.insert((place, diagnostic.message.clone())) {
                return;
            }
            self.kept.push(diagnostic);
        }
        self.total = self.total.saturating_add(1);
    }

    /// Adds a warning of what is possible and hardly meant, unless an error or
    /// something said of the same place explains it.
    pub(crate) fn push_doubt(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.place;
        let is_explained = || self.kept.iter().any(|known| known.place == place);
        if self.errors == 0 && !is_explained() {
            self.push(diagnostic);
        }
    }

    /// Remembers that an alias stands for a value that stands elsewhere.
    pub(crate) fn add_alias(&mut self, alias: Place, origin: Place) {
        self.aliases.insert(alias, origin);
    }

    fn origin(&self, place: Place) -> Place {
        self.aliases.get(&place).copied().unwrap_or(place)
    }

    /// Remembers something that turns on the date.
    pub(crate) fn note_date(&mut self, dated: Dated) {
        if self.dated.len() < MAX_KEPT && !self.dated.contains(&dated) {
            self.dated.push(dated);
        }
    }

    /// What turns on the date.
    pub(crate) fn dated(&self) -> &[Dated] {
        &self.dated
    }

    /// Whether nothing was found so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Whether more are counted only, so that help for them is lost work.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }

    /// How many errors were found so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// The diagnostics by place, errors before warnings where there are more
    /// than [`MAX_SHOWN`], and how many were left out.
    pub(crate) fn into_shown(mut self) -> (Vec<Diagnostic>, usize) {
        self.kept.sort_by(Diagnostic::by_place);
        if self.kept.len() > MAX_SHOWN {
            self.kept.sort_by_key(|diagnostic| !diagnostic.is_error());
            self.kept.truncate(MAX_SHOWN);
            self.kept.sort_by(Diagnostic::by_place);
        }
        for diagnostic in &mut self.kept {
            diagnostic
                .texts()
                .for_each(|text| self.secrets.hide_in(text));
        }
        let omitted = self.total.saturating_sub(self.kept.len());
        (self.kept, omitted)
    }
}

/// A text from the file for use in a message: in backticks, without control
/// characters, and not longer than a line.
pub(crate) fn quoted(text: &str) -> String {
    let more = match text.chars().nth(MAX_QUOTED) {
        Some(_) => "…",
        None => "",
    };
    format!("`{}{more}`", shown(text))
}

/// What a message repeats of a text from the file.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .take(MAX_QUOTED)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Words for people: "`a`, `b` and `c`".
pub(crate) fn listed<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "and")
}

/// Words for people: "`a`, `b` or `c`".
pub(crate) fn either<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "or")
}

fn joined<T: AsRef<str>>(words: impl IntoIterator<Item = T>, last: &str) -> String {
    let quoted: Vec<String> = words
        .into_iter()
        .map(|word| quoted(word.as_ref()))
        .collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
