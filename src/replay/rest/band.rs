//! How far the figures of an account may move before a rule has to be read
//! again.
//!
//! Every value that is compared moves at most as far as the figures do, and so does
//! every limit: a floor follows a high-water mark, which follows a figure. As long as no
//! figure has moved by half of the way to the nearest comparison, none can have turned
//! over, and as long as all else that a condition looks at is the same, no answer has.

use std::sync::Arc;

use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::trade_date::TradeDate;
use crate::engine::PnlSum;
use crate::engine::conditions::Context;

/// What must hold for all rules to go on resting. `PartialEq` is not derived:
/// what is the same is said below.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// The amounts that conditions look at, in millionths, as they were.
    origin: Amounts,
    /// How far each may have moved from there, in millionths.
    room: u64,
    /// The answers by the clock hold from this instant on,
    from: Timestamp,
    /// up to, not including, this one.
    until: Option<Timestamp>,
    session: Option<(TradeDate, bool)>,
    positions: Option<Arc<[Position]>>,
    orders: WorkingOrders,
}

/// Every amount that a condition may look at, in millionths; `None` when it is
/// unknown.
type Amounts = [Option<i64>; 9];

impl Band {
    /// The band around what is seen now, when the nearest comparison is this
    /// many millionths from turning over; `None` when there is no room.
    pub(super) fn around(
        context: &Context<'_>,
        positions: Option<&Arc<[Position]>>,
        distance: u64,
        until: Option<Timestamp>,
    ) -> Option<Band> {
        // The value and the limit may move towards one another.
        let room = distance.checked_sub(1)? / 2;
        Some(Band {
            origin: amounts(context)?,
            room: Some(room).filter(|room| *room > 0)?,
            from: context.now.wall,
            until,
            session: session(context),
            positions: positions.cloned(),
            orders: context.orders.clone(),
        })
    }

    /// Whether no answer can have changed.
    pub(super) fn holds(&self, context: &Context<'_>) -> bool {
        let now = context.now.wall;
        let is_near = |amounts: Amounts| {
            let pairs = self.origin.iter().zip(&amounts);
            pairs.fold(true, |all, pair| {
                all & match pair {
                    (Some(origin), Some(amount)) => origin.abs_diff(*amount) <= self.room,
                    (None, None) => true,
                    _ => false,
                }
            })
        };
        self.from <= now
            && self.until.is_none_or(|until| now < until)
            && self.session == session(context)
            && are_same_positions(self.positions.as_deref(), context.positions)
            && are_same_orders(&self.orders, context.orders)
            && amounts(context).is_some_and(is_near)
    }
}

/// The session by its date, and whether it has closed: at its close marks may
/// leap.
fn session(context: &Context<'_>) -> Option<(TradeDate, bool)> {
    let session = context.memory.session.as_ref()?;
    Some((session.date, session.closed))
}

/// `None` when one of them is not a number of millionths.
fn amounts(context: &Context<'_>) -> Option<Amounts> {
    let (figures, pnl) = (context.figures, &context.pnl);
    let total = millionths(pnl.total)?;
    let realized = millionths(pnl.realized)?;
    // Without closed sessions the sums of a span are those of the session.
    let of_span = |sum: PnlSum| Some([millionths(sum.total)?, millionths(sum.realized)?]);
    let [week_total, week_realized] = match &context.memory.week {
        None => [total, realized],
        Some(_) => of_span(context.week())?,
    };
    let [month_total, month_realized] = match &context.memory.month {
        None => [total, realized],
        Some(_) => of_span(context.month())?,
    };
    Some([
        millionths(figures.unrealized)?,
        millionths(figures.balance)?,
        millionths(figures.equity)?,
        total,
        realized,
        week_total,
        week_realized,
        month_total,
        month_realized,
    ])
}

/// An amount that is known in millionths; `None` when there are none of it.
#[inline]
fn millionths(amount: Option<Money>) -> Option<Option<i64>> {
    match amount {
        None => Some(None),
        Some(amount) => amount.millionths().map(Some),
    }
}

fn are_same_positions(known: Option<&[Position]>, seen: Option<&[Position]>) -> bool {
    match (known, seen) {
        (Some(known), Some(seen)) => std::ptr::eq(known, seen),
        (None, None) => true,
        _ => false,
    }
}

fn are_same_orders(known: &WorkingOrders, seen: &WorkingOrders) -> bool {
    match (known, seen) {
        (
            WorkingOrders::NotRead | WorkingOrders::Unknown,
            WorkingOrders::NotRead | WorkingOrders::Unknown,
        ) => true,
        (WorkingOrders::Counted(known), WorkingOrders::Counted(seen)) => known == seen,
        (WorkingOrders::Listed(known), WorkingOrders::Listed(seen)) => Arc::ptr_eq(known, seen),
        _ => false,
    }
}
