//! A message as it leaves riskd, and what the services have in common of its
//! form.

use serde::Serialize;

use crate::domain::observation::Timestamp;
use crate::domain::severity::Severity;
use crate::engine::effect::Notice;

/// What stands at the end of a text that was cut.
const CUT: &str = " [cut]";

/// A message as it leaves riskd; a webhook gets it as this JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The message for people.
    pub text: String,
    /// `info`, `warning` or `critical`.
    pub severity: Severity,
    /// What happened, by its stable name.
    pub event: &'static str,
    /// The account, when it is about one.
    pub account: Option<String>,
    /// The rule, when it is about one.
    pub rule: Option<String>,
    /// When, RFC 3339.
    pub time: String,
    /// The time for people.
    #[serde(skip)]
    pub(super) clock: String,
    /// The same for every try, so that a receiver can tell a repetition.
    #[serde(skip)]
    pub(super) id: String,
}

impl Message {
    /// The message of a notice; `number` tells it from others of this moment.
    pub(super) fn new(notice: &Notice, now: Timestamp, number: u64) -> Message {
        Message {
            text: printable(&notice.text),
            severity: notice.severity,
            event: notice.kind.name(),
            account: notice.account.as_ref().map(ToString::to_string),
            rule: notice.rule.as_ref().map(ToString::to_string),
            time: now.to_rfc3339(),
            clock: clock(now),
            id: format!("riskd-{}-{number}", now.timestamp_micros()),
        }
    }

    /// A message that only tries whether messages arrive.
    pub fn test(now: Timestamp) -> Message {
        Message {
            text: "this is a test of riskd's notifications; nothing has happened".to_owned(),
            severity: Severity::Info,
            event: "test",
            account: None,
            rule: None,
            time: now.to_rfc3339(),
            clock: clock(now),
            id: format!("riskd-{}-test", now.timestamp_micros()),
        }
    }

    /// The severity and what the message is about: `critical: apex-1, daily
    /// loss limit`. One line.
    pub(super) fn headline(&self) -> String {
        let about: Vec<&str> = [&self.account, &self.rule]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let about = if about.is_empty() {
            self.event.replace('_', " ")
        } else {
            about.join(", ")
        };
        let line = format!("{}: {about}", self.severity.name());
        line.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }

    /// Headline, text and time, for services that show one text.
    pub(super) fn whole(&self) -> String {
        format!("riskd {}\n{}\n{}", self.headline(), self.text, self.clock)
    }
}

fn clock(now: Timestamp) -> String {
    now.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The text without control characters but line breaks: words of a venue may
/// hold anything.
fn printable(text: &str) -> String {
    let keep = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(keep).collect()
}

/// The text with every character escaped, cut with a mark where it would be
/// longer than `most`, by the measure of the service.
pub(super) fn fitted(
    text: &str,
    most: usize,
    size: fn(&str) -> usize,
    escape: fn(char, &mut String),
) -> String {
    let mut out = String::new();
    let mut piece = String::new();
    let mut used = 0_usize;
    let mut kept = 0;
    for c in text.chars() {
        piece.clear();
        escape(c, &mut piece);
        used = used.saturating_add(size(&piece));
        if used > most {
            out.truncate(kept);
            out.push_str(CUT);
            break;
        }
        out.push_str(&piece);
        if used.saturating_add(size(CUT)) <= most {
            kept = out.len();
        }
    }
    out
}

/// No character needs another form.
pub(super) fn as_it_is(c: char, out: &mut String) {
    out.push(c);
}

/// The length in UTF-16 units: what chat services count as characters, or more.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_only_where_it_is_too_long() {
        fn twice(c: char, out: &mut String) {
            out.push('\\');
            out.push(c);
        }
        for (text, most, expect) in [
            ("0123456789", 10, "0123456789"),
            ("01234567890", 10, "0123 [cut]"),
            ("", 10, ""),
            // Never half of a character: each of these is two units.
            (
                "\u{1f6a8}\u{1f6a8}\u{1f6a8}\u{1f6a8}\u{1f6a8}\u{1f6a8}",
                11,
                "\u{1f6a8}\u{1f6a8} [cut]",
            ),
        ] {
            assert_eq!(fitted(text, most, units, as_it_is), expect);
        }
        assert_eq!(fitted("abcdefgh", 11, units, twice), "\\a\\b [cut]");
        for most in 6..40 {
            let long = "x\u{1f6a8}é".repeat(40);
            assert!(units(&fitted(&long, most, units, twice)) <= most);
            assert!(fitted(&long, most, str::len, as_it_is).len() <= most);
        }
    }
}
