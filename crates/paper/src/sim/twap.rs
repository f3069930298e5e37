//! Orders that the venue itself sends in parts, at even times, until all is traded.
//!
//! They are in no book and among no other orders: whoever cancels those, or closes a
//! position, leaves them, and they go on.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::cancel::CancelBehaviour;
use super::order::{Order, Side};
use super::position::{PositionKey, PositionSide};
use super::rules::in_range;
use super::trade::TradeError;
use super::{Simulation, clock};

/// How long one may take; what is left then is cancelled.
pub(crate) const LONGEST_MS: u64 = 24 * 3_600_000;
/// Finished ones kept; older ones are forgotten.
const MAX_FINISHED: usize = 1000;

/// What somebody asks for when placing an order in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwapTicket {
    /// Any accepted spelling of a listed instrument.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// Which position it is about; in hedge mode a long or a short one.
    #[serde(default)]
    pub position_side: PositionSide,
    /// The largest part.
    pub per_order: Decimal,
    /// All parts together.
    pub total: Decimal,
    /// Milliseconds between two parts, at least 1.
    pub every_ms: u64,
    /// It buys only while the price is below this, and sells only while it is above.
    pub limit: Decimal,
}

/// Where an order in parts is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TwapState {
    Running,
    Filled,
    Cancelled,
}

/// An order in parts.
#[derive(Clone, Debug)]
pub(crate) struct Twap {
    pub(crate) id: u64,
    pub(crate) account: usize,
    pub(crate) key: PositionKey,
    pub(crate) side: Side,
    pub(crate) per_order: Decimal,
    pub(crate) total: Decimal,
    pub(crate) executed: Decimal,
    pub(crate) every_ms: u64,
    pub(crate) limit: Decimal,
    pub(crate) state: TwapState,
    pub(crate) placed: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    next: DateTime<Utc>,
    /// When it ends, whatever is left.
    ends: DateTime<Utc>,
}

impl Twap {
    /// Whether it may still trade.
    pub(crate) fn is_live(&self) -> bool {
        self.state == TwapState::Running
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.is_live().then_some(self.next.min(self.ends))
    }

    /// Whether it trades at this price.
    fn is_reached(&self, last: Decimal) -> bool {
        match self.side {
            Side::Buy => last < self.limit,
            Side::Sell => last > self.limit,
        }
    }
}

impl Simulation {
    /// Places an order in parts, whose first one is due at once, and returns its number.
    pub(crate) fn place_twap(
        &mut self,
        account: &str,
        ticket: &TwapTicket,
    ) -> Result<u64, TradeError> {
        let index = self.account_index(account)?;
        if !self.is_connected(index) {
            return Err(TradeError::Disconnected(account.to_owned()));
        }
        let contract = self.contract_index(&ticket.instrument)?;
        let key = PositionKey {
            contract,
            side: ticket.position_side,
        };
        if !key.side.belongs_to(self.mode(index)) {
            return Err(TradeError::WrongPositionSide);
        }
        let is_sound = ticket.per_order > Decimal::ZERO
            && ticket.per_order <= ticket.total
            && ticket.every_ms > 0;
        if !is_sound {
            return Err(TradeError::BadQuantity(ticket.total));
        }
        let twap = Twap {
            id: self.take_id(),
            account: index,
            key,
            side: ticket.side,
            per_order: ticket.per_order,
            total: ticket.total,
            executed: Decimal::ZERO,
            every_ms: ticket.every_ms,
            limit: in_range(Some(ticket.limit))?,
            state: TwapState::Running,
            placed: self.now,
            updated: self.now,
            next: self.now,
            ends: clock::after(self.now, LONGEST_MS),
        };
        let id = twap.id;
        self.twaps.push(twap);
        self.run_twaps();
        self.settle();
        Ok(id)
    }

    /// The orders in parts of an account that may still trade.
    pub(crate) fn live_twaps(&self, account: usize) -> impl Iterator<Item = &Twap> {
        let twaps = self.twaps.iter();
        twaps.filter(move |twap| twap.account == account && twap.is_live())
    }

    /// Asks for the cancel of one.
    pub(crate) fn cancel_twap(
        &mut self,
        account: usize,
        id: u64,
        behaviour: CancelBehaviour,
    ) -> Result<(), TradeError> {
        let now = self.now;
        let mut twaps = self.twaps.iter_mut();
        let found = twaps.find(|twap| twap.id == id && twap.account == account && twap.is_live());
        let twap = found.ok_or_else(|| TradeError::NoLiveOrder(id.to_string()))?;
        match behaviour {
            CancelBehaviour::Nothing | CancelBehaviour::Stuck => {}
            CancelBehaviour::Late(ms) => twap.ends = twap.ends.min(clock::after(now, ms)),
            CancelBehaviour::Normal => {
                (twap.state, twap.updated) = (TwapState::Cancelled, now);
            }
            CancelBehaviour::Fills => {
                (twap.per_order, twap.next) = (twap.total, now);
                self.run_twaps();
            }
        }
        self.settle();
        Ok(())
    }

    /// When one of them trades or ends next.
    pub(super) fn next_twap(&self) -> Option<DateTime<Utc>> {
        self.twaps.iter().filter_map(Twap::next_due).min()
    }

    /// Trades the parts that are due, and ends those whose time is over.
    pub(super) fn run_twaps(&mut self) {
        let now = self.now;
        let mut twaps = std::mem::take(&mut self.twaps);
        for twap in twaps.iter_mut().filter(|twap| twap.is_live()) {
            if twap.ends <= now {
                (twap.state, twap.updated) = (TwapState::Cancelled, now);
            } else if twap.next <= now {
                twap.next = clock::after(twap.next, twap.every_ms.max(1));
                self.trade_part(twap);
            }
        }
        let mut surplus = twaps.len().saturating_sub(MAX_FINISHED);
        twaps.retain(|twap| {
            let forget = surplus > 0 && !twap.is_live();
            surplus -= usize::from(forget);
            !forget
        });
        self.twaps = twaps;
    }

    fn trade_part(&mut self, twap: &mut Twap) {
        let contract = self.market.contracts.get(twap.key.contract);
        if contract.is_none_or(|contract| !twap.is_reached(contract.last)) {
            return;
        }
        let part = twap.per_order.min(twap.total - twap.executed);
        let before = self.orders.len();
        self.trade_at_market(twap.account, twap.key, twap.side.signed(part), "TWAP");
        let traded: Decimal = self
            .orders
            .iter()
            .skip(before)
            .map(|order: &Order| order.filled)
            .sum();
        twap.executed += traded;
        twap.updated = self.now;
        if twap.executed >= twap.total {
            twap.state = TwapState::Filled;
        }
    }
}
