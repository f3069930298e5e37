//! `riskd test`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Exit;
use super::printer::{Paint, Printer};
use crate::files;
use crate::replay::rule_test::{self, LoadedTests, TestFile};
use crate::replay::text;
use crate::rules::MAX_TEXT;

/// Behind the options; a test of the program runs the file in it.
const HELP: &str = concat!(
    "Examples:\n  riskd test rules.test.yaml\n  riskd test tests/*.test.yaml\n\n",
    "A test file:\n\n",
    include_str!("test/example.yaml"),
    "\nExit codes: 0 all passed, 1 one failed or a file is wrong."
);

/// Runs rule tests: each takes one account through its steps and lists every
/// firing that must happen; one that is not listed fails the test.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// The test files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How many tests passed and failed so far.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let mut count = Count::default();
    let mut wrong_files: usize = 0;
    for path in &args.files {
        let loaded = match load(path) {
            Ok(loaded) => loaded,
            Err(error) => {
                out.error(&error);
                wrong_files = wrong_files.saturating_add(1);
                continue;
            }
        };
        let report = loaded.render(out.err);
        if !report.trim().is_empty() {
            out.note(report.trim_end());
        }
        match &loaded.file {
            Some(file) => run_file(path, file, &mut count, out)?,
            None => wrong_files = wrong_files.saturating_add(1),
        }
    }
    out.raw(text::test_summary(count.passed, count.failed).as_bytes())?;
    if wrong_files > 0 {
        out.note(format_args!(
            "{wrong_files} of {} files cannot be used",
            args.files.len()
        ));
    }
    if count.failed > 0 || wrong_files > 0 {
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

fn load(path: &Path) -> anyhow::Result<LoadedTests> {
    let text = files::read_text(path, MAX_TEXT)
        .with_context(|| format!("cannot read the test file {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let loader = move |file: &Path| files::read_text(&folder.join(file), MAX_TEXT);
    Ok(rule_test::load(&path.display().to_string(), &text, &loader))
}

fn run_file(
    path: &Path,
    file: &TestFile,
    count: &mut Count,
    out: &mut Printer,
) -> anyhow::Result<()> {
    let name = path.display().to_string();
    for test in &file.tests {
        let outcome = file.run(test);
        let text = text::test_outcome(&name, test, &outcome);
        if outcome.passed() {
            count.passed = count.passed.saturating_add(1);
            out.raw(text.as_bytes())?;
        } else {
            count.failed = count.failed.saturating_add(1);
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            out.line(out.paint(Paint::Red, first))?;
            out.raw(rest.as_bytes())?;
        }
    }
    Ok(())
}
