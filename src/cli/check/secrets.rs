//! `riskd check --secrets`: what would be read for each secret of a rule file.

use std::fs;

use crate::rules::ruleset::RuleSet;
use crate::rules::settings::{NotifierKind, PlainOrSecret, SecretSource};
use crate::secret::{Look, SecretFile, look};

/// A secret of a rule file, and what is seen of it.
pub(super) struct SecretReport {
    /// What it is for.
    what: String,
    look: Look,
}

/// Looks at every secret of these rules.
pub(super) fn of(rules: &RuleSet) -> Vec<SecretReport> {
    sources(rules)
        .into_iter()
        .map(|(what, source)| SecretReport {
            what,
            look: look(source),
        })
        .collect()
}

/// Every secret of these rules: what it is for, and where it is found.
fn sources(rules: &RuleSet) -> Vec<(String, &SecretSource)> {
    let mut found: Vec<(String, &SecretSource)> = Vec::new();
    for venue in &rules.venues {
        for (part, source) in &venue.credential.0 {
            found.push((format!("{part} of venue {}", venue.name), source));
        }
    }
    for notifier in &rules.notifiers {
        for (what, source) in of_notifier(&notifier.kind) {
            found.push((format!("{what} of notifier {}", notifier.name), source));
        }
    }
    if let Some(source) = rules
        .daemon
        .heartbeat
        .as_ref()
        .and_then(|heartbeat| secret(&heartbeat.url))
    {
        found.push(("address of the heartbeat".to_owned(), source));
    }
    found
}

/// The secrets of a notifier, each with what it is.
fn of_notifier(kind: &NotifierKind) -> Vec<(&'static str, &SecretSource)> {
    let mut found = Vec::new();
    match kind {
        NotifierKind::Log => {}
        NotifierKind::Webhook { url, token } => {
            found.extend(secret(url).map(|source| ("address", source)));
            found.extend(token.iter().map(|source| ("token", source)));
        }
        NotifierKind::Telegram { token, .. } => found.push(("token", token)),
        NotifierKind::Discord { url } | NotifierKind::Slack { url } => found.push(("address", url)),
        NotifierKind::Ntfy { topic, token, .. } => {
            found.extend(secret(topic).map(|source| ("topic", source)));
            found.extend(token.iter().map(|source| ("token", source)));
        }
        NotifierKind::Email(email) => {
            let login = email.login.iter();
            found.extend(login.map(|(_, source)| ("password", source)));
        }
    }
    found
}

fn secret(value: &PlainOrSecret) -> Option<&SecretSource> {
    match value {
        PlainOrSecret::Secret(source) => Some(source),
        PlainOrSecret::Plain(_) => None,
    }
}

impl SecretReport {
    /// What would be read from where, on a line.
    pub(super) fn line(&self) -> String {
        let look = &self.look;
        let mut parts = vec![look.source.clone()];
        if let Some(file) = &look.file {
            parts.extend(place(file, &look.source));
        }
        match &look.value {
            Some(value) => {
                parts.push(format!("readable, {}", value.length));
                if value.is_trimmed {
                    parts.push("without the newline at its end".to_owned());
                }
            }
            None => parts.push("cannot be used".to_owned()),
        }
        format!("{}: {}", self.what, parts.join(", "))
    }

    /// What is wrong with it, each problem on a line.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> + '_ {
        let problems = self.look.problems.iter();
        problems.map(|problem| format!("{}: {problem}", self.what))
    }
}

fn place(file: &SecretFile, source: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let path = file.path.display().to_string();
    if !source.ends_with(&path) {
        parts.push(path);
    }
    match (file.mode, file.owner) {
        (Some(mode), Some(owner)) => {
            parts.push(format!("mode {mode:04o}"));
            parts.push(format!("owner {}", user(owner)));
        }
        _ => parts.push("not there".to_owned()),
    }
    parts
}

/// The name of a user, where the machine's own list has it.
fn user(number: u32) -> String {
    let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let is_it = fields.nth(1)?.parse() == Ok(number);
        is_it.then(|| name.to_owned())
    });
    name.map_or_else(
        || format!("number {number}"),
        |name| format!("{name} ({number})"),
    )
}

/// What helps when systemd's credentials are looked for outside of it.
pub(super) fn credentials_help(rules: &RuleSet) -> Option<&'static str> {
    let is_needed = sources(rules)
        .iter()
        .any(|(_, source)| matches!(source, SecretSource::Credential(_)));
    let is_set = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| !folder.is_empty());
    (is_needed && !is_set).then_some(
        "systemd sets $CREDENTIALS_DIRECTORY for the service alone; to look at the files by hand, name their folder: CREDENTIALS_DIRECTORY=/etc/riskd riskd check --secrets FILE",
    )
}
