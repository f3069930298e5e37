//! `riskd replay`.

use std::io::{self, BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::Exit;
use super::find::{self, RulesArg};
use super::printer::Printer;
use crate::domain::plural::counted;
use crate::files;
use crate::replay::history::History;
use crate::replay::{Note, ReplayEventKind, ReplayLog, replay_history, text};
use crate::rules::ruleset::RuleSet;

/// Most notes that are printed; the rest are counted.
const NOTES: usize = 20;
/// The name of standard input.
const STDIN: &str = "-";

/// Behind the options; a test of the program replays the history in it.
const HELP: &str = concat!(
    "Examples:\n  riskd replay --rules rules.yaml --history march.csv\n",
    "  riskd replay --history - --json < march.csv | jq 'select(.event == \"fired\")'\n\n",
    "The history is CSV with a header: time (RFC 3339) and account, then any of realized, unrealized,\n",
    "balance, equity, positions and orders (how many work). An empty cell is unknown:\n\n",
    include_str!("replay/example.csv"),
    "\nPositions have ; between them; the price behind @ may be left out. An account without any is flat."
);

/// Shows what would have fired: runs the rules over a history, by the same
/// engine as the daemon.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArg,
    /// The history; - reads standard input
    #[arg(long, value_name = "FILE.csv")]
    history: PathBuf,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::rules_file(&args.rules)?;
    let loaded = find::load(&path)?;
    let Some(rules) = loaded.rules.as_ref().map(|rules| Arc::new(rules.clone())) else {
        out.note(loaded.render(out.err).trim_end());
        bail!("the rule file {} is refused", path.display());
    };
    if args.history == Path::new(STDIN) {
        replay(io::stdin().lock(), rules, args, out)?;
    } else {
        let (file, _) = files::open(&args.history).map_err(|error| {
            let help = if files::is_not_regular(&error) {
                "; for a pipe, write `--history -`"
            } else {
                ""
            };
            anyhow!(
                "cannot read the history {}: {error}{help}",
                args.history.display()
            )
        })?;
        replay(BufReader::new(file), rules, args, out)?;
    }
    Ok(Exit::Done)
}

fn replay(
    source: impl BufRead,
    rules: Arc<RuleSet>,
    args: &Args,
    out: &mut Printer,
) -> anyhow::Result<()> {
    let wrong = |error| anyhow!("{}: {error}", args.history.display());
    let history = History::open(source, &rules.book.accounts).map_err(wrong)?;
    let mut teller = Teller {
        is_json: args.json,
        firings: 0,
        notes: 0,
    };
    let read = replay_history(&rules, history, |log| match teller.tell(log, out) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    });
    match read.map_err(wrong)? {
        ControlFlow::Continue(rows) => teller.end(rows, out),
        ControlFlow::Break(error) => return Err(error),
    }
    Ok(())
}

/// Tells what happens as it happens.
#[derive(Debug)]
struct Teller {
    is_json: bool,
    firings: u64,
    notes: usize,
}

impl Teller {
    fn tell(&mut self, log: ReplayLog, out: &mut Printer) -> anyhow::Result<()> {
        for note in log.notes {
            self.note(&note, out);
        }
        for event in log.events {
            if self.is_json {
                out.line(text::event_json(&event)?)?;
            } else {
                out.line(text::event(&event))?;
            }
            if event.event == ReplayEventKind::Fired {
                self.firings = self.firings.saturating_add(1);
            }
        }
        Ok(())
    }

    fn note(&mut self, note: &Note, out: &Printer) {
        self.notes = self.notes.saturating_add(1);
        if self.notes <= NOTES {
            out.note(format_args!(
                "note: {}: {}",
                super::time::rfc3339(note.time),
                note.text
            ));
        }
    }

    fn end(&self, rows: u64, out: &Printer) {
        let more = self.notes.saturating_sub(NOTES);
        if more > 0 {
            out.note(format_args!("and {}", counted(more, "more note")));
        }
        out.note(text::replay_summary(rows, self.firings));
    }
}
