//! What must hold of everything that leaves riskd: polls in time (I10), closes
//! that meet no other (I11), and writes that are on record (I12).

mod closes;
mod polls;
mod rows;

pub use closes::Closes;
pub use polls::Polls;
pub use rows::{Rows, Sent};

/// What is known of what has left.
#[derive(Default)]
pub struct Leaving {
    pub polls: Polls,
    pub closes: Closes,
    pub rows: Rows,
}
