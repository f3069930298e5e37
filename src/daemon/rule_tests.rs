//! Running the rule tests that a rule file names.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::rule_file::{Refusal, read_text};
use crate::replay::rule_test;
use crate::replay::text;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::TestFileName;

/// How long all the tests of a rule file may take together.
pub const MAX_TIME: Duration = Duration::from_secs(10);
/// Most tests that a rule file may name, in all its test files.
pub const MAX_TESTS: usize = 10_000;
/// Most tests that failed of which it is told what they expected.
const MAX_TOLD: usize = 5;

/// What came of the tests that a rule file names.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// What speaks against the rule file, at most one for each test file and
    /// one more when they take too long.
    pub problems: Vec<Problem>,
}

/// A test file that cannot be used, or whose tests fail.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The test file, and where the rule file names it.
    pub file: TestFileName,
    /// What is wrong, in a line.
    pub message: String,
    /// What was expected and what happened, or where the mistakes are; lines.
    pub details: String,
}

/// What the test files of these rules hold, in their order, as `read` gives it.
pub(super) fn read(
    rules: &RuleSet,
    read: impl Fn(&Path) -> io::Result<String>,
) -> Vec<io::Result<String>> {
    rules.tests.iter().map(|file| read(&file.path)).collect()
}

/// Reads and runs the tests that these rules, read from `path`, name.
pub fn read_and_run(path: &Path, rules: &RuleSet) -> Report {
    let folder = path.parent().unwrap_or(Path::new(""));
    let texts = read(rules, |file| read_text(&folder.join(file)));
    run(path, &Arc::new(rules.clone()), texts)
}

/// Runs tests whose files were read already, in a thread of their own: one that
/// takes too long is not waited for.
pub(super) fn run(path: &Path, rules: &Arc<RuleSet>, texts: Vec<io::Result<String>>) -> Report {
    let Some(last) = rules.tests.last().cloned() else {
        return Report::default();
    };
    let is_late = Arc::new(AtomicBool::new(false));
    let (done, report) = mpsc::sync_channel(1);
    let run = Run {
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        rules: Arc::clone(rules),
        report: Report::default(),
        is_late: Arc::clone(&is_late),
    };
    let started = std::thread::Builder::new()
        .name("rule-tests".to_owned())
        .spawn(move || drop(done.try_send(run.all(texts))));
    let problem = match started.map(|_| report.recv_timeout(MAX_TIME)) {
        Ok(Ok(report)) => return report,
        Ok(Err(mpsc::RecvTimeoutError::Timeout)) => {
            format!("the tests take longer than {} s", MAX_TIME.as_secs())
        }
        Ok(Err(mpsc::RecvTimeoutError::Disconnected)) => {
            "the tests could not be run to their end".to_owned()
        }
        Err(error) => format!("the tests cannot be run: {error}"),
    };
    is_late.store(true, Ordering::Relaxed);
    Report {
        problems: vec![Problem {
            file: last,
            message: problem,
            details: String::new(),
        }],
        ..Report::default()
    }
}

struct Run {
    folder: std::path::PathBuf,
    rules: Arc<RuleSet>,
    report: Report,
    is_late: Arc<AtomicBool>,
}

impl Run {
    fn all(mut self, texts: Vec<io::Result<String>>) -> Report {
        let rules = Arc::clone(&self.rules);
        for (file, text) in rules.tests.iter().zip(texts) {
            let wrong = match text {
                Ok(text) => self.file(file, &text),
                Err(error) => Err((format!("cannot be read: {error}"), String::new())),
            };
            if let Err((what, details)) = wrong {
                self.report.problems.push(Problem {
                    file: file.clone(),
                    message: format!("{} {what}", file.path.display()),
                    details,
                });
            }
        }
        self.report
    }

    /// Runs the tests of a file; what is wrong comes with its details.
    fn file(&mut self, file: &TestFileName, text: &str) -> Result<(), (String, String)> {
        let name = self.folder.join(&file.path).display().to_string();
        let loaded = rule_test::load_for(&name, text, &self.rules);
        let Some(tests) = &loaded.file else {
            return Err(("is wrong".to_owned(), loaded.render_short()));
        };
        let so_far = self.report.passed.saturating_add(self.report.failed);
        if so_far.saturating_add(tests.tests.len()) > MAX_TESTS {
            let what = format!("holds too many tests: a rule file names {MAX_TESTS} at most");
            return Err((what, String::new()));
        }
        let mut failed: usize = 0;
        let mut details = String::new();
        for test in &tests.tests {
            if self.is_late.load(Ordering::Relaxed) {
                return Ok(());
            }
            let outcome = tests.run(test);
            if outcome.passed() {
                self.report.passed = self.report.passed.saturating_add(1);
                continue;
            }
            failed = failed.saturating_add(1);
            if failed <= MAX_TOLD {
                details.push_str(&text::test_outcome(&name, test, &outcome));
            }
        }
        self.report.failed = self.report.failed.saturating_add(failed);
        if failed == 0 {
            return Ok(());
        }
        if failed > MAX_TOLD {
            let more = failed.saturating_sub(MAX_TOLD);
            // Writing into a text cannot fail.
            let _ = writeln!(details, "and {more} more");
        }
        Err((format!("fails {failed} of {}", text_count(tests)), details))
    }
}

fn text_count(tests: &rule_test::TestFile) -> String {
    match tests.tests.len() {
        1 => "1 test".to_owned(),
        count => format!("{count} tests"),
    }
}

impl Report {
    /// Why a rule file with these tests is refused; `None` when all passed.
    pub(super) fn refusal(&self, rule_file: &Path) -> Option<Refusal> {
        let first = self.problems.first()?;
        let lines: Vec<String> = self
            .problems
            .iter()
            .map(|problem| {
                let place = problem.file.place;
                let line = format!(
                    "{}:{}:{}: error: {}",
                    rule_file.display(),
                    place.line,
                    place.column,
                    problem.message
                );
                let whole = format!("{line}\n{}", problem.details);
                whole.trim_end().to_owned()
            })
            .collect();
        Some(Refusal {
            text: lines.join("\n"),
            place: Some((first.file.place.line, first.file.place.column)),
        })
    }
}
