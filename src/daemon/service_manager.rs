//! What is said to the service manager, by a thread of its own: it reads its socket
//! when it gets to it, and while it is frozen or starts itself anew a message would
//! hold up whoever protects.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sd_notify::NotifyState;

/// Most messages that wait; a few minutes of them.
const MOST_WAITING: usize = 256;

/// Where messages are handed over; without a service manager nowhere.
static MESSAGES: OnceLock<Option<SyncSender<String>>> = OnceLock::new();

/// Tells the service manager. That it cannot be told changes nothing for the accounts;
/// `false` says that it does not read what is said.
pub(super) fn tell(states: &[NotifyState<'_>]) -> bool {
    let Some(messages) = MESSAGES.get_or_init(speaker) else {
        return true;
    };
    let mut message = String::new();
    for state in states {
        // Writing to a text does not fail.
        let _ = writeln!(message, "{state}");
    }
    messages.try_send(message).is_ok()
}

fn speaker() -> Option<SyncSender<String>> {
    std::env::var_os("NOTIFY_SOCKET")?;
    let (messages, waiting) = sync_channel(MOST_WAITING);
    std::thread::Builder::new()
        .name("service-manager".to_owned())
        .spawn(move || speak(&waiting))
        .ok()?;
    Some(messages)
}

fn speak(waiting: &Receiver<String>) {
    while let Ok(message) = waiting.recv() {
        // The next one is tried all the same.
        let _ = sd_notify::notify(&[NotifyState::Custom(message.trim_end())]);
    }
}
