//! What becomes of each kind of edit of an account, by a reload and by a start,
//! while the account is free, locked, or being made flat. The table is the one of
//! docs/operation.md.

use std::fs;

use serde_json::Value;

use super::rig::Rig;
use super::secrets::free_port;
use Outcome::{Afresh, InForce, Refused};

const ES: &str = "ES 03-26";
/// In New York, in the middle of a session of both calendars.
const WEDNESDAY_NOON: &str = "2026-11-18T17:00:00Z";
const RULES: &str = "
rules:
  - { name: told, accounts: [\"*\"], when: { pnl: { loss: 100 } }, then: [{ notify: log }] }
  - { name: daily loss limit, accounts: [\"*\"], when: { pnl: { loss: 500 } }, then: [flatten] }
";

/// What becomes of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is in force; marks, firings and locks of the account go on.
    InForce,
    /// It is in force; the account begins with nothing.
    Afresh,
    /// It is refused; the rules from before go on.
    Refused,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            InForce => "in force",
            Afresh => "begins afresh",
            Refused => "refused",
        }
    }
}

/// The state of the account when the edit comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Locked,
    Unfinished,
}

/// A kind of edit.
struct Edit {
    what: &'static str,
    /// What is replaced by what in the rule file.
    texts: &'static [(&'static str, &'static str)],
    /// By a reload, for each state; then by a start.
    outcomes: [Outcome; 6],
}

const EDITS: [Edit; 9] = [
    Edit {
        what: "another name",
        texts: &[("acct-1:", "other:")],
        outcomes: [Afresh, Refused, Refused, Afresh, Refused, Refused],
    },
    Edit {
        what: "another `number`",
        texts: &[("\"Sim101\"", "\"Sim103\"")],
        outcomes: [Afresh, Refused, Refused, Afresh, Refused, Refused],
    },
    Edit {
        what: "another spelling of the `number` (`SIM101` for `Sim101`)",
        texts: &[("\"Sim101\"", "\"SIM101\"")],
        outcomes: [InForce; 6],
    },
    Edit {
        what: "another `venue`: another address, or another name and another token",
        texts: &[("acct-1: { venue: paper", "acct-1: { venue: elsewhere")],
        outcomes: [InForce, Refused, Refused, InForce, Refused, Refused],
    },
    Edit {
        what: "another name of the venue, with its address and its token",
        texts: &[("  paper: {", "  live: {"), ("venue: paper", "venue: live")],
        outcomes: [InForce; 6],
    },
    Edit {
        what: "`mode`",
        texts: &[("daemon: { ", "daemon: { mode: observe, ")],
        outcomes: [Refused, Refused, Refused, InForce, InForce, InForce],
    },
    Edit {
        what: "`session`",
        texts: &[("\"Sim101\", session: globex", "\"Sim101\", session: whole")],
        outcomes: [InForce; 6],
    },
    Edit {
        what: "`starting_balance`",
        texts: &[(
            "\"Sim101\", session: globex, starting_balance: 50000",
            "\"Sim101\", session: globex, starting_balance: 60000",
        )],
        outcomes: [InForce; 6],
    },
    Edit {
        what: "taken out of the file",
        texts: &[(
            "  acct-1: { venue: paper, number: \"Sim101\", session: globex, starting_balance: 50000 }\n",
            "",
        )],
        outcomes: [InForce, Refused, Refused, InForce, Refused, Refused],
    },
];

fn table() -> String {
    let mut table = String::from(
        "| edit | reload: free | locked | being made flat | start: free | locked | being made flat |\n|---|---|---|---|---|---|---|\n",
    );
    for edit in &EDITS {
        let words = edit.outcomes.map(Outcome::word).join(" | ");
        table.push_str(&format!("| {} | {words} |\n", edit.what));
    }
    table
}

#[test]
fn the_table_of_edits_stands_in_the_documentation() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operation.md");
    let page = fs::read_to_string(page).unwrap();
    let table = table();
    assert!(
        page.contains(&table),
        "docs/operation.md is to hold this table:\n\n{table}"
    );
}

impl Edit {
    fn of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in self.texts {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }
}

/// A rig whose first account is in this state, its rule file and its port.
struct Place {
    rig: Rig,
    text: String,
    port: u16,
    state: State,
    /// The firing of the rule that only tells.
    firing: Value,
}

fn account<'a>(status: &'a Value, name: &str) -> Option<&'a Value> {
    let accounts = status["accounts"].as_array()?;
    accounts.iter().find(|account| account["account"] == name)
}

fn rule<'a>(account: &'a Value, name: &str) -> &'a Value {
    let rules = account["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["rule"] == name).unwrap()
}

/// The state as the daemon tells it; null while it does not answer.
fn status(rig: &Rig, port: u16) -> Value {
    let http = format!("127.0.0.1:{port}");
    let args = ["status", "--json", "--http", &http];
    let output = rig.riskd().args(args).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Whether nothing is enforced for the first account.
fn is_at_rest(status: &Value) -> bool {
    account(status, "acct-1").is_some_and(|account| account["enforcement"].is_null())
}

impl Place {
    fn new(state: State) -> Place {
        let rig = Rig::at(WEDNESDAY_NOON, &["Sim101", "Sim102", "Sim103"], RULES);
        let port = free_port();
        let text = fs::read_to_string(rig.rules()).unwrap();
        let third = "  acct-3: { venue: paper, number: \"Sim103\", session: globex, starting_balance: 50000 }\n";
        let paper = text.lines().find(|line| line.starts_with("  paper:"));
        let elsewhere = paper.unwrap().replace("paper:", "elsewhere:");
        let elsewhere = elsewhere
            .replace("/v1/api", "/v2/api")
            .replace("/token", "/other-token");
        let folder = rig.folder.path();
        fs::copy(folder.join("token"), folder.join("other-token")).unwrap();
        let text = text
            .replace(third, "")
            .replace("http: off", &format!("http: \"127.0.0.1:{port}\""))
            .replace("\nnotify:", &format!("\n{elsewhere}\nnotify:"))
            .replace(
                "\nvenues:",
                "\n  whole: { timezone: UTC, open: \"00:00\", days: [mon, tue, wed, thu, fri, sat, sun] }\nvenues:",
            );
        rig.write_rules(&text);
        let mut place = Place {
            rig,
            text,
            port,
            state,
            firing: Value::Null,
        };
        place.bring_about();
        place
    }

    /// Brings the account into its state.
    fn bring_about(&mut self) {
        let rig = &mut self.rig;
        rig.venue.set_price(ES, 5000).unwrap();
        rig.venue.open("Sim101", ES, 1, None).unwrap();
        rig.start_ready();
        // 3 points of 1 ES are 150.
        rig.venue.set_price(ES, 4997).unwrap();
        rig.wait_for("the rule that tells", |rig| rig.count("fired") == 1);
        match self.state {
            State::Free => {}
            State::Locked => {
                let args = ["lock", "acct-1", "--until", "manual", "--reason", "enough"];
                let done = rig.riskd().args(args).output().unwrap();
                assert!(done.status.success(), "{done:?}");
                let port = self.port;
                rig.wait_for("flat", |rig| is_at_rest(&status(rig, port)));
            }
            State::Unfinished => {
                rig.fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
                rig.venue.set_price(ES, 4989).unwrap();
                rig.wait_for("the limit", |rig| rig.count("fired") == 2);
            }
        }
    }

    /// The state as the daemon tells it, once it answers.
    fn status(&self) -> Value {
        let mut found = Value::Null;
        self.rig.wait_for("the API", |rig| {
            found = status(rig, self.port);
            !found.is_null()
        });
        found
    }

    /// What the edit came to, held against the table.
    fn assert_outcome(&self, edit: &Edit, before: &Value, way: &str, expected: Outcome) {
        let status = self.status();
        let cell = format!("{} by {way} while {:?}", edit.what, self.state);
        let rules = &status["rules"];
        let is_refused = !rules["refused"].is_null();
        assert_eq!(is_refused, expected == Refused, "{cell}: {rules}");
        assert_eq!(rules["hash"] == *before, expected == Refused, "{cell}");
        let Some(account) = account(&status, "acct-1") else {
            assert_ne!(expected, Refused, "{cell}");
            return;
        };
        let firing = &rule(account, "told")["firing"];
        assert_eq!(*firing == self.firing, expected != Afresh, "{cell}");
        let has_lock = !account["locks"].as_array().unwrap().is_empty();
        assert_eq!(has_lock, self.state == State::Locked, "{cell}");
        let is_enforcing = !account["enforcement"].is_null();
        let acts = status["mode"] == "enforce";
        let expected = self.state == State::Unfinished && acts;
        assert_eq!(is_enforcing, expected, "{cell}: {account}");
    }

    /// The firing of the rule that only tells, once it has fired.
    fn firing(&self) -> Value {
        let mut firing = Value::Null;
        self.rig.wait_for("the rule that tells", |_| {
            let status = self.status();
            let account = account(&status, "acct-1");
            firing = account.map_or(Value::Null, |account| {
                rule(account, "told")["firing"].clone()
            });
            firing.is_i64()
        });
        firing
    }

    fn hash(&self) -> Value {
        self.status()["rules"]["hash"].clone()
    }

    fn reload_each(&mut self) {
        for edit in &EDITS {
            self.firing = self.firing();
            let before = self.hash();
            self.rig.write_rules(&edit.of(&self.text));
            self.rig.wait_for(edit.what, |_| {
                let rules = self.status()["rules"].clone();
                !rules["refused"].is_null() || rules["hash"] != before
            });
            let expected = edit.outcomes[self.state as usize];
            self.assert_outcome(edit, &before, "a reload", expected);
            self.rig.write_rules(&self.text);
            self.rig.wait_for("the way back", |_| {
                let rules = self.status()["rules"].clone();
                rules["refused"].is_null() && rules["hash"] == before
            });
        }
    }

    fn start_with_each(&mut self) {
        self.firing = self.firing();
        let before = self.hash();
        assert_eq!(self.rig.terminate(), Some(0));
        let record = self.rig.database();
        let kept = record.with_extension("kept");
        fs::copy(&record, &kept).unwrap();
        for edit in &EDITS {
            for suffix in ["-wal", "-shm"] {
                let _ = fs::remove_file(format!("{}{suffix}", record.display()));
            }
            fs::copy(&kept, &record).unwrap();
            self.rig.write_rules(&edit.of(&self.text));
            self.rig.start();
            let expected = edit.outcomes[3 + self.state as usize];
            self.assert_outcome(edit, &before, "a start", expected);
            self.rig.kill();
        }
    }
}

#[test]
fn each_edit_of_an_account_that_is_free() {
    let mut place = Place::new(State::Free);
    place.reload_each();
    place.start_with_each();
}

#[test]
fn each_edit_of_an_account_that_is_locked() {
    let mut place = Place::new(State::Locked);
    place.reload_each();
    place.start_with_each();
}

#[test]
fn each_edit_of_an_account_that_is_being_made_flat() {
    let mut place = Place::new(State::Unfinished);
    place.reload_each();
    place.start_with_each();
}
