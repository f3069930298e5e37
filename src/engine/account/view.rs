//! What is seen of an account now: the newest observation, how old it is and how far
//! it can be trusted.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Data;
use crate::domain::blind_spot::BlindSpot;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::money::Money;
use crate::domain::now::Now;
use crate::domain::observation::{Figures, Learned, Missing, Timestamp};
use crate::domain::position_key::PositionKey;
use crate::engine::event::{ReadFailure, ReadResult};
use crate::engine::quality::{Doubts, Suspicion, Suspicions};
use crate::engine::words;

/// Missing observations in a row before the account's data is called lost.
const LOST_AFTER: u32 = 3;
/// How long working orders that were read stay known without a new read.
const ORDERS_KEPT: TimeDelta = TimeDelta::seconds(90);

/// What is seen of one account.
#[derive(Debug)]
pub(in crate::engine) struct View {
    data: Data,
    /// The figures of the newest observation; all unknown unless it is good.
    figures: Figures,
    maintenance_margin: Option<Money>,
    positions: Option<Arc<[Position]>>,
    /// What the last poll that showed positions shows is no older than this, by the
    /// steady clock.
    positions_as_of: Option<Timestamp>,
    /// When the last read of its own that showed its positions was asked for.
    verified_at: Option<Timestamp>,
    orders: WorkingOrders,
    /// When those were asked for, by the steady clock.
    orders_at: Timestamp,
    /// When the newest observation was asked for, by the steady clock.
    at: Option<Timestamp>,
    trusted_at: Timestamp,
    has_been_good: bool,
    missing_in_a_row: u32,
    lost_reported: bool,
    /// What was suspect about the newest looks.
    doubts: Doubts,
    /// The last time that what is read of the holdings may have been frozen.
    frozen: Option<Frozen>,
    /// What is held of it that no order can close.
    dust: Vec<PositionKey>,
    /// What its figures do not hold, and was told.
    blind_spots: Vec<Arc<str>>,
}

/// Why what is read of the holdings may be frozen, and until when it was.
#[derive(Clone, Copy, Debug)]
struct Frozen {
    why: Missing,
    /// When an observation showed the account alive again, by the steady clock.
    until: Option<Timestamp>,
}

impl View {
    pub(super) fn nothing(now: Now) -> View {
        View {
            data: Data::None,
            figures: Figures::default(),
            maintenance_margin: None,
            positions: None,
            positions_as_of: None,
            verified_at: None,
            orders: WorkingOrders::Unknown,
            orders_at: now.steady,
            at: None,
            trusted_at: now.steady,
            has_been_good: false,
            missing_in_a_row: 0,
            lost_reported: false,
            doubts: Doubts::default(),
            frozen: None,
            dust: Vec::new(),
            blind_spots: Vec::new(),
        }
    }

    /// How good the newest observation is.
    pub(in crate::engine) fn data(&self) -> Data {
        self.data
    }

    pub(in crate::engine) fn is_good(&self) -> bool {
        self.data == Data::Good
    }

    /// The figures of the newest observation; all unknown unless it is good.
    pub(in crate::engine) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The maintenance margin of the newest observation; unknown unless it is good.
    pub(in crate::engine) fn maintenance_margin(&self) -> Option<Money> {
        self.maintenance_margin
    }

    /// The open positions, as far as they are known.
    pub(in crate::engine) fn positions(&self) -> Option<&Arc<[Position]>> {
        self.positions.as_ref()
    }

    /// Whether a position is known to be held.
    pub(in crate::engine) fn is_held(&self) -> bool {
        self.positions.as_ref().is_some_and(|held| !held.is_empty())
    }

    /// The working orders.
    pub(in crate::engine) fn orders(&self) -> &WorkingOrders {
        &self.orders
    }

    /// When the working orders were asked for, by the steady clock.
    pub(super) fn orders_at(&self) -> Timestamp {
        self.orders_at
    }

    /// When the newest observation was asked for, by the steady clock.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// When the newest trustworthy observation was asked for, or when the engine
    /// started, by the steady clock.
    pub(super) fn trusted_at(&self) -> Timestamp {
        self.trusted_at
    }

    /// How long ago the account was last observed, trustworthily, if it was since the
    /// start.
    pub(in crate::engine) fn unseen_for(&self, now: Now) -> Option<TimeDelta> {
        self.has_been_good.then(|| now.since(self.trusted_at))
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

    /// What is there to be undone: `2 working orders, ES 03-26:+2@5000.25`.
    pub(in crate::engine) fn holdings(&self) -> String {
        words::holdings(self.positions.as_deref(), &self.orders)
    }

    /// Whether the positions are those of a trustworthy observation, or of a read of
    /// the account's own. Those of a suspect observation are believed, but end nothing.
    pub(super) fn are_positions_sure(&self) -> bool {
        let are_verified = self.verified_at.is_some() && self.verified_at >= self.at;
        are_verified || self.is_good()
    }

    /// Whether positions and orders were both seen as they were after this.
    pub(super) fn has_seen_holdings_since(&self, then: Timestamp) -> bool {
        let positions_as_of = self.positions_as_of.max(self.verified_at);
        positions_as_of.is_some_and(|at| at > then) && self.orders_at > then
    }

    /// Whether the newest observation is as old as this, and nothing was missing since.
    pub(super) fn is_silent_for(&self, limit: TimeDelta, now: Now) -> bool {
        self.at.is_some_and(|at| now.since(at) >= limit) && !matches!(self.data, Data::Missing(_))
    }

    /// A whole limit of silence is as good as many polls that failed: whether the
    /// account's data counts as lost by that.
    pub(super) fn lose_by_silence(&mut self) -> bool {
        self.missing_in_a_row = LOST_AFTER;
        self.lose(Missing::Late)
    }

    /// Nothing was learned: whether the account's data counts as lost by that.
    pub(super) fn lose(&mut self, missing: Missing) -> bool {
        // A platform that was away may come back before its accounts have loaded,
        // and lists nothing for them then.
        if matches!(
            missing,
            Missing::Disconnected | Missing::NotListed | Missing::Frozen | Missing::PlatformOffline
        ) {
            self.freeze(missing);
            // What it says when it is back may be what it loads, and is no
            // confirmation of what it said before.
            self.doubts = Doubts::default();
        }
        self.figures = Figures::default();
        self.maintenance_margin = None;
        self.positions = None;
        self.orders = WorkingOrders::Unknown;
        self.data = Data::Missing(missing);
        self.missing_in_a_row = self.missing_in_a_row.saturating_add(1);
        let is_lost = self.missing_in_a_row >= LOST_AFTER;
        let was_lost = self.lost_reported;
        self.lost_reported |= is_lost;
        is_lost && !was_lost
    }

    fn freeze(&mut self, why: Missing) {
        self.frozen = Some(Frozen { why, until: None });
    }

    /// Something was learned at `at`: whether the account's data had counted as lost.
    pub(super) fn find_again(&mut self, at: Timestamp, now: Now) -> bool {
        self.at = Some(at);
        if let Some(frozen) = &mut self.frozen {
            frozen.until.get_or_insert(now.steady);
        }
        self.missing_in_a_row = 0;
        std::mem::take(&mut self.lost_reported)
    }

    /// Takes positions and orders, unless a read of the account's own has newer ones.
    /// The poll was asked for at `at` and shows nothing from before `as_of`, where that
    /// is known, nor from longer than `lag` before it was asked for.
    pub(super) fn take_holdings(
        &mut self,
        learned: &Learned,
        at: Timestamp,
        (as_of, lag): (Option<Timestamp>, TimeDelta),
        now: Now,
    ) {
        let oldest = at.checked_sub_signed(lag);
        if !self.has_read_since(as_of.max(oldest)) {
            self.take_positions(learned.positions.as_ref());
            // Without a stamp nothing stands between what is seen and its time.
            let as_of = as_of.or(learned.stamp.is_none().then_some(at));
            self.positions_as_of = as_of.or(oldest);
        }
        if at >= self.orders_at && learned.orders != WorkingOrders::NotRead {
            self.orders = learned.orders.clone();
            self.orders_at = at;
        }
        if self.orders_at < now.steady && now.since(self.orders_at) > ORDERS_KEPT {
            self.orders = WorkingOrders::Unknown;
        }
    }

    /// Whether what is no older than this may be from before the last read of the
    /// account's own positions.
    fn has_read_since(&self, as_of: Option<Timestamp>) -> bool {
        self.verified_at
            .is_some_and(|verified| as_of.is_none_or(|as_of| as_of < verified))
    }

    fn take_positions(&mut self, positions: Option<&Arc<[Position]>>) {
        let is_known = match (&self.positions, positions) {
            (Some(known), Some(shown)) => Arc::ptr_eq(known, shown),
            (known, shown) => known.is_none() && shown.is_none(),
        };
        // In a history most rows show the very list of the row before.
        if !is_known {
            self.positions = positions.cloned();
        }
    }

    /// Takes positions that were read for themselves, unless newer ones were.
    pub(super) fn take_read_positions(&mut self, positions: Arc<[Position]>, asked_at: Timestamp) {
        if self.verified_at.is_none_or(|verified| asked_at >= verified) {
            self.verified_at = Some(asked_at);
            self.positions = Some(positions);
        }
    }

    /// Takes working orders that were asked for at `asked_at`, unless newer ones
    /// are known.
    pub(super) fn take_orders(&mut self, orders: WorkingOrders, asked_at: Timestamp) {
        if asked_at >= self.orders_at {
            self.orders = orders;
            self.orders_at = asked_at;
        }
    }

    /// What was suspect about the newest look and is not taken for the truth.
    pub(super) fn doubt(&self) -> Option<Suspicion> {
        self.doubts.verdict()
    }

    /// Takes what is suspect about a look with this stamp, and says why it is not
    /// believed, or that it is.
    pub(super) fn judge(&mut self, found: Suspicions, stamp: Option<i64>) -> Option<Suspicion> {
        self.doubts.judge(found, stamp)
    }

    /// Knows no figures, because those that were learned are in doubt.
    pub(super) fn disbelieve(&mut self, doubt: Suspicion) {
        self.figures = Figures::default();
        self.maintenance_margin = None;
        self.forget_worth();
        if doubt == Suspicion::AllZero {
            self.forget_emptiness();
            // An account that has not loaded lists nothing either.
            self.freeze(Missing::Malformed);
        }
        self.data = Data::Suspect(doubt);
    }

    /// Forgets what each position is worth: the positions are believed, their numbers
    /// are not.
    fn forget_worth(&mut self) {
        if let Some(positions) = &mut self.positions {
            *positions = positions.iter().map(Position::without_worth).collect();
        }
    }

    /// Forgets that nothing was there: an account that has not loaded shows no
    /// position and no order either. What was there is believed.
    fn forget_emptiness(&mut self) {
        self.positions = self.positions.take().filter(|held| !held.is_empty());
        if self.orders.count() == Some(0) {
            self.orders = WorkingOrders::Unknown;
        }
    }

    /// Takes the figures of an observation for the truth.
    pub(super) fn believe(&mut self, learned: &Learned, at: Timestamp) {
        self.data = Data::Good;
        self.has_been_good = true;
        self.figures = learned.figures;
        self.maintenance_margin = learned.believable_margin();
        self.trusted_at = at;
    }

    /// Why what was read at `at` cannot be believed.
    pub(super) fn doubt_of(&self, read: &ReadResult, at: Timestamp) -> Option<ReadFailure> {
        let is_empty = match read {
            ReadResult::Orders(orders) => orders.count() == Some(0),
            ReadResult::Positions(positions) => positions.is_empty(),
        };
        is_empty.then(|| self.doubt_of_emptiness(at)).flatten()
    }

    /// Why an empty list that was asked for at `at` cannot be believed: one of a
    /// connection that is down is not flat. That it was down then, or at any time
    /// since, is enough; and as long as nothing was observed since the start,
    /// nobody knows whether it is.
    pub(super) fn doubt_of_emptiness(&self, at: Timestamp) -> Option<ReadFailure> {
        let frozen = self
            .frozen
            .filter(|frozen| frozen.until.is_none_or(|until| at <= until));
        if let Some(frozen) = frozen {
            return Some(ReadFailure {
                missing: frozen.why,
                words: Arc::from("its holdings may be frozen"),
            });
        }
        self.at.is_none().then(|| ReadFailure {
            missing: Missing::Late,
            words: Arc::from("it was not observed since the start"),
        })
    }

    /// Whether something is held that no order can close.
    pub(in crate::engine) fn has_dust(&self) -> bool {
        !self.dust.is_empty()
    }

    /// Notes what the figures do not hold; gives what of it is new. What is in a wallet
    /// may grow by the minute, so a coin is told once, whatever its amount; one that is
    /// gone is new when it comes back.
    pub(in crate::engine) fn note_blind_spots<'s>(
        &mut self,
        spots: &'s [BlindSpot],
    ) -> Vec<&'s BlindSpot> {
        let is_new = |spot: &&BlindSpot| !self.blind_spots.contains(&spot.kind);
        let new = spots.iter().filter(is_new).collect();
        self.blind_spots = spots.iter().map(|spot| Arc::clone(&spot.kind)).collect();
        new
    }

    /// Notes what is held that no order can close; whether something of it is new.
    pub(in crate::engine) fn note_dust(&mut self, dust: Vec<PositionKey>) -> bool {
        let is_new = dust.iter().any(|key| !self.dust.contains(key));
        self.dust = dust;
        is_new
    }
}
