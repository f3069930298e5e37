//! How a venue shows the simulation: one folder for each venue's API. A dialect
//! knows routes, wire shapes and words; what happens is the simulation's.

pub(crate) mod binance;
pub(crate) mod bingx;
pub(crate) mod bitget;
pub(crate) mod bybit;
pub(crate) mod crosstrade;
pub(crate) mod exchange;
pub(crate) mod fields;
pub(crate) mod query;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::http::message::{Incoming, Response};
use crate::venue::PaperVenue;

/// Whose API a paper venue speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VenueKind {
    /// CrossTrade's REST API to NinjaTrader, with one bearer token.
    #[default]
    CrossTrade,
    /// Bybit v5, signed with a key for each account.
    Bybit,
    /// Binance USD-M futures, signed with a key for each account.
    Binance,
    /// Bitget futures, v2 for classic accounts and v3 for unified ones, signed with a
    /// key for each account.
    Bitget,
    /// BingX perpetual swaps, v2 and v3, signed with a key for each account.
    BingX,
}

impl VenueKind {
    /// The path before every call.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            VenueKind::CrossTrade => crosstrade::routes::PREFIX,
            VenueKind::Bybit | VenueKind::Binance | VenueKind::Bitget | VenueKind::BingX => "",
        }
    }

    /// How a venue spells a perpetual of the usual scenario.
    pub(crate) fn spelled(self, symbol: &'static str) -> &'static str {
        match (self, symbol) {
            (VenueKind::BingX, "BTCUSDT") => "BTC-USDT",
            (VenueKind::BingX, "ETHUSDT") => "ETH-USDT",
            (VenueKind::BingX, "BTCPERP") => "BTC-USDC",
            _ => symbol,
        }
    }

    /// Whether requests are signed with an account's key.
    pub(crate) fn is_signed(self) -> bool {
        self != VenueKind::CrossTrade
    }
}

/// What is decided about a request before its body is read.
pub(crate) enum Admission {
    CrossTrade(crosstrade::front::Admission),
    /// The signature covers the body: nothing is decided yet.
    Bybit(bybit::front::Arrived),
    Binance(binance::front::Arrived),
    Bitget(bitget::front::Arrived),
    BingX(bingx::front::Arrived),
}

impl Admission {
    /// Whether the body is needed.
    pub(crate) fn needs_body(&self) -> bool {
        use crosstrade::front::Admission::Proceed;
        match self {
            Admission::CrossTrade(admission) => matches!(admission, Proceed { .. }),
            Admission::Bybit(_)
            | Admission::Binance(_)
            | Admission::Bitget(_)
            | Admission::BingX(_) => true,
        }
    }
}

impl PaperVenue {
    /// Takes a request from a program in the same process: notes it, carries
    /// it out, and gives the response.
    pub fn receive<'a>(&self, request: impl Into<Incoming<'a>>) -> Response {
        let request = request.into();
        let (_, admission) = self.admit(&request);
        self.carry_out(admission, &request)
    }

    /// Notes a request, whose body need not be there yet, and gives its number.
    pub(crate) fn admit(&self, request: &Incoming<'_>) -> (u64, Admission) {
        match self.config().kind {
            VenueKind::CrossTrade => {
                let (number, admission) = self.admit_to_crosstrade(request);
                (number, Admission::CrossTrade(admission))
            }
            VenueKind::Bybit => {
                let (number, arrived) = self.arrive_at_bybit(request);
                (number, Admission::Bybit(arrived))
            }
            VenueKind::Binance => {
                let (number, arrived) = self.arrive_at_binance(request);
                (number, Admission::Binance(arrived))
            }
            VenueKind::Bitget => {
                let (number, arrived) = self.arrive_at_bitget(request);
                (number, Admission::Bitget(arrived))
            }
            VenueKind::BingX => {
                let (number, arrived) = self.arrive_at_bingx(request);
                (number, Admission::BingX(arrived))
            }
        }
    }

    /// Carries out a request, now with its body.
    pub(crate) fn carry_out(&self, admission: Admission, request: &Incoming<'_>) -> Response {
        match admission {
            Admission::CrossTrade(admission) => self.carry_out_crosstrade(admission, request),
            Admission::Bybit(arrived) => self.carry_out_bybit(&arrived, request),
            Admission::Binance(arrived) => self.carry_out_binance(&arrived, request),
            Admission::Bitget(arrived) => self.carry_out_bitget(&arrived, request),
            Admission::BingX(arrived) => self.carry_out_bingx(&arrived, request),
        }
    }

    /// The time that the venue says it is.
    pub(crate) fn shown_time(&self) -> DateTime<Utc> {
        let offset = self.state().faults.clock_offset_ms();
        let now = self.now();
        now.checked_add_signed(TimeDelta::milliseconds(offset))
            .unwrap_or(now)
    }
}
