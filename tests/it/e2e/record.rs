//! The record of a real run: verified, backed up, restored, refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use sqlx::{ConnectOptions, Connection};

use super::rig::{LOSS_LIMIT, Rig};
use super::secrets::free_port;

const ES: &str = "ES 03-26";
/// A part of a notifier's address that must not be kept.
const HOOK: &str = "canary-hook-4b1d";

/// A rig whose rule has fired and locked the account; the daemon runs.
fn fired() -> Rig {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    let text = fs::read_to_string(rig.rules()).unwrap();
    let hook =
        format!("notify:\n  hook: {{ kind: webhook, url: \"https://127.0.0.1:1/{HOOK}\" }}\n");
    assert!(text.contains("notify:\n"), "{text}");
    rig.write_rules(&text.replace("notify:\n", &hook));
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start_ready();
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("flat", |rig| {
        rig.count("verified") > 0 && rig.count("locked") > 0
    });
    rig
}

fn riskd(rig: &Rig, args: &[&str]) -> Output {
    let mut command = rig.riskd();
    command.args(args).arg("--rules").arg(rig.rules());
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(output)))
}

fn meddle(file: &Path, statements: &'static str) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(file)
            .connect()
            .await
            .unwrap();
        sqlx::raw_sql(statements)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

/// Moves the record away and puts this file in its place, as docs/operation.md
/// says.
fn restore(rig: &Rig, backup: &Path) {
    let away = rig.folder.path().join("riskd.db.damaged");
    fs::create_dir(&away).unwrap();
    for name in ["riskd.db", "riskd.db-wal", "riskd.db-shm", "riskd.db.lock"] {
        let file = rig.folder.path().join(name);
        if file.exists() {
            fs::rename(&file, away.join(name)).unwrap();
        }
    }
    fs::copy(backup, rig.database()).unwrap();
}

#[test]
fn a_backup_of_a_running_daemon_brings_its_locks_back() {
    let mut rig = fired();
    let whole = riskd(&rig, &["verify"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole));
    assert!(
        text(&whole).contains("integrity check: ok"),
        "{}",
        text(&whole)
    );
    let made = riskd(&rig, &["backup", "copy.db", "--json"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    let made = json(&made);
    let copy = rig.folder.path().join("copy.db");
    let size = fs::metadata(&copy).unwrap();
    assert_eq!(size.permissions().mode() & 0o777, 0o600);
    assert_eq!(made["bytes"], size.len());
    assert_eq!(made["whole"], true);
    let head = made["head"].as_str().unwrap().to_owned();

    // It is not overwritten, and nothing else is left behind.
    let before = fs::read(&copy).unwrap();
    let again = riskd(&rig, &["backup", "copy.db"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again).contains("not overwritten"), "{}", text(&again));
    assert_eq!(fs::read(&copy).unwrap(), before);
    let parts = rig
        .files()
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".part"));
    assert_eq!(parts.collect::<Vec<PathBuf>>(), Vec::<PathBuf>::new());

    // The head of then is a part of what the record is later, also after a kill.
    rig.kill();
    let noted = riskd(&rig, &["verify", "--json", "--head", &head]);
    assert_eq!(noted.status.code(), Some(0), "{}", text(&noted));
    assert_eq!(json(&noted)["noted_link"], made["head_link"]);

    // A record from which the lock was taken is refused and says which it was.
    meddle(&rig.database(), "delete from locks");
    rig.start();
    rig.wait_for("the daemon to refuse", |rig| rig.log().contains("damaged"));
    let log = rig.log();
    assert!(log.contains("acct-1: lock until"), "{log}");
    assert!(log.contains("restore a backup"), "{log}");
    rig.wait_for_end();
    let broken = riskd(&rig, &["verify"]);
    assert_eq!(broken.status.code(), Some(1), "{}", text(&broken));
    assert!(
        text(&broken).contains("removed  locks 1"),
        "{}",
        text(&broken)
    );

    // With the copy in its place the account is locked as it was.
    restore(&rig, &copy);
    rig.start_ready();
    let verified = rig.count("verified");
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.wait_for("the lock to hold", |rig| rig.count("verified") > verified);
    assert!(rig.count("lock_violated") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    assert_eq!(rig.terminate(), Some(0));
    let stopped = riskd(&rig, &["backup", "stopped.db"]);
    assert_eq!(stopped.status.code(), Some(0), "{}", text(&stopped));
    assert!(text(&stopped).contains("head "), "{}", text(&stopped));

    // The address of the notifier is in the rule file and nowhere else.
    for file in rig.files() {
        if file.ends_with("rules.yaml") {
            continue;
        }
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(HOOK.len()).any(|w| w == HOOK.as_bytes());
        assert!(!found, "the address is in {}", file.display());
    }
}

/// Each column of each row of a real run.
#[test]
fn a_single_edit_of_a_real_run_is_found() {
    let mut rig = fired();
    assert_eq!(rig.terminate(), Some(0));
    let head = json(&riskd(&rig, &["verify", "--json"]))["head"].clone();
    let whole = fs::read(rig.database()).unwrap();
    let edits = [
        "update entries set message = message || '.' where id = 1",
        "update entries set at = at + 1 where kind = 'fired'",
        "update entries set fields = '{}' where kind = 'fired'",
        "update firings set evidence = json_set(evidence, '$.value', '-1.00')",
        "update firings set at = at - 1000",
        "update intents set ended_at = ended_at - 1",
        "update intents set ended = null, ended_at = null",
        "update requests set outcome = 'unknown' where id = 1",
        "update requests set words = 'fine' where id = 1",
        "update requests set sent_at = at where id = 1",
        "update requests set unrecorded = 'x' where id = 1",
        "update locks set until = until - 1",
        "update locks set ended_at = since, ended_reason = 'time'",
        "update rule_sets set text = replace(text, '500', '900')",
        "update rule_sets set loaded_at = 0",
        "delete from entries where id = (select max(id) from entries)",
        "delete from firings",
        "delete from intents where id = 1",
        "delete from request_intents where request = 1",
        "delete from rule_sets",
        "delete from chain where seq = (select max(seq) from chain)",
        "delete from chain where seq = 5",
        "update meta set value = 'other' where key = 'rules_hash'",
        "insert into firings select id + 1, account, rule, at, actions, evidence, rules_hash from firings",
        "insert into entries (at, kind, message, fields) values (1, 'fired', 'x', '{}')",
    ];
    for edit in edits {
        meddle(&rig.database(), edit);
        let found = riskd(&rig, &["verify", "--head", head.as_str().unwrap()]);
        assert_eq!(found.status.code(), Some(1), "{edit}: {}", text(&found));
        fs::write(rig.database(), &whole).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _none = fs::remove_file(rig.folder.path().join(format!("riskd.db{suffix}")));
        }
    }
    let found = riskd(&rig, &["verify", "--head", head.as_str().unwrap()]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found));
    let none = riskd(&rig, &["verify", "--database", "none.db"]);
    assert_eq!(none.status.code(), Some(2), "{}", text(&none));
}

/// Case E: a record that may not be read is not "no record".
#[test]
fn e_a_record_that_may_not_be_read_is_said_to_be_so() {
    use std::os::unix::process::CommandExt;
    /// `nobody` on most systems.
    const NOBODY: u32 = 65_534;
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    let closed = rig.folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("riskd.db"), "").unwrap();
    fs::set_permissions(rig.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&closed).is_ok();
    for command in ["events", "why", "verify"] {
        let mut riskd = rig.riskd();
        riskd.args([command, "--database", "closed/riskd.db"]);
        if is_root {
            riskd.uid(NOBODY).gid(NOBODY);
        }
        let output = match riskd.output() {
            Ok(output) => output,
            // The program itself is where nobody else may look.
            Err(error) if is_root => {
                println!("not tried: {error}");
                break;
            }
            Err(error) => panic!("{error}"),
        };
        let said = text(&output);
        assert!(said.contains("may not be read"), "{command}: {said}");
        assert!(!said.contains("there is no record"), "{command}: {said}");
        assert_ne!(output.status.code(), Some(0), "{command}");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Case E: two daemons in one folder, each with a database of its own.
#[test]
fn e_the_commands_of_two_daemons_in_one_folder_reach_their_own() {
    let mut first = Rig::new(&["Sim101"], LOSS_LIMIT);
    let mut second = Rig::new(&["Sim101"], LOSS_LIMIT);
    let shared = first.folder.path().to_owned();
    for (rig, name) in [(&first, "riskd.db"), (&second, "other.db")] {
        let text = fs::read_to_string(rig.rules()).unwrap();
        let database = rig.database().display().to_string();
        let here = shared.join(name).display().to_string();
        let http = format!("http: \"127.0.0.1:{}\"", free_port());
        rig.write_rules(&text.replace(&database, &here).replace("http: off", &http));
    }
    first.start_ready();
    second.start();
    second.wait_for("the daemon to be up", |rig| rig.log().contains("ready:"));
    for rig in [&first, &second] {
        let locked = riskd(rig, &["lock", "acct-1", "--until", "10m"]);
        assert_eq!(locked.status.code(), Some(0), "{}", text(&locked));
    }
    assert_eq!(first.terminate(), Some(0));
    let locked = riskd(&second, &["lock", "acct-1", "--until", "manual"]);
    assert_eq!(locked.status.code(), Some(0), "{}", text(&locked));
    assert_eq!(second.terminate(), Some(0));
}
