//! The temporary folder of the demo: its rule file, its secrets and its record.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::Timelike;

use super::scene::Scene;
use crate::daemon::wall;

/// How many names are tried for the folder.
const ATTEMPTS: u32 = 100;

/// A fresh folder that only its owner can read; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    /// Makes the folder, with a rule file for the paper venue at `base_url`.
    pub(super) fn new(scene: &Scene, base_url: &str, page: SocketAddr) -> anyhow::Result<Folder> {
        let path = fresh(&std::env::temp_dir()).context("cannot make a temporary folder")?;
        let folder = Folder {
            path,
            is_kept: false,
        };
        for (name, secret) in &scene.secrets {
            write(&folder.path.join(name), secret)?;
        }
        let rules = folder.rules_text(scene, base_url, page)?;
        write(&folder.rules(), &rules)?;
        Ok(folder)
    }

    /// Leaves the folder where it is.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// The rule file.
    pub(super) fn rules(&self) -> PathBuf {
        self.path.join("rules.yaml")
    }

    /// The record.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("riskd.db")
    }

    fn rules_text(
        &self,
        scene: &Scene,
        base_url: &str,
        page: SocketAddr,
    ) -> anyhow::Result<String> {
        // A JSON string is a YAML string.
        let quoted = |path: PathBuf| serde_json::to_string(&path.display().to_string());
        let mut accounts = scene.accounts.replace("{base_url}", base_url);
        for (name, _) in &scene.secrets {
            let file = quoted(self.path.join(name))?;
            accounts = accounts.replace(&format!("{{folder}}/{name}"), &file);
        }
        Ok(RULES
            .replace("{database}", &quoted(self.database())?)
            .replace("{accounts}", &accounts)
            .replace("{funded}", scene.funded)
            .replace("{size}", scene.size)
            .replace("{page}", &page.to_string())
            .replace("{open}", &far_from_now()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // What is left in the temporary folder is cleaned up by the system.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The full hour half a day away, in UTC: no session ends during the demo.
fn far_from_now() -> String {
    let hour = wall().hour().saturating_add(12) % 24;
    format!("{hour:02}:00")
}

fn fresh(parent: &Path) -> std::io::Result<PathBuf> {
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let path = parent.join(format!("riskd-demo-{}-{attempt}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| ErrorKind::AlreadyExists.into()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The rule file, with `{name}` where a value goes.
const RULES: &str = r#"# The rules of `riskd demo`.
version: 1

daemon:
  mode: enforce
  database: {database}
  http: {page}

sessions:
  demo:
    timezone: UTC
    open: "{open}"
    days: [mon, tue, wed, thu, fri, sat, sun]

{accounts}
notify:
  log: { kind: log }

rules:
  - name: daily loss limit
    accounts: ["*"]
    when:
      pnl: { loss: 500 }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
    warn_at: [50%, 80%]

  - name: trailing drawdown
    accounts: [{funded}]
    when:
      trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 }
    then: [cancel_orders, flatten, { lock: { until: manual } }]

  - name: size limit
    accounts: ["*"]
    when:
      {size}
    then: [cancel_orders, flatten]

  - name: no data
    accounts: ["*"]
    when:
      no_data: 30s
    then: [{ notify: log }]
"#;

#[cfg(test)]
mod tests {
    use super::super::scene::Venue;
    use super::*;
    use crate::daemon::load_rules;

    #[test]
    fn the_rule_file_of_each_demo_is_without_errors_and_the_folder_goes() {
        let page = "127.0.0.1:7380".parse().unwrap();
        for venue in [
            Venue::Crosstrade,
            Venue::Binance,
            Venue::Bybit,
            Venue::Bitget,
            Venue::BingX,
        ] {
            let scene = Scene::of(venue, false);
            let folder = Folder::new(&scene, "http://127.0.0.1:1", page).unwrap();
            let path = folder.rules();
            let text = std::fs::read_to_string(&path).unwrap();
            let loaded = load_rules(&path, &text);
            let report = loaded.render_short();
            let rules = loaded.rules.unwrap_or_else(|| panic!("{report}\n{text}"));
            assert_eq!(rules.book.rules.len(), 4);
            assert_eq!(rules.daemon.database, Some(folder.database()));
            drop(folder);
            assert!(!path.exists());
        }
    }
}
