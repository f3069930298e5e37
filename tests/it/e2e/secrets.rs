//! The token appears nowhere: not in what is printed, answered, recorded or
//! left behind, through faults, a kill and an end that dumps core.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::rig::{CANARY, LOSS_LIMIT, Rig, signal};

const ES: &str = "ES 03-26";
/// The signal that dumps core.
const SIGABRT: i32 = 6;

/// What must not show anywhere.
pub struct Secrets {
    texts: Vec<String>,
    /// Of requests, in lower-case hex digits.
    signatures: HashSet<String>,
    /// Of requests, in base64.
    in_base64: HashSet<String>,
}

/// How many hex digits a signature has (HMAC-SHA256).
const SIGNATURE: usize = 64;
/// How many characters of base64 it has.
const SIGNATURE_IN_BASE64: usize = 44;

impl Secrets {
    /// These texts.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Secrets {
        Secrets {
            texts: texts.into_iter().map(str::to_owned).collect(),
            signatures: HashSet::new(),
            in_base64: HashSet::new(),
        }
    }

    /// And with what every request proved who asks.
    pub fn and_signatures(self, rig: &Rig) -> Secrets {
        let requests = rig.venue.requests().into_iter();
        let signatures = requests.filter_map(|request| request.signature);
        let (in_base64, signatures): (HashSet<String>, HashSet<String>) =
            signatures.partition(|text| text.len() == SIGNATURE_IN_BASE64);
        let signatures = signatures.into_iter();
        Secrets {
            signatures: signatures.map(|text| text.to_ascii_lowercase()).collect(),
            in_base64,
            ..self
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.texts.len() + self.signatures.len() + self.in_base64.len()
    }

    /// The first of them that shows.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let shows = |text: &&String| {
            let mut windows = bytes.windows(text.len());
            windows.any(|window| window == text.as_bytes())
        };
        if let Some(text) = self.texts.iter().find(shows) {
            return Some(text);
        }
        let is_base64 =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let runs = bytes.split(|byte| !is_base64(*byte));
        let mut parts = runs.flat_map(|run| run.windows(SIGNATURE_IN_BASE64));
        let found = parts.find_map(|part| {
            let text = std::str::from_utf8(part).ok()?;
            self.in_base64.get(text).map(String::as_str)
        });
        if found.is_some() {
            return found;
        }
        let runs = bytes.split(|byte| !byte.is_ascii_hexdigit());
        runs.flat_map(|run| run.windows(SIGNATURE)).find_map(|run| {
            let text = String::from_utf8_lossy(run).to_ascii_lowercase();
            self.signatures.get(&text).map(String::as_str)
        })
    }

    /// Looks for them in every file that the daemon left behind, but for those with
    /// these names; gives how many files there were.
    pub fn search_files(&self, rig: &Rig, but: &[&str]) -> usize {
        let mut searched = 0;
        for file in rig.files() {
            if but.iter().any(|name| file.ends_with(name)) {
                continue;
            }
            searched += 1;
            let bytes = std::fs::read(&file).unwrap();
            assert_eq!(self.found_in(&bytes), None, "in {}", file.display());
        }
        assert!(
            searched >= 5,
            "stdout, stderr and the database were searched"
        );
        searched
    }
}

/// What the API answers and the commands print.
pub fn everything_shown(rig: &Rig, http: &str, account: &str) -> Vec<(String, Vec<u8>)> {
    let mut shown = Vec::new();
    for path in [
        "/", "/status", "/healthz", "/readyz", "/events", "/metrics", "/nothing",
    ] {
        let answer = get(http, path);
        assert!(!answer.is_empty(), "{path}");
        shown.push((path.to_owned(), answer));
    }
    let rules = rig.rules();
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["events"],
        &["why", "1"],
        &["check"],
        &["check", "--secrets", "--online"],
        &["flatten", account],
    ] {
        let mut command = rig.riskd();
        command.args(arguments);
        match arguments[0] {
            "check" => command.arg(&rules),
            _ => command.arg("--rules").arg(&rules),
        };
        let output = command.output().unwrap();
        shown.push((
            format!("{arguments:?}"),
            [output.stdout, output.stderr].concat(),
        ));
    }
    shown
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What the local API answers, head and body.
pub fn get(http: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(http).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// How a process ends that takes no precautions, and whether it left a core in its
/// folder.
fn unprotected() -> (ExitStatus, bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    let ended = command
        .args(["-c", "ulimit -c unlimited; kill -ABRT $$"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    (ended, core_in(folder.path()))
}

/// Allows cores of any size for a process that runs, as root can; whether that was
/// possible.
fn allow_cores(pid: u32) -> bool {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap());
    let any = Rlimit {
        current: None,
        maximum: None,
    };
    prlimit(pid, Resource::Core, any).is_ok()
}

fn core_in(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name());
    names.any(|name| name.to_string_lossy().starts_with("core"))
}

#[test]
fn the_token_is_nowhere() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    let port = free_port();
    let http = format!("127.0.0.1:{port}");
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start_ready();
    for fault in [
        "html_body",
        "truncated_json",
        "success_false",
        "empty_body",
        "redirect",
        "reset_mid_body",
        "lost_after_effect",
    ] {
        rig.fault(&format!(r#"{{"fault": "{fault}", "count": 1}}"#));
    }
    for code in [400, 401, 403, 429, 500] {
        rig.fault(&format!(
            r#"{{"fault": {{"status": {{"code": {code}}}}}, "count": 1}}"#
        ));
    }
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    let shown = everything_shown(&rig, &http, "acct-1");
    let secrets = Secrets::of([CANARY]);
    for (what, bytes) in &shown {
        assert_eq!(secrets.found_in(bytes), None, "in {what}");
    }
    rig.kill();
    rig.start_ready();
    assert_eq!(rig.terminate(), Some(0));
    // A token that cannot be used is not told either.
    rig.write_token(&format!("{CANARY}\u{1}"));
    let refused = rig
        .riskd()
        .args(["run", "--rules"])
        .arg(rig.rules())
        .arg("--database")
        .arg(rig.folder.path().join("another.db"))
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert_eq!(secrets.found_in(&refused.stdout), None);
    assert_eq!(secrets.found_in(&refused.stderr), None);
    let searched = secrets.search_files(&rig, &["token"]);
    println!(
        "the token was searched for in {} answers and outputs and in {searched} files: 0 hits",
        shown.len() + 2
    );
}

#[test]
fn no_core_is_dumped() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.start_ready();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", rig.pid())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let numbers: Vec<&str> = core.unwrap().split_whitespace().skip(4).collect();
    assert_eq!(numbers[..2], ["0", "0"]);
    rig.terminate();

    // As one who wants cores would start it.
    let mut command = Command::new("sh");
    let mut child = command
        .args([
            "-c",
            "ulimit -c unlimited; exec \"$0\" run --rules rules.yaml",
        ])
        .arg(env!("CARGO_BIN_EXE_riskd"))
        .current_dir(rig.folder.path())
        .envs(rig.machine())
        .process_group(0)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    rig.wait_for("the daemon to be ready", |rig| rig.count("ready") == 2);
    // And as one who wants them from a process that runs.
    let are_allowed = allow_cores(child.id());
    signal(child.id(), "ABRT");
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(SIGABRT));
    assert!(!ended.core_dumped());
    assert!(!core_in(rig.folder.path()));
    let (other, leaves_core) = unprotected();
    assert_eq!(other.signal(), Some(SIGABRT));
    println!(
        "no core of riskd, with any size allowed: {are_allowed}; of another process: dumped {}, in its folder {leaves_core}",
        other.core_dumped()
    );
}

/// The rule file as it is, with a comment more.
fn touch_rules(rig: &Rig) {
    let text = std::fs::read_to_string(rig.rules()).unwrap();
    rig.write_rules(&format!("{text}# seen\n"));
}

#[test]
fn a_token_that_was_replaced_is_read_by_a_reload_and_after_a_refusal() {
    let mut rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    // One that the venue refuses, and the right one while riskd runs: nobody
    // has to ask.
    rig.write_token("an-old-token");
    rig.start();
    rig.wait_for("the refusal by the venue", |rig| {
        rig.log().contains("refuses the credential")
    });
    rig.write_token(CANARY);
    rig.wait_for("the new token to be found", |rig| rig.count("ready") == 1);
    assert_eq!(rig.count("credential_renewed"), 1);
    // A reload reads it anew though the rules are the same.
    rig.write_token("another-token");
    signal(rig.pid(), "HUP");
    rig.wait_for("the renewal", |rig| rig.count("credential_renewed") == 2);
    rig.wait_for("the venue to refuse it", |rig| {
        rig.log().matches("refuses the credential").count() >= 2
    });
    // One that cannot be read has a changed file refused; the old one stays.
    rig.write_token(CANARY);
    rig.wait_for("the way back", |rig| rig.count("credential_renewed") == 3);
    let token = rig.folder.path().join("token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    touch_rules(&rig);
    rig.wait_for("the refusal", |rig| rig.count("rules_refused") == 1);
    assert!(rig.log().contains("chmod 600"), "{}", rig.log());
    rig.venue.set_price(ES, 4980).unwrap();
    rig.wait_for("flat with the old token", |rig| rig.count("verified") > 0);
    assert!(rig.is_flat_and_quiet("Sim101"));
    for token in [CANARY, "an-old-token", "another-token"] {
        assert!(!rig.log().contains(token));
    }
}
