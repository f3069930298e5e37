//! The commands that the documentation shows, as it shows them: with the real
//! binary, its daemon and the paper venue, in the folders of a test.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::rig::{LOSS_LIMIT, Rig};
use super::secrets::free_port;

const ES: &str = "ES 03-26";
const PAGES: [&str; 3] = ["README.md", "docs/operation.md", "docs/record.md"];

/// Beginnings of lines that are not run here, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("#", "a remark, or what is typed into an editor"),
    ("cargo ", "run by .ci/run"),
    ("packaging/", "run by the boot test"),
    ("apt ", "run by the boot test"),
    ("install ", "changes the machine; run by the boot test"),
    ("sed ", "changes the machine"),
    ("systemctl enable", "run by the boot test"),
    ("systemctl status", "run by the boot test"),
    ("systemctl edit", "opens an editor"),
    ("systemctl daemon-reload", "run by the boot test"),
    ("curl -s \"https://api.telegram.org", "needs the network"),
    (
        "sqlite3 ",
        "opens a prompt; its queries are run by another test",
    ),
];

/// The shell blocks of a page, each a list of whole commands.
fn blocks(page: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != "```sh" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let whole = block.join("\n").replace("\\\n", " ");
        blocks.push(whole.lines().map(str::to_owned).collect());
    }
    blocks
}

struct Stage {
    rig: Rig,
    port: u16,
    head: String,
}

impl Stage {
    fn new() -> Stage {
        let rig = Rig::new(&["Sim101", "Sim102"], LOSS_LIMIT);
        let port = free_port();
        let text = fs::read_to_string(rig.rules()).unwrap();
        let text = text
            .replace("http: off", &format!("http: \"127.0.0.1:{port}\""))
            .replace("acct-1:", "apex-1:")
            .replace("acct-2:", "sim:")
            .replace(
                "  log: { kind: log }",
                "  log: { kind: log }\n  phone: { kind: log }",
            )
            .replace("{ notify: log }", "{ notify: log }, { notify: phone }");
        rig.write_rules(&text);
        let bin = rig.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_riskd"), bin.join("riskd")).unwrap();
        rig.venue.set_price(ES, 5000).unwrap();
        Stage {
            rig,
            port,
            head: String::new(),
        }
    }

    /// The command with the folders, the port and the names of this test.
    fn here(&self, command: &str) -> String {
        let folder = self.rig.folder.path().display().to_string();
        command
            .replace("/etc/riskd", &folder)
            .replace("/var/lib/riskd", &folder)
            .replace("/var/backups", &folder)
            .replace("127.0.0.1:7380", &format!("127.0.0.1:{}", self.port))
            .replace("riskd-2026-11-21.db", "riskd-$(date +%F).db")
            .replace("6f1c...e2", &self.head)
    }

    /// Runs one command; what it printed when it failed.
    fn run(&mut self, command: &str, exported: &HashMap<String, String>) -> Result<(), String> {
        match command {
            "systemctl stop riskd" => {
                assert_eq!(self.rig.terminate(), Some(0));
                return Ok(());
            }
            "systemctl start riskd" => {
                self.rig.start_ready();
                return Ok(());
            }
            _ => {}
        }
        let watches = command.contains("--watch");
        let wrapped = if watches {
            format!("timeout 2 {command}")
        } else {
            command.to_owned()
        };
        let bin = self.rig.folder.path().join("bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", &self.here(&wrapped)])
            .current_dir(self.rig.folder.path())
            .env("PATH", path)
            .env_remove("RISKD_RULES")
            .envs(self.rig.machine())
            .envs(exported)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let code = output.status.code();
        if code == Some(0) || watches && code == Some(124) {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!(
            "{command}: {code:?}\n{}",
            String::from_utf8_lossy(&said)
        ))
    }

    /// The head of the chain, as `riskd verify` prints it.
    fn note_head(&mut self) {
        let output = self
            .rig
            .riskd()
            .args(["verify", "--json"])
            .output()
            .unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        self.head = said["head"].as_str().unwrap().to_owned();
    }
}

#[test]
fn the_commands_of_the_documentation_work() {
    let mut stage = Stage::new();
    stage.rig.start_ready();
    // A rule has fired, so that it can be re-armed and explained.
    stage.rig.venue.open("Sim101", ES, 2, None).unwrap();
    stage.rig.venue.set_price(ES, 4990).unwrap();
    stage.rig.wait_for("flat", |rig| rig.count("verified") > 0);
    let mut ran = 0;
    let mut failures = Vec::new();
    for page in PAGES {
        for block in blocks(page) {
            let mut exported = HashMap::new();
            for line in block {
                if let Some(rest) = line.strip_prefix("export ") {
                    let (name, value) = rest.split_once('=').unwrap();
                    let value = value.split_whitespace().next().unwrap();
                    exported.insert(name.to_owned(), stage.here(value));
                    continue;
                }
                if line.is_empty() || NOT_HERE.iter().any(|(begin, _)| line.starts_with(begin)) {
                    continue;
                }
                if line.contains("--head") {
                    stage.note_head();
                }
                ran += 1;
                failures.extend(stage.run(&line, &exported).err());
            }
        }
    }
    println!("{ran} shown commands were run");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(ran >= 20, "{ran}");
}
