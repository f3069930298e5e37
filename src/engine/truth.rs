//! Three-valued truth.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a condition answers. Not knowing is an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can tell now.
    Unknown,
}

impl Truth {
    /// Kleene's and: false wins over unknown.
    #[must_use]
    pub const fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Unknown,
        }
    }

    /// Kleene's or: true wins over unknown.
    #[must_use]
    pub const fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, Truth::False) => Truth::False,
            _ => Truth::Unknown,
        }
    }

    /// Kleene's not: the unknown stays unknown.
    #[must_use]
    pub const fn negated(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Truth::True => "true",
            Truth::False => "false",
            Truth::Unknown => "unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

/// What cannot be computed is unknown.
impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Truth {
        value.map_or(Truth::Unknown, Truth::from)
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, False, True, Unknown};

    #[test]
    fn trees_combine_by_kleene_logic() {
        let all = [True, False, Unknown];
        for left in all {
            for right in all {
                assert_eq!(left.and(right), right.and(left));
                assert_eq!(left.or(right), right.or(left));
                assert_eq!(
                    left.and(right).negated(),
                    left.negated().or(right.negated())
                );
            }
            assert_eq!(left.and(True), left);
            assert_eq!(left.or(False), left);
            assert_eq!(left.and(False), False);
            assert_eq!(left.or(True), True);
        }
        assert_eq!(Truth::from(None), Unknown);
    }
}
