//! Readers for the values of a rule file: each takes a node and gives the
//! value, or reports what is wrong with it and gives `None`.

mod number;
mod separators;
mod time;

pub(crate) use number::{
    amount, level, meant_percent, money, number, percent, positive_money, quantity,
    warn_of_thousands, whole,
};
pub(crate) use separators::plain_spelling;
pub(crate) use time::{clock_time, days, duration, looks_like_time, time_of_day, timezone};

use super::diagnostic::{Diagnostic, Findings, Place, either, quoted};
use super::node::{Node, Value};
use super::suggest::did_you_mean;

/// Longest name of an account, a venue and the like, in bytes.
pub(crate) const MAX_NAME: usize = 64;
/// Longest free text, in characters.
pub(crate) const MAX_TEXT_LENGTH: usize = 1_000;

/// An enum that rule files write as words.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// Each word with its value.
    const WORDS: &'static [(&'static str, Self)];
}

/// The words of an enum, for tables.
pub(crate) fn words<W: Word>() -> Vec<&'static str> {
    W::WORDS.iter().map(|(word, _)| *word).collect()
}

/// One of the words of an enum.
pub(crate) fn word<W: Word>(node: &Node<'_>, findings: &mut Findings) -> Option<W> {
    let text = scalar(node, "a word", findings)?;
    let found = W::WORDS.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let known = words::<W>();
        let help = did_you_mean(text, known.iter().copied())
            .unwrap_or_else(|| format!("write {}", either(&known)));
        let message = format!("{} is not one of {}", quoted(text), either(&known));
        findings.push(Diagnostic::error(node.place, message).help(help));
    }
    found.map(|(_, value)| *value)
}

/// The same where a value may also be something else than a word; `what` and
/// `help` name every form.
pub(crate) fn word_or<W: Word>(
    node: &Node<'_>,
    what: &str,
    help: &str,
    findings: &mut Findings,
) -> Option<W> {
    let text = scalar(node, what, findings)?;
    let found = W::WORDS.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let near = did_you_mean(text, words::<W>());
        let message = format!("{} is not {what}", quoted(text));
        findings.push(Diagnostic::error(node.place, message).help(near.unwrap_or(help.to_owned())));
    }
    found.map(|(_, value)| *value)
}

/// The text of a scalar; `what` says what was expected, for the message.
pub(crate) fn scalar<'n>(
    node: &'n Node<'_>,
    what: &str,
    findings: &mut Findings,
) -> Option<&'n str> {
    let text = node.scalar();
    if text.is_none() {
        findings.push(wrong_type(node, what));
    }
    text
}

/// The items of a list that is not empty.
pub(crate) fn list<'n, 'a>(
    node: &'n Node<'a>,
    what: &str,
    findings: &mut Findings,
) -> Option<&'n [Node<'a>]> {
    match node.items() {
        Some([]) => {
            findings.push(Diagnostic::error(node.place, format!("{what} is empty")));
            None
        }
        Some(items) => Some(items),
        None => {
            let mut wrong = wrong_type(node, what);
            if let Some(text) = node.scalar() {
                wrong = wrong.help(format!("write it as a list: `[{}]`", text.trim()));
            }
            findings.push(wrong);
            None
        }
    }
}

fn wrong_type(node: &Node<'_>, what: &str) -> Diagnostic {
    let message = match node.value {
        Value::Null => format!("a value is missing: expected {what}"),
        _ => format!("expected {what}, found {}", node.describe()),
    };
    Diagnostic::error(node.place, message)
}

/// `true` or `false`.
pub(crate) fn flag(node: &Node<'_>, findings: &mut Findings) -> Option<bool> {
    match scalar(node, "`true` or `false`", findings)? {
        "true" => Some(true),
        "false" => Some(false),
        other => {
            let message = format!("{} is neither `true` nor `false`", quoted(other));
            let help = match other.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "1" | "true" => "write `true`",
                _ => "write `false`",
            };
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// A text on one line, not blank, without control characters.
pub(crate) fn line_of_text<'n>(node: &'n Node<'_>, findings: &mut Findings) -> Option<&'n str> {
    let text = scalar(node, "a text", findings)?;
    let problem = if text.trim().is_empty() {
        "this text is blank"
    } else if text.trim() != text {
        "this text begins or ends with a space"
    } else if text.chars().any(char::is_control) {
        "this text has a line break or another control character"
    } else if text.chars().count() > MAX_TEXT_LENGTH {
        "this text is longer than 1000 characters"
    } else {
        warn_of_variable(node.place, text, findings);
        return Some(text);
    };
    findings.push(Diagnostic::error(node.place, problem).help("write one line of plain text"));
    None
}

/// Warns of a variable of the environment or of a template: what reads the file
/// is riskd, which takes the text as it stands.
pub(crate) fn warn_of_variable(place: Place, text: &str, findings: &mut Findings) {
    // Nearly no text has one of these.
    if memchr::memchr3(b'$', b'{', b'%', text.as_bytes()).is_none() {
        return;
    }
    let is_upper = |name: &str| {
        name.len() > 1
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let of_windows = || text.strip_prefix('%')?.strip_suffix('%');
    let is_variable = text.contains("${")
        || text.contains("{{")
        || text.strip_prefix('$').is_some_and(is_upper)
        || of_windows().is_some_and(is_upper);
    if is_variable {
        let message = format!(
            "{} stays as it is: riskd replaces no variables in a rule file",
            quoted(text)
        );
        let help = "write the value itself; only secrets can be taken from the environment";
        findings.push(Diagnostic::warning(place, message).help(help));
    }
}

/// A text of any lines.
pub(crate) fn text<'n>(node: &'n Node<'_>, findings: &mut Findings) -> Option<&'n str> {
    scalar(node, "a text", findings)
}

/// Whether a text can be the name of an account, a venue and the like.
pub(crate) fn is_name(text: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= MAX_NAME
        && text.chars().all(inside)
        && text.chars().next().is_some_and(char::is_alphanumeric)
}

/// What a name may be, for help.
pub(crate) const NAME_HELP: &str =
    "use letters, digits, `-`, `_` and `.`, beginning with a queued or digit, 64 bytes at most";

/// The name of an account, a group and the like.
pub(crate) fn name<'n>(node: &'n Node<'_>, findings: &mut Findings) -> Option<&'n str> {
    let text = scalar(node, "a name", findings)?;
    if is_name(text) {
        return Some(text);
    }
    let message = format!("{} cannot be a name", quoted(text));
    findings.push(Diagnostic::error(node.place, message).help(NAME_HELP));
    None
}
