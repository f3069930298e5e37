//! The command line on the real binary.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::machine;

/// How long a process may take to do what a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

const COMMANDS: [&str; 20] = [
    "run",
    "check",
    "test",
    "replay",
    "status",
    "events",
    "why",
    "verify",
    "backup",
    "flatten",
    "lock",
    "unlock",
    "rearm",
    "notify-test",
    "probe",
    "demo",
    "paper",
    "schema",
    "completions",
    "man",
];

/// A rule file whose venue is nowhere.
const GOOD: &str = r#"
version: 1
daemon: { mode: observe, database: riskd.db, http: 127.0.0.1:1 }
sessions:
  day: { timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }
venues:
  paper:
    kind: crosstrade
    base_url: http://127.0.0.1:1/v1/api
    token: { env: RISKD_TEST_TOKEN }
accounts:
  apex-1: { venue: paper, number: Sim101, session: day, starting_balance: 50000 }
  apex-2: { venue: paper, number: Sim102, session: day, starting_balance: 50000 }
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [cancel_orders, flatten]
"#;

/// riskd in a folder of its own.
fn riskd(folder: &Path, args: &[&str]) -> Command {
    let mut command = machine::riskd();
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn output(folder: &Path, args: &[&str]) -> Output {
    riskd(folder, args).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A folder with a rule file.
fn folder_with(rules: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    folder
}

#[track_caller]
fn ends_with(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {}\nstderr: {}",
        stdout(output),
        stderr(output)
    );
}

/// What stands in the help of a command from the line `first` up to the next
/// line that begins with `end`.
fn example_in_help(folder: &Path, command: &str, first: &str, end: &str) -> String {
    let help = output(folder, &[command, "--help"]);
    ends_with(&help, 0);
    let lines = stdout(&help).lines();
    let example: Vec<&str> = lines
        .skip_while(|line| !line.starts_with(first))
        .take_while(|line| !line.starts_with(end))
        .collect();
    assert!(!example.is_empty(), "{}", stdout(&help));
    example.join("\n").trim_end().to_owned() + "\n"
}

#[test]
fn the_test_file_in_the_help_passes() {
    let folder = folder_with(include_str!("../../rules.example.yaml"));
    let example = example_in_help(folder.path(), "test", "rules:", "Exit codes");
    for said in [
        "data: missing",
        "restart: true",
        "expect: []",
        "positions: {}",
    ] {
        assert!(example.contains(said), "{example}");
    }
    std::fs::write(folder.path().join("my.test.yaml"), example).unwrap();
    let run = output(folder.path(), &["test", "my.test.yaml"]);
    ends_with(&run, 0);
    assert!(
        stdout(&run).ends_with("2 tests: 2 passed, 0 failed\n"),
        "{}",
        stdout(&run)
    );
    assert_eq!(stderr(&run), "");
}

#[test]
fn the_history_in_the_help_is_replayed() {
    let folder = folder_with(include_str!("../../rules.example.yaml"));
    let example = example_in_help(folder.path(), "replay", "time,", "Positions have");
    std::fs::write(folder.path().join("march.csv"), example).unwrap();
    let args = ["replay", "--rules", "rules.yaml", "--history", "march.csv"];
    let run = output(folder.path(), &args);
    ends_with(&run, 0);
    assert_eq!(
        stdout(&run),
        "2026-03-05T14:30:20Z sim: daily loss limit warned: session P&L -700.00, 70% of the limit of \
         -1,000.00\n\
         2026-03-05T14:30:40Z sim: daily loss limit fired: session P&L -1,000.00 at or below \
         -1,000.00; cancel_orders, flatten, lock, notify\n"
    );
    assert_eq!(stderr(&run), "3 rows read, 1 firing\n");
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let output = output(folder.path(), &[command, flag]);
            ends_with(&output, 0);
            assert!(stdout(&output).contains("Example"), "{command} {flag}");
            assert!(
                stdout(&output).contains(&format!("riskd {command}")),
                "{command} {flag}"
            );
        }
    }
    let unlock = output(folder.path(), &["unlock", "--help"]);
    assert!(stdout(&unlock).contains("End all locks of an account"));
    assert!(stdout(&unlock).contains("close-only ones among them"));
    let all = output(folder.path(), &["--help"]);
    for command in COMMANDS {
        assert!(
            stdout(&all).contains(&format!("\n  {command} ")),
            "{command}"
        );
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let cases: &[&[&str]] = &[
        &[],
        &["flaten"],
        &["check"],
        &["flatten"],
        &["flatten", "a", "--all"],
        &["flatten", "a", "--timeout", "soon"],
        &["lock", "a", "--reason", "x"],
        &["lock", "a", "--until", "2h", "--reason", ""],
        &["lock", "a", "--until", "25:00", "--reason", "x"],
        &["lock", "a", "--until", "manual", "--reason", " "],
        &["unlock", "a"],
        &["events", "--kind", "fierd"],
        &["events", "--since", "yesterday"],
        &["status", "--http", "somewhere"],
    ];
    for args in cases {
        ends_with(&output(folder.path(), args), 2);
    }
}

#[test]
fn version_says_which_time_zone_rules_are_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let output = output(folder.path(), &["--version"]);
    ends_with(&output, 0);
    assert!(stdout(&output).starts_with(concat!("riskd ", env!("CARGO_PKG_VERSION"))));
    assert!(stdout(&output).contains(chrono_tz::IANA_TZDB_VERSION));
}

#[test]
fn a_good_file_is_explained() {
    let folder = folder_with(GOOD);
    let output = output(folder.path(), &["check", "rules.yaml"]);
    ends_with(&output, 0);
    let text = stdout(&output);
    assert!(
        text.contains("daily loss limit: on apex-1, apex-2: when session P&L"),
        "{text}"
    );
    assert!(text.contains("120 of 180 a minute"), "{text}");
    assert!(text.contains("1 rule for 2 accounts"), "{text}");
}

#[test]
fn all_mistakes_of_all_files_are_reported_in_one_go() {
    let folder = folder_with(GOOD);
    let mut bad = GOOD.replace("version: 1", "version: 2\nextra: 1");
    for (good, wrong) in [
        ("mode: observe", "mode: watch"),
        ("timezone: UTC", "timezone: Mars/Base"),
        ("open: \"00:00\"", "open: \"25:00\""),
        ("kind: crosstrade", "kind: crostrade"),
        ("number: Sim102", "numer: Sim102"),
        ("accounts: [\"*\"]", "accounts: [nobody]"),
        ("loss: 500", "loss: -500"),
        ("[cancel_orders, flatten]", "[cancel, flatten]"),
    ] {
        assert!(bad.contains(good), "{good}");
        bad = bad.replace(good, wrong);
    }
    std::fs::write(folder.path().join("bad.yaml"), bad).unwrap();
    let files = ["check", "--json", "bad.yaml", "rules.yaml", "missing.yaml"];
    let found = output(folder.path(), &files);
    ends_with(&found, 1);
    let lines: Vec<Value> = stdout(&found)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |file: &str| lines.iter().filter(|line| line["file"] == file).count();
    assert!(of("bad.yaml") >= 10, "{}", stdout(&found));
    assert_eq!(of("rules.yaml"), 0);
    assert_eq!(of("missing.yaml"), 1);
    assert!(lines.iter().all(|line| line["severity"] == "error"));

    let shown = output(folder.path(), &["check", "bad.yaml"]);
    ends_with(&shown, 1);
    assert_eq!(stdout(&shown), "");
    assert!(
        stderr(&shown).contains("did you mean `crosstrade`?"),
        "{}",
        stderr(&shown)
    );
    assert!(!stderr(&shown).contains('\x1b'));
}

#[test]
fn colour_is_used_when_it_is_asked_for() {
    let folder = folder_with("version: 2\n");
    let always = output(folder.path(), &["check", "rules.yaml", "--color", "always"]);
    assert!(stderr(&always).contains('\x1b'));
    let never = output(folder.path(), &["--color", "never", "check", "rules.yaml"]);
    assert!(!stderr(&never).contains('\x1b'));
}

#[test]
fn run_says_where_it_looked_for_rules_and_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    if !Path::new("/etc/riskd/rules.yaml").exists() {
        let nowhere = output(folder.path(), &["run"]);
        ends_with(&nowhere, 78);
        for place in [
            "--rules",
            "$RISKD_RULES",
            "./rules.yaml",
            "/etc/riskd/rules.yaml",
        ] {
            assert!(stderr(&nowhere).contains(place), "{}", stderr(&nowhere));
        }
    }
    let folder = folder_with(&GOOD.replace("pnl", "pln"));
    let wrong = output(folder.path(), &["run"]);
    ends_with(&wrong, 78);
    assert!(stderr(&wrong).contains("rules.yaml:"), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("the rule file rules.yaml is refused"));
}

#[test]
fn run_tells_what_a_person_must_correct_from_what_may_pass() {
    let folder = folder_with(GOOD);
    let no_secret = output(folder.path(), &["run"]);
    ends_with(&no_secret, 78);
    assert!(stderr(&no_secret).contains("`RISKD_TEST_TOKEN` is not set"));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = folder_with(&GOOD.replace("http: 127.0.0.1:1", &format!("http: {address}")));
    let no_port = riskd(folder.path(), &["run"])
        .env("RISKD_TEST_TOKEN", "a-token")
        .output()
        .unwrap();
    ends_with(&no_port, 1);
    assert!(stderr(&no_port).contains(&address), "{}", stderr(&no_port));
    assert_each_cause_once(stderr(&no_port), "Address already in use");
}

/// The error says this, and no cause says again what stands before it.
#[track_caller]
fn assert_each_cause_once(error: &str, said: &str) {
    assert_eq!(error.matches(said).count(), 1, "{said}: {error}");
    let lines: Vec<&str> = error
        .lines()
        .filter_map(|line| line.split_once("error: ").or(line.split_once("because: ")))
        .map(|(_, words)| words)
        .collect();
    assert!(lines.len() > 1, "{error}");
    for (index, line) in lines.iter().enumerate() {
        let before = &lines[..index];
        assert!(
            before.iter().all(|earlier| !earlier.contains(line)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_used_is_told_of_once() {
    let folder = folder_with(GOOD);
    let run = || {
        let run = riskd(folder.path(), &["run"])
            .env("RISKD_TEST_TOKEN", "a-token")
            .output()
            .unwrap();
        ends_with(&run, 1);
        stderr(&run).to_owned()
    };
    let path = folder.path().join("riskd.db");
    let store = riskd::store::Store::open(&path, machine::wednesday().now())
        .await
        .unwrap();
    assert_each_cause_once(&run(), "in use by another riskd");
    store.close().await.unwrap();

    std::fs::write(
        &path,
        "this is no database, but it is long enough to be read as one".repeat(99),
    )
    .unwrap();
    let error = run();
    assert_each_cause_once(&error, "is damaged");
    assert!(error.contains("`mkdir -p "), "{error}");
}

#[test]
fn without_a_daemon_the_exit_code_is_three() {
    let folder = folder_with(GOOD);
    let cases: &[&[&str]] = &[
        &["status"],
        &["status", "--json", "--http", "127.0.0.1:1"],
        &["lock", "apex-1", "--until", "2h", "--reason", "x"],
        &["lock", "apex-1", "--until", "session_end"],
        &["unlock", "apex-1", "--reason", "x"],
        &["rearm", "apex-1", "daily loss limit", "--reason", "x"],
    ];
    for args in cases {
        let output = output(folder.path(), args);
        ends_with(&output, 3);
        assert_eq!(stdout(&output), "");
        assert!(
            stderr(&output).contains("riskd run --rules"),
            "{}",
            stderr(&output)
        );
        for help in ["systemctl status riskd", "riskd flatten NAME"] {
            assert!(stderr(&output).contains(help), "{}", stderr(&output));
        }
    }
}

#[tokio::test]
async fn an_empty_record_is_told_of_and_a_missing_one_is_an_error() {
    let folder = folder_with(GOOD);
    let missing = output(folder.path(), &["events"]);
    ends_with(&missing, 1);
    let verify = output(folder.path(), &["verify"]);
    ends_with(&verify, 2);
    for missing in [&missing, &verify] {
        let said = stderr(missing);
        for part in [
            "there is no record",
            "`database` of the rule file",
            "$STATE_DIRECTORY/riskd.db",
            "./riskd.db",
            "/var/lib/riskd/riskd.db",
            "--database FILE",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let word = output(folder.path(), &["why", "abc"]);
    ends_with(&word, 2);
    assert!(
        stderr(&word).contains("expected the number of a firing; `riskd why` lists them"),
        "{}",
        stderr(&word)
    );

    let path = folder.path().join("riskd.db");
    let store = riskd::store::Store::open(&path, machine::wednesday().now())
        .await
        .unwrap();
    store.close().await.unwrap();
    for args in [&["events"][..], &["events", "--json", "--kind", "fired"]] {
        let empty = output(folder.path(), args);
        ends_with(&empty, 0);
        assert_eq!(stdout(&empty), "");
        assert!(
            stderr(&empty).contains("nothing is recorded"),
            "{}",
            stderr(&empty)
        );
    }
    let none = output(folder.path(), &["why", "7"]);
    ends_with(&none, 1);
    assert!(
        stderr(&none).contains("no rule has fired yet"),
        "{}",
        stderr(&none)
    );
    // A rule file that is broken does not keep the record from being read.
    std::fs::write(folder.path().join("rules.yaml"), "version: 9\n").unwrap();
    ends_with(&output(folder.path(), &["events"]), 0);
    ends_with(
        &output(folder.path(), &["events", "--database", "riskd.db"]),
        0,
    );
}

#[test]
fn an_account_that_is_not_there_is_not_flattened() {
    let folder = folder_with(GOOD);
    let output = output(folder.path(), &["flatten", "apx-1"]);
    ends_with(&output, 1);
    assert!(
        stderr(&output).contains("did you mean `apex-1`?"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("apex-1, apex-2"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_account_that_stands_there_twice_is_not_guessed_at() {
    let second = "\n  apex-2:";
    let again = "\n  apex-1: { venue: paper, number: Sim109, session: day }\n  apex-2:";
    let number = "number: Sim101, session";
    let section = "\naccounts:\n  apex-1: { venue: paper, number: Sim109 }\nrules:";
    let cases = [
        (GOOD.replace(second, again), "as Sim101 and as Sim109"),
        // Half a file, and an entry that cannot be read.
        (
            GOOD.replace(second, again).replace("then: [", "then: [["),
            "as Sim101 and as Sim109",
        ),
        (
            GOOD.replace(second, &again.replace("session: day }", "session: day")),
            "as Sim101 and as ",
        ),
        (
            GOOD.replace(second, &again.replace("number: Sim109", "number: []")),
            "as Sim101 and as a number that cannot be read",
        ),
        (
            GOOD.replace(number, "number: Sim101, number: Sim109, session"),
            "as Sim101 and as Sim109",
        ),
        (GOOD.replace("\nrules:", section), "as Sim101 and as Sim109"),
    ];
    for (rules, expect) in cases {
        let folder = folder_with(&rules);
        for args in [&["flatten", "apex-1"][..], &["flatten", "apex-1", "apex-2"]] {
            let output = riskd(folder.path(), args)
                .env("RISKD_TEST_TOKEN", "secret-token")
                .output()
                .unwrap();
            ends_with(&output, 1);
            // No account was begun with.
            assert_eq!(stdout(&output), "", "{rules}");
            let said = stderr(&output);
            assert!(
                said.contains(&format!(
                    "apex-1 stands in the rule file more than once, {expect}"
                )) && said.contains("--rules"),
                "{rules}: {said}"
            );
        }
    }
    // All of them are all of them; the other one is what it was.
    let folder = folder_with(&GOOD.replace(second, again));
    let flatten = |what: &str| {
        riskd(folder.path(), &["flatten", what, "--timeout", "1s"])
            .env("RISKD_TEST_TOKEN", "secret-token")
            .output()
            .unwrap()
    };
    let all = flatten("--all");
    ends_with(&all, 1);
    for name in [
        "apex-1 (Sim101 at paper)",
        "apex-1 (Sim109 at paper)",
        "apex-2",
    ] {
        let told = format!("{name} is NOT known to be flat and quiet");
        assert!(stdout(&all).contains(&told), "{}", stdout(&all));
    }
    assert!(stdout(&flatten("apex-2")).contains("apex-2 is NOT known to be flat"));
    // The very same entry once more leaves no doubt.
    let same = "\n  apex-1: { venue: paper, number: Sim101 }\n  apex-2:";
    std::fs::write(folder.path().join("rules.yaml"), GOOD.replace(second, same)).unwrap();
    let one = flatten("apex-1");
    assert!(
        stdout(&one).contains("0 of 1 account flat"),
        "{}",
        stdout(&one)
    );
}

#[test]
fn a_number_of_the_venue_is_told_from_a_name() {
    let folder = folder_with(GOOD);
    for number in ["Sim102", "sim102"] {
        let output = output(folder.path(), &["flatten", number]);
        ends_with(&output, 1);
        let expect = format!("{number} is the number of apex-2 at the venue: riskd flatten apex-2");
        assert!(stderr(&output).contains(&expect), "{}", stderr(&output));
    }
}

#[test]
fn flatten_does_not_say_flat_when_the_venue_cannot_be_reached() {
    let folder = folder_with(GOOD);
    let output = riskd(folder.path(), &["flatten", "--all", "--timeout", "1s"])
        .env("RISKD_TEST_TOKEN", "secret-token")
        .output()
        .unwrap();
    ends_with(&output, 1);
    assert!(stdout(&output).contains("apex-1 is NOT known to be flat and quiet"));
    assert!(stdout(&output).contains("0 of 2 accounts flat and quiet"));
    assert!(!stdout(&output).contains("secret-token"));
    assert!(!stderr(&output).contains("secret-token"));
}

#[test]
fn a_byte_that_is_no_utf_8_is_shown_and_keeps_nobody_from_flattening() {
    let folder = folder_with(GOOD);
    let mut bytes = GOOD
        .replace("  - name:", "  # caf?\n  - name:")
        .into_bytes();
    let mark = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[mark] = 0xe9;
    std::fs::write(folder.path().join("rules.yaml"), bytes).unwrap();
    let check = output(folder.path(), &["check", "rules.yaml"]);
    ends_with(&check, 0);
    let said = [stdout(&check), stderr(&check)].concat();
    assert!(said.contains("rules.yaml:15:8"), "{said}");
    assert!(said.contains("save the file as UTF-8"), "{said}");
    let output = riskd(folder.path(), &["flatten", "apex-1", "--timeout", "1s"])
        .env("RISKD_TEST_TOKEN", "secret-token")
        .output()
        .unwrap();
    ends_with(&output, 1);
    assert!(stdout(&output).contains("apex-1 is NOT known to be flat and quiet"));
}

#[test]
fn what_is_generated_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let schema = output(folder.path(), &["schema"]);
    ends_with(&schema, 0);
    let schema: Value = serde_json::from_str(stdout(&schema)).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    for shell in ["bash", "zsh", "fish"] {
        let script = output(folder.path(), &["completions", shell]);
        ends_with(&script, 0);
        assert!(stdout(&script).contains("flatten"), "{shell}");
    }
    assert!(stdout(&output(folder.path(), &["man"])).contains(".TH riskd"));
    ends_with(&output(folder.path(), &["man", "--out", "."]), 0);
    assert!(folder.path().join("riskd-flatten.1").exists());
}

/// A process of this test, which ends with it.
struct Running(Child);

impl Running {
    fn start(folder: &Path, args: &[&str]) -> Running {
        let mut command = riskd(folder, args);
        command
            .env("RISKD_TEST_TOKEN", "paper-token")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// Reads lines until one begins with this, and gives the rest of it.
    fn line(&mut self, start: &str) -> String {
        let stdout = self.0.stdout.as_mut().unwrap();
        for line in BufReader::new(stdout).lines() {
            if let Some(rest) = line.unwrap().strip_prefix(start) {
                return rest.trim().to_owned();
            }
        }
        panic!("no line begins with {start:?}");
    }

    fn terminate(&mut self) -> i32 {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code().unwrap();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rules with the address of a paper venue, and a free port for the API.
fn rules_at(base_url: &str) -> (String, String) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = free.local_addr().unwrap().to_string();
    let rules = GOOD
        .replace("http://127.0.0.1:1/v1/api", base_url)
        .replace("http: 127.0.0.1:1", &format!("http: {http}"));
    (rules, http)
}

#[test]
fn the_daemon_serves_status_and_leaves_a_record_and_flatten_works_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut paper = Running::start(
        folder.path(),
        &["paper", "--listen", "127.0.0.1:0", "--accounts", "2"],
    );
    let base_url = paper.line("base_url:");
    let (rules, http) = rules_at(&base_url);
    let rules = rules.replace("mode: observe", "mode: enforce");
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let mut daemon = Running::start(folder.path(), &["run", "--log", "json"]);

    let began = Instant::now();
    let status = loop {
        let shown = output(folder.path(), &["status", "--http", &http, "--json"]);
        let status: Option<Value> = serde_json::from_slice(&shown.stdout).ok();
        if let Some(status) = status.filter(|status| status["ready"] == true) {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "not ready: {}", stderr(&shown));
        std::thread::park_timeout(Duration::from_millis(50));
    };
    assert_eq!(status["accounts"][1]["account"], "apex-2");
    let shown = output(folder.path(), &["status"]);
    ends_with(&shown, 0);
    for part in [
        "mode enforce",
        "apex-1 (Sim101 at paper)",
        "daily loss limit  armed",
        "500.00",
    ] {
        assert!(stdout(&shown).contains(part), "{part}: {}", stdout(&shown));
    }

    let flat = riskd(folder.path(), &["flatten", "--all"])
        .env("RISKD_TEST_TOKEN", "paper-token")
        .output()
        .unwrap();
    ends_with(&flat, 0);
    assert!(stdout(&flat).contains("2 of 2 accounts flat and quiet"));

    for (args, code) in [
        (
            &["lock", "apex-1", "--until", "2h", "--reason", "news"][..],
            0,
        ),
        (&["lock", "nobody", "--until", "2h", "--reason", "news"], 1),
        (&["unlock", "apex-1", "--reason", "over"], 0),
    ] {
        ends_with(&output(folder.path(), args), code);
    }

    assert_eq!(daemon.terminate(), 0);
    let events = output(
        folder.path(),
        &["events", "--json", "--kind", "started", "--kind", "stopped"],
    );
    let kinds: Vec<Value> = stdout(&events)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].take())
        .collect();
    assert_eq!(kinds, ["started", "stopped"]);
    let told = output(
        folder.path(),
        &["events", "--kind", "started", "--kind", "unlocked"],
    );
    for part in [" starts: 1 rule for 2 accounts from ", "(its reason was: "] {
        assert!(stdout(&told).contains(part), "{part}: {}", stdout(&told));
    }
    assert_eq!(paper.terminate(), 0);
}

#[test]
fn many_accounts_are_made_flat_within_one_request_budget() {
    let folder = tempfile::tempdir().unwrap();
    let mut paper = Running::start(
        folder.path(),
        &["paper", "--listen", "127.0.0.1:0", "--accounts", "8"],
    );
    let base_url = paper.line("base_url:");
    let accounts: String = (1..=8)
        .map(|n| format!("  a{n}: {{ venue: paper, number: Sim10{n}, session: day, starting_balance: 50000 }}\n"))
        .collect();
    let (rules, _) = rules_at(&base_url);
    let start = rules.find("  apex-1:").unwrap();
    let end = rules.find("rules:\n").unwrap();
    let rules = format!("{}{accounts}{}", &rules[..start], &rules[end..]);
    std::fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let flat = riskd(folder.path(), &["flatten", "--all"])
        .env("RISKD_TEST_TOKEN", "paper-token")
        .output()
        .unwrap();
    ends_with(&flat, 0);
    // Nobody who waited for his turn sent anything twice.
    for name in (1..=8).map(|n| format!("a{n}")) {
        let sent = format!("{name}: flatten is sent");
        let text = stdout(&flat);
        assert_eq!(text.matches(&sent).count(), 1, "{text}");
    }
    assert!(!stdout(&flat).contains("(round 2)"), "{}", stdout(&flat));
}

#[test]
fn the_demo_fires_and_verifies_at_every_time_of_day() {
    // Before midnight in UTC, before the close and the open in New York, in the
    // night of a clock change, on a weekend.
    let times = [
        machine::WEDNESDAY,
        "2026-01-14T23:59:57Z",
        "2026-01-14T21:59:57Z",
        "2026-01-14T22:59:57Z",
        "2026-03-08T06:59:57Z",
        "2026-01-17T12:00:00Z",
    ];
    // One after the other: each takes the first free port of a few.
    for time in times {
        the_demo_fires_and_verifies(time, "crosstrade");
    }
    for venue in ["binance", "bybit", "bitget", "bingx"] {
        the_demo_fires_and_verifies(machine::WEDNESDAY, venue);
    }
}

fn the_demo_fires_and_verifies(time: &str, venue: &str) {
    let folder = tempfile::tempdir().unwrap();
    let clock = machine::WallClock::at(time.parse().unwrap());
    let args = ["demo", "--fast", "--exit-after-fired", "--venue", venue];
    let output = riskd(folder.path(), &args)
        .envs(machine::with_clock(&clock))
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    ends_with(&output, 0);
    let text = stdout(&output);
    let places: Vec<usize> = [" warned  ", " fired  ", " request_sent  ", " verified  "]
        .iter()
        .map(|kind| {
            text.find(kind)
                .unwrap_or_else(|| panic!("{kind} is not in {text}"))
        })
        .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains(" locked  "), "{text}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "the folder is gone"
    );
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = riskd(folder.path(), &["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "");
    assert_eq!(status.code(), Some(141));
}

#[test]
fn rule_tests_and_replays_tell_what_fires() {
    let folder = folder_with(GOOD);
    let test = |expect: &str| {
        format!(
            "rules: ../rules.yaml\ntests:\n  - name: at the limit\n    account: apex-1\n    start: 2026-03-05T12:00:00Z\n    steps:\n      - {{ at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000, positions: {{}}, orders: 0 }}\n      - {{ at: 10s, realized: -500, balance: 49500, equity: 49500 }}\n    expect: {expect}\n"
        )
    };
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "tests/good.yaml",
        &test("[{ at: 10s, rule: daily loss limit }]"),
    );
    write("tests/bad.yaml", &test("[]"));
    let good = output(folder.path(), &["test", "tests/good.yaml"]);
    ends_with(&good, 0);
    assert_eq!(
        stdout(&good),
        "ok   at the limit\n1 test: 1 passed, 0 failed\n"
    );
    let bad = output(
        folder.path(),
        &[
            "test",
            "tests/good.yaml",
            "tests/bad.yaml",
            "tests/none.yaml",
        ],
    );
    ends_with(&bad, 1);
    assert!(
        stdout(&bad).contains("FAIL at the limit (tests/bad.yaml:3)"),
        "{}",
        stdout(&bad)
    );
    assert!(
        stdout(&bad).contains("2 tests: 1 passed, 1 failed"),
        "{}",
        stdout(&bad)
    );

    write(
        "day.csv",
        "time,account,realized,unrealized,balance,equity,positions,orders\n\
         2026-03-05T12:00:00Z,apex-1,0,0,50000,50000,,0\n\
         2026-03-05T12:00:10Z,apex-1,-500,0,49500,49500,,0\n",
    );
    let replay = output(folder.path(), &["replay", "--history", "day.csv", "--json"]);
    ends_with(&replay, 0);
    let line: Value = serde_json::from_str(stdout(&replay).trim()).unwrap();
    assert_eq!(
        (&line["event"], &line["account"]),
        (&"fired".into(), &"apex-1".into())
    );
    assert_eq!(line["evidence"]["value"], "-500.00");
    write("wrong.csv", "time,account\nnoon,apex-1\n");
    let wrong = output(folder.path(), &["replay", "--history", "wrong.csv"]);
    ends_with(&wrong, 1);
    assert!(
        stderr(&wrong).contains("wrong.csv: line 2"),
        "{}",
        stderr(&wrong)
    );
}
