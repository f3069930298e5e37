//! Slack: the pages "Sending messages using incoming webhooks" and "Formatting
//! message text".

use serde_json::{Value, json};

use crate::notify::message::{Message, fitted, units};

/// The `chat.postMessage` page, "Truncating content", asks for 4,000 at most
/// and cuts at 40,000.
const MOST: usize = 4000;

/// The payload of an incoming webhook; `mrkdwn: false` leaves `_` and `*` as
/// they are.
pub(super) fn body(message: &Message) -> Value {
    json!({
        "text": fitted(&message.whole(), MOST, units, escape),
        "mrkdwn": false,
        "unfurl_links": false,
    })
}

/// The three characters that "Escaping text" names, and no other.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}
