//! The one way out: data to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anyhow::Context;

use super::When;
use crate::rules::Color;

/// Whoever read the output has gone; there is nobody to tell anything.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the output was closed")]
pub(super) struct Closed;

/// Prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    /// Whether stdout has colour.
    pub(super) out: Color,
    /// Whether stderr has colour.
    pub(super) err: Color,
}

impl Printer {
    pub(super) fn new(when: When) -> Printer {
        Printer {
            out: color(when, io::stdout().is_terminal()),
            err: color(when, io::stderr().is_terminal()),
        }
    }

    /// A line of data.
    pub(super) fn line(&mut self, text: impl Display) -> anyhow::Result<()> {
        self.raw(format!("{text}\n").as_bytes())
    }

    /// Data as it is.
    pub(super) fn raw(&mut self, data: &[u8]) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(data).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
            written => written.context("cannot write the output"),
        }
    }

    /// A line of data, for work that must go on when nobody reads it.
    pub(super) fn line_if_read(&mut self, text: impl Display) {
        let _ = self.line(text);
    }

    /// A line for the person, not for another program.
    pub(super) fn note(&self, text: impl Display) {
        // Without stderr there is nowhere to say that there is none.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A warning.
    pub(super) fn warning(&self, text: impl Display) {
        self.note(format_args!(
            "{} {text}",
            paint(self.err, Paint::Yellow, "warning:")
        ));
    }

    /// An error with its causes.
    pub(super) fn error(&self, error: &anyhow::Error) {
        self.note(format_args!(
            "{} {error}",
            paint(self.err, Paint::Red, "error:")
        ));
        for cause in error.chain().skip(1) {
            self.note(format_args!("  because: {cause}"));
        }
    }

    /// A text for stdout in a colour, if stdout has any.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        self::paint(self.out, paint, text)
    }
}

/// A colour with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// As it should be.
    Green,
    /// Near a limit, or not as it should be.
    Yellow,
    /// Fired, failed.
    Red,
}

fn paint(color: Color, paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Bold => "1",
        Paint::Dim => "2",
        Paint::Green => "32",
        Paint::Yellow => "33",
        Paint::Red => "1;31",
    };
    match color {
        Color::Styled => format!("\x1b[{code}m{text}\x1b[0m"),
        Color::Plain => text.to_owned(),
    }
}

fn color(when: When, is_terminal: bool) -> Color {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_wanted = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb,
    };
    if is_wanted {
        Color::Styled
    } else {
        Color::Plain
    }
}
