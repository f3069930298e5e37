//! The writes that close positions.

use super::{Means, Seen};
use crate::domain::abilities::CloseScope;
use crate::domain::holdings::{OrderSide, Position};
use crate::domain::position_key::PositionKey;
use crate::domain::request::{CloseQuantity, Write};

/// Closes everything. Where the venue closes a whole account, that is asked for
/// without a look; else what is seen is closed. What a close of the account has left is
/// closed by its quantity, where the venue does that.
pub(super) fn of_all(seen: Seen<'_>, means: Means<'_>) -> Vec<Write> {
    let abilities = means.abilities;
    let may_be_held = !seen.is_proof || !seen.held().is_empty();
    let is_left = seen.is_proof && abilities.can_close(CloseScope::Quantity);
    if abilities.can_close(CloseScope::Account) && !is_left {
        return if may_be_held {
            vec![Write::Flatten]
        } else {
            Vec::new()
        };
    }
    seen.held()
        .iter()
        .flat_map(|position| of_position(position, means))
        .collect()
}

/// Closes one position. Where the venue closes it whatever its size is, that is asked
/// for without a look.
pub(super) fn of_one(key: &PositionKey, seen: Seen<'_>, means: Means<'_>) -> Vec<Write> {
    let held = seen.held().iter().find(|held| held.key == *key);
    match held {
        Some(position) => of_position(position, means),
        None if !seen.is_proof && means.abilities.can_close(CloseScope::Position) => {
            vec![Write::ClosePosition(key.clone())]
        }
        None => Vec::new(),
    }
}

fn of_position(position: &Position, means: Means<'_>) -> Vec<Write> {
    if means.abilities.can_close(CloseScope::Position) {
        return vec![Write::ClosePosition(position.key.clone())];
    }
    let side = if position.quantity.is_sign_negative() {
        OrderSide::Buy
    } else {
        OrderSide::Sell
    };
    let orders = means
        .symbols
        .closing_orders(&position.key.instrument, position.quantity);
    let close = |(quantity, part)| {
        Write::CloseQuantity(CloseQuantity {
            position: position.key.clone(),
            side,
            quantity,
            part,
        })
    };
    orders.into_iter().zip(1..).map(close).collect()
}
