//! How often a venue may be asked: which limits it has, whom each of them counts,
//! and what a call takes of them.

use std::time::Duration;

use super::observation::Timestamp;
use super::request::Write;

/// Windows up to this long are taken as used at a start; what a venue counts for
/// longer it says in its answers.
const SHORT_WINDOW: Duration = Duration::from_secs(10);
/// Requests do not all take the same time to arrive: a window is counted for longer
/// by this, or by a fifth where it is shorter than that allows.
const SPREAD: Duration = Duration::from_secs(1);

/// How often a venue may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Every limit that it has.
    pub limits: &'static [Limit],
    /// What each call takes of them.
    pub costs: Costs,
    /// The count that plans, the status and the metrics go by.
    pub planned_by: &'static str,
    /// Whom HTTP 429 turns away.
    pub turned_away: LimitScope,
    /// For how long a "too many requests" is believed at most.
    pub longest_pause: Duration,
    /// HTTP statuses with which it says that it answers this address nothing for a
    /// while; asking meanwhile would make that longer.
    pub ban_statuses: &'static [u16],
    /// How often working orders are read that a rule or a lock must know of.
    pub order_reads: OrderReads,
}

/// How often working orders are read where nothing is in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderReads {
    /// From one read to the next.
    pub every: Duration,
    /// From one read of all of them to the next, while something is held: in between
    /// those of the symbols that are held are read.
    pub all_every: Duration,
    /// The same while nothing is held.
    pub all_every_flat: Duration,
}

impl OrderReads {
    /// All of them once a second: they cost no more than others.
    pub const EACH_SECOND: OrderReads = OrderReads {
        every: Duration::from_secs(1),
        all_every: Duration::from_secs(1),
        all_every_flat: Duration::from_secs(1),
    };

    /// The most that they take of a count within a minute.
    pub fn per_minute(&self, costs: &Costs, counts: &str) -> u32 {
        let times = |every: Duration| {
            let every = every.max(self.every).as_millis().max(1);
            u32::try_from(60_000 / every).unwrap_or(u32::MAX)
        };
        let all = costs.orders.of(counts);
        let of_held = costs.orders_of_held.of(counts);
        let whole = times(self.all_every);
        let between = times(self.every).saturating_sub(whole);
        let holding = whole
            .saturating_mul(all)
            .saturating_add(between.saturating_mul(of_held));
        holding.max(times(self.all_every_flat).saturating_mul(all))
    }
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it counts, by a name that [`Costs`] uses. Several limits may count the
    /// same over different times.
    pub counts: &'static str,
    /// What is counted together.
    pub scope: LimitScope,
    /// How much there may be.
    pub rate: Rate,
    /// What is left alone by whom, so that what is more urgent finds it.
    pub reserves: Reserves,
    /// The header of an answer that says how much is used.
    pub told_by: Option<UsageHeader>,
}

/// How much of a limit is left alone by what is less urgent than a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves {
    /// By reads that can wait.
    pub can_wait: u32,
    /// By a cancel beside a close, which that close makes needless.
    pub beside: u32,
    /// By reads that prove an account flat and quiet: accounts that cross one after
    /// the other for a minute would find the budget used up by the proofs of those
    /// before them.
    pub reads: u32,
    /// By polls.
    pub polls: u32,
}

impl Reserves {
    /// Everything may use all of it.
    pub const NONE: Reserves = Reserves {
        can_wait: 0,
        beside: 0,
        reads: 0,
        polls: 0,
    };
}

/// What a venue counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// All that is sent with one credential (a token, a key).
    Credential,
    /// All that comes from the address of this machine.
    Address,
}

/// How much there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// A bucket: so much at once after a rest, so much more each second.
    Bucket {
        /// What is there after a rest.
        burst: u32,
        /// What comes back each second.
        per_second: u32,
    },
    /// So much in any span of time.
    Window {
        /// The most.
        most: u32,
        /// The span.
        within: Duration,
    },
}

/// A header of answers, in lower case, that speaks of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageHeader {
    /// It says how much is used, in the span of the venue's clock that is running.
    Used(&'static str),
    /// It says how much is left.
    Left(&'static str),
}

/// What a call takes: how much of each count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost(pub &'static [(&'static str, u32)]);

/// What each call takes, all requests that it is made of together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// A poll of all accounts.
    pub poll: Cost,
    /// The list of accounts.
    pub list: Cost,
    /// The positions of an account.
    pub positions: Cost,
    /// Whether an account's connection is up.
    pub alive: Cost,
    /// The working orders of an account.
    pub orders: Cost,
    /// The working orders of the symbols that an account holds, where that is less.
    pub orders_of_held: Cost,
    /// A flatten.
    pub flatten: Cost,
    /// The close of one position.
    pub close: Cost,
    /// A cancel of several orders.
    pub cancel_orders: Cost,
    /// A cancel of one order.
    pub cancel_order: Cost,
}

/// What a permit is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// A poll of all accounts.
    Poll,
    /// The list of accounts.
    List,
    /// The positions of an account.
    Positions,
    /// Whether an account's connection is up.
    Alive,
    /// The working orders of an account.
    Orders,
    /// The working orders of the symbols that an account holds.
    OrdersOfHeld,
    /// A write.
    Write(&'a Write),
    /// Something else, which takes this.
    Other(Cost),
}

impl Cost {
    /// Takes nothing.
    pub const NOTHING: Cost = Cost(&[]);

    /// How much it takes of a count.
    pub fn of(self, count: &str) -> u32 {
        let found = self.0.iter().find(|(name, _)| *name == count);
        found.map_or(0, |(_, weight)| *weight)
    }
}

impl Costs {
    /// Where every call is one request and all are counted alike.
    pub const fn alike(cost: Cost) -> Costs {
        Costs {
            poll: cost,
            list: cost,
            positions: cost,
            alive: cost,
            orders: cost,
            orders_of_held: cost,
            flatten: cost,
            close: cost,
            cancel_orders: cost,
            cancel_order: cost,
        }
    }

    /// What this call takes.
    pub fn of(&self, ask: Ask<'_>) -> Cost {
        match ask {
            Ask::Poll => self.poll,
            Ask::List => self.list,
            Ask::Positions => self.positions,
            Ask::Alive => self.alive,
            Ask::Orders => self.orders,
            Ask::OrdersOfHeld => self.orders_of_held,
            Ask::Write(Write::Flatten) => self.flatten,
            Ask::Write(Write::ClosePosition(_) | Write::CloseQuantity(_)) => self.close,
            Ask::Write(Write::CancelOrders | Write::CancelOrdersOf { .. }) => self.cancel_orders,
            Ask::Write(Write::CancelOrder { .. }) => self.cancel_order,
            Ask::Other(cost) => cost,
        }
    }
}

impl Limit {
    /// How much there is when nothing is used.
    pub const fn size(&self) -> u32 {
        match self.rate {
            Rate::Bucket { burst, .. } => burst,
            Rate::Window { most, .. } => most,
        }
    }

    /// For how long what was used is counted.
    pub fn counted_for(&self) -> Duration {
        match self.rate {
            Rate::Bucket { burst, per_second } => {
                Duration::from_secs(u64::from(burst.div_ceil(per_second.max(1))))
            }
            Rate::Window { within, .. } => within.saturating_add(SPREAD.min(within / 5)),
        }
    }

    /// How long ago the venue began to count what it says is used, where its clock shows
    /// this: it begins anew with each span.
    pub fn counted_since(&self, shown: Timestamp) -> Duration {
        let Rate::Window { within, .. } = self.rate else {
            return Duration::ZERO;
        };
        let span = i64::try_from(within.as_millis()).unwrap_or(i64::MAX).max(1);
        let passed = shown.timestamp_millis().rem_euclid(span);
        Duration::from_millis(passed.unsigned_abs())
    }

    /// Whether what was used is forgotten within seconds.
    pub fn is_short(&self) -> bool {
        match self.rate {
            Rate::Bucket { .. } => true,
            Rate::Window { within, .. } => within <= SHORT_WINDOW,
        }
    }

    /// How much there may be in a minute, day in, day out.
    fn per_minute(&self) -> u32 {
        match self.rate {
            Rate::Bucket { per_second, .. } => per_second.saturating_mul(60),
            Rate::Window { most, within } => {
                let in_minute = u128::from(most) * 60_000 / within.as_millis().max(1);
                u32::try_from(in_minute).unwrap_or(u32::MAX)
            }
        }
    }
}

impl RequestLimits {
    /// Whether anything is counted by this scope.
    pub fn count(&self, scope: LimitScope) -> bool {
        self.limits.iter().any(|limit| limit.scope == scope)
    }

    /// Whether the count that plans go by is one of this scope.
    pub fn plans_go_by(&self, scope: LimitScope) -> bool {
        self.planned().any(|limit| limit.scope == scope)
    }

    /// For how long what left before a start is counted.
    pub fn remembered(&self) -> Duration {
        let short = self.limits.iter().filter(|limit| limit.is_short());
        short.map(Limit::counted_for).max().unwrap_or_default()
    }

    /// How much may be planned for a minute.
    pub fn per_minute(&self) -> u32 {
        let limits = self.planned().map(Limit::per_minute);
        limits.min().unwrap_or_default()
    }

    /// How much may be asked at once after a rest.
    pub fn burst(&self) -> u32 {
        self.smallest().map_or(0, Limit::size)
    }

    /// Of that, what reads that can wait leave alone.
    pub fn reserve(&self) -> u32 {
        self.smallest().map_or(0, |limit| limit.reserves.can_wait)
    }

    /// The limits of the count that plans go by.
    fn planned(&self) -> impl Iterator<Item = &'static Limit> {
        let limits = self.limits.iter();
        limits.filter(|limit| limit.counts == self.planned_by)
    }

    fn smallest(&self) -> Option<&'static Limit> {
        self.planned().min_by_key(|limit| limit.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position_key::PositionKey;

    const WEIGHED: RequestLimits = RequestLimits {
        limits: &[
            Limit {
                counts: "weight",
                scope: LimitScope::Address,
                rate: Rate::Window {
                    most: 2400,
                    within: Duration::from_secs(60),
                },
                reserves: Reserves {
                    can_wait: 600,
                    beside: 300,
                    reads: 0,
                    polls: 200,
                },
                told_by: Some(UsageHeader::Used("x-mbx-used-weight-1m")),
            },
            Limit {
                counts: "orders",
                scope: LimitScope::Credential,
                rate: Rate::Window {
                    most: 300,
                    within: Duration::from_secs(10),
                },
                reserves: Reserves::NONE,
                told_by: None,
            },
        ],
        costs: Costs {
            close: Cost(&[("orders", 1)]),
            ..Costs::alike(Cost(&[("weight", 5)]))
        },
        planned_by: "weight",
        turned_away: LimitScope::Address,
        longest_pause: Duration::from_secs(60),
        ban_statuses: &[418],
        order_reads: OrderReads::EACH_SECOND,
    };

    #[test]
    fn a_call_takes_what_its_row_says() {
        let close = Write::ClosePosition(PositionKey::new("BTCUSDT"));
        for (ask, weight, orders) in [
            (Ask::Poll, 5, 0),
            (Ask::Orders, 5, 0),
            (Ask::Write(&Write::CancelOrders), 5, 0),
            (Ask::Write(&close), 0, 1),
        ] {
            let cost = WEIGHED.costs.of(ask);
            assert_eq!((cost.of("weight"), cost.of("orders")), (weight, orders));
        }
        assert_eq!(Cost::NOTHING.of("weight"), 0);
    }

    #[test]
    fn reads_of_orders_are_planned_at_their_most() {
        let costs = Costs {
            orders: Cost(&[("weight", 80)]),
            orders_of_held: Cost(&[("weight", 20)]),
            ..WEIGHED.costs
        };
        let reads = OrderReads {
            every: Duration::from_secs(5),
            all_every: Duration::from_secs(30),
            all_every_flat: Duration::from_secs(10),
        };
        // Six of all of them; or two, and ten of what is held.
        assert_eq!(reads.per_minute(&costs, "weight"), 480);
        assert_eq!(OrderReads::EACH_SECOND.per_minute(&costs, "weight"), 4800);
    }

    #[test]
    fn plans_go_by_one_count() {
        assert_eq!(WEIGHED.per_minute(), 2400);
        assert_eq!((WEIGHED.burst(), WEIGHED.reserve()), (2400, 600));
        // What is counted for a minute is said by the venue.
        assert_eq!(WEIGHED.remembered(), Duration::from_secs(11));
        assert!(WEIGHED.count(LimitScope::Address));
    }
}
