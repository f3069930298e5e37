//! The `notify` section.

use super::{Declared, named_entries, secrets, venues};
use crate::domain::account::NotifierName;
use crate::rules::diagnostic::Findings;
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};
use crate::rules::ruleset::{Notifier, NotifierKind, WebhookUrl};
use crate::rules::tables;

/// Kinds that the language knows and riskd cannot do yet.
const LATER: [&str; 5] = ["telegram", "discord", "slack", "ntfy", "email"];

pub(super) fn notifiers(node: &Node<'_>, declared: &mut Declared, findings: &mut Findings) {
    for entry in named_entries(node, "notifiers", findings) {
        declared.notifier_names.insert(entry.key.to_string());
        if let Some(kind) = notifier(&entry.value, findings) {
            declared.notifiers.push(Notifier {
                name: NotifierName::from(&*entry.key),
                kind,
            });
        }
    }
}

fn notifier(node: &Node<'_>, findings: &mut Findings) -> Option<NotifierKind> {
    let kinds = tables::NOTIFIER_KINDS.iter().map(|(name, _)| *name);
    match venues::kind(node, "a notifier", kinds, &LATER, findings)? {
        "log" => {
            Fields::open(node, &tables::LOG, findings)?;
            Some(NotifierKind::Log)
        }
        _ => {
            let fields = Fields::open(node, &tables::WEBHOOK, findings)?;
            let url = fields.read("url", findings, webhook_url)?;
            Some(NotifierKind::Webhook { url })
        }
    }
}

fn webhook_url(node: &Node<'_>, findings: &mut Findings) -> Option<WebhookUrl> {
    match node.value {
        Value::Scalar { .. } => secrets::webhook_url(node, findings).map(WebhookUrl::Plain),
        _ => secrets::source(node, findings).map(WebhookUrl::Secret),
    }
}
