//! The venue itself: what it holds for each account, and what it does when asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use riskd::domain::holdings::{OrderBook, OrderSide, Position, WorkingOrder, WorkingOrders};
use riskd::domain::instrument::{Dialect, Instrument};
use riskd::domain::limits::Cost;
use riskd::domain::now::Now;
use riskd::domain::observation::Timestamp;
use riskd::domain::position_key::{PositionKey, PositionSide};
use riskd::domain::request::{Answer, Outcome, Write};
use riskd::domain::symbols::{SymbolFacts, Symbols};
use rust_decimal::Decimal;

use super::{MOST_ORDERS, MOST_WEIGHT, answer};

/// The venue.
#[derive(Default)]
pub struct Exchange {
    accounts: BTreeMap<String, Account>,
    last_order: u32,
    /// Requests that have arrived.
    pub writes: usize,
    /// How the next requests end, though each is carried out unless it is refused.
    pub answers: VecDeque<Outcome>,
    /// A resting order that fills when the next request arrives.
    pub fills_first: Option<&'static str>,
    /// When each key has asked, and what that took.
    calls: Vec<(Timestamp, String, Cost)>,
}

#[derive(Default)]
struct Account {
    positions: Vec<Position>,
    orders: Vec<Order>,
}

struct Order {
    id: u32,
    key: PositionKey,
    side: OrderSide,
    quantity: Decimal,
    book: OrderBook,
}

fn key(text: &str) -> PositionKey {
    PositionKey::of(text, Dialect::Symbols)
}

impl Exchange {
    fn account(&mut self, name: &str) -> &mut Account {
        self.accounts.entry(name.to_owned()).or_default()
    }

    /// Counts a call with the key of this account, and finds out whether it was one too
    /// many.
    pub fn count(&mut self, account: &str, now: Now, cost: Cost) {
        self.calls.push((now.steady, account.to_owned(), cost));
        let within = |span: TimeDelta| {
            let calls = self.calls.iter();
            calls.filter(move |(at, ..)| now.steady - *at < span)
        };
        let weight = within(TimeDelta::seconds(10)).map(|(.., cost)| cost.of("weight"));
        assert!(weight.sum::<u32>() <= MOST_WEIGHT, "the address is banned");
        let orders = within(TimeDelta::seconds(1)).filter(|(_, key, _)| key == account);
        let orders = orders.map(|(.., cost)| cost.of("orders"));
        assert!(
            orders.sum::<u32>() <= MOST_ORDERS,
            "too many orders of {account}"
        );
    }

    /// The account holds this too.
    pub fn open(&mut self, account: &str, position: &str, quantity: &str) {
        let position = Position {
            average_price: Some(Decimal::ONE_HUNDRED),
            unrealized: Some(0.into()),
            ..Position::new(key(position), quantity.parse().unwrap())
        };
        self.account(account).positions.push(position);
    }

    /// A position of the account has this open result.
    pub fn lose(&mut self, account: &str, position: &str, open: &str) {
        let wanted = key(position);
        let positions = &mut self.account(account).positions;
        let held = positions.iter_mut().find(|held| held.key == wanted);
        held.unwrap().unrealized = open.parse().ok();
    }

    /// An order rests.
    pub fn rest(
        &mut self,
        account: &str,
        position: &str,
        side: &str,
        quantity: &str,
        book: OrderBook,
    ) {
        self.last_order += 1;
        let order = Order {
            id: self.last_order,
            key: key(position),
            side: match side {
                "buy" => OrderSide::Buy,
                _ => OrderSide::Sell,
            },
            quantity: quantity.parse().unwrap(),
            book,
        };
        self.account(account).orders.push(order);
    }

    /// Everything that the account has, in words.
    pub fn all_of(&mut self, account: &str) -> String {
        let account = self.account(account);
        let positions = account.positions.iter();
        let positions = positions.map(|held| format!("{}:{}", held.key, held.quantity));
        let orders = account.orders.iter().map(|order| {
            let (side, book) = (order.side.name(), order.book.name());
            format!("{} {side} {} {book}", order.key, order.quantity)
        });
        positions.chain(orders).collect::<Vec<_>>().join("; ")
    }

    pub fn positions(&mut self, account: &str) -> Arc<[Position]> {
        self.account(account).positions.clone().into()
    }

    pub fn orders(&mut self, account: &str) -> WorkingOrders {
        let orders = self.account(account).orders.iter();
        let orders = orders.map(|order| WorkingOrder {
            id: Some(order.id.to_string().into()),
            instrument: Some(order.key.instrument.clone()),
            side: Some(order.side),
            position: Some(order.key.side),
            book: Some(order.book),
            remaining: Some(order.quantity),
            state: Arc::from("NEW"),
            ..WorkingOrder::default()
        });
        WorkingOrders::Listed(orders.collect())
    }

    pub fn symbols(&self) -> Arc<Symbols> {
        let facts = SymbolFacts {
            step: Some(Decimal::new(1, 3)),
            largest_market_order: Some(Decimal::from(5)),
        };
        Arc::new([("ETHUSDT".to_owned(), facts)].into_iter().collect())
    }

    /// Does what is asked, of this account alone.
    pub fn write(&mut self, account: &str, write: &Write) -> Answer {
        self.writes += 1;
        if let Some(position) = self.fills_first.take() {
            self.account(account).fill(&key(position));
        }
        let outcome = self.answers.pop_front();
        if outcome == Some(Outcome::Refused) {
            return answer(Outcome::Refused);
        }
        let done = self.account(account).write(write);
        answer(outcome.unwrap_or(done))
    }
}

impl Account {
    /// An order of this position fills.
    fn fill(&mut self, key: &PositionKey) {
        let place = self.orders.iter().position(|order| order.key == *key);
        let order = self.orders.remove(place.unwrap());
        let quantity = match order.side {
            OrderSide::Buy => order.quantity,
            OrderSide::Sell => -order.quantity,
        };
        self.positions.push(Position::new(order.key, quantity));
    }

    fn write(&mut self, write: &Write) -> Outcome {
        match write {
            Write::CloseQuantity(close) => self.close(&close.position, close.side, close.quantity),
            Write::CancelOrdersOf {
                instrument,
                book: Some(book),
            } => self.cancel(|order| order.key.instrument == *instrument && order.book == *book),
            Write::CancelOrder {
                id,
                instrument: Some(instrument),
                book: Some(book),
            } => self.cancel(|order| {
                *order.id.to_string() == **id
                    && order.key.instrument == *instrument
                    && order.book == *book
            }),
            other => panic!("there is no such request at this venue: {other}"),
        }
    }

    /// An order that may reduce this side of the symbol and nothing else.
    fn close(&mut self, key: &PositionKey, side: OrderSide, quantity: Decimal) -> Outcome {
        let is_closing = match key.side {
            PositionSide::Long => side == OrderSide::Sell,
            PositionSide::Short => side == OrderSide::Buy,
            PositionSide::OneWay => panic!("{key}: accounts have sides here"),
        };
        assert!(is_closing, "{key}: {side:?} would open");
        if key.instrument == Instrument::of("ETHUSDT", Dialect::Symbols) {
            assert!(quantity <= Decimal::from(5), "{quantity} in one order");
        }
        let Some(held) = self.positions.iter_mut().find(|held| held.key == *key) else {
            return Outcome::NothingToDo;
        };
        let left = held.quantity.abs() - quantity.min(held.quantity.abs());
        held.quantity = if side == OrderSide::Sell { left } else { -left };
        self.positions.retain(|held| !held.quantity.is_zero());
        Outcome::Acknowledged
    }

    fn cancel(&mut self, is_meant: impl Fn(&Order) -> bool) -> Outcome {
        self.orders.retain(|order| !is_meant(order));
        Outcome::Acknowledged
    }
}
