//! A fast reader for the plain YAML of almost every rule file and rule test.
//!
//! It reads block mappings and lists, flow collections on one line, and plain
//! and quoted words, in printable ASCII. Whatever else it meets (anchors, tags,
//! escapes, texts over several lines, tabs, a missing value, anything that there
//! would be something to say about) makes it give up, and the YAML crate's
//! parser reads the text from its beginning. So it never decides that something
//! is wrong, and a property test holds that what it does read is the same tree
//! with the same places. It exists because the parser takes three quarters of
//! the time of `riskd check` and of reading a rule test.

use serde_yaml::granit_parser::ScalarStyle;

use super::MAX_DEPTH;
use super::builder::{Builder, Next, scalar};
use super::collections::Content;
use super::syntax::small;
use crate::rules::diagnostic::{Findings, Place};
use crate::rules::node::Node;

/// Longest key, in bytes: the parser has a limit of its own for those.
const MAX_KEY: usize = 500;

/// The root of a text, or `None` for one that the general parser must read.
pub(super) fn read(text: &str) -> Option<Node<'_>> {
    let is_plain = |byte: &u8| *byte == b'\n' || (b' '..=b'~').contains(byte);
    if !text.as_bytes().iter().all(is_plain) {
        return None;
    }
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        builder: Builder::default(),
        findings: Findings::default(),
    };
    reader.document()?;
    let Reader {
        builder, findings, ..
    } = reader;
    builder.root.filter(|_| findings.is_empty())
}

/// A text that is being read. Methods answer `None` to give up.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    builder: Builder<'a>,
    findings: Findings,
}

/// Where a scalar stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Block,
    Flow,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<()> {
        self.skip_spaces();
        if matches!(self.peek(), None | Some(b'\n' | b'#')) {
            self.next_line()?;
        }
        if self.column() != 0 {
            return None;
        }
        self.mapping()?;
        self.peek().is_none().then_some(())
    }

    /// A block mapping, from its first key to the line behind its last value.
    fn mapping(&mut self) -> Option<()> {
        let indent = self.column();
        let content = Content::map(&self.builder.parts);
        self.open(self.place(self.at, self.at), content)?;
        loop {
            self.key(Inside::Block)?;
            self.skip_spaces();
            if self.is_at_rest_of_line() {
                self.end_line()?;
                self.value_below(indent)?;
            } else {
                self.value_beside()?;
            }
            if self.is_at_end() || self.column() < indent {
                return self.close_block();
            }
            if self.column() > indent || self.is_at_dash() {
                return None;
            }
        }
    }

    /// What stands on the lines below a key of a mapping with this indent.
    fn value_below(&mut self, indent: usize) -> Option<()> {
        if self.is_at_end() || self.column() < indent {
            return None;
        }
        match (self.column() > indent, self.is_at_dash()) {
            // A list may stand right under its key.
            (_, true) => self.list(),
            (true, false) if self.is_at_key() => self.mapping(),
            _ => None,
        }
    }

    /// A value on the line of its key or dash, and the end of the line.
    fn value_beside(&mut self) -> Option<()> {
        match self.peek()? {
            b'[' | b'{' => self.flow()?,
            _ => self.scalar(Inside::Block)?,
        }
        self.end_line()
    }

    /// A block list, from its first dash to the line behind its last item.
    fn list(&mut self) -> Option<()> {
        let indent = self.column();
        let content = Content::list(&self.builder.parts);
        self.open(self.place(self.at, self.at), content)?;
        loop {
            self.at = self.at.saturating_add(1);
            self.skip_spaces();
            if self.is_at_dash() {
                return None;
            }
            if self.is_at_key() {
                self.mapping()?;
            } else {
                self.value_beside()?;
            }
            if self.is_at_end() || self.column() < indent {
                return self.close_block();
            }
            if self.column() > indent {
                return None;
            }
            if !self.is_at_dash() {
                // Right only where the list stands right under its key; the
                // mapping around it knows.
                return self.close_block();
            }
        }
    }

    /// A flow collection; all of it is on this line.
    fn flow(&mut self) -> Option<()> {
        let open = self.place(self.at, self.at.saturating_add(1));
        let is_list = self.peek()? == b'[';
        let content = if is_list {
            Content::list(&self.builder.parts)
        } else {
            Content::map(&self.builder.parts)
        };
        self.open(open, content)?;
        let last = if is_list { b']' } else { b'}' };
        self.at = self.at.saturating_add(1);
        self.skip_spaces();
        if self.peek()? != last {
            loop {
                if !is_list {
                    self.key(Inside::Flow)?;
                    self.skip_spaces();
                }
                match self.peek()? {
                    b'[' | b'{' => self.flow()?,
                    _ => self.scalar(Inside::Flow)?,
                }
                self.skip_spaces();
                match self.peek()? {
                    b',' => self.at = self.at.saturating_add(1),
                    byte if byte == last => break,
                    _ => return None,
                }
                self.skip_spaces();
            }
        }
        let end = self.place(self.at, self.at.saturating_add(1));
        self.at = self.at.saturating_add(1);
        self.close(end)
    }

    /// A key with its colon, behind which there is a blank or the line ends.
    fn key(&mut self, inside: Inside) -> Option<()> {
        let start = self.at;
        self.scalar(inside)?;
        let key = self.text.get(start..self.at)?;
        if self.peek()? != b':' || key.len() > MAX_KEY || key.trim_matches(['"', '\'']) == "<<" {
            return None;
        }
        self.at = self.at.saturating_add(1);
        matches!(self.peek(), None | Some(b' ' | b'\n')).then_some(())
    }

    /// A scalar that begins here.
    fn scalar(&mut self, inside: Inside) -> Option<()> {
        let start = self.at;
        let word = self.word(inside)?;
        let end = start.saturating_add(word.length);
        self.at = end;
        // The text without the quotes, which are one byte each.
        let within = start.saturating_add(word.quotes)..end.saturating_sub(word.quotes);
        let text = self.text.get(within)?;
        let node = scalar(text.into(), word.style, self.place(start, end));
        self.go(|builder, findings| builder.add(node, 0, 1, 0, findings))
    }

    /// Whether a key begins here, and no value.
    fn is_at_key(&self) -> bool {
        self.word(Inside::Block).is_some_and(|word| {
            let behind = self.at.saturating_add(word.length);
            self.text.as_bytes().get(behind) == Some(&b':')
        })
    }

    fn word(&self, inside: Inside) -> Option<Word> {
        let rest = self.text.as_bytes().get(self.at..)?;
        match rest.first()? {
            b'"' => quoted(rest, b'"', ScalarStyle::DoubleQuoted),
            b'\'' => quoted(rest, b'\'', ScalarStyle::SingleQuoted),
            // `...` at the beginning of a line ends the document.
            b'.' if self.column() == 0 => None,
            _ => plain(rest, inside),
        }
    }

    fn open(&mut self, start: Place, content: Content<'a>) -> Option<()> {
        if self.builder.stack.len() >= MAX_DEPTH {
            return None;
        }
        self.go(|builder, findings| builder.open(start, 0, content, findings))
    }

    fn close_block(&mut self) -> Option<()> {
        self.close(Place::default())
    }

    fn close(&mut self, end: Place) -> Option<()> {
        let frame = self.builder.stack.pop()?;
        self.go(|builder, findings| builder.close(frame, end, true, findings))
    }

    fn go(&mut self, build: impl FnOnce(&mut Builder<'a>, &mut Findings) -> Next) -> Option<()> {
        match build(&mut self.builder, &mut self.findings) {
            Next::Go => Some(()),
            Next::Stop => None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Whether an item of a block list begins here.
    fn is_at_dash(&self) -> bool {
        let rest = self.text.as_bytes().get(self.at..);
        matches!(rest, Some([b'-', b' ' | b'\n', ..] | [b'-']))
    }

    fn is_at_rest_of_line(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b'#'))
    }

    fn column(&self) -> usize {
        self.at.saturating_sub(self.line_start)
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place {
            start: small(start),
            end: small(end),
            line: small(self.line),
            column: small(start.saturating_sub(self.line_start)).saturating_add(1),
        }
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at = self.at.saturating_add(1);
        }
    }

    /// Ends a line behind a value or a colon: nothing but a comment follows.
    fn end_line(&mut self) -> Option<()> {
        let before = self.at;
        self.skip_spaces();
        match self.peek() {
            None | Some(b'\n') => {}
            Some(b'#') if self.at > before || self.is_behind_blank() => {}
            _ => return None,
        }
        self.next_line()
    }

    fn is_behind_blank(&self) -> bool {
        let before = self.at.checked_sub(1);
        before.and_then(|at| self.text.as_bytes().get(at)) == Some(&b' ')
    }

    /// Goes to the first word of the next line that has one, or to the end.
    fn next_line(&mut self) -> Option<()> {
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.at = self.text.len();
                return Some(());
            };
            self.at = self.at.saturating_add(length).saturating_add(1);
            self.line = self.line.saturating_add(1);
            self.line_start = self.at;
            self.skip_spaces();
            if !matches!(self.peek(), Some(b'\n' | b'#')) {
                return Some(());
            }
        }
    }
}

/// A scalar, as far as its end is known.
struct Word {
    style: ScalarStyle,
    /// Bytes, with the quotes.
    length: usize,
    /// Bytes of a quote.
    quotes: usize,
}

fn quoted(rest: &[u8], quote: u8, style: ScalarStyle) -> Option<Word> {
    let mut inner = rest.iter().skip(1);
    let end = inner.position(|byte| *byte == quote || matches!(byte, b'\n' | b'\\'))?;
    let end = end.saturating_add(1);
    let length = end.saturating_add(1);
    // An escape, a line break, or a quote that is written twice.
    if rest.get(end) != Some(&quote) || rest.get(length) == Some(&quote) {
        return None;
    }
    Some(Word {
        style,
        length,
        quotes: 1,
    })
}

fn plain(rest: &[u8], inside: Inside) -> Option<Word> {
    let begins_well = match rest {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'.',
        [first, ..] => {
            first.is_ascii_alphanumeric() || matches!(first, b'_' | b'.' | b'/' | b'+' | b'~')
        }
        [] => false,
    };
    if !begins_well {
        return None;
    }
    let mut length = 0;
    let mut is_behind_blank = false;
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            b'\n' => break,
            b' ' => {
                is_behind_blank = true;
                continue;
            }
            b'#' if is_behind_blank => break,
            b':' => match rest.get(index.saturating_add(1)) {
                None | Some(b' ' | b'\n') => break,
                Some(next) if inside == Inside::Flow && !next.is_ascii_alphanumeric() => {
                    return None;
                }
                Some(_) => {}
            },
            b',' | b'[' | b']' | b'{' | b'}' if inside == Inside::Flow => break,
            _ => {}
        }
        is_behind_blank = false;
        length = index.saturating_add(1);
    }
    Some(Word {
        style: ScalarStyle::Plain,
        length,
        quotes: 0,
    })
}

#[cfg(test)]
mod tests;
