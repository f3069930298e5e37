//! What moved money, entry by entry, and the fills of orders.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::order::Side;
use super::position::PositionSide;

/// Entries kept of all accounts; older ones are forgotten.
const MAX_ENTRIES: usize = 100_000;

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The closed result of a fill, before fees.
    RealizedPnl,
    /// Fee or commission of a fill; negative is paid.
    Fee,
    /// A funding payment; negative is paid.
    Funding,
    /// Money that came in or, negative, went out: no result of trading.
    Transfer,
}

/// One movement of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Unique at the venue, rising with time.
    pub id: u64,
    /// When it was booked.
    pub at: DateTime<Utc>,
    /// Why.
    pub kind: EntryKind,
    /// Of which wallet.
    pub asset: String,
    /// How much; negative went out.
    pub amount: Decimal,
    /// About which instrument, when it is about one.
    pub instrument: Option<String>,
    /// The fill that it belongs to.
    pub fill: Option<u64>,
    /// What the venue calls it, where that is not what it usually does.
    pub word: Option<String>,
}

/// Whether a fill took from the book or waited in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It waited as a limit order.
    Maker,
    /// It took what was there.
    Taker,
}

/// One fill of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fill {
    /// Unique at the venue, rising with time.
    pub id: u64,
    /// The order's id.
    pub order_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Of what.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// Which position.
    pub position_side: PositionSide,
    /// How much.
    pub quantity: Decimal,
    /// At which price.
    pub price: Decimal,
    /// The closed result, before fees.
    pub realized: Decimal,
    /// Commission and fee together; positive is paid.
    pub fee: Decimal,
    /// The asset of result and fee.
    pub asset: String,
    /// Taker or maker.
    pub liquidity: Liquidity,
}

/// Every account's entries and fills, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    last_id: u64,
    entries: VecDeque<(usize, LedgerEntry)>,
    fills: VecDeque<(usize, Fill)>,
}

impl Ledger {
    /// The next number. Orders have numbers of their own: a venue's orders are
    /// numbered the same whether or not anybody lists its ledger.
    pub(crate) fn take_id(&mut self) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    /// Books an entry; a movement of nothing is none.
    pub(crate) fn enter(&mut self, account: usize, entry: LedgerEntry) {
        if entry.amount.is_zero() {
            return;
        }
        keep(&mut self.entries, account, entry);
    }

    pub(crate) fn fill(&mut self, account: usize, fill: Fill) {
        keep(&mut self.fills, account, fill);
    }

    /// The entries of one account.
    pub(crate) fn entries(&self, account: usize) -> impl Iterator<Item = &LedgerEntry> {
        of(&self.entries, account)
    }

    /// The fills of one account.
    pub(crate) fn fills(&self, account: usize) -> impl Iterator<Item = &Fill> {
        of(&self.fills, account)
    }
}

fn keep<T>(kept: &mut VecDeque<(usize, T)>, account: usize, one: T) {
    if kept.len() >= MAX_ENTRIES {
        kept.pop_front();
    }
    kept.push_back((account, one));
}

fn of<T>(kept: &VecDeque<(usize, T)>, account: usize) -> impl Iterator<Item = &T> {
    let its = kept.iter().filter(move |(whose, _)| *whose == account);
    its.map(|(_, one)| one)
}
