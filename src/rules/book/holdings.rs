//! Conditions on what is held and working, on the time, and on what an expression says.

use std::sync::Arc;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::domain::instrument::Instrument;
use crate::domain::schedule::Schedule;
use crate::domain::window::Window;
use crate::rules::expression::Expression;

/// A condition on the time of day of what the account holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Outside all of them, or inside any.
    pub side: WindowSide,
    /// The windows; never empty.
    pub windows: Vec<Window>,
    /// Which holdings count.
    pub only: Option<Only>,
    /// The instruments that count; empty for all.
    pub instruments: Vec<Instrument>,
}

/// Which side of the windows is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSide {
    /// Outside all windows.
    Outside,
    /// Inside any window.
    Inside,
}

/// Which holdings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Positions.
    Positions,
    /// Working orders.
    Orders,
}

/// True once at each scheduled time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The times; shared, because a schedule is large.
    pub schedule: Arc<Schedule>,
    /// A time that was missed is caught up while it is younger than this.
    pub catch_up: TimeDelta,
}

/// Limits on what is held; true when any is exceeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionLimit {
    /// Most contracts over all instruments, long and short added up.
    pub contracts: Option<Decimal>,
    /// Most contracts of one instrument.
    pub per_instrument: Vec<(Instrument, Decimal)>,
    /// Most instruments with a position.
    pub positions: Option<u32>,
    /// When not empty, only these may be held.
    pub allow: Vec<Instrument>,
    /// These may not be held.
    pub deny: Vec<Instrument>,
    /// How many micro contracts count as one contract; 1 when unset.
    pub micro_ratio: Option<Decimal>,
    /// Groups of correlated instruments in which long and short may not be
    /// held at once; empty when not asked for.
    pub opposite: Vec<Vec<Instrument>>,
}

/// Limits on working orders; true when any is exceeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderLimit {
    /// Most working orders.
    pub working: Option<u32>,
    /// Largest quantity of one order.
    pub quantity: Option<Decimal>,
}

/// True when the newest trustworthy observation is older than this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoData {
    /// The age.
    pub after: TimeDelta,
}

/// An expression over the account's metrics; checked when the file is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub checked: Expression,
}
