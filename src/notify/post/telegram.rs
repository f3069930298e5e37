//! Telegram: `sendMessage` of the "Telegram Bot API" page.

use serde_json::{Value, json};

use crate::notify::message::{Message, as_it_is, fitted, units};

/// "Text of the message to be sent, 1-4096 characters".
const MOST: usize = 4096;

/// The parameters of `sendMessage`. Without `parse_mode` the text is shown as
/// it is, whatever `_` and `*` stand in it.
pub(super) fn body(message: &Message, chat: &str) -> Value {
    json!({
        "chat_id": chat,
        "text": fitted(&message.whole(), MOST, units, as_it_is),
        "link_preview_options": { "is_disabled": true },
    })
}
