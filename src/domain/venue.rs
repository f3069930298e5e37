//! What is known of a kind of venue: facts that decide how its answers are read,
//! how an account is closed there, and how often it may be asked. Core code asks
//! the profile; the kind itself is matched where it is read from a rule file and
//! where its adapter is made. One file has the profile of one kind.

mod binance;
mod bingx;
mod bitget;
mod bybit;
mod crosstrade;

use chrono::{TimeDelta, Timelike as _};
use chrono_tz::Tz;

use super::abilities::Abilities;
use super::instrument::Dialect;
use super::limits::RequestLimits;
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
    /// BingX's perpetual swaps, v2 and v3.
    BingX,
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
    /// The longest time of its dead man's switch, where riskd sets one.
    pub longest_dead_man: Option<TimeDelta>,
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
        &VenueProfile::BINGX,
    ];

    /// The kind of this name in a rule file.
    pub fn named(name: &str) -> Option<&'static VenueProfile> {
        VenueProfile::ALL
            .iter()
            .copied()
            .find(|profile| profile.name == name)
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
