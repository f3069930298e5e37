//! One budget for everything in this process that the venue counts together.
//!
//! A venue limits a user, whoever asks for him: two venues of a rule file with
//! one token draw on one budget, and so does an adapter that a reload opens
//! anew.

use std::sync::{Arc, Mutex, Weak};

use sha2::{Digest, Sha256};

use super::RequestBudget;
use crate::locked::Locked;
use crate::secret::Secret;

/// What a venue counts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    address: String,
    /// Of the credential, so that it is not kept.
    hash: [u8; 32],
}

impl Scope {
    /// The user of this credential at this address.
    pub fn new(address: &str, credential: &Secret) -> Scope {
        Scope {
            // As it is written does not matter to the venue.
            address: address.trim_end_matches('/').to_ascii_lowercase(),
            hash: Sha256::digest(credential.expose().as_bytes()).into(),
        }
    }

    /// Its name among programs of the same person, which shows neither the address
    /// nor the credential: two are the same only for one user at one address.
    pub fn fingerprint(&self) -> String {
        let address = Sha256::digest(self.address.as_bytes());
        let both = Sha256::new().chain_update(address).chain_update(self.hash);
        let bytes = both.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The budgets that something holds.
static HELD: Mutex<Vec<(Scope, Weak<RequestBudget>)>> = Mutex::new(Vec::new());

/// The budget of this scope: the one that is held already, or a full one.
pub fn shared(scope: Scope) -> Arc<RequestBudget> {
    let mut held = HELD.locked();
    held.retain(|(_, budget)| budget.strong_count() > 0);
    let known = held.iter().find(|(known, _)| *known == scope);
    if let Some(budget) = known.and_then(|(_, budget)| budget.upgrade()) {
        return budget;
    }
    let budget = Arc::new(RequestBudget::new());
    held.push((scope, Arc::downgrade(&budget)));
    budget
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(address: &str, credential: &str) -> Scope {
        Scope::new(address, &Secret::new(credential.to_owned()).unwrap())
    }

    #[test]
    fn a_budget_belongs_to_a_user_at_an_address() {
        let one = shared(scope("https://one.example", "token-a"));
        let name = scope("https://one.example", "token-a").fingerprint();
        assert!(name.len() == 64 && !name.contains("token"));
        for same in ["https://one.example", "https://ONE.example/"] {
            let same = scope(same, "token-a");
            assert_eq!(name, same.fingerprint());
            assert!(Arc::ptr_eq(&one, &shared(same)));
        }
        for other in [
            scope("https://one.example", "token-b"),
            scope("https://two.example", "token-a"),
        ] {
            assert_ne!(name, other.fingerprint());
            assert!(!Arc::ptr_eq(&one, &shared(other)));
        }
    }
}
