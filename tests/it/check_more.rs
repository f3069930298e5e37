//! `riskd check` beyond the text of the rule file: secrets, rule tests, and
//! what of an edit waits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::machine;

/// A rule file whose token is found as `token` says.
fn rules(token: &str, more: &str) -> String {
    format!(
        r#"version: 1
daemon: {{ database: riskd.db, http: off }}
sessions:
  day: {{ timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
  paper: {{ kind: crosstrade, base_url: "http://127.0.0.1:1/v1/api", token: {token} }}
accounts:
  apex-1: {{ venue: paper, number: Sim101, session: day, starting_balance: 50000 }}
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: {{ pnl: {{ loss: 500 }} }}
    then: [cancel_orders, flatten]
{more}"#
    )
}

fn write(folder: &Path, name: &str, text: &[u8], mode: u32) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Exit code, stdout and stderr of `riskd check` with these arguments.
fn check(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = machine::riskd()
        .arg("check")
        .args(args)
        .current_dir(folder)
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn each_secret_is_told_of_and_never_shown() {
    let canary = "c4n4ry-0123456789";
    let good = format!("{canary}\n");
    let spaced = format!("{canary} x");
    let foreign = format!("{canary}é");
    let file = "{ file: token }";
    let credential = "{ credential: token }";
    let env = "{ env: TOKEN }";
    // Where it is, its content and mode, the environment, the exit code, what
    // is said to stdout, and to stderr.
    #[expect(clippy::type_complexity, reason = "a table of cases")]
    let cases: [(&str, &str, u32, &[(&str, &str)], i32, &[&str], &[&str]); 10] = [
        (
            file,
            &good,
            0o600,
            &[],
            0,
            &["file token", "mode 0600", "owner ", "8 to 31", "newline"],
            &[],
        ),
        (file, canary, 0o400, &[], 0, &["mode 0400", "readable"], &[]),
        (
            file,
            &good,
            0o644,
            &[],
            1,
            &["mode 0644", "cannot be used"],
            &["chmod 600 'token'"],
        ),
        (file, "\n", 0o600, &[], 1, &[], &["it is empty"]),
        (file, &spaced, 0o600, &[], 1, &[], &["holds a space"]),
        (file, &foreign, 0o600, &[], 1, &[], &["not printable ASCII"]),
        (
            credential,
            &good,
            0o600,
            &[],
            1,
            &["cannot be used"],
            &[
                "$CREDENTIALS_DIRECTORY is not set",
                "help: systemd sets",
                "CREDENTIALS_DIRECTORY=/etc/riskd",
            ],
        ),
        (
            credential,
            &good,
            0o440,
            &[("CREDENTIALS_DIRECTORY", ".")],
            0,
            &["credential `token`, ./token, mode 0440"],
            &[],
        ),
        (
            credential,
            &good,
            0o604,
            &[("CREDENTIALS_DIRECTORY", ".")],
            1,
            &["mode 0604"],
            &["lets everybody at it; run: chmod 600"],
        ),
        (
            env,
            "",
            0o600,
            &[("TOKEN", canary)],
            0,
            &["environment variable `TOKEN`, readable"],
            &[],
        ),
    ];
    for (token, content, mode, env, code, said, complained) in cases {
        let folder = TempDir::new().unwrap();
        write(folder.path(), "token", content.as_bytes(), mode);
        write(
            folder.path(),
            "rules.yaml",
            rules(token, "").as_bytes(),
            0o644,
        );
        let (exit, out, err) = check(folder.path(), &["--secrets", "rules.yaml"], env);
        let case = format!("{token} {mode:o}\n{out}\n{err}");
        assert_eq!(exit, code, "{case}");
        assert!(said.iter().all(|part| out.contains(part)), "{case}");
        assert!(complained.iter().all(|part| err.contains(part)), "{case}");
        assert!(!case.contains("c4n4ry"), "{case}");
        let (exit, out, _) = check(folder.path(), &["--secrets", "--json", "rules.yaml"], env);
        assert_eq!(exit, code, "{out}");
        assert_eq!(out.lines().count(), usize::try_from(code).unwrap(), "{out}");
        assert!(!out.contains("c4n4ry"), "{out}");
        // Nobody looks at them unasked.
        let (exit, out, err) = check(folder.path(), &["rules.yaml"], &[]);
        assert_eq!(exit, 0, "{err}");
        assert!(!out.contains("token"), "{out}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let text = rules("{ file: none/token }", "");
    write(folder.path(), "rules.yaml", text.as_bytes(), 0o644);
    let (exit, out, err) = check(folder.path(), &["--secrets", "rules.yaml"], &[]);
    assert_eq!(exit, 1);
    assert!(
        out.contains("file none/token, not there, cannot be used"),
        "{out}"
    );
    assert!(err.contains("No such file"), "{err}");
}

fn test_file(limit: &str) -> String {
    format!(
        "rules: rules.yaml
tests:
  - name: fires at the limit
    account: apex-1
    start: 2026-03-05T09:30:00Z
    steps:
      - {{ at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000 }}
      - {{ at: 10s, unrealized: -{limit}, equity: {} }}
    expect:
      - {{ at: 10s, rule: daily loss limit }}
",
        50_000 - limit.parse::<i64>().unwrap()
    )
}

#[test]
fn the_tests_that_a_file_names_are_run_and_a_failing_one_is_an_error() {
    let folder = TempDir::new().unwrap();
    let named = "tests:\n  - good.test.yaml\n  - sub/bad.test.yaml\n";
    fs::create_dir(folder.path().join("sub")).unwrap();
    let text = rules("{ env: TOKEN }", named);
    write(folder.path(), "rules.yaml", text.as_bytes(), 0o644);
    write(
        folder.path(),
        "good.test.yaml",
        test_file("500").as_bytes(),
        0o644,
    );
    let bad = folder.path().join("sub");
    write(&bad, "bad.test.yaml", test_file("500").as_bytes(), 0o644);
    let (exit, out, err) = check(folder.path(), &["rules.yaml"], &[]);
    assert_eq!(exit, 0, "{err}");
    assert!(
        out.contains("rule tests: 2 tests: 2 passed, 0 failed"),
        "{out}"
    );
    let line = text.lines().count();
    let place = format!("rules.yaml:{line}:5");
    for (content, message) in [
        (test_file("499"), "sub/bad.test.yaml fails 1 of 1 test"),
        (
            "rules: x\ntests: [{}]\n".to_owned(),
            "sub/bad.test.yaml is wrong",
        ),
        (String::new(), "sub/bad.test.yaml is wrong"),
    ] {
        write(&bad, "bad.test.yaml", content.as_bytes(), 0o644);
        let (exit, out, err) = check(folder.path(), &["rules.yaml"], &[]);
        assert_eq!(exit, 1, "{err}");
        assert!(err.contains(&format!("{place}: {message}")), "{err}");
        assert!(out.contains("1 error"), "{out}");
        let (exit, out, _) = check(folder.path(), &["--json", "rules.yaml"], &[]);
        assert_eq!(exit, 1);
        let found: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
        assert_eq!(found["message"], message);
        assert_eq!(found["line"], line);
        assert_eq!(found["column"], 5);
    }
    fs::remove_dir_all(&bad).unwrap();
    let (exit, _, err) = check(folder.path(), &["rules.yaml"], &[]);
    assert_eq!(exit, 1);
    assert!(
        err.contains("sub/bad.test.yaml cannot be read: No such file"),
        "{err}"
    );
}

#[test]
fn e_closes_of_each_session_are_printed_in_its_zone_and_in_utc() {
    let folder = TempDir::new().unwrap();
    let more = "accounts:
  apex-2: { venue: paper, number: Sim102, session: globex, starting_balance: 50000 }
";
    let session = "  globex: { timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri], closures: cme.csv }\nvenues:";
    let text = rules("{ env: TOKEN }", "")
        .replace("venues:", session)
        .replace("accounts:\n", more);
    write(folder.path(), "rules.yaml", text.as_bytes(), 0o644);
    let closures = b"2026-11-26,13:00\n2026-11-27,13:15\n2027-06-30,\n";
    write(folder.path(), "cme.csv", closures, 0o644);
    let args = ["--at", "2026-11-25T21:59:00Z", "rules.yaml"];
    let (exit, out, err) = check(folder.path(), &args, &[]);
    assert_eq!((exit, &*err), (0, ""), "{out}");
    let expect = "session globex closes next:
  Wed 2026-11-25 17:00 America/New_York (2026-11-25 22:00 UTC)
  Thu 2026-11-26 13:00 America/New_York (2026-11-26 18:00 UTC), early
  Fri 2026-11-27 13:15 America/New_York (2026-11-27 18:15 UTC), early
session day closes next:
  Thu 2026-11-26 00:00 UTC
  Fri 2026-11-27 00:00 UTC
  Sat 2026-11-28 00:00 UTC
";
    assert!(out.contains(expect), "{out}");
    // A list that ends is warned of by the same clock.
    let args = ["--at", "2027-05-15", "rules.yaml"];
    let (exit, out, err) = check(folder.path(), &args, &[]);
    assert_eq!(exit, 0);
    assert!(
        err.contains("the closures of `globex` end on 2027-06-30"),
        "{err}"
    );
    assert!(out.contains("1 warning"), "{out}");
    let (_, out, _) = check(
        folder.path(),
        &["--json", "--at", "2027-05-15", "rules.yaml"],
        &[],
    );
    assert!(out.contains("\"severity\":\"warning\""), "{out}");
    let (exit, _, err) = check(folder.path(), &["--at", "2h", "rules.yaml"], &[]);
    assert!(
        exit != 0 && err.contains("expected a day such as 2026-11-21"),
        "{err}"
    );
}

/// What a command says, that must end by itself within a minute.
fn ends(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new("timeout")
        .arg("60")
        .arg(env!("CARGO_BIN_EXE_riskd"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(machine::on_wednesday())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn e_pipe_nothing_that_could_be_waited_for_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let made = Command::new("mkfifo")
        .arg(path.join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    let text = rules("{ file: pipe }", "tests: [pipe]\n");
    write(path, "tests-pipe.yaml", text.as_bytes(), 0o644);
    let text = rules("{ env: TOKEN }", "").replace("days: [mon", "closures: pipe, days: [mon");
    write(path, "closures-pipe.yaml", text.as_bytes(), 0o644);
    write(
        path,
        "good.yaml",
        rules("{ env: TOKEN }", "").as_bytes(),
        0o644,
    );
    write(
        path,
        "of-pipe.test.yaml",
        b"rules: pipe\ntests: []\n",
        0o644,
    );
    let what = "it is a pipe, not a regular file";
    for (args, words) in [
        (&["check", "pipe"][..], what),
        (&["status", "--rules", "pipe"], what),
        (&["flatten", "--rules", "pipe", "--all"], what),
        (&["run", "--rules", "pipe"], what),
        (&["test", "pipe"], what),
        (&["test", "of-pipe.test.yaml"], what),
        (&["check", "closures-pipe.yaml"], what),
        (&["check", "tests-pipe.yaml"], what),
        (
            &["check", "--secrets", "tests-pipe.yaml"],
            "secret file pipe: it is not a regular file",
        ),
        (
            &["replay", "--rules", "good.yaml", "--history", "pipe"],
            "for a pipe, write `--history -`",
        ),
        (&["paper", "--scenario", "pipe"], what),
        (
            &["check", "/dev/zero"],
            "it is a device, not a regular file",
        ),
        (&["check", "."], "it is a folder, not a regular file"),
    ] {
        let (exit, err) = ends(path, args);
        assert!(exit != 0 && exit != 124, "{args:?}: {exit} {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}
