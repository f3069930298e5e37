//! Discord: "Execute Webhook" of the "Webhook Resource" page.

use serde_json::{Value, json};

use crate::notify::message::{Message, fitted, units};

/// Has the answer wait until the message is kept; without it a message that is
/// not kept is no error.
pub(super) const WAIT: (&str, &str) = ("wait", "true");
/// "The message contents (up to 2000 characters)".
const MOST: usize = 2000;

/// The parameters of "Execute Webhook". `allowed_mentions` without anything to
/// parse (the "Message Resource" page) lets no text call everybody.
pub(super) fn body(message: &Message) -> Value {
    json!({
        "content": fitted(&message.whole(), MOST, units, escape),
        "allowed_mentions": { "parse": [] },
    })
}

/// Discord formats text by Markdown; a backslash takes the meaning from a mark.
fn escape(c: char, out: &mut String) {
    if matches!(
        c,
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '@'
    ) {
        out.push('\\');
    }
    out.push(c);
}
