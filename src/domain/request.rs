//! What may be asked of a venue for one account, and what came of it.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::holdings::{OrderBook, OrderSide};
use super::instrument::Instrument;
use super::position_key::PositionKey;

/// A protective request for one account: one write is one request, one row of the
/// record and one answer.
///
/// There is deliberately nothing here that opens, adds to or reverses a position:
/// everything is safe to repeat against the same target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Cancel every working order of the account.
    CancelOrders,
    /// Close every position and cancel every order of the account.
    Flatten,
    /// Close one whole position, whatever its size is by then.
    ClosePosition(PositionKey),
    /// Close a quantity of one position.
    CloseQuantity(CloseQuantity),
    /// Cancel every working order in one instrument.
    CancelOrdersOf {
        /// The instrument.
        instrument: Instrument,
        /// The list that they stand in; `None` where there is one.
        book: Option<OrderBook>,
    },
    /// Cancel one order.
    CancelOrder {
        /// The venue's id for it.
        id: Arc<str>,
        /// What it trades, where that is known.
        instrument: Option<Instrument>,
        /// The list that it stands in, where that is known.
        book: Option<OrderBook>,
    },
}

/// A market order that closes a quantity of one position. The venue must be told
/// that it may reduce this position and do nothing else: by its side in hedge mode,
/// else as reduce-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseQuantity {
    /// The position.
    pub position: PositionKey,
    /// Which way the order trades: against the position.
    pub side: OrderSide,
    /// How much, above zero.
    pub quantity: Decimal,
    /// Which of the orders that close it together, from 1.
    pub part: usize,
}

/// As in the record: `sell 0.5 of BTCUSDT/long`, `buy 10 of BTCUSDT, part 2`.
impl fmt::Display for CloseQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantity = self.quantity.normalize();
        write!(f, "{} {quantity} of {}", self.side.name(), self.position)?;
        match self.part {
            0 | 1 => Ok(()),
            part => write!(f, ", part {part}"),
        }
    }
}

impl Write {
    /// The stable names of all of them.
    pub const NAMES: [&str; 5] = [
        "cancel_orders",
        "flatten",
        "close_position",
        "cancel_orders_of",
        "cancel_order",
    ];

    /// Cancels the order of this id, where that says all.
    pub fn cancel_order(id: &str) -> Write {
        Write::CancelOrder {
            id: Arc::from(id),
            instrument: None,
            book: None,
        }
    }

    /// Cancels the orders of an instrument, where they stand in one list.
    pub const fn cancel_orders_of(instrument: Instrument) -> Write {
        Write::CancelOrdersOf {
            instrument,
            book: None,
        }
    }

    /// The stable name, as in the record and in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Write::CancelOrders => "cancel_orders",
            Write::Flatten => "flatten",
            Write::ClosePosition(_) | Write::CloseQuantity(_) => "close_position",
            Write::CancelOrdersOf { .. } => "cancel_orders_of",
            Write::CancelOrder { .. } => "cancel_order",
        }
    }

    /// What the request names besides the account, as in the record.
    pub fn target(&self) -> Option<String> {
        let listed = |name: &dyn fmt::Display, book: Option<OrderBook>| match book {
            None => name.to_string(),
            Some(book) => format!("{name} ({})", book.name()),
        };
        match self {
            Write::CancelOrders | Write::Flatten => None,
            Write::ClosePosition(position) => Some(position.to_string()),
            Write::CloseQuantity(close) => Some(close.to_string()),
            Write::CancelOrdersOf { instrument, book } => Some(listed(instrument, *book)),
            Write::CancelOrder { id, book, .. } => Some(listed(id, *book)),
        }
    }

    /// The position that it closes, all of it or a part; `None` for a flatten, which
    /// closes every one.
    pub const fn position(&self) -> Option<&PositionKey> {
        match self {
            Write::ClosePosition(position) => Some(position),
            Write::CloseQuantity(close) => Some(&close.position),
            Write::CancelOrders
            | Write::Flatten
            | Write::CancelOrdersOf { .. }
            | Write::CancelOrder { .. } => None,
        }
    }

    /// Whether it closes a position.
    pub const fn closes(&self) -> bool {
        matches!(self, Write::Flatten) || self.position().is_some()
    }

    /// Whether this write does all that the other one does.
    pub fn covers(&self, other: &Write) -> bool {
        match (self, other) {
            (Write::Flatten, other) => other.closes(),
            // No cancel of several reaches an order that is cancelled by itself.
            (
                Write::CancelOrders,
                Write::CancelOrder {
                    book: Some(book), ..
                },
            ) => !book.is_by_order(),
            (Write::CancelOrders, other) => !other.closes(),
            (Write::ClosePosition(position), other) => other.position() == Some(position),
            (one, other) => one == other,
        }
    }

    /// The close that a row of the record says, by its name and its target: what it
    /// closed, not how much. `None` for what is none.
    pub fn recorded_close(name: &str, target: Option<&str>) -> Option<Write> {
        match (name, target) {
            ("flatten", _) => Some(Write::Flatten),
            ("close_position", Some(target)) => {
                let position = position_of_quantity(target).unwrap_or(target);
                Some(Write::ClosePosition(PositionKey::new(position)))
            }
            _ => None,
        }
    }
}

/// The position in `sell 0.5 of BTCUSDT/long, part 2`.
fn position_of_quantity(target: &str) -> Option<&str> {
    let sides = [OrderSide::Buy, OrderSide::Sell];
    let rest = sides
        .iter()
        .find_map(|side| target.strip_prefix(side.name())?.strip_prefix(' '))?;
    let (quantity, position) = rest.split_once(" of ")?;
    quantity.parse::<Decimal>().ok()?;
    let part = position.rsplit_once(", part ");
    let part = part.filter(|(_, part)| part.parse::<usize>().is_ok());
    Some(part.map_or(position, |(position, _)| position))
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target() {
            Some(target) => write!(f, "{} {target}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

/// Where a write stands in the order of what leaves, the first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It closes a position.
    Close,
    /// It cancels what may open one.
    Cancel,
    /// A cancel that a close on its way makes needless, as far as the venue does
    /// what it says: it leaves while there is room for it.
    Beside,
}

/// What came of a write. Only a later read can say that an account is flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The venue took the command.
    Acknowledged,
    /// The venue said that there was nothing to do.
    NothingToDo,
    /// The venue said no; nothing was done.
    Refused,
    /// It certainly did not reach the venue, or was turned away at the gate.
    NotSent,
    /// The answer was lost, or says nothing: it may have been carried out.
    Unknown,
}

impl Outcome {
    /// Each of them.
    pub const ALL: [Outcome; 5] = [
        Outcome::Acknowledged,
        Outcome::NothingToDo,
        Outcome::Refused,
        Outcome::NotSent,
        Outcome::Unknown,
    ];

    /// The stable name, as in the record and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Acknowledged => "acknowledged",
            Outcome::NothingToDo => "nothing_to_do",
            Outcome::Refused => "refused",
            Outcome::NotSent => "not_sent",
            Outcome::Unknown => "unknown",
        }
    }
}

/// An answer as it is told: `refused in 41 ms, HTTP 400: no such instrument`.
/// `took` is in words, and empty where it is not known.
pub fn told(outcome: Outcome, took: &str, status: Option<u16>, words: &str) -> String {
    let mut text = outcome.name().to_owned();
    if !took.is_empty() {
        text += &format!(" in {took}");
    }
    if let Some(status) = status {
        text += &format!(", HTTP {status}");
    }
    if !words.is_empty() {
        text += &format!(": {words}");
    }
    text
}

/// The answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// The venue's own words, shortened, or what went wrong on the way.
    pub words: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(position: &str, part: usize) -> Write {
        Write::CloseQuantity(CloseQuantity {
            position: PositionKey::new(position),
            side: OrderSide::Sell,
            quantity: Decimal::new(50, 2),
            part,
        })
    }

    #[test]
    fn a_close_on_record_says_what_it_closed() {
        let cases = [
            (quantity("BTCUSDT/long", 1), "sell 0.5 of BTCUSDT/long"),
            (quantity("BTCUSDT", 2), "sell 0.5 of BTCUSDT, part 2"),
            (
                Write::ClosePosition(PositionKey::new("ES 03-26")),
                "ES 03-26",
            ),
            (
                Write::ClosePosition(PositionKey::new("sell off")),
                "sell off",
            ),
        ];
        for (write, target) in cases {
            assert_eq!(write.target().as_deref(), Some(target));
            let read = Write::recorded_close(write.name(), Some(target)).unwrap();
            assert_eq!(read.position(), write.position(), "{target}");
        }
        let flatten = Write::recorded_close("flatten", None);
        assert_eq!(flatten, Some(Write::Flatten));
        assert_eq!(Write::recorded_close("cancel_order", Some("1")), None);
    }

    #[test]
    fn a_list_of_orders_is_told_where_there_are_several() {
        let book = Some(OrderBook::Conditional);
        let of = |book| Write::CancelOrdersOf {
            instrument: Instrument::new("BTCUSDT"),
            book,
        };
        assert_eq!(of(None).to_string(), "cancel_orders_of BTCUSDT");
        assert_eq!(
            of(book).to_string(),
            "cancel_orders_of BTCUSDT (conditional)"
        );
        assert!(!of(book).covers(&of(Some(OrderBook::Regular))));
    }

    #[test]
    fn a_cancel_of_all_orders_leaves_those_that_go_one_by_one() {
        let of = |book| Write::CancelOrder {
            id: Arc::from("7"),
            instrument: None,
            book,
        };
        assert!(Write::CancelOrders.covers(&of(None)));
        assert!(Write::CancelOrders.covers(&of(Some(OrderBook::Regular))));
        assert!(!Write::CancelOrders.covers(&of(Some(OrderBook::Twap))));
    }

    #[test]
    fn a_whole_position_is_more_than_a_part_of_it() {
        let whole = Write::ClosePosition(PositionKey::new("BTCUSDT/long"));
        assert!(whole.covers(&quantity("BTCUSDT/long", 1)));
        assert!(!whole.covers(&quantity("BTCUSDT/short", 1)));
        assert!(!quantity("BTCUSDT/long", 1).covers(&whole));
        assert!(!quantity("BTCUSDT", 1).covers(&quantity("BTCUSDT", 2)));
        assert!(Write::Flatten.covers(&whole));
    }
}
