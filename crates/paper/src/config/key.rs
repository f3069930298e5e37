//! The keys of a venue whose requests are signed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::yes;

/// An API key of one account, and what it may do.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Whose.
    pub account: String,
    /// The key, which every request shows.
    pub key: String,
    /// What requests are signed with.
    pub secret: String,
    /// What requests show beside the key, where the venue wants it; none is asked for
    /// where it is empty. Bitget alone has it.
    #[serde(default)]
    pub passphrase: String,
    /// Whether it may only read.
    #[serde(default)]
    pub read_only: bool,
    /// Whether it may trade futures.
    #[serde(default = "yes")]
    pub may_trade: bool,
    /// Whether it may withdraw, which no key of a guard should.
    #[serde(default)]
    pub may_withdraw: bool,
    /// Whether it may read the spot account, without which a classic key of Bitget
    /// cannot be asked for its rights.
    #[serde(default = "yes")]
    pub may_read_spot: bool,
    /// The addresses from which it may come; any without one. They are shown and
    /// not held: every request comes from this machine.
    #[serde(default)]
    pub addresses: Vec<String>,
}

impl KeyConfig {
    /// A key that may read and trade, and no more.
    pub fn new(account: &str, key: &str, secret: &str) -> KeyConfig {
        KeyConfig {
            account: account.to_owned(),
            key: key.to_owned(),
            secret: secret.to_owned(),
            passphrase: String::new(),
            read_only: false,
            may_trade: true,
            may_withdraw: false,
            may_read_spot: true,
            addresses: Vec::new(),
        }
    }
}

impl fmt::Debug for KeyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("KeyConfig");
        shown.field("account", &self.account);
        shown.field("key", &self.key).finish_non_exhaustive()
    }
}
