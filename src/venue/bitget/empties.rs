//! Lists that say `null`: the venue means by it that there is nothing, and a client that
//! was served half an answer reads the same. One that said something else the last time
//! is asked once more before that is believed. It is only once that a list costs two
//! requests: most of them say `null` for as long as riskd runs.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::locked::Locked;

/// The lists that said `null` the last time.
#[derive(Debug, Default)]
pub(super) struct Empties(Mutex<BTreeSet<String>>);

impl Empties {
    /// Whether this list said so the last time too.
    pub(super) fn is_known(&self, list: &str) -> bool {
        self.0.locked().contains(list)
    }

    /// What it says now.
    pub(super) fn learn(&self, list: &str, says_null: bool) {
        let mut known = self.0.locked();
        if !says_null {
            known.remove(list);
        } else if !known.contains(list) {
            known.insert(list.to_owned());
        }
    }
}
