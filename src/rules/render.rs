//! Diagnostics for people.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::Color;
use super::diagnostic::{Diagnostic, DiagnosticLevel, Place};

/// Longest line that is shown around a mark, in bytes; of a longer one the
/// place alone is given.
const MAX_LINE: usize = 2_000;

/// A text and what was found in it.
pub(crate) struct Sheet<'s> {
    /// What messages call the text.
    pub(crate) name: &'s str,
    /// The text with secrets starred out.
    pub(crate) shown: &'s str,
    /// What was found, by place.
    pub(crate) diagnostics: &'s [Diagnostic],
    /// How many more there were.
    pub(crate) omitted: usize,
}

/// Every diagnostic with the line that it is about.
pub(crate) fn report(loaded: &Sheet<'_>, color: Color) -> String {
    let renderer = match color {
        Color::Styled => Renderer::styled(),
        Color::Plain => Renderer::plain(),
    };
    let mut out = String::new();
    for diagnostic in loaded.diagnostics {
        let group = group(loaded, diagnostic);
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    push_omitted(loaded, &mut out);
    out
}

fn group<'l>(loaded: &'l Sheet<'l>, diagnostic: &'l Diagnostic) -> Group<'l> {
    let level = match diagnostic.severity {
        DiagnosticLevel::Error => Level::ERROR,
        DiagnosticLevel::Warning => Level::WARNING,
    };
    let title = level.primary_title(&*diagnostic.message);
    let group = match marked_line(loaded.shown, diagnostic.place) {
        Some((line, span)) => {
            let mark = AnnotationKind::Primary
                .span(span)
                .label(diagnostic.label.as_deref());
            title.element(
                Snippet::source(line)
                    .line_start(index(diagnostic.place.line))
                    .path(loaded.name)
                    .annotation(mark),
            )
        }
        None => title.element(
            annotate_snippets::Origin::path(loaded.name)
                .line(index(diagnostic.place.line))
                .char_column(index(diagnostic.place.column)),
        ),
    };
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(&**help)),
        None => group,
    }
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The line of a place, and the part of it that is marked: of a place over
/// several lines, what stands on the first one.
fn marked_line(text: &str, place: Place) -> Option<(&str, Range<usize>)> {
    let range = place.range();
    let start = range.start.min(text.len());
    let before = text.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let rest = text.get(line_start..)?;
    let line = rest.lines().next().unwrap_or_default();
    if line.len() > MAX_LINE {
        return None;
    }
    let from = start.saturating_sub(line_start).min(line.len());
    let to = range.end.saturating_sub(line_start).clamp(from, line.len());
    Some((line, from..to))
}

/// Every diagnostic on a line of its own.
pub(crate) fn short(loaded: &Sheet<'_>) -> String {
    let mut out = String::new();
    for diagnostic in loaded.diagnostics {
        let Place { line, column, .. } = diagnostic.place;
        let severity = diagnostic.severity.name();
        let message = &diagnostic.message;
        out.push_str(&format!(
            "{}:{line}:{column}: {severity}: {message}",
            loaded.name
        ));
        if let Some(help) = &diagnostic.help {
            out.push_str("; ");
            out.push_str(help);
        }
        out.push('\n');
    }
    push_omitted(loaded, &mut out);
    out
}

fn push_omitted(loaded: &Sheet<'_>, out: &mut String) {
    if loaded.omitted > 0 {
        out.push_str(&format!("and {} more\n", loaded.omitted));
    }
}
