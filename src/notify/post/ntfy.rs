//! ntfy: "Publish as JSON" of the "Publishing" page. The topic is in the body,
//! so the address is no secret.

use serde_json::{Value, json};

use crate::domain::severity::Severity;
use crate::notify::message::{Message, as_it_is, fitted};

/// Longest text that stays a message, in bytes; a longer one becomes an
/// attachment ("Limitations").
const MOST: usize = 4096;
/// Longest title, in bytes; riskd's own limit.
const MOST_TITLE: usize = 250;

/// What is published. "Message priority": 5 rings on and on, 4 rings, 3 is the
/// default, 2 is silent. "Tags & emojis": tags with such names are shown as
/// signs.
pub(super) fn body(message: &Message, topic: &str) -> Value {
    let (priority, tag) = match message.severity {
        Severity::Critical => (5, "rotating_light"),
        Severity::Warning => (4, "warning"),
        Severity::Info => (2, "information_source"),
    };
    let title = format!("riskd {}", message.headline());
    let text = format!("{}\n{}", message.text, message.clock);
    json!({
        "topic": topic,
        "title": fitted(&title, MOST_TITLE, str::len, as_it_is),
        "message": fitted(&text, MOST, str::len, as_it_is),
        "priority": priority,
        "tags": [tag, message.event],
    })
}
