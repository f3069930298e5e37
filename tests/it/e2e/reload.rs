//! An edit of the rule file comes into force by itself, or is refused and told
//! of once; whatever happened to the file, the next good one is taken.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::Value;

use super::rig::{LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";

/// A rig that is long 1 ES from 5000, so that a point is 50, and whose API
/// listens at this port.
fn rig_with_api(port: u16) -> (Rig, String) {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    let text = fs::read_to_string(rig.rules()).unwrap();
    let text = text.replace("http: off", &format!("http: \"127.0.0.1:{port}\""));
    rig.write_rules(&text);
    (rig, text)
}

fn with_limit(text: &str, limit: &str) -> String {
    assert!(text.contains("loss: 500"));
    text.replace("loss: 500", &format!("loss: {limit}"))
}

/// Writes as editors do: a new file, renamed over the old one.
fn write_by_rename(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

impl Rig {
    /// The state as the daemon at this port tells it, whatever its rule file
    /// looks like now.
    fn status(&self, port: u16) -> Value {
        let output = self
            .riskd()
            .args(["status", "--json", "--http", &format!("127.0.0.1:{port}")])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// How often a rule file was put in force since the start, and how often
    /// one was refused.
    fn reloads(&self) -> (usize, usize) {
        (self.count("rules_loaded"), self.count("rules_refused"))
    }

    fn wait_for_reloads(&self, what: &str, expect: (usize, usize)) {
        self.wait_for(what, |rig| rig.reloads() == expect);
    }
}

#[test]
fn every_way_to_change_the_file_is_noticed_and_a_bad_edit_ends_nothing() {
    let (mut rig, text) = rig_with_api(17_401);
    let path = rig.folder.path().join("conf/rules.yaml");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::rename(rig.rules(), &path).unwrap();
    symlink("conf/rules.yaml", rig.rules()).unwrap();
    rig.start_ready();
    // In place.
    fs::write(&path, with_limit(&text, "510")).unwrap();
    rig.wait_for_reloads("an edit in place", (1, 0));
    // A bad one in place, the same with another mistake by rename.
    fs::write(&path, with_limit(&text, "minus")).unwrap();
    rig.wait_for_reloads("the refusal", (1, 1));
    write_by_rename(&path, &with_limit(&text, "none"));
    rig.wait_for_reloads("the second refusal", (1, 2));
    write_by_rename(&path, &with_limit(&text, "520"));
    rig.wait_for_reloads("a good edit after bad ones", (2, 2));
    // Gone, and back as it was.
    fs::remove_file(&path).unwrap();
    rig.wait_for_reloads("the loss of the file", (2, 3));
    fs::write(&path, with_limit(&text, "520")).unwrap();
    rig.wait_for_reloads("the file that came back", (3, 3));
    // Another folder in place of the one that holds it.
    let folder = rig.folder.path().join("conf");
    let next = rig.folder.path().join("next");
    fs::create_dir(&next).unwrap();
    fs::write(next.join("rules.yaml"), with_limit(&text, "bad")).unwrap();
    fs::rename(&folder, rig.folder.path().join("old")).unwrap();
    fs::rename(&next, &folder).unwrap();
    rig.wait_for_reloads("a bad file in a new folder", (3, 4));
    write_by_rename(&path, &with_limit(&text, "300"));
    rig.wait_for_reloads("a good file in the new folder", (4, 4));
    // The last edit is in force: 7 points are 350.
    rig.venue.set_price(ES, 4993).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    assert!(rig.is_running());
}

#[test]
fn a_refused_edit_is_told_once_and_stands_in_the_status_until_a_good_one() {
    let (mut rig, text) = rig_with_api(17_402);
    rig.start_ready();
    let before = rig.status(17_402)["rules"].clone();
    assert!(before["refused"].is_null() && before["refused_since"].is_null());
    let bad = with_limit(&text, "minus");
    rig.write_rules(&bad);
    rig.wait_for_reloads("the refusal", (0, 1));
    // The same bytes written again are nothing new.
    write_by_rename(&rig.rules(), &bad);
    fs::set_permissions(rig.rules(), fs::Permissions::from_mode(0o600)).unwrap();
    // A reload by hand reads them again, says so in the record, and tells nobody
    // a second time.
    signal(rig.pid(), "HUP");
    rig.wait_for("the reload by hand", |rig| rig.reloads().1 >= 2);
    assert_eq!(rig.reloads(), (0, 2));
    let status = rig.status(17_402)["rules"].clone();
    assert_eq!(status["hash"], before["hash"]);
    assert_eq!(status["loaded"], before["loaded"]);
    let line = bad.lines().position(|line| line.contains("minus")).unwrap();
    assert_eq!(status["refused_line"], line + 1);
    let column = bad.lines().nth(line).unwrap().find("minus").unwrap();
    assert_eq!(status["refused_column"], column + 1);
    let said = status["refused"].as_str().unwrap();
    let place = format!("rules.yaml:{}:{}: error: ", line + 1, column + 1);
    assert!(said.contains(&place), "{said}");
    assert!(status["refused_since"].is_string());
    let shown = rig
        .riskd()
        .args(["status", "--http", "127.0.0.1:17402"])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("REFUSED since 2") && shown.contains(&place),
        "{shown}"
    );
    let notices = rig.log().matches("severity=\"warning\"").count()
        + rig.log().matches("severity=warning").count();
    assert_eq!(notices, 1, "{}", rig.log());
    rig.write_rules(&text);
    rig.wait_for_reloads("the good file", (1, 2));
    let after = rig.status(17_402)["rules"].clone();
    assert!(after["refused"].is_null() && after["refused_line"].is_null());
    assert_eq!(after["hash"], before["hash"]);
}

#[test]
fn links_that_are_swapped_and_files_that_are_named_are_watched() {
    let (mut rig, text) = rig_with_api(17_403);
    let folder = rig.folder.path().to_owned();
    let holidays = "date,close_time\n2031-01-01,\n";
    // As in a mounted volume: a link to a link to a folder.
    let text = text.replace(
        "days: [mon, tue, wed, thu, fri] }",
        "days: [mon, tue, wed, thu, fri], closures: volume/holidays.csv }",
    );
    for (name, limit) in [("..one", "500"), ("..two", "400")] {
        fs::create_dir_all(folder.join("volume").join(name)).unwrap();
        let inside = folder.join("volume").join(name);
        fs::write(inside.join("rules.yaml"), with_limit(&text, limit)).unwrap();
        fs::write(inside.join("holidays.csv"), holidays).unwrap();
    }
    let data = folder.join("volume/..data");
    symlink("..one", &data).unwrap();
    for name in ["rules.yaml", "holidays.csv"] {
        symlink(format!("..data/{name}"), folder.join("volume").join(name)).unwrap();
    }
    fs::remove_file(rig.rules()).unwrap();
    symlink("volume/rules.yaml", rig.rules()).unwrap();
    rig.start_ready();
    let new = folder.join("volume/..data_tmp");
    symlink("..two", &new).unwrap();
    fs::rename(&new, &data).unwrap();
    rig.wait_for_reloads("the swapped link", (1, 0));
    // What it leads to now is watched as well, the rules and what they name.
    let two = folder.join("volume/..two");
    fs::write(two.join("rules.yaml"), with_limit(&text, "wrong")).unwrap();
    rig.wait_for_reloads("an edit behind the link", (1, 1));
    fs::write(two.join("rules.yaml"), with_limit(&text, "400")).unwrap();
    rig.wait_for_reloads("the way back", (2, 1));
    fs::write(two.join("holidays.csv"), "date,close_time\n2031-99-01,\n").unwrap();
    rig.wait_for_reloads("a mistake in the closures", (2, 2));
    fs::remove_file(two.join("holidays.csv")).unwrap();
    rig.wait_for_reloads("closures that are gone", (2, 3));
    write_by_rename(&two.join("holidays.csv"), "date,close_time\n2032-01-01,\n");
    rig.wait_for_reloads("good closures", (3, 3));
    assert!(rig.status(17_403)["rules"]["refused"].is_null());
}

/// A test file for the rules of the rig: a loss of 500 fires.
const TESTS: &str = "rules: rules.yaml
tests:
  - name: fires at the limit
    account: acct-1
    start: 2026-03-05T09:30:00-05:00
    steps:
      - { at: 0s, realized: 0, unrealized: 0, balance: 50000, equity: 50000 }
      - { at: 10s, unrealized: -499.99, equity: 49500.01 }
      - { at: 20s, unrealized: -500, equity: 49500 }
    expect:
      - { at: 20s, rule: daily loss limit }
";

#[test]
fn an_edit_that_fails_the_tests_of_the_file_is_refused_and_a_restart_does_not_let_it_in() {
    let (mut rig, text) = rig_with_api(17_404);
    let text = format!("{text}tests: [rules.test.yaml]\n");
    let tests = rig.folder.path().join("rules.test.yaml");
    rig.write_rules(&text);
    fs::write(&tests, TESTS).unwrap();
    rig.start_ready();
    let hash = rig.status(17_404)["rules"]["hash"].clone();
    rig.write_rules(&with_limit(&text, "5000"));
    rig.wait_for_reloads("the refusal", (0, 1));
    let said = rig.status(17_404)["rules"]["refused"].clone();
    let said = said.as_str().unwrap();
    for part in [
        "rules.test.yaml fails 1 of 1 test",
        "expected: daily loss limit at 20s",
        "did not fire",
    ] {
        assert!(said.contains(part), "{said}");
    }
    // A crash in the night: what was in force goes on.
    rig.kill();
    rig.start_ready();
    let status = rig.status(17_404)["rules"].clone();
    assert_eq!(status["hash"], hash);
    assert_eq!(status["refused"], said);
    // A change of the tests alone is noticed too.
    fs::write(
        &tests,
        TESTS.replace("-500, equity: 49500 ", "-5000, equity: 45000 "),
    )
    .unwrap();
    rig.wait_for("rules and tests that agree", |rig| {
        let rules = rig.status(17_404)["rules"].clone();
        rules["refused"].is_null() && rules["hash"] != hash
    });
    // The file that is in force, with tests that fail: it must start.
    fs::write(&tests, TESTS).unwrap();
    rig.wait_for("the tests to fail", |rig| rig.count("rules_refused") == 3);
    let hash = rig.status(17_404)["rules"]["hash"].clone();
    rig.kill();
    rig.start_ready();
    let status = rig.status(17_404)["rules"].clone();
    assert_eq!(status["hash"], hash);
    assert!(status["refused"].is_string());
}

#[test]
fn the_first_start_with_tests_that_fail_is_refused() {
    let (mut rig, text) = rig_with_api(17_405);
    rig.write_rules(&format!(
        "{}tests: [rules.test.yaml]\n",
        with_limit(&text, "5000")
    ));
    fs::write(rig.folder.path().join("rules.test.yaml"), TESTS).unwrap();
    rig.start();
    rig.wait_for("the end", |rig| rig.log().contains("fails its own tests"));
    assert!(rig.log().contains("expected: daily loss limit at 20s"));
    rig.wait_for_end();
}

#[test]
fn reloads_of_many_rules_leave_the_polls_of_many_accounts_alone() {
    let accounts: Vec<String> = (1..=20).map(|number| format!("Sim{number}")).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let rules = |limit: usize| {
        let rules = (0..1_000).map(|number| {
            format!("  - {{ name: rule {number}, accounts: [\"*\"], when: {{ pnl: {{ loss: {} }} }}, then: [flatten] }}\n", limit + number)
        });
        format!("rules:\n{}", rules.collect::<String>())
    };
    let mut rig = Rig::new(&accounts, &rules(500));
    let text = |limit: usize| {
        let text = rig.rule_file(&accounts, &rules(limit));
        text.replace("http: off", "http: \"127.0.0.1:17406\"")
    };
    let texts: Vec<String> = [500, 600, 700, 800].map(text).to_vec();
    rig.write_rules(&texts[0]);
    rig.start_ready();
    let polls = |rig: &Rig| rig.status(17_406)["venues"][0]["polls"].as_u64().unwrap();
    let mut before = polls(&rig);
    for (number, text) in texts.iter().enumerate().skip(1) {
        write_by_rename(&rig.rules(), text);
        rig.wait_for_reloads("the reload", (number, 0));
        // The polls go on where they were: nothing began anew.
        rig.wait_for("polls", |rig| polls(rig) > before + 1);
        before = polls(&rig);
    }
    let status = rig.status(17_406);
    assert_eq!(status["venues"][0]["failed_polls"], 0);
    assert_eq!(rig.count("data_lost"), 0);
    assert!(status["rules"]["swap_us"].is_u64());
    let asked = rig.venue.requests();
    let asked = asked.iter().filter(|r| r.path.ends_with("/snapshot"));
    assert!(asked.count() as u64 >= before, "a poll for all accounts");
    // The last rules are in force for every account: 16 points of 1 ES are 800.
    rig.venue.set_price(ES, 5000).unwrap();
    for account in &accounts {
        rig.venue.open(account, ES, 1, None).unwrap();
    }
    rig.venue.set_price(ES, 4984).unwrap();
    rig.wait_for("the firings", |rig| rig.count("fired") >= accounts.len());
    assert!(rig.is_running());
}
