//! Where the daemon's log goes.

mod aside;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use anyhow::Context;
use clap::ValueEnum;
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::rules::Color;

use aside::Happened;
pub(super) use aside::Log;

/// The environment variable that says what is logged.
const FILTER_VARIABLE: &str = "RISKD_LOG";

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// journald under systemd, else human
    #[default]
    Auto,
    /// Lines for people on stderr
    Human,
    /// Fields for journald
    Journald,
    /// A JSON object a line on stderr
    Json,
}

/// Begins to log, until what this gives is dropped.
pub(super) fn start(format: Format, color: Color) -> anyhow::Result<Log> {
    let said = std::env::var_os(FILTER_VARIABLE).unwrap_or_default();
    let filter = filter(&said.to_string_lossy())?;
    let writer = Dispatch::new(Registry::default().with(layer(format, color)?));
    let (aside, log) = aside::start(writer)?;
    tracing_subscriber::registry()
        .with(aside.with_filter(filter))
        .try_init()
        .context("the log is set up already")?;
    Ok(log)
}

/// What is logged, out of `debug`, or `riskd::venue=debug,warn`; what is not
/// named is logged from `info` on.
fn filter(said: &str) -> anyhow::Result<Targets> {
    let said = said.trim();
    if said.is_empty() {
        return Ok(Targets::new().with_default(LevelFilter::INFO));
    }
    let targets: Targets = said.parse().with_context(|| {
        format!(
            "${FILTER_VARIABLE} cannot be understood; a level (error, warn, info, debug, trace, off) or a list such as `info,riskd::venue=debug` can"
        )
    })?;
    Ok(match targets.default_level() {
        Some(_) => targets,
        None => targets.with_default(LevelFilter::INFO),
    })
}

fn layer(format: Format, color: Color) -> anyhow::Result<Box<dyn Layer<Registry> + Send + Sync>> {
    let is_journald = format == Format::Auto && stderr_is_the_journal();
    Ok(match format {
        Format::Journald => journald()?,
        Format::Auto if is_journald => journald()?,
        // A log that cannot be written must not end what it tells of.
        Format::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(io::stderr)
            .with_timer(Happened)
            .log_internal_errors(false)
            .boxed(),
        Format::Auto | Format::Human => fmt::layer()
            .with_writer(io::stderr)
            .with_timer(Happened)
            .with_ansi(color == Color::Styled)
            .with_target(false)
            .log_internal_errors(false)
            .boxed(),
    })
}

fn journald() -> anyhow::Result<Box<dyn Layer<Registry> + Send + Sync>> {
    let layer = tracing_journald::layer().context("journald cannot be reached")?;
    // Without a prefix the fields are EVENT, ACCOUNT and RULE, as documented.
    Ok(layer
        .with_field_prefix(None)
        .with_syslog_identifier("riskd".to_owned())
        .boxed())
}

/// Whether stderr is the stream that systemd connected to the journal, by the
/// device and inode in `$JOURNAL_STREAM` (systemd.exec(5)).
fn stderr_is_the_journal() -> bool {
    let stderr = io::stderr();
    if stderr.is_terminal() {
        return false;
    }
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let Ok(file) = stderr.as_fd().try_clone_to_owned().map(File::from) else {
        return false;
    };
    file.metadata()
        .is_ok_and(|found| stream == format!("{}:{}", found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn what_is_not_named_is_logged_from_info_on() {
        for (said, target, level, expected) in [
            ("", "riskd", Level::INFO, true),
            ("", "riskd", Level::DEBUG, false),
            (" debug ", "riskd", Level::DEBUG, true),
            (
                "riskd::venue=debug",
                "riskd::venue::crosstrade",
                Level::DEBUG,
                true,
            ),
            ("riskd::venue=debug", "riskd::daemon", Level::INFO, true),
            ("riskd::venue=debug", "riskd::daemon", Level::DEBUG, false),
            (
                "riskd::venue=debug,warn",
                "riskd::daemon",
                Level::INFO,
                false,
            ),
            ("off", "riskd", Level::ERROR, false),
        ] {
            let filter = filter(said).unwrap();
            assert_eq!(filter.would_enable(target, &level), expected, "{said}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_would_be_right() {
        let said = format!("{:#}", filter("riskd=loud").unwrap_err());
        assert!(
            said.contains("$RISKD_LOG") && said.contains("riskd::venue=debug"),
            "{said}"
        );
    }
}
