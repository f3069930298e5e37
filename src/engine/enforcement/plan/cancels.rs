//! The writes that cancel working orders, by the widest that the venue takes and the
//! goal allows.

use rust_decimal::Decimal;

use super::{Means, Plan, Planned, Seen};
use crate::domain::abilities::{Abilities, CancelScope};
use crate::domain::holdings::{OrderBook, OrderSide, Position, WorkingOrder};
use crate::domain::instrument::Instrument;
use crate::domain::position_key::{PositionKey, PositionSide};
use crate::domain::request::{Urgency, Write};

/// Cancels everything that works, or may. `closes` go along: orders of what they
/// close may rest though none is known of.
pub(super) fn of_all(seen: Seen<'_>, means: Means<'_>, closes: &[Write]) -> Vec<Planned> {
    let abilities = means.abilities;
    let count = seen.orders.count().filter(|_| seen.is_proof);
    let with_close = !closes.is_empty();
    // Without a close, orders that are not known of are looked for first.
    let may_work = match count {
        Some(count) => count > 0,
        None => !seen.is_proof || with_close,
    };
    if !may_work {
        return Vec::new();
    }
    let urgency = urgency(count.is_some(), with_close, abilities);
    let planned = |write| Planned { write, urgency };
    let listed = seen.listed().unwrap_or_default();
    let is_each_known = count.is_some() && seen.listed().is_some();
    let by_account = abilities.can_cancel(CancelScope::Account);
    let mut writes = Vec::new();
    if by_account && !(is_each_known && listed.iter().all(goes_alone)) {
        writes.push(Write::CancelOrders);
    }
    for order in listed
        .iter()
        .filter(|order| !by_account || goes_alone(order))
    {
        add(&mut writes, of_order(order, abilities));
    }
    if !by_account && !is_each_known {
        let shown = listed.iter().filter_map(|order| order.instrument.as_ref());
        let held = seen.held().iter().map(|held| &held.key.instrument);
        for instrument in shown.chain(held) {
            add(&mut writes, of_symbol(instrument, None, abilities));
        }
    }
    writes.into_iter().map(planned).collect()
}

/// Whether there is a way to cancel each order that is listed.
pub(super) fn can_all_go(seen: Seen<'_>, means: Means<'_>) -> bool {
    let has_way = |order: &WorkingOrder| !of_order(order, means.abilities).is_empty();
    match seen.listed() {
        Some(orders) => orders.iter().all(has_way),
        None => means.abilities.can_cancel(CancelScope::Account),
    }
}

/// Whether no cancel of several takes this order along.
fn goes_alone(order: &WorkingOrder) -> bool {
    order.book.is_some_and(OrderBook::is_by_order)
}

/// A cancel beside a close is needless where that takes the orders along, unless
/// orders are known to work all the same.
fn urgency(are_known: bool, with_close: bool, abilities: &Abilities) -> Urgency {
    if with_close && !are_known && abilities.flatten_cancels_orders {
        Urgency::Beside
    } else {
        Urgency::Cancel
    }
}

/// Cancels what could open this position again: every order in its instrument but
/// those of the other side that can only reduce that. An order that does not say its
/// instrument may be one of them.
pub(super) fn of_one(
    key: &PositionKey,
    seen: Seen<'_>,
    means: Means<'_>,
    with_close: bool,
) -> Plan {
    let abilities = means.abilities;
    let listed = seen.listed().filter(|_| seen.is_proof);
    let Some(orders) = listed else {
        // The other side's own stops may be among them.
        let is_wide = key.side != PositionSide::OneWay;
        let goes_along = with_close && !is_wide;
        let urgency = urgency(false, with_close, abilities);
        let writes = of_symbol(&key.instrument, None, abilities).into_iter();
        return Plan {
            writes: writes
                .filter(|_| goes_along)
                .map(|write| Planned { write, urgency })
                .collect(),
            is_complete: false,
        };
    };
    let is_meant = |order: &&WorkingOrder| {
        let mut instrument = order.instrument.iter();
        instrument.all(|instrument| *instrument == key.instrument)
    };
    let meant: Vec<&WorkingOrder> = orders.iter().filter(is_meant).collect();
    let (stay, go): (Vec<_>, Vec<_>) = meant
        .into_iter()
        .partition(|order| stays_beside(order, key));
    let is_narrow = !stay.is_empty();
    let mut plan = Plan {
        writes: Vec::new(),
        is_complete: true,
    };
    let mut writes = Vec::new();
    for order in go {
        let ways = match &order.instrument {
            Some(_) if is_narrow => by_id(order, abilities).into_iter().collect(),
            Some(_) => of_order(order, abilities),
            None if goes_alone(order) => of_order(order, abilities),
            None => of_nameless(order, abilities),
        };
        plan.is_complete &= !ways.is_empty();
        add(&mut writes, ways);
    }
    plan.writes = writes.into_iter().map(Planned::urgent).collect();
    plan
}

/// Whether the order is one of the other side of the instrument, and can only reduce
/// what is held there.
fn stays_beside(order: &WorkingOrder, key: &PositionKey) -> bool {
    let is_other = match (key.side, order.position) {
        (PositionSide::Long, Some(PositionSide::Short))
        | (PositionSide::Short, Some(PositionSide::Long)) => order.instrument.is_some(),
        _ => false,
    };
    is_other && (order.reduce_only == Some(true) || closes_side(order) == Some(true))
}

/// The widest cancel that takes this order along, if there is any, and takes nothing
/// of another symbol or list along unless there is no other way.
fn of_order(order: &WorkingOrder, abilities: &Abilities) -> Vec<Write> {
    if goes_alone(order) {
        return by_id(order, abilities).into_iter().collect();
    }
    match &order.instrument {
        Some(instrument) if goes_by_symbol(order.book, abilities) => {
            of_symbol(instrument, order.book, abilities)
        }
        Some(_) => match by_id(order, abilities) {
            Some(write) => vec![write],
            None => of_account(abilities),
        },
        None => of_nameless(order, abilities),
    }
}

fn of_nameless(order: &WorkingOrder, abilities: &Abilities) -> Vec<Write> {
    match of_account(abilities) {
        all if !all.is_empty() => all,
        _ => by_id(order, abilities).into_iter().collect(),
    }
}

fn of_account(abilities: &Abilities) -> Vec<Write> {
    if abilities.can_cancel(CancelScope::Account) {
        vec![Write::CancelOrders]
    } else {
        Vec::new()
    }
}

/// Whether one cancel takes along what a symbol has in this list.
fn goes_by_symbol(book: Option<OrderBook>, abilities: &Abilities) -> bool {
    let is_regular = book == Some(OrderBook::Regular);
    abilities.can_cancel(CancelScope::Symbol)
        || (is_regular && abilities.can_cancel(CancelScope::RegularOfSymbol))
}

/// Cancels the orders of a symbol, in one list of them or in each.
fn of_symbol(
    instrument: &Instrument,
    book: Option<OrderBook>,
    abilities: &Abilities,
) -> Vec<Write> {
    let of = |book| Write::CancelOrdersOf {
        instrument: instrument.clone(),
        book,
    };
    if !abilities.can_cancel(CancelScope::Symbol) {
        let regular = Some(OrderBook::Regular);
        let is_meant = book.is_none() || book == regular;
        return if is_meant && goes_by_symbol(regular, abilities) {
            vec![of(regular)]
        } else {
            Vec::new()
        };
    }
    match (abilities.books, book) {
        ([], _) => vec![of(None)],
        (_, Some(book)) => vec![of(Some(book))],
        (books, None) => {
            let books = books.iter().filter(|book| !book.is_by_order());
            books.map(|book| of(Some(*book))).collect()
        }
    }
}

/// Cancels one order, where the venue does that and it has an id that can stand in a
/// request.
fn by_id(order: &WorkingOrder, abilities: &Abilities) -> Option<Write> {
    let id = order.id.as_ref().filter(|id| is_plain(id))?;
    abilities
        .can_cancel(CancelScope::Order)
        .then(|| Write::CancelOrder {
            id: id.clone(),
            instrument: order.instrument.clone(),
            book: order
                .book
                .filter(|book| book.is_by_order() || !abilities.books.is_empty()),
        })
}

fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
}

fn add(writes: &mut Vec<Write>, more: Vec<Write>) {
    for write in more {
        if !writes.contains(&write) {
            writes.push(write);
        }
    }
}

/// A cancel for each order that would open or increase exposure. When one of
/// them has no id that a request can name, all orders go: leaving it would
/// leave the exposure.
pub(super) fn of_increasing(seen: Seen<'_>, means: Means<'_>) -> Plan {
    let abilities = means.abilities;
    let Some(orders) = seen.listed() else {
        return Plan::default();
    };
    // No order increases anything, whatever is held.
    if seen.positions.is_none() && !orders.is_empty() {
        return Plan::default();
    }
    let mut increasing = increasing_orders(orders, seen.held(), abilities.hedge_mode);
    increasing.sort_by(|one, other| one.id.cmp(&other.id));
    let mut plan = Plan {
        writes: Vec::new(),
        is_complete: true,
    };
    let mut writes = Vec::new();
    for order in increasing {
        let ways = match by_id(order, abilities) {
            Some(write) => vec![write],
            None if goes_alone(order) => Vec::new(),
            None => match of_account(abilities) {
                all if !all.is_empty() => all,
                _ => of_order(order, abilities),
            },
        };
        plan.is_complete &= !ways.is_empty();
        add(&mut writes, ways);
    }
    // One that takes all of them makes the others needless.
    if writes.contains(&Write::CancelOrders) {
        writes.retain(|write| *write == Write::CancelOrders || !Write::CancelOrders.covers(write));
    }
    plan.writes = writes.into_iter().map(Planned::urgent).collect();
    plan
}

/// The orders that would open or increase exposure if they filled. An order
/// that says too little of itself is one of them. Orders on the closing side
/// count up to the size of the position; the ones beyond would reverse it.
///
/// Stop and target of one bracket both close the whole position and only one
/// of them can fill in full, so each order is measured against the position by
/// itself, not against what the others would leave.
pub fn increasing_orders<'a>(
    orders: &'a [WorkingOrder],
    positions: &[Position],
    hedge_mode: bool,
) -> Vec<&'a WorkingOrder> {
    orders
        .iter()
        .filter(|order| !reduces(order, positions, hedge_mode).unwrap_or(false))
        .collect()
}

/// Whether the order can only reduce what is held, or `None` when it does not
/// say enough.
fn reduces(order: &WorkingOrder, positions: &[Position], hedge_mode: bool) -> Option<bool> {
    if order.reduce_only == Some(true) {
        return Some(true);
    }
    let one_way = (!hedge_mode).then_some(PositionSide::OneWay);
    if order.position.or(one_way)? != PositionSide::OneWay {
        return closes_side(order);
    }
    let instrument = order.instrument.as_ref()?;
    let side = order.side?;
    let remaining = order.remaining?;
    let is_it =
        |key: &PositionKey| key.instrument == *instrument && key.side == PositionSide::OneWay;
    let held: Decimal = positions
        .iter()
        .find(|position| is_it(&position.key))
        .map_or(Decimal::ZERO, |position| position.quantity);
    let closes = match side {
        OrderSide::Buy => held.is_sign_negative() && !held.is_zero(),
        OrderSide::Sell => held.is_sign_positive() && !held.is_zero(),
    };
    Some(closes && remaining <= held.abs())
}

/// Whether an order of hedge mode closes the side that it names: venues let such an
/// order do nothing else (positions of hedge mode have no other sign). `None` where it
/// names none, or does not say which way it trades.
fn closes_side(order: &WorkingOrder) -> Option<bool> {
    match (order.position?, order.side?) {
        (PositionSide::Long, side) => Some(side == OrderSide::Sell),
        (PositionSide::Short, side) => Some(side == OrderSide::Buy),
        (PositionSide::OneWay, _) => None,
    }
}
