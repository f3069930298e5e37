//! What is known of Binance's USD-M futures.

use std::time::Duration;

use chrono::TimeDelta;

use super::{VenueKind, VenueProfile};
use crate::domain::abilities::{Abilities, CancelScope, CloseScope};
use crate::domain::holdings::OrderBook;
use crate::domain::instrument::Dialect;
use crate::domain::limits::{
    Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves, UsageHeader,
};

impl VenueProfile {
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
        longest_dead_man: Some(TimeDelta::minutes(10)),
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
