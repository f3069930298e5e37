//! Since when a position is one.

use rust_decimal::Decimal;

use crate::sim::ledger::Fill;

/// The fill with which a position that is held began: the first since it was flat, or on
/// the other side. `fills` are those of the position alone.
pub(crate) fn opened_by<'a>(
    fills: impl Iterator<Item = &'a Fill>,
    held: Decimal,
) -> Option<&'a Fill> {
    let mut quantity = Decimal::ZERO;
    let mut first = None;
    for fill in fills {
        let before = quantity;
        quantity += fill.side.signed(fill.quantity);
        let is_same = |quantity: Decimal| {
            !quantity.is_zero() && quantity.is_sign_positive() == held.is_sign_positive()
        };
        if is_same(quantity) && !is_same(before) {
            first = Some(fill);
        }
    }
    first
}
