//! What must hold of everything that leaves riskd: polls in time (I10), closes
//! that meet no other (I11), and writes that are on record (I12).

mod closes;
mod polls;
mod rows;

pub use closes::Closes;
pub use polls::{Budget, Polls, Used};
pub use rows::{Rows, Sent};

use riskd::domain::venue::VenueProfile;

/// What is known of what has left; of polls each desk keeps it.
pub struct Leaving {
    pub closes: Closes,
    pub rows: Rows,
}

impl Leaving {
    /// Nothing has left for a venue of this kind.
    pub fn at(profile: &VenueProfile) -> Leaving {
        Leaving {
            closes: Closes::new(profile.abilities.repeated_close_joins),
            rows: Rows::default(),
        }
    }
}
