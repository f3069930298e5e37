//! Which of the venue's two APIs an account speaks: v2 for classic accounts, v3 for
//! unified ones. A call of the other one is refused (40084, 40085), and an account may be
//! switched at any time, so that what is known of it is good until such a refusal.

use std::sync::Mutex;

use crate::locked::Locked;

/// An API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// v2.
    Classic,
    /// v3.
    Unified,
}

impl Family {
    /// What it calls a product.
    pub(super) const fn product(self) -> &'static str {
        match self {
            Family::Classic => "productType",
            Family::Unified => "category",
        }
    }
}

/// The API that the account spoke last.
#[derive(Debug, Default)]
pub(super) struct Spoken(Mutex<Option<Family>>);

impl Spoken {
    pub(super) fn known(&self) -> Option<Family> {
        *self.0.locked()
    }

    /// The venue has answered in this one.
    pub(super) fn learn(&self, family: Family) {
        *self.0.locked() = Some(family);
    }

    /// The venue has refused this one. What was learned since stays.
    pub(super) fn forget(&self, family: Family) {
        let mut known = self.0.locked();
        if *known == Some(family) {
            *known = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_refusal_of_the_old_one_does_not_forget_the_new_one() {
        let spoken = Spoken::default();
        assert_eq!(spoken.known(), None);
        spoken.learn(Family::Classic);
        spoken.forget(Family::Classic);
        assert_eq!(spoken.known(), None);
        spoken.learn(Family::Unified);
        spoken.forget(Family::Classic);
        assert_eq!(spoken.known(), Some(Family::Unified));
    }
}
