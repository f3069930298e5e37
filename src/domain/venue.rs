//! What is known of a kind of venue: facts that decide how its answers are read,
//! how an account is closed there, and how often it may be asked. Core code asks
//! the profile; the kind itself is matched where it is read from a rule file and
//! where its adapter is made.

use std::time::Duration;

use chrono::{TimeDelta, Timelike as _};
use chrono_tz::Tz;

use super::abilities::{Abilities, CancelScope, CloseScope};
use super::holdings::OrderBook;
use super::instrument::Dialect;
use super::limits::{
    Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves, UsageHeader,
};
use super::observation::Timestamp;

/// The kinds of venues that there are adapters for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueKind {
    /// CrossTrade's REST API in front of NinjaTrader 8.
    CrossTrade,
    /// Binance's USD-M futures.
    Binance,
    /// Bybit's v5 API, unified accounts.
    Bybit,
    /// Bitget's futures, classic and unified accounts.
    Bitget,
}

/// The facts of one kind of venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueProfile {
    /// The kind.
    pub kind: VenueKind,
    /// Its name in a rule file.
    pub name: &'static str,
    /// Where it is reached unless the rule file says otherwise, without a trailing
    /// slash.
    pub base_url: &'static str,
    /// Where it says what a key may do, without a trailing slash, where that is another
    /// address than the usual one above.
    pub rights_url: Option<&'static str>,
    /// The parts of its credential, as the rule file names them.
    pub credential: &'static [&'static str],
    /// Whether one credential reaches several accounts, which are told apart by
    /// numbers. Elsewhere a credential is one account.
    pub has_numbers: bool,
    /// The margin assets that are counted at par unless the rule file says otherwise;
    /// none where an account has one currency.
    pub assets: &'static [&'static str],
    /// How it names instruments.
    pub dialect: Dialect,
    /// The day of its own figure of a session's result; `None` where it has none.
    pub day: Option<VenueDay>,
    /// Whether figures that are all zero are those of an account that has not
    /// loaded. Elsewhere an account may be empty.
    pub zero_means_unloaded: bool,
    /// For how long the venue may answer polls from a cache. While it may, what
    /// a poll shows can be older than the poll.
    pub polls_cached_for: Option<TimeDelta>,
    /// What can be asked of it.
    pub abilities: Abilities,
    /// How long an account is watched closely after it was proven flat: signals
    /// that the venue accepted before may still place orders.
    pub watch_after_flat: TimeDelta,
    /// How often it may be asked.
    pub limits: RequestLimits,
}

impl VenueProfile {
    /// Every kind.
    pub const ALL: &[&VenueProfile] = &[
        &VenueProfile::CROSSTRADE,
        &VenueProfile::BINANCE,
        &VenueProfile::BYBIT,
        &VenueProfile::BITGET,
    ];

    /// The kind of this name in a rule file.
    pub fn named(name: &str) -> Option<&'static VenueProfile> {
        VenueProfile::ALL
            .iter()
            .copied()
            .find(|profile| profile.name == name)
    }

    /// CrossTrade in front of NinjaTrader 8.
    ///
    /// NinjaTrader's realized P&L starts anew at 18:00 New York (account manager
    /// overview and watermarks page); an account that has not loaded shows zeros.
    /// Snapshots are cached for 3 s (a note on its newest documentation); a
    /// flatten takes the orders of the account along (positions page); whether a
    /// repeated flatten joins is not documented, so it is taken not to; a webhook
    /// may be delayed by up to 60 s (delay timer page). 180 requests a minute from
    /// a bucket of 20 that refills at 3 a second (rate limiting page), 18 of which
    /// are kept so that as many accounts can be closed at once; proofs keep one, and
    /// three of a minute, so that the next account's flatten is not behind them.
    pub const CROSSTRADE: VenueProfile = VenueProfile {
        kind: VenueKind::CrossTrade,
        name: "crosstrade",
        base_url: "https://app.crosstrade.io/v1/api",
        rights_url: None,
        credential: &["token"],
        has_numbers: true,
        assets: &[],
        dialect: Dialect::Futures,
        day: Some(VenueDay {
            timezone: chrono_tz::America::New_York,
            reset_hour: 18,
        }),
        zero_means_unloaded: true,
        polls_cached_for: Some(TimeDelta::seconds(3)),
        abilities: Abilities {
            cancel: &[
                CancelScope::Account,
                CancelScope::Symbol,
                CancelScope::Order,
            ],
            close: &[CloseScope::Account, CloseScope::Position],
            books: &[],
            hedge_mode: false,
            flatten_cancels_orders: true,
            cancel_before_close: false,
            repeated_close_joins: false,
        },
        watch_after_flat: TimeDelta::seconds(75),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "requests",
                    scope: LimitScope::Credential,
                    rate: Rate::Bucket {
                        burst: 20,
                        per_second: 3,
                    },
                    reserves: Reserves {
                        can_wait: 18,
                        beside: 10,
                        reads: 1,
                        polls: 0,
                    },
                    told_by: None,
                },
                Limit {
                    counts: "requests",
                    scope: LimitScope::Credential,
                    rate: Rate::Window {
                        most: 180,
                        within: Duration::from_secs(60),
                    },
                    reserves: Reserves {
                        can_wait: 18,
                        beside: 10,
                        reads: 3,
                        polls: 0,
                    },
                    told_by: None,
                },
            ],
            costs: Costs::alike(Cost(&[("requests", 1)])),
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[],
            order_reads: OrderReads::EACH_SECOND,
        },
    };

    /// Binance USD-M futures.
    ///
    /// No figure of a day; an account may be empty. Conditional orders stand in a list
    /// of their own since 2025-12-09, and each list is cancelled by symbol (change
    /// log). No call closes a position whatever its size is; a close is reduce-only or
    /// names the position's side, so that a second one can only reduce what is left,
    /// but resting reduce-only orders hold what it would close (-2022), so that they
    /// are cancelled with it. 2,400 weight a minute for an address, 300 orders in 10 s
    /// and 1,200 in a minute for an account, told in the headers of answers; over that
    /// 429, then 418 for two minutes to three days; 403 is its firewall (general-info
    /// page). The account weighs 5, each list of orders 40, or 1 with a symbol. A key
    /// is one account.
    pub const BINANCE: VenueProfile = VenueProfile {
        kind: VenueKind::Binance,
        name: "binance",
        base_url: "https://fapi.binance.com",
        rights_url: Some("https://api.binance.com"),
        credential: &["key", "secret"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[CancelScope::Symbol, CancelScope::Order],
            close: &[CloseScope::Quantity],
            books: &[OrderBook::Regular, OrderBook::Conditional],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: true,
            repeated_close_joins: true,
        },
        // A signal that the venue has accepted is an order at once.
        watch_after_flat: TimeDelta::seconds(10),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "weight",
                    scope: LimitScope::Address,
                    rate: Rate::Window {
                        most: 2400,
                        within: Duration::from_secs(60),
                    },
                    // A whole round of reads weighs 85, and a minute of polls 300: what
                    // can wait leaves room for ten of the one and some of the other, so
                    // that an account that is opened again and again blinds nobody.
                    reserves: Reserves {
                        can_wait: 1400,
                        beside: 1400,
                        // A few whole reads in a row do not blind the polls of some accounts.
                        reads: 400,
                        // A close weighs nothing, a cancel 1.
                        polls: 100,
                    },
                    told_by: Some(UsageHeader::Used("x-mbx-used-weight-1m")),
                },
                orders_of_account(300, 10, "x-mbx-order-count-10s"),
                orders_of_account(1200, 60, "x-mbx-order-count-1m"),
            ],
            costs: Costs {
                close: Cost(&[("orders", 1)]),
                cancel_orders: Cost(&[("weight", 1)]),
                cancel_order: Cost(&[("weight", 1)]),
                flatten: Cost::NOTHING,
                orders: Cost(&[("weight", 80)]),
                // Both lists of one symbol; each more takes as much.
                orders_of_held: Cost(&[("weight", 2)]),
                ..Costs::alike(Cost(&[("weight", 5)]))
            },
            planned_by: "weight",
            turned_away: LimitScope::Address,
            longest_pause: Duration::from_secs(60),
            ban_statuses: &[403, 418],
            order_reads: OrderReads {
                every: Duration::from_secs(5),
                all_every: Duration::from_secs(30),
                all_every_flat: Duration::from_secs(10),
            },
        },
    };

    /// Bybit v5.
    ///
    /// No figure of a day; an account may be empty. No call closes a position whatever
    /// its size is, and one that cancels is asked for by symbol, all kinds of orders
    /// together (cancel-all page; it takes a settle coin too, of which an account has
    /// several). A close is a reduce-only market order, so that a second one can only
    /// reduce what is left (create-order page). Limits by key and endpoint in a
    /// rolling second, 600 requests of an address in 5 s (rate-limit page): over
    /// these HTTP 403 for ten minutes at least. A key is one account.
    pub const BYBIT: VenueProfile = VenueProfile {
        kind: VenueKind::Bybit,
        name: "bybit",
        base_url: "https://api.bybit.com",
        rights_url: None,
        credential: &["key", "secret"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[CancelScope::Symbol, CancelScope::Order],
            close: &[CloseScope::Quantity],
            books: &[],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: false,
            repeated_close_joins: true,
        },
        // A signal that the venue has accepted is an order at once.
        watch_after_flat: TimeDelta::seconds(10),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "requests",
                    scope: LimitScope::Address,
                    rate: Rate::Window {
                        most: 600,
                        within: Duration::from_secs(5),
                    },
                    reserves: Reserves {
                        can_wait: 300,
                        beside: 150,
                        reads: 100,
                        polls: 100,
                    },
                    told_by: None,
                },
                of_key("wallets", 50, 10),
                of_key("positions", 50, 10),
                of_key("orders", 50, 10),
                of_key("ledgers", 25, 0),
                of_key("closes", 10, 0),
                of_key("cancels", 10, 0),
            ],
            costs: Costs {
                // The wallet, and the positions in USDT, USDC and coins.
                poll: Cost(&[("requests", 4), ("wallets", 1), ("positions", 3)]),
                list: Cost(&[("requests", 1), ("wallets", 1)]),
                positions: Cost(&[("requests", 3), ("positions", 3)]),
                alive: Cost(&[("requests", 1), ("wallets", 1)]),
                orders: Cost(&[("requests", 3), ("orders", 3)]),
                orders_of_held: Cost(&[("requests", 3), ("orders", 3)]),
                flatten: Cost::NOTHING,
                close: Cost(&[("requests", 1), ("closes", 1)]),
                cancel_orders: Cost(&[("requests", 1), ("cancels", 1)]),
                cancel_order: Cost(&[("requests", 1), ("cancels", 1)]),
            },
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[403],
            order_reads: OrderReads::EACH_SECOND,
        },
    };

    /// Bitget's futures, v2 for classic and v3 for unified accounts.
    ///
    /// No figure of a day; an account may be empty. A close is a market order that is
    /// reduce-only or names its side, so that a second one can only reduce what is left;
    /// what resting orders hold of a side of hedge mode is not closed, so that they are
    /// cancelled with it (facts on its closes). The orders of a symbol that are in the book
    /// go by one cancel; conditional ones are cancelled one by one, by their plan type at
    /// a classic account and without one at a unified one. Limits by key and call in a
    /// second, where v2 and v3 differ, or the pages and a client, the smaller; 6,000
    /// requests of an address in a minute, as third parties quote it; over these HTTP 429.
    /// How long an address is turned away is not documented. A key is one account.
    pub const BITGET: VenueProfile = VenueProfile {
        kind: VenueKind::Bitget,
        name: "bitget",
        base_url: "https://api.bitget.com",
        rights_url: None,
        credential: &["key", "secret", "passphrase"],
        has_numbers: false,
        assets: &["USDT", "USDC"],
        dialect: Dialect::Symbols,
        day: None,
        zero_means_unloaded: false,
        polls_cached_for: None,
        abilities: Abilities {
            cancel: &[CancelScope::RegularOfSymbol, CancelScope::Order],
            close: &[CloseScope::Quantity],
            books: &[OrderBook::Regular, OrderBook::Conditional],
            hedge_mode: true,
            flatten_cancels_orders: false,
            cancel_before_close: true,
            repeated_close_joins: true,
        },
        // A signal that the venue has accepted is an order at once.
        watch_after_flat: TimeDelta::seconds(10),
        limits: RequestLimits {
            limits: &[
                Limit {
                    counts: "requests",
                    scope: LimitScope::Address,
                    rate: Rate::Window {
                        most: 6000,
                        within: Duration::from_secs(60),
                    },
                    reserves: Reserves {
                        can_wait: 3000,
                        beside: 1500,
                        reads: 1000,
                        polls: 500,
                    },
                    told_by: None,
                },
                of_call("wallets", 10),
                of_call("positions", 5),
                of_call("orders", 10),
                of_call("plans", 10),
                of_call("ledgers", 10),
                of_call("closes", 10),
                of_call("cancels", 5),
                of_call("cancels_of_one", 10),
            ],
            costs: Costs {
                // Wallets and positions in USDT, in USDC and in coins.
                poll: Cost(&[("requests", 6), ("wallets", 3), ("positions", 3)]),
                list: Cost(&[("requests", 3), ("wallets", 3)]),
                positions: Cost(&[("requests", 3), ("positions", 3)]),
                alive: Cost(&[("requests", 3), ("wallets", 3)]),
                // Of each of the three the book and three lists of conditional orders.
                orders: Cost(&[("requests", 12), ("orders", 3), ("plans", 9)]),
                orders_of_held: Cost(&[("requests", 12), ("orders", 3), ("plans", 9)]),
                flatten: Cost::NOTHING,
                close: Cost(&[("requests", 1), ("closes", 1)]),
                cancel_orders: Cost(&[("requests", 1), ("cancels", 1)]),
                cancel_order: Cost(&[("requests", 1), ("cancels_of_one", 1)]),
            },
            planned_by: "requests",
            turned_away: LimitScope::Credential,
            longest_pause: Duration::from_secs(30),
            ban_statuses: &[403],
            order_reads: OrderReads {
                every: Duration::from_secs(2),
                all_every: Duration::from_secs(2),
                all_every_flat: Duration::from_secs(2),
            },
        },
    };
}

/// A limit of Bitget's: so many requests of a key by one call in a second. No header says
/// how many are left.
const fn of_call(counts: &'static str, most: u32) -> Limit {
    Limit {
        counts,
        scope: LimitScope::Credential,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(1),
        },
        reserves: Reserves::NONE,
        told_by: None,
    }
}

/// A limit of Binance's: so many orders of an account within so many seconds.
const fn orders_of_account(most: u32, seconds: u64, header: &'static str) -> Limit {
    Limit {
        counts: "orders",
        scope: LimitScope::Credential,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(seconds),
        },
        reserves: Reserves::NONE,
        told_by: Some(UsageHeader::Used(header)),
    }
}

/// A limit of Bybit's: so many requests of a key to one endpoint in a second. The
/// header says what is left of that endpoint's.
const fn of_key(counts: &'static str, most: u32, reserve: u32) -> Limit {
    Limit {
        counts,
        scope: LimitScope::Credential,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(1),
        },
        reserves: Reserves {
            can_wait: reserve,
            beside: 0,
            reads: 0,
            polls: 0,
        },
        told_by: Some(UsageHeader::Left("x-bapi-limit-status")),
    }
}

/// The shortest time between two starts of a venue's day: the night in which
/// clocks are set forward.
const SHORTEST_DAY: TimeDelta = TimeDelta::hours(23);

/// When a venue's own day figure starts at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueDay {
    /// The zone of the hour.
    pub timezone: Tz,
    /// The full hour, 0 to 23.
    pub reset_hour: u32,
}

impl VenueDay {
    /// Whether the venue's day that began at `open` is over at `at`.
    pub fn is_over(&self, open: Timestamp, at: Timestamp) -> bool {
        // A local day has at least 23 hours; the calendar is asked after that.
        at.signed_duration_since(open) >= SHORTEST_DAY && !self.is_same(open, at)
    }

    /// Whether both times lie in one of the venue's days.
    pub fn is_same(&self, one: Timestamp, other: Timestamp) -> bool {
        let days = [one, other].map(|time| {
            let local = time.with_timezone(&self.timezone).naive_local();
            local
                .checked_sub_signed(TimeDelta::hours(i64::from(self.reset_hour)))
                .map(|local| local.date())
        });
        days[0] == days[1]
    }

    /// Whether a session that opens at `open` starts with the venue's day.
    pub fn starts_at(&self, open: Timestamp) -> bool {
        let local = open.with_timezone(&self.timezone).time();
        local.hour() == self.reset_hour && local.minute() == 0
    }
}
