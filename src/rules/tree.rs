//! Reads YAML text into a tree of [`Node`]s.
//!
//! The tree is built from the events of the YAML crate's own parser rather
//! than through serde, because serde stops at its first error and a rule file
//! reports all of them.

mod simple;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options};

use super::diagnostic::{Diagnostic, Findings, Place, quoted};
use super::node::{KeyValue, Node, Value};
use super::suggest::{did_you_mean, odd_character};

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

/// An anchored value with what its aliases cost.
struct Anchored<'a> {
    node: Node<'a>,
    nodes: usize,
    height: usize,
}

/// A collection that is still open.
struct Frame<'a> {
    start: Place,
    anchor: usize,
    nodes_before: usize,
    height: usize,
    content: Content<'a>,
}

enum Content<'a> {
    List {
        /// Where its first item is among the open ones.
        first: usize,
    },
    Map {
        /// Where its first entry is among the open ones.
        first: usize,
        key: Option<(Cow<'a, str>, Place)>,
        /// What few mappings need.
        rare: Option<Box<Rare<'a>>>,
    },
}

/// What an open mapping needs only when it is merged into, or is large.
#[derive(Default)]
struct Rare<'a> {
    merged: Vec<Node<'a>>,
    /// Keys seen, once there are too many to compare one by one.
    seen: HashSet<Cow<'a, str>>,
}

/// The parts of the collections that are still open, those of the innermost one
/// last: a collection gets memory of its own when it is closed and its size is
/// known, which is one allocation for each of a hundred thousand.
#[derive(Default)]
struct Parts<'a> {
    items: Vec<Node<'a>>,
    entries: Vec<KeyValue<'a>>,
    /// Those of them all that are left out.
    again: Vec<DuplicateEntry<'a>>,
}

#[derive(Default)]
struct Builder<'a> {
    stack: Vec<Frame<'a>>,
    parts: Parts<'a>,
    anchors: HashMap<usize, Anchored<'a>>,
    anchor_names: Vec<Cow<'a, str>>,
    root: Option<Node<'a>>,
    nodes: usize,
    aliases: usize,
    documents: usize,
}

/// Whether reading goes on after an event.
enum Next {
    Go,
    Stop,
}

impl<'a> Builder<'a> {
    /// Whether the text was read to its end.
    fn read(&mut self, text: &'a str, findings: &mut Findings) -> bool {
        let options = options! {
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            emit_comments: false,
            flow_nesting_limit: PARSER_DEPTH,
            block_nesting_limit: PARSER_DEPTH,
        };
        for parsed in Parser::new_from_str_with_options(text, options) {
            match parsed {
                Err(error) => {
                    findings.push(syntax_error(&error, text));
                    return false;
                }
                Ok((event, span)) => {
                    if let Next::Stop = self.event(event, &span, findings) {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn event(&mut self, event: Event<'a>, span: &Span, findings: &mut Findings) -> Next {
        let place = place_of(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents > 1 {
                    let message = "a rule file is one document; a second one begins here";
                    findings.push(Diagnostic::error(place, message).help("remove the `---`"));
                    return Next::Stop;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), span, findings);
                let node = scalar(text, style, place);
                return self.add(node, anchor, 1, 0, findings);
            }
            Event::SequenceStart(_, anchor, tag) => {
                refuse_tag(tag.is_some(), span, findings);
                return self.open(place, anchor, Content::list(&self.parts), findings);
            }
            Event::MappingStart(_, anchor, tag) => {
                refuse_tag(tag.is_some(), span, findings);
                return self.open(place, anchor, Content::map(&self.parts), findings);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(frame) = self.stack.pop() {
                    return self.close(frame, place, true, findings);
                }
            }
            Event::Alias(id) => return self.alias(id, place, findings),
            Event::UnresolvedAlias(name) => {
                let known = self.anchor_names.iter().map(AsRef::as_ref);
                let help = did_you_mean(&name, known).unwrap_or_else(|| {
                    format!("a pattern with a star needs quotes: `\"*{name}\"`")
                });
                let message = format!("no anchor `&{name}` stands above this alias");
                findings.push_last(Diagnostic::error(place, message).help(help));
                return self.add(null(place), 0, 1, 0, findings);
            }
            Event::Anchor(_, name) => self.anchor_names.push(name),
            _ => {}
        }
        Next::Go
    }

    fn open(
        &mut self,
        start: Place,
        anchor: usize,
        content: Content<'a>,
        findings: &mut Findings,
    ) -> Next {
        if self.stack.len() >= MAX_DEPTH {
            findings.push(too_deep(start));
            return Next::Stop;
        }
        self.stack.push(Frame {
            start,
            anchor,
            nodes_before: self.nodes,
            height: 0,
            content,
        });
        Next::Go
    }

    fn close(
        &mut self,
        frame: Frame<'a>,
        end: Place,
        whole: bool,
        findings: &mut Findings,
    ) -> Next {
        let nodes = self.nodes.saturating_sub(frame.nodes_before);
        let (value, first) = match frame.content {
            Content::List { first } => {
                let items: Rc<[Node<'a>]> = self.parts.items.drain(first..).collect();
                let first = items.first().map(|item| item.place);
                (Value::List(items), first)
            }
            Content::Map { first, rare, .. } => {
                let open = &mut self.parts.entries;
                let first_place = open.get(first).map(|entry| entry.key_place);
                if let Some(rare) = rare.filter(|rare| !rare.merged.is_empty()) {
                    merge(open, first, &rare.merged, findings);
                }
                (Value::Map(open.drain(first..).collect()), first_place)
            }
        };
        let node = Node {
            place: collection_place(frame.start, end, first),
            origin: None,
            whole,
            value,
        };
        self.add(
            node,
            frame.anchor,
            nodes.saturating_add(1),
            frame.height,
            findings,
        )
    }

    fn alias(&mut self, id: usize, place: Place, findings: &mut Findings) -> Next {
        self.aliases = self.aliases.saturating_add(1);
        if self.aliases > MAX_ALIASES {
            let message = format!("more than {MAX_ALIASES} aliases");
            findings.push(Diagnostic::error(place, message));
            return Next::Stop;
        }
        let Some(anchored) = self.anchors.get(&id) else {
            findings.push(Diagnostic::error(
                place,
                "this alias stands inside its own anchor",
            ));
            return Next::Stop;
        };
        let (nodes, height) = (anchored.nodes, anchored.height);
        if self.stack.len().saturating_add(height) > MAX_DEPTH {
            findings.push(too_deep(place));
            return Next::Stop;
        }
        findings.add_alias(place, anchored.node.place);
        let node = Node {
            place,
            origin: Some(Box::new(anchored.node.place)),
            ..anchored.node.clone()
        };
        self.add(node, 0, nodes, height, findings)
    }

    /// Puts a finished value where it belongs.
    fn add(
        &mut self,
        node: Node<'a>,
        anchor: usize,
        nodes: usize,
        height: usize,
        findings: &mut Findings,
    ) -> Next {
        // The parts of a collection were counted when they were added.
        let counted = match (&node.value, &node.origin) {
            (Value::List(_) | Value::Map(_), None) => 1,
            _ => nodes,
        };
        self.nodes = self.nodes.saturating_add(counted);
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values");
            findings.push(Diagnostic::error(node.place, message));
            return Next::Stop;
        }
        let height = match node.value {
            Value::List(_) | Value::Map(_) if node.origin.is_none() => height.saturating_add(1),
            _ => height,
        };
        if anchor != 0 {
            let node = node.clone();
            self.anchors.insert(
                anchor,
                Anchored {
                    node,
                    nodes,
                    height,
                },
            );
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Next::Go;
        };
        frame.height = frame.height.max(height);
        frame.content.add(node, &mut self.parts, findings);
        Next::Go
    }

    /// Closes what a syntax error or a limit left open.
    fn close_all(&mut self) {
        let mut ignored = Findings::default();
        while let Some(frame) = self.stack.pop() {
            let end = frame.start;
            self.nodes = 0;
            self.close(frame, end, false, &mut ignored);
        }
    }
}

/// Most keys of a mapping that are compared one by one.
const FEW_KEYS: usize = 16;

impl<'a> Content<'a> {
    /// A list that begins now.
    fn list(parts: &Parts<'a>) -> Content<'a> {
        Content::List {
            first: parts.items.len(),
        }
    }

    /// A mapping that begins now.
    fn map(parts: &Parts<'a>) -> Content<'a> {
        Content::Map {
            first: parts.entries.len(),
            key: None,
            rare: None,
        }
    }

    fn add(&mut self, node: Node<'a>, parts: &mut Parts<'a>, findings: &mut Findings) {
        let (first, key, rare) = match self {
            Content::List { .. } => return parts.items.push(node),
            Content::Map { first, key, rare } => (*first, key, rare),
        };
        let entries = parts.entries.get(first..).unwrap_or_default();
        let Some((name, key_place)) = key.take() else {
            *key = Some(key_of(node, findings));
            return;
        };
        if name == "<<" {
            rare.get_or_insert_default().merged.push(node);
            return;
        }
        if name.is_empty() {
            return;
        }
        let again = if entries.len() < FEW_KEYS {
            entries.iter().any(|entry| entry.key == name)
        } else {
            let seen = &mut rare.get_or_insert_default().seen;
            if seen.is_empty() {
                seen.extend(entries.iter().map(|entry| entry.key.clone()));
            }
            !seen.insert(name.clone())
        };
        if again {
            let before = entries.iter().find(|entry| entry.key == name);
            let first = before.map_or(key_place, |entry| entry.key_place);
            let message = format!("duplicate key {}", quoted(&name));
            let help = format!("it is on line {} already; keep one of them", first.line);
            let wrong = Diagnostic::error(key_place, message).label("again here");
            findings.push(wrong.help(help));
            let entry = KeyValue {
                key: name,
                key_place,
                value: node,
            };
            parts.again.push(DuplicateEntry { first, entry });
            return;
        }
        let value = match node.value {
            // An empty value has no text to mark; its key has.
            Value::Null if node.origin.is_none() && node.place.start == node.place.end => Node {
                place: key_place,
                ..node
            },
            _ => node,
        };
        parts.entries.push(KeyValue {
            key: name,
            key_place,
            value,
        });
    }
}

fn key_of<'a>(node: Node<'a>, findings: &mut Findings) -> (Cow<'a, str>, Place) {
    let what = node.describe();
    match node.value {
        Value::Scalar { text } if !text.is_empty() => (text, node.place),
        _ => {
            let message = format!("a key must be a word, not {what}");
            findings.push(Diagnostic::error(node.place, message));
            (Cow::Borrowed(""), node.place)
        }
    }
}

/// Adds the entries of merged mappings (`<<`) that are not there by themselves.
/// The mapping's own ones are those from `first` on.
fn merge<'a>(
    entries: &mut Vec<KeyValue<'a>>,
    first: usize,
    merged: &[Node<'a>],
    findings: &mut Findings,
) {
    let own = entries.iter().skip(first);
    let mut seen: HashSet<Cow<'a, str>> = own.map(|entry| entry.key.clone()).collect();
    let mut sources: Vec<&Node<'a>> = Vec::new();
    for node in merged {
        match node.items() {
            Some(items) => sources.extend(items),
            None => sources.push(node),
        }
    }
    for source in sources {
        let Some(more) = source.entries() else {
            let message = format!("`<<` takes a mapping, not {}", source.describe());
            findings.push(Diagnostic::error(source.place, message).help("write `<<: *anchor`"));
            continue;
        };
        for entry in more {
            if seen.insert(entry.key.clone()) {
                entries.push(entry.clone());
            }
        }
    }
}

fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, place: Place) -> Node<'a> {
    if style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
        return null(place);
    }
    Node {
        place,
        origin: None,
        whole: true,
        value: Value::Scalar { text },
    }
}

fn null<'a>(place: Place) -> Node<'a> {
    Node {
        place,
        origin: None,
        whole: true,
        value: Value::Null,
    }
}

fn refuse_tag(tagged: bool, span: &Span, findings: &mut Findings) {
    if tagged {
        let place = span
            .tag_span()
            .as_ref()
            .map_or_else(|| place_of(span), place_of);
        let message = "tags such as `!!str` mean nothing here";
        findings.push(Diagnostic::error(place, message).help("remove the tag"));
    }
}

fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error(
        place,
        format!("more than {MAX_DEPTH} levels inside one another"),
    )
}

/// A place's number; a text is never longer than [`MAX_TEXT`].
fn small(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn place_of(span: &Span) -> Place {
    let range = span.byte_range().unwrap_or_default();
    Place {
        start: small(range.start),
        end: small(range.end),
        line: small(span.start.line()),
        column: small(span.start.col()).saturating_add(1),
    }
}

/// A flow collection is marked from bracket to bracket, a block collection at
/// its first part: all of it would be many lines.
fn collection_place(start: Place, end: Place, first: Option<Place>) -> Place {
    if end.end > end.start {
        return Place {
            end: end.end,
            ..start
        };
    }
    first.unwrap_or(start)
}

/// What the parser says, at a place inside the text.
fn syntax_error(error: &ScanError, text: &str) -> Diagnostic {
    let marker = error.marker();
    let start = small(marker.byte_offset().unwrap_or(0).min(text.len()));
    let place = Place {
        start,
        end: start,
        line: small(marker.line()).max(1),
        column: small(marker.col()).saturating_add(1),
    };
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(place);
    }
    let message = format!("not valid YAML: {}", error.kind());
    let help = syntax_help(text, place.range().start);
    Diagnostic::error(place, message).help(help)
}

/// What would be right for the usual mistakes at a byte of a text.
fn syntax_help(text: &str, at: usize) -> String {
    let is_star = text.get(at..).is_some_and(|rest| rest.starts_with('*'));
    if is_star {
        return "a star needs quotes: `[\"*\"]`".to_owned();
    }
    let line_start = text.get(..at).and_then(|before| before.rfind('\n'));
    let line = text.get(line_start.map_or(0, |at| at.saturating_add(1))..);
    let line = line
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    if let Some(odd) = odd_character(line) {
        return format!(
            "this line has the character U+{:04X}, which looks like a space or like nothing; \
             write a plain space",
            u32::from(odd)
        );
    }
    "look at the line above too: a quote or bracket that is not closed, a tab, or a line that is \
     indented differently from its neighbours"
        .to_owned()
}
