//! Places in a text, and what the parser says of one that is no YAML.

use serde_yaml::granit_parser::{ErrorKind, ScanError, Span};

use super::MAX_DEPTH;
use crate::rules::diagnostic::{Diagnostic, Place};
use crate::rules::suggest::odd_character;

pub(super) fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error(
        place,
        format!("more than {MAX_DEPTH} levels inside one another"),
    )
}

/// A place's number; a text is never longer than [`MAX_TEXT`](super::MAX_TEXT).
pub(super) fn small(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

pub(super) fn place_of(span: &Span) -> Place {
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
pub(super) fn collection_place(start: Place, end: Place, first: Option<Place>) -> Place {
    if end.end > end.start {
        return Place {
            end: end.end,
            ..start
        };
    }
    first.unwrap_or(start)
}

/// What the parser says, at a place inside the text.
pub(super) fn syntax_error(error: &ScanError, text: &str) -> Diagnostic {
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
