//! Whether one limit is as tight as another, for all kinds of conditions.

use crate::domain::instrument::Instrument;
use crate::rules::book::{Amount, Breach};

/// Whether a limit is as low as it was; one that was not there may be added,
/// one that was may not go.
pub(super) fn is_as_low<T: PartialOrd>(old: Option<&T>, new: Option<&T>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(old), Some(new)) => new <= old,
        (Some(_), None) => false,
    }
}

/// A limit that was not there may be added, one that was may not go.
pub(super) fn is_limit_as_tight(old: Option<Amount>, new: Option<Amount>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(old), Some(new)) => is_amount_as_small(old, new),
        (Some(_), None) => false,
    }
}

/// An amount and a share cannot be compared: what the share is one of may
/// change.
pub(super) fn is_amount_as_small(old: Amount, new: Amount) -> bool {
    match (old, new) {
        (Amount::Money(old), Amount::Money(new)) => new <= old,
        (Amount::Share(old), Amount::Share(new)) => new <= old,
        (Amount::Money(_), Amount::Share(_)) | (Amount::Share(_), Amount::Money(_)) => false,
    }
}

pub(super) fn is_breach_as_tight(old: Breach, new: Breach) -> bool {
    match old {
        Breach::Touch => new == Breach::Touch,
        Breach::Cross => true,
    }
}

/// Whether each of the instruments is one of the list.
pub(super) fn covers(list: &[Instrument], instruments: &[Instrument]) -> bool {
    instruments
        .iter()
        .all(|one| list.iter().any(|named| one.is_covered_by(named)))
}
