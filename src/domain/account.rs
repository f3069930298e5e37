//! Names of accounts, venues and rules, and the account number that makes a
//! write possible.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name!(
    /// An account's name in the rule file, such as `apex-1`.
    AccountName
);
name!(
    /// A venue's name in the rule file.
    VenueName
);
name!(
    /// A rule's name; its state is kept under it.
    RuleName
);
name!(
    /// The name of an entry under `notify`.
    NotifierName
);
name!(
    /// A group that accounts belong to.
    GroupName
);

/// The account's own name at its venue, such as `APEX-1234-01`.
///
/// Every request that acts on an account takes one of these, and one cannot be
/// made from a text that could name no account or more than one: see
/// [`AccountNumber::parse`].
///
/// Two numbers are equal when the venue takes them for the same account: venues
/// match without case. What is sent is the spelling of the rule file.
#[derive(Clone, Debug)]
pub struct AccountNumber(Arc<str>);

impl AccountNumber {
    /// What two spellings of one account have in common.
    fn letters(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for AccountNumber {
    fn eq(&self, other: &AccountNumber) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for AccountNumber {}

impl Ord for AccountNumber {
    fn cmp(&self, other: &AccountNumber) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl PartialOrd for AccountNumber {
    fn partial_cmp(&self, other: &AccountNumber) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for AccountNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.letters().for_each(|byte| state.write_u8(byte));
        state.write_u8(u8::MAX);
    }
}

impl AccountNumber {
    /// Longest account number accepted, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// Checks that `text` names exactly one account when it becomes a segment
    /// of a path.
    ///
    /// # Errors
    /// Refuses a blank text, one with leading or trailing space, `.` and `..`,
    /// and any text with a slash, a backslash or a control character: a blank
    /// segment or a dot segment could turn the path of one account into the
    /// path of all of them.
    pub fn parse(text: &str) -> Result<AccountNumber, BadAccountNumber> {
        if text.trim().is_empty() {
            return Err(BadAccountNumber::Blank);
        }
        if text.trim() != text {
            return Err(BadAccountNumber::OuterSpace);
        }
        if text == "." || text == ".." {
            return Err(BadAccountNumber::DotSegment);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(BadAccountNumber::TooLong);
        }
        match text
            .chars()
            .find(|c| matches!(c, '/' | '\\') || c.is_control())
        {
            Some(found) => Err(BadAccountNumber::Forbidden(found)),
            None => Ok(AccountNumber(Arc::from(text))),
        }
    }

    /// The number as the venue knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the venue's spelling `other` names this account: venues match
    /// without case.
    pub fn matches(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.trim())
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a text cannot name one account at a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAccountNumber {
    /// Empty, or nothing but space.
    #[error("an account number must not be blank")]
    Blank,
    /// Space before or behind it.
    #[error("an account number must not begin or end with a space")]
    OuterSpace,
    /// `.` or `..`.
    #[error("an account number must not be `.` or `..`")]
    DotSegment,
    /// Longer than [`AccountNumber::MAX_LENGTH`].
    #[error("an account number has at most 128 bytes")]
    TooLong,
    /// A character that could change the path of a request.
    #[error("an account number must not contain {0:?}")]
    Forbidden(char),
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn spellings_that_the_venue_takes_for_one_account_are_one_number() {
        let number = |text| AccountNumber::parse(text).unwrap();
        let numbers: HashSet<_> = ["Sim101", "SIM101", "sim101", "Sim102"].map(number).into();
        assert_eq!(numbers.len(), 2);
        assert_eq!(number("Sim101").cmp(&number("sIM101")), Ordering::Equal);
        assert!(number("Sim102") > number("sim101"));
        assert_eq!(number("Sim101").as_str(), "Sim101");
    }

    #[test]
    fn a_number_names_one_account_or_is_refused() {
        for good in [
            "Sim101",
            "APEX-1234-01",
            "PA APEX 12!",
            "My.Account",
            "...a",
        ] {
            assert!(AccountNumber::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "  ", ".", "..", "a/b", "/", "a\\b", "a\nb", " a", "a "] {
            assert!(AccountNumber::parse(bad).is_err(), "{bad:?}");
        }
    }
}
