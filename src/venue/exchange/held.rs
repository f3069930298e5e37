//! Positions, each with the asset of its margin.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::holdings::{Liquidation, Position};
use crate::venue::rest::json::{Node, Unexpected};

/// A position, with the asset of its margin as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::venue) struct Held {
    pub(in crate::venue) position: Position,
    pub(in crate::venue) margin: Option<String>,
}

/// Adds what a row says to what was read before it. A list may move between two pages,
/// so what is there already is left out.
///
/// # Errors
/// When both cannot be held at once: then none is believed.
pub(in crate::venue) fn add(
    held: &mut Vec<Held>,
    new: Held,
    row: Node<'_>,
) -> Result<(), Unexpected> {
    let same = held
        .iter()
        .find(|known| !known.position.key.goes_beside(&new.position.key));
    match same {
        None => held.push(new),
        Some(known) if known.position.key == new.position.key => {}
        Some(_) => return Err(row.unexpected("a position that goes beside the others")),
    }
    Ok(())
}

/// The positions alone.
pub(in crate::venue) fn positions_of(held: Vec<Held>) -> Arc<[Position]> {
    held.into_iter().map(|one| one.position).collect()
}

/// Where a position would be liquidated; zero, or an empty text, is nowhere.
pub(in crate::venue) fn liquidation(price: Option<Node<'_>>) -> Liquidation {
    let Some(price) = price else {
        return Liquidation::Unknown;
    };
    match price.decimal() {
        Some(price) if price > Decimal::ZERO => Liquidation::At(price.normalize()),
        Some(_) => Liquidation::Never,
        None if price.text().is_some_and(|text| text.is_empty()) => Liquidation::Never,
        None => Liquidation::Unknown,
    }
}
