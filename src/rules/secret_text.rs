//! Keeps secrets that were written into a rule file out of every message.
//!
//! A secret does not belong into the text, and a file with one is refused. The
//! refusal itself must not spread it: into a terminal, a log, a ticket. So the
//! text that messages quote from is a copy in which secrets are starred out,
//! found in two ways: by the readers, which know what a value is for, and by
//! the look of the lines, for files that are no valid YAML.

use super::diagnostic::{Place, shown};
use super::suggest::is_odd;
use super::tables;

/// Shortest secret that is looked for in messages; a shorter one would star
/// out innocent words.
const MIN_HIDDEN: usize = 4;

/// Keys whose values are secrets wherever they stand.
const SECRET_KEYS: [&str; 9] = [
    "token",
    "url",
    "secret",
    "password",
    "passwd",
    "api_key",
    "apikey",
    "key",
    "authorization",
];

/// The ways to say where a secret is found, which are no secrets.
const SOURCE_KEYS: [&str; 3] = ["credential", "file", "env"];

/// How far the look of a line is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The readers have seen every value; a line that says where a secret is
    /// found may be shown.
    Read,
    /// The text is no YAML, so nothing behind a secret's key may be shown.
    Unread,
}

/// Places and texts that must not be shown.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    places: Vec<Place>,
    texts: Vec<String>,
}

impl Secrets {
    /// Remembers a place, and the text that stands there where it is known.
    pub(crate) fn add(&mut self, place: Place, text: Option<&str>) {
        self.places.push(place);
        let Some(text) = text.filter(|text| text.len() >= MIN_HIDDEN) else {
            return;
        };
        // The names of keys stand in messages for what they are.
        if tables::is_reserved_word(text) {
            return;
        }
        self.texts.push(text.to_owned());
        // Messages repeat the beginning of a long text, without what cannot be
        // shown.
        let shown = shown(text);
        if shown != text {
            self.texts.push(shown);
        }
    }

    /// Stars out every remembered text.
    pub(crate) fn hide_in(&self, message: &mut String) {
        for text in &self.texts {
            if !message.contains(text.as_str()) {
                continue;
            }
            let is_word = text.bytes().all(|byte| byte.is_ascii_lowercase());
            *message = if is_word {
                without_word(message, text)
            } else {
                message.replace(text.as_str(), "***")
            };
        }
    }

    /// A copy of the rule file of the same length in which secrets are stars.
    pub(crate) fn redacted(&self, text: &str, trust: Trust) -> String {
        let mut bytes = text.as_bytes().to_vec();
        redact_lines(text, trust, &mut bytes);
        for place in &self.places {
            let range = place.range();
            redact(&mut bytes, range.start, range.end);
        }
        // Only whole characters are starred out, so the copy is UTF-8 still.
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The message with a lower-case word starred out, but for where it is a word
/// of its own: texts from the file are always repeated in quotes of some kind,
/// so that one is a word of the message itself, such as "name".
fn without_word(message: &str, word: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before);
        let begins = out.is_empty() || out.ends_with(' ');
        let ends = after.is_empty() || after.starts_with([' ', ',', ';', '.']);
        out.push_str(if begins && ends { word } else { "***" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Replaces the bytes by stars, leaving line breaks.
fn redact(bytes: &mut [u8], start: usize, end: usize) {
    for byte in bytes.iter_mut().take(end).skip(start) {
        if !matches!(*byte, b'\n' | b'\r') {
            *byte = b'*';
        }
    }
}

/// Stars out what stands behind a key that names a secret, unless it says
/// where the secret is found; and the deeper lines below it.
fn redact_lines(text: &str, trust: Trust, bytes: &mut [u8]) {
    let mut start = 0_usize;
    let mut below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let end = start.saturating_add(line.len());
        let indent = line.len().saturating_sub(line.trim_start().len());
        if below.is_some_and(|key_indent| !line.trim().is_empty() && indent <= key_indent) {
            below = None;
        }
        if below.is_some() {
            if trust == Trust::Unread || !names_a_source(line) {
                redact(bytes, start, end);
            }
        } else if let Some(found) = secret_in(line, trust) {
            below = Some(indent);
            if let Hidden::From(offset) = found {
                redact(bytes, start.saturating_add(offset), end);
            }
        }
        start = end;
    }
}

/// What is hidden of a line with a secret's key.
enum Hidden {
    /// What follows from this byte on.
    From(usize),
    /// Nothing on this line; the value may follow on the next ones.
    Below,
}

/// Looks for a secret's key whose value must be hidden.
fn secret_in(line: &str, trust: Trust) -> Option<Hidden> {
    let mut from = 0_usize;
    while let Some(value_at) = secret_value(line, from) {
        let value = line.get(value_at..).unwrap_or_default();
        if value.trim().is_empty() || value.trim_start().starts_with('#') {
            return Some(Hidden::Below);
        }
        let inside = value
            .trim_start()
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        match inside {
            // A value in braces that says where the secret is found: what
            // follows it may be looked at.
            Some((inside, rest)) if trust == Trust::Read && names_a_source(inside) => {
                from = line.len().saturating_sub(rest.len());
            }
            _ => return Some(Hidden::From(value_at)),
        }
    }
    None
}

/// Where the value begins that stands behind the first secret's key from a
/// byte of this line on.
fn secret_value(line: &str, mut from: usize) -> Option<usize> {
    while let Some(offset) = line.get(from..)?.find(':') {
        let colon = from.checked_add(offset)?;
        // Characters that cannot be seen hide no key.
        let is_around = |c: char| matches!(c, ' ' | '\t' | '"' | '\'') || is_odd(c);
        let key = line.get(..colon)?.trim_end_matches(is_around);
        let begin = key
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
            .and_then(|at| {
                key.get(at..)
                    .and_then(|rest| rest.chars().next())
                    .map(|c| at.saturating_add(c.len_utf8()))
            })
            .unwrap_or(0);
        let word = key.get(begin..).unwrap_or_default();
        if SECRET_KEYS
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        {
            return colon.checked_add(1);
        }
        from = colon.checked_add(1)?;
    }
    None
}

/// Whether the text is one way to say where a secret is found and nothing else.
fn names_a_source(text: &str) -> bool {
    if text.contains(',') {
        return false;
    }
    let text = text.trim_start().trim_start_matches(['"', '\'']);
    SOURCE_KEYS.iter().any(|key| {
        text.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_look_like_secrets_are_starred_out() {
        let cases = [
            ("token: abc\n", "token:****\n"),
            (
                "  token: { credential: x }\n",
                "  token: { credential: x }\n",
            ),
            ("  token: { file: a }\n", "  token: { file: a }\n"),
            ("  token: { file: a, b }\n", "  token:***************\n"),
            ("  token: { abc }\n", "  token:********\n"),
            (
                "  token:\n    abc\n  poll: 1s\n",
                "  token:\n*******\n  poll: 1s\n",
            ),
            ("  token:\n    env: ABC\n", "  token:\n    env: ABC\n"),
            ("  \"token\" : abc", "  \"token\" :****"),
            ("  a: { Token: äbc }", "  a: { Token:*******"),
            ("  base_url: https://x\n", "  base_url: https://x\n"),
            ("  tokens: 5\n", "  tokens: 5\n"),
            (
                "a: { token: { env: A }, poll: 5 }",
                "a: { token: { env: A }, poll: 5 }",
            ),
            (
                "a: { token: { env: A }, key: b }",
                "a: { token: { env: A }, key:****",
            ),
            ("poll: 5 # token: abc", "poll: 5 # token:****"),
        ];
        for (text, expect) in cases {
            assert_eq!(Secrets::default().redacted(text, Trust::Read), expect);
        }
        let source = "  token: { env: x }\n  poll: 1s\n";
        let redacted = Secrets::default().redacted(source, Trust::Unread);
        assert_eq!(redacted, "  token:***********\n  poll: 1s\n");
    }
}
