//! One budget for everything in this process that the venue counts together.
//!
//! A venue limits a user, whoever asks for him, or an address, whatever it is asked
//! with: two venues of a rule file with one token draw on one budget, two with keys
//! of one exchange on one count of their address, and so does an adapter that a
//! reload opens anew.

use std::sync::{Arc, Mutex, Weak};

use sha2::{Digest, Sha256};

use super::RequestBudget;
use super::queue::Shared;
use crate::domain::limits::{LimitScope, RequestLimits};
use crate::locked::Locked;
use crate::secret::Secret;

/// What a venue counts together: a credential at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    address: String,
    /// Of the credential, so that it is not kept.
    owner: Owner,
}

/// One credential among those that share a budget, by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner([u8; 32]);

impl Owner {
    /// Who shares with nobody.
    pub(super) const NOBODY: Owner = Owner([0; 32]);
}

impl Scope {
    /// The user of this credential at this address.
    pub fn new(address: &str, credential: &Secret) -> Scope {
        Scope {
            // As it is written does not matter to the venue.
            address: address.trim_end_matches('/').to_ascii_lowercase(),
            owner: Owner(Sha256::digest(credential.expose().as_bytes()).into()),
        }
    }

    /// The credential.
    #[cfg(test)]
    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    /// Its name among programs of the same person, which shows neither the address
    /// nor the credential: two are the same only for one user at one address.
    pub fn fingerprint(&self) -> String {
        let address = Sha256::digest(self.address.as_bytes());
        let both = Sha256::new()
            .chain_update(address)
            .chain_update(self.owner.0);
        let bytes = both.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What something draws on.
struct Held {
    address: String,
    /// `None` where all credentials of the address share.
    owner: Option<Owner>,
    limits: &'static RequestLimits,
    shared: Weak<Shared>,
}

/// The budgets that something holds.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// The budget of this scope: what is held already of its limits, or a full one.
pub fn shared(scope: Scope, limits: &'static RequestLimits) -> RequestBudget {
    let Scope { address, owner } = scope;
    let by_address = limits.count(LimitScope::Address);
    let alone = (!by_address).then_some(owner);
    let mut held = HELD.locked();
    held.retain(|one| one.shared.strong_count() > 0);
    let known = held
        .iter()
        .find(|one| one.address == address && one.owner == alone && one.limits == limits);
    let shared = known.and_then(|one| one.shared.upgrade());
    let shared = shared.unwrap_or_else(|| {
        let shared = Arc::new(Shared::new(limits));
        held.push(Held {
            address,
            owner: alone,
            limits,
            shared: Arc::downgrade(&shared),
        });
        shared
    });
    RequestBudget::sharing(shared, limits, owner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::Limit;
    use crate::domain::venue::VenueProfile;

    fn scope(address: &str, credential: &str) -> Scope {
        Scope::new(address, &Secret::new(credential.to_owned()).unwrap())
    }

    #[test]
    fn keys_share_what_is_counted_by_address() {
        const LIMITS: &RequestLimits = &RequestLimits {
            limits: &[Limit {
                scope: LimitScope::Address,
                ..VenueProfile::CROSSTRADE.limits.limits[0]
            }],
            ..VenueProfile::CROSSTRADE.limits
        };
        let shared = |address, key| {
            let budget = shared(scope(address, key), LIMITS);
            Arc::clone(&budget.member.shared)
        };
        let one = shared("https://keys.example", "key-a");
        assert!(Arc::ptr_eq(&one, &shared("https://keys.example/", "key-b")));
        assert!(!Arc::ptr_eq(&one, &shared("https://else.example", "key-a")));
    }

    #[test]
    fn a_budget_belongs_to_a_user_at_an_address() {
        let limits = &VenueProfile::CROSSTRADE.limits;
        let shared = |scope| Arc::clone(&shared(scope, limits).member.shared);
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
