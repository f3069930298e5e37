//! The credentials that a venue was asked with.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::words;
use crate::locked::Locked;
use crate::secret::Credential;

/// How many credentials are remembered, so that none shows in what is told.
const KEPT: usize = 4;

/// The credential that is in use, behind those before it, which answers under way
/// may still repeat.
pub struct Credentials(Mutex<VecDeque<Credential>>);

impl Credentials {
    /// The first one.
    pub fn new(credential: Credential) -> Credentials {
        Credentials(Mutex::new(VecDeque::from([credential])))
    }

    /// The one that is in use.
    pub fn newest(&self) -> Option<Credential> {
        self.0.locked().back().cloned()
    }

    /// Whether this is the one that is in use.
    pub fn is_newest(&self, credential: &Credential) -> bool {
        let all = self.0.locked();
        all.back().is_some_and(|newest| newest.is_same(credential))
    }

    /// Uses this one from now on.
    pub fn add(&self, credential: Credential) {
        let mut all = self.0.locked();
        all.push_back(credential);
        if all.len() > KEPT {
            all.pop_front();
        }
    }

    /// The venue's words in one short line, in which no secret shows.
    pub fn clean(&self, words: &str) -> Arc<str> {
        let all = self.0.locked();
        words::clean(words, all.iter().flat_map(Credential::parts))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}
