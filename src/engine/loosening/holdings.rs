//! Conditions on what is held and what works. Each function says whether `new`
//! is true whenever `old` is.

use rust_decimal::Decimal;

use super::is_as_low;
use crate::domain::instrument::Instrument;
use crate::rules::ruleset::{OrderLimit, PositionLimit};

pub(super) fn position(old: &PositionLimit, new: &PositionLimit) -> bool {
    let PositionLimit {
        contracts,
        per_instrument,
        positions,
        allow,
        deny,
        micro_ratio,
        opposite,
    } = new;
    is_as_low(old.contracts.as_ref(), contracts.as_ref())
        // The fewer micros count as one contract, the more contracts there are. That
        // matters only where contracts were limited.
        && (old.contracts.is_none() || ratio(*micro_ratio) <= ratio(old.micro_ratio))
        && old
            .per_instrument
            .iter()
            .all(|limit| is_limited(limit, per_instrument))
        && is_as_low(old.positions.as_ref(), positions.as_ref())
        && allows_no_more(&old.allow, allow)
        && covers(deny, &old.deny)
        // A larger group has every pair of the smaller one.
        && old
            .opposite
            .iter()
            .all(|group| opposite.iter().any(|new| covers(new, group)))
}

fn ratio(given: Option<Decimal>) -> Decimal {
    given.unwrap_or(Decimal::ONE)
}

/// Whether a limit of all months of an instrument, or of the same one, is as
/// low as this.
fn is_limited(old: &(Instrument, Decimal), new: &[(Instrument, Decimal)]) -> bool {
    let (instrument, most) = old;
    new.iter()
        .any(|(new, limit)| instrument.is_covered_by(new) && limit <= most)
}

/// An empty list allows everything.
fn allows_no_more(old: &[Instrument], new: &[Instrument]) -> bool {
    old.is_empty() || (!new.is_empty() && covers(old, new))
}

/// Whether each of the instruments is one of the list.
pub(super) fn covers(list: &[Instrument], instruments: &[Instrument]) -> bool {
    instruments
        .iter()
        .all(|one| list.iter().any(|named| one.is_covered_by(named)))
}

pub(super) fn orders(old: &OrderLimit, new: &OrderLimit) -> bool {
    let OrderLimit { working, quantity } = new;
    is_as_low(old.working.as_ref(), working.as_ref())
        && is_as_low(old.quantity.as_ref(), quantity.as_ref())
}
