//! Whatever a venue can do and whatever is held: the plans lead to the goal, and no
//! write opens, adds to or turns round anything.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a sum that overflows in a test fails it"
)]

use proptest::prelude::*;

use super::*;
use crate::domain::abilities::{CancelScope, CloseScope};
use crate::domain::holdings::OrderBook;
use crate::domain::instrument::Dialect;
use crate::domain::position_key::PositionSide;
use crate::domain::symbols::SymbolFacts;

const NAMES: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
static BOOKS: [OrderBook; 3] = [OrderBook::Regular, OrderBook::Conditional, OrderBook::Twap];

/// Enough can be asked of each that everything can be closed and cancelled.
const CANCELS: [&[CancelScope]; 5] = [
    &[
        CancelScope::Account,
        CancelScope::Symbol,
        CancelScope::Order,
    ],
    &[CancelScope::Symbol, CancelScope::Order],
    &[CancelScope::Order],
    &[CancelScope::Account, CancelScope::Order],
    &[CancelScope::RegularOfSymbol, CancelScope::Order],
];
const CLOSES: [&[CloseScope]; 4] = [
    &[CloseScope::Account, CloseScope::Position],
    &[CloseScope::Account, CloseScope::Quantity],
    &[CloseScope::Position],
    &[CloseScope::Quantity],
];

fn abilities() -> impl Strategy<Value = Abilities> {
    let several = prop_oneof![Just(&BOOKS[..0]), Just(&BOOKS[..])];
    (0..5_usize, 0..4_usize, several, any::<[bool; 3]>()).prop_map(
        |(cancel, close, books, [hedge_mode, takes_orders, cancels_first])| Abilities {
            cancel: CANCELS[cancel],
            close: CLOSES[close],
            books: if CANCELS[cancel].contains(&CancelScope::RegularOfSymbol) {
                &BOOKS
            } else {
                books
            },
            hedge_mode,
            flatten_cancels_orders: takes_orders,
            cancel_before_close: cancels_first,
            repeated_close_joins: true,
        },
    )
}

fn key(name: usize, side: PositionSide) -> PositionKey {
    PositionKey {
        instrument: Instrument::of(NAMES[name], Dialect::Symbols),
        side,
    }
}

/// An account of these abilities: at most one position a side, and some orders.
#[derive(Clone, Debug)]
struct Book {
    positions: Vec<Position>,
    orders: Vec<WorkingOrder>,
}

fn books(hedge_mode: bool) -> impl Strategy<Value = Book> {
    let sizes = prop::collection::vec(-40..40_i64, 6);
    let orders = prop::collection::vec((0..3_usize, any::<[bool; 3]>(), 1..9_i64), 0..6);
    (sizes, orders).prop_map(move |(sizes, orders)| {
        let mut book = Book {
            positions: Vec::new(),
            orders: Vec::new(),
        };
        for (place, size) in sizes.into_iter().enumerate() {
            let (side, size) = match (hedge_mode, place < 3) {
                (false, true) => (PositionSide::OneWay, size),
                (false, false) => continue,
                (true, true) => (PositionSide::Long, size.max(0)),
                (true, false) => (PositionSide::Short, size.min(0)),
            };
            let quantity = Decimal::new(size, 1);
            if side.admits(quantity) {
                book.positions
                    .push(Position::new(key(place % 3, side), quantity));
            }
        }
        for (place, (name, [buys, is_long, is_regular], size)) in orders.into_iter().enumerate() {
            let side = match (hedge_mode, is_long) {
                (false, _) => PositionSide::OneWay,
                (true, true) => PositionSide::Long,
                (true, false) => PositionSide::Short,
            };
            book.orders.push(WorkingOrder {
                id: Some(Arc::from(place.to_string())),
                instrument: Some(key(name, side).instrument),
                position: Some(side),
                side: Some(if buys {
                    OrderSide::Buy
                } else {
                    OrderSide::Sell
                }),
                book: Some(match (is_regular, size % 2) {
                    (true, _) => BOOKS[0],
                    (false, 0) => BOOKS[1],
                    (false, _) => BOOKS[2],
                }),
                remaining: Some(Decimal::from(size)),
                ..WorkingOrder::default()
            });
        }
        book
    })
}

impl Book {
    /// Does what is asked; panics at what nobody may ask.
    fn take(&mut self, write: &Write, abilities: &Abilities) {
        let is_in = |order: &WorkingOrder, book: &Option<OrderBook>| {
            assert_eq!(book.is_none(), abilities.books.is_empty(), "{write}");
            assert_ne!(*book, Some(OrderBook::Twap), "{write}");
            order.book != Some(OrderBook::Twap) && (book.is_none() || order.book == *book)
        };
        match write {
            Write::CancelOrders => self
                .orders
                .retain(|order| order.book == Some(OrderBook::Twap)),
            Write::Flatten => self.positions.clear(),
            Write::ClosePosition(key) => {
                let before = self.positions.len();
                self.positions.retain(|held| held.key != *key);
                assert!(self.positions.len() < before, "{write}: it is not held");
            }
            Write::CloseQuantity(close) => self.reduce(close),
            Write::CancelOrdersOf { instrument, book } => self.orders.retain(|order| {
                order.instrument.as_ref() != Some(instrument) || !is_in(order, book)
            }),
            Write::CancelOrder { id, .. } => {
                self.orders.retain(|order| order.id.as_ref() != Some(id));
            }
        }
    }

    fn reduce(&mut self, close: &crate::domain::request::CloseQuantity) {
        let mut positions = self.positions.iter_mut();
        let held = positions.find(|held| held.key == close.position).unwrap();
        let change = match close.side {
            OrderSide::Buy => close.quantity,
            OrderSide::Sell => -close.quantity,
        };
        assert!(close.quantity > Decimal::ZERO && close.quantity <= held.quantity.abs());
        assert_ne!(change.is_sign_negative(), held.quantity.is_sign_negative());
        held.quantity += change;
        self.positions.retain(|held| !held.quantity.is_zero());
    }
}

/// The symbols, with a largest market order of one and a half.
fn symbols() -> Symbols {
    let facts = SymbolFacts {
        step: Some(Decimal::new(1, 1)),
        largest_market_order: Some(Decimal::new(15, 1)),
    };
    let names = NAMES.iter().map(|name| ((*name).to_owned(), facts));
    names.collect()
}

fn cases() -> impl Strategy<Value = (Abilities, Book, Goal)> {
    abilities().prop_flat_map(|abilities| {
        let side = if abilities.hedge_mode {
            PositionSide::Long
        } else {
            PositionSide::OneWay
        };
        let goals = prop_oneof![
            Just(Goal::FlatAndQuiet),
            Just(Goal::Quiet),
            Just(Goal::ReduceOnly),
            Just(Goal::Closed(vec![key(0, side), key(2, side)])),
        ];
        (Just(abilities), books(abilities.hedge_mode), goals)
    })
}

proptest! {
    #[test]
    fn plans_lead_to_the_goal_and_open_nothing((abilities, mut book, goal) in cases()) {
        let symbols = symbols();
        let means = Means { abilities: &abilities, symbols: &symbols };
        let before = book.clone();
        for round in 0.. {
            prop_assert!(round < 9, "it does not end: {before:?}");
            let orders = WorkingOrders::Listed(book.orders.clone().into());
            let held = book.positions.clone();
            let plan = plan(&goal, Seen::proof(Some(&held), &orders), means);
            prop_assert!(plan.is_complete);
            if plan.is_reached() {
                break;
            }
            for planned in merged(plan.writes) {
                book.take(&planned.write, &abilities);
            }
        }
        let is_kept = |position: &&Position| match &goal {
            Goal::FlatAndQuiet => false,
            Goal::Closed(keys) => !keys.contains(&position.key),
            Goal::Quiet | Goal::ReduceOnly => true,
        };
        let kept: Vec<Position> = before.positions.iter().filter(is_kept).cloned().collect();
        prop_assert_eq!(&book.positions, &kept);
        match &goal {
            Goal::FlatAndQuiet | Goal::Quiet => prop_assert!(book.orders.is_empty()),
            Goal::ReduceOnly => {
                let left = increasing_orders(&book.orders, &kept, abilities.hedge_mode);
                prop_assert!(left.is_empty());
            }
            // What protects the other side is still there.
            Goal::Closed(keys) => {
                let is_other_stop = |order: &&WorkingOrder| {
                    order.position == Some(PositionSide::Short) && order.side == Some(OrderSide::Buy)
                };
                let is_elsewhere = |order: &&WorkingOrder| {
                    keys.iter().all(|key| order.instrument.as_ref() != Some(&key.instrument))
                };
                let stays = |order: &&WorkingOrder| is_elsewhere(order) || is_other_stop(order);
                let left: Vec<_> = before.orders.iter().filter(stays).cloned().collect();
                prop_assert_eq!(&book.orders, &left);
            }
        }
    }
}
