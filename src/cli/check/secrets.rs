//! `riskd check --secrets`: what would be read for each secret of a rule file.

use std::fs;

use crate::rules::ruleset::{NotifierKind, RuleSet, SecretSource, VenueKind, WebhookUrl};
use crate::secret::{Look, SecretFile, look};

/// A secret of a rule file, and what is seen of it.
pub(super) struct Seen {
    /// What it is for.
    what: String,
    look: Look,
}

/// Looks at every secret of these rules.
pub(super) fn of(rules: &RuleSet) -> Vec<Seen> {
    let venues = rules.venues.iter().map(|venue| {
        let VenueKind::CrossTrade { token, .. } = &venue.kind;
        (format!("token of venue {}", venue.name), token)
    });
    let addresses = rules.notifiers.iter().filter_map(|notifier| {
        let source = webhook(&notifier.kind)?;
        Some((format!("address of notifier {}", notifier.name), source))
    });
    venues
        .chain(addresses)
        .map(|(what, source)| Seen {
            what,
            look: look(source),
        })
        .collect()
}

fn webhook(kind: &NotifierKind) -> Option<&SecretSource> {
    match kind {
        NotifierKind::Webhook {
            url: WebhookUrl::Secret(source),
        } => Some(source),
        NotifierKind::Webhook {
            url: WebhookUrl::Plain(_),
        }
        | NotifierKind::Log => None,
    }
}

impl Seen {
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
    let needs = |source: &SecretSource| matches!(source, SecretSource::Credential(_));
    let is_needed = rules.venues.iter().any(|venue| {
        let VenueKind::CrossTrade { token, .. } = &venue.kind;
        needs(token)
    }) || rules
        .notifiers
        .iter()
        .any(|notifier| webhook(&notifier.kind).is_some_and(needs));
    let is_set = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| !folder.is_empty());
    (is_needed && !is_set).then_some(
        "systemd sets $CREDENTIALS_DIRECTORY for the service alone; to look at the files by hand, name their folder: CREDENTIALS_DIRECTORY=/etc/riskd riskd check --secrets FILE",
    )
}
