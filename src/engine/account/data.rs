//! How good what is known of an account is.

use crate::domain::observation::Missing;
use crate::engine::quality::Suspicion;

/// How good the newest observation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// There has been none since the start.
    None,
    /// It can be trusted.
    Good,
    /// Its figures cannot be trusted.
    Suspect(Suspicion),
    /// Nothing was learned.
    Missing(Missing),
}

impl Data {
    /// The stable name, as in `status`.
    pub const fn name(self) -> &'static str {
        match self {
            Data::None => "none",
            Data::Good => "good",
            Data::Suspect(_) => "suspect",
            Data::Missing(_) => "missing",
        }
    }

    /// Why it is not good, in words.
    pub fn reason(self) -> Option<String> {
        match self {
            Data::None | Data::Good => None,
            Data::Suspect(suspicion) => Some(suspicion.words().to_owned()),
            Data::Missing(missing) => Some(missing.to_string()),
        }
    }
}
