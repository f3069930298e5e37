//! The mode of the account, as far as it had to be asked for: it can change only while
//! nothing is held and nothing rests (104103).

use std::sync::Mutex;

use super::positions::Mode;
use crate::locked::Locked;

/// The mode that was asked for last, while it holds.
#[derive(Debug, Default)]
pub(super) struct KnownMode(Mutex<Option<Mode>>);

impl KnownMode {
    /// The mode, where it is known.
    pub(super) fn get(&self) -> Option<Mode> {
        *self.0.locked()
    }

    /// The venue has said it.
    pub(super) fn learn(&self, mode: Mode) {
        *self.0.locked() = Some(mode);
    }

    /// It may be another one by now.
    pub(super) fn forget(&self) {
        *self.0.locked() = None;
    }
}
