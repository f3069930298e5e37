//! Builds the tree out of the events of a parser.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span, options};

use super::collections::{Content, Parts, merge};
use super::syntax::{collection_place, place_of, syntax_error, too_deep};
use super::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, PARSER_DEPTH};
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::node::{Node, Value};
use crate::rules::suggest::did_you_mean;

/// An anchored value with what its aliases cost.
struct Anchored<'a> {
    node: Node<'a>,
    nodes: usize,
    height: usize,
}

/// A collection that is still open.
pub(super) struct Frame<'a> {
    start: Place,
    anchor: usize,
    nodes_before: usize,
    height: usize,
    content: Content<'a>,
}

#[derive(Default)]
pub(super) struct Builder<'a> {
    pub(super) stack: Vec<Frame<'a>>,
    pub(super) parts: Parts<'a>,
    anchors: HashMap<usize, Anchored<'a>>,
    anchor_names: Vec<Cow<'a, str>>,
    pub(super) root: Option<Node<'a>>,
    pub(super) nodes: usize,
    aliases: usize,
    documents: usize,
}

/// Whether reading goes on after an event.
pub(super) enum Next {
    Go,
    Stop,
}

impl<'a> Builder<'a> {
    /// Whether the text was read to its end.
    pub(super) fn read(&mut self, text: &'a str, findings: &mut Findings) -> bool {
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

    pub(super) fn open(
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

    pub(super) fn close(
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
    pub(super) fn add(
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
    pub(super) fn close_all(&mut self) {
        let mut ignored = Findings::default();
        while let Some(frame) = self.stack.pop() {
            let end = frame.start;
            self.nodes = 0;
            self.close(frame, end, false, &mut ignored);
        }
    }
}

pub(super) fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, place: Place) -> Node<'a> {
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

pub(super) fn null<'a>(place: Place) -> Node<'a> {
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
