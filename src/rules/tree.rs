//! Reads YAML text into a tree of [`Node`]s.
//!
//! The tree is built from the events of the YAML crate's own parser rather
//! than through serde, because serde stops at its first error and a rule file
//! reports all of them.

mod builder;
mod collections;
mod simple;
mod syntax;

use super::diagnostic::{Diagnostic, Findings, Place};
use super::node::{KeyValue, Node};
use builder::Builder;

/// Longest rule file, in bytes.
pub const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Most values in a file, those behind aliases counted each time.
pub const MAX_NODES: usize = 1_000_000;
/// Most aliases in a file.
pub const MAX_ALIASES: usize = 200;
/// Most collections inside one another.
pub const MAX_DEPTH: usize = 16;
/// The parser's own limit, which its look-ahead reaches before [`MAX_DEPTH`] is
/// seen here.
const PARSER_DEPTH: usize = 64;

/// Where a text begins.
const START: Place = Place {
    start: 0,
    end: 0,
    line: 1,
    column: 1,
};

/// The tree of a text, as far as it could be read.
pub(crate) struct Tree<'a> {
    /// The one document; what a syntax error cut short is marked.
    pub(crate) root: Option<Node<'a>>,
    /// Whether the text was read to its end.
    pub(crate) complete: bool,
    /// What stands under keys that are there again, in the order of the file.
    pub(crate) again: Vec<DuplicateEntry<'a>>,
}

/// An entry of a mapping whose key stands there before: it is no part of the
/// mapping, and an error.
pub(crate) struct DuplicateEntry<'a> {
    /// Where the key stands first.
    pub(crate) first: Place,
    /// The entry that is left out.
    pub(crate) entry: KeyValue<'a>,
}

/// Reads the one document of a text.
pub(crate) fn read<'a>(text: &'a str, findings: &mut Findings) -> Tree<'a> {
    if text.len() > MAX_TEXT {
        let message = format!("the file has {} bytes; {MAX_TEXT} is the most", text.len());
        findings
            .push(Diagnostic::error(START, message).help("split the accounts between two daemons"));
        return Tree {
            root: None,
            complete: false,
            again: Vec::new(),
        };
    }
    if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
        let message = "this is not valid UTF-8";
        let help = "save the file as UTF-8; an editor may have written it as Windows-1252";
        findings.push(Diagnostic::warning(place_at(text, at), message).help(help));
    }
    if let Some(root) = simple::read(text) {
        return Tree {
            root: Some(root),
            complete: true,
            again: Vec::new(),
        };
    }
    read_any(text, findings)
}

/// Where the character is that begins with this byte.
fn place_at(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let short = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let length = text.get(at..).and_then(|behind| behind.chars().next());
    Place {
        start: short(at),
        end: short(at.saturating_add(length.map_or(0, char::len_utf8))),
        line: short(before.matches('\n').count().saturating_add(1)),
        column: short(line.chars().count().saturating_add(1)),
    }
}

/// The same for every text, with whatever is to be said about it.
fn read_any<'a>(text: &'a str, findings: &mut Findings) -> Tree<'a> {
    let mut builder = Builder::default();
    let complete = builder.read(text, findings);
    builder.close_all();
    if builder.root.is_none() && complete {
        let help = "begin with `version: 1`; `rules.example.yaml` shows a whole file";
        findings.push(Diagnostic::error(START, "the file is empty").help(help));
    }
    Tree {
        root: builder.root,
        complete,
        again: builder.parts.again,
    }
}
