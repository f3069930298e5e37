//! What was last seen of an account.

use std::sync::Arc;

use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Missing, Timestamp};
use crate::engine::quality::{Doubts, Suspicion};

/// What was last seen of an account.
#[derive(Clone, Debug)]
pub struct View {
    /// How good the newest observation is.
    pub data: Data,
    /// The figures of it; all unknown unless it is good.
    pub figures: Figures,
    /// Open positions.
    pub positions: Option<Arc<[Position]>>,
    /// What the last poll that showed positions shows is no older than this, by the
    /// steady clock.
    pub(super) positions_as_of: Option<Timestamp>,
    /// Working orders.
    pub orders: WorkingOrders,
    /// When those were asked for, by the steady clock.
    pub(super) orders_at: Timestamp,
    /// When the newest observation was asked for, by the steady clock.
    pub at: Option<Timestamp>,
    /// When the newest trustworthy one was asked for, or when the engine
    /// started, by the steady clock.
    pub trusted_at: Timestamp,
    /// Whether an observation since the start could be trusted.
    pub has_been_good: bool,
    pub(super) missing_in_a_row: u32,
    pub(super) lost_reported: bool,
    /// What was suspect about the newest looks.
    pub(super) doubts: Doubts,
}

/// How good the newest observation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// There has been none since the start.
    None,
    /// It can be trusted.
    Good,
    /// Its figures cannot be trusted.
    Suspect(Suspicion),
    /// Nothing was learned.
    Missing(Missing),
}

impl Data {
    /// The stable name, as in `status`.
    pub const fn name(self) -> &'static str {
        match self {
            Data::None => "none",
            Data::Good => "good",
            Data::Suspect(_) => "suspect",
            Data::Missing(_) => "missing",
        }
    }

    /// Why it is not good, in words.
    pub fn reason(self) -> Option<String> {
        match self {
            Data::None | Data::Good => None,
            Data::Suspect(suspicion) => Some(suspicion.words().to_owned()),
            Data::Missing(missing) => Some(missing.to_string()),
        }
    }
}

impl View {
    pub(super) fn nothing(now: Now) -> View {
        View {
            data: Data::None,
            figures: Figures::default(),
            positions: None,
            positions_as_of: None,
            orders: WorkingOrders::Unknown,
            orders_at: now.steady,
            at: None,
            trusted_at: now.steady,
            has_been_good: false,
            missing_in_a_row: 0,
            lost_reported: false,
            doubts: Doubts::default(),
        }
    }

    /// Takes the positions that an observation shows.
    pub(super) fn take_positions(&mut self, positions: Option<&Arc<[Position]>>) {
        let is_known = match (&self.positions, positions) {
            (Some(known), Some(shown)) => Arc::ptr_eq(known, shown),
            (known, shown) => known.is_none() && shown.is_none(),
        };
        // In a history most rows show the very list of the row before.
        if !is_known {
            self.positions = positions.cloned();
        }
    }

    /// Forgets the open result of each position: the positions are believed,
    /// their numbers are not.
    pub(super) fn forget_results(&mut self) {
        if let Some(positions) = &mut self.positions {
            *positions = positions
                .iter()
                .map(|position| Position {
                    unrealized: None,
                    ..position.clone()
                })
                .collect();
        }
    }

    /// Forgets that nothing was there: an account that has not loaded shows no
    /// position and no order either. What was there is believed.
    pub(super) fn forget_emptiness(&mut self) {
        self.positions = self.positions.take().filter(|held| !held.is_empty());
        if self.orders.count() == Some(0) {
            self.orders = WorkingOrders::Unknown;
        }
    }

    /// Takes working orders that were asked for at `asked_at`, unless newer ones
    /// are known.
    pub(in crate::engine) fn take_orders(&mut self, orders: WorkingOrders, asked_at: Timestamp) {
        if asked_at >= self.orders_at {
            self.orders = orders;
            self.orders_at = asked_at;
        }
    }

    /// Whether there is neither a position nor a working order.
    pub(in crate::engine) fn is_flat_and_quiet(&self) -> Option<bool> {
        let flat = self
            .positions
            .as_ref()
            .map(|positions| positions.is_empty());
        let quiet = self.orders.count().map(|count| count == 0);
        match (flat, quiet) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}
