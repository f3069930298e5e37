//! The kinds of venues that weeks are traded at. A further one is a row in each
//! `match` here and a file beside the others; everything else of the simulator asks
//! the kind.

mod binance;
mod bingx;
mod bitget;
mod bybit;
mod crosstrade;
mod exchange;

use std::ops::Range;
use std::sync::Arc;

use riskd::domain::observation::Timestamp;
use riskd::domain::venue::VenueProfile;
use riskd::venue::Venue;
use riskd::venue::rest::Outgoing;
use riskd_paper::{Fault, Page, PaperConfig, PaperVenue, RequestClass};
use rust_decimal::Decimal;

use super::leaving::Budget;
use super::net::Wires;
use super::random::Random;
use super::rules::MANY;

/// Of which kind a venue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    CrossTrade,
    Bybit,
    Binance,
    Bitget,
    BingX,
}

/// The weeks of so many seeds, in a random order. A poll of an exchange is several
/// requests for each account, and its weeks take twice as long.
const MIX: [Kind; 8] = [
    Kind::CrossTrade,
    Kind::CrossTrade,
    Kind::CrossTrade,
    Kind::CrossTrade,
    Kind::Bitget,
    Kind::BingX,
    Kind::Bybit,
    Kind::Binance,
];

/// What a request asks of a venue, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The account; `None` for what is asked for all of them, or for nobody.
    pub account: Option<&'static str>,
    pub what: What,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Figures and positions of every account.
    Snapshot,
    /// The figures of an account.
    Figures,
    /// A part of its positions.
    Positions(Part),
    /// A part of its working orders.
    Orders(Part),
    /// A close of a position, or of all.
    Close,
    /// Another write.
    Cancel,
    /// Something that this simulator does not judge.
    Other,
}

/// A part of what an account holds that is listed by itself: what is settled in one
/// asset, or in none that has a part of its own; orders of one of two lists; or all of
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    All,
    Asset(&'static str),
    Rest(&'static [&'static str]),
    Regular,
    Conditional,
    /// What is in both.
    Both(&'static Part, &'static Part),
}

impl Part {
    /// Whether it has what is settled in this asset, or an order that waits for its
    /// trigger or does not.
    pub fn holds(self, asset: &str, waits: bool) -> bool {
        match self {
            Part::All => true,
            Part::Asset(name) => name == asset,
            Part::Rest(names) => !names.contains(&asset),
            Part::Regular => !waits,
            Part::Conditional => waits,
            Part::Both(one, other) => one.holds(asset, waits) && other.holds(asset, waits),
        }
    }
}

/// What a trader deals in.
#[derive(Clone, Copy, Debug)]
pub struct Traded {
    pub name: &'static str,
    /// The tick, in hundredths.
    tick: i64,
    /// A usual size, in thousandths.
    size: i64,
    /// The largest market order, in thousandths: more is traded by several.
    largest: Option<i64>,
    /// How many ticks it moves beside the others.
    pub liveliness: u32,
}

impl Traded {
    pub fn tick(&self) -> Decimal {
        Decimal::new(self.tick, 2)
    }

    /// The largest market order.
    pub fn largest(&self) -> Option<Decimal> {
        Some(Decimal::new(self.largest?, 3))
    }

    /// So many of the usual size.
    pub fn sized(&self, number: i64) -> Decimal {
        (Decimal::new(self.size, 3) * Decimal::from(number)).normalize()
    }
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::CrossTrade,
        Kind::Bybit,
        Kind::Binance,
        Kind::Bitget,
        Kind::BingX,
    ];

    /// The kind of a seed's week, or the one that is asked for by
    /// `RISKD_SIM_VENUE=binance`. It takes nothing of the chance of the week.
    pub fn of(seed: u64) -> Kind {
        let wanted = std::env::var("RISKD_SIM_VENUE").ok();
        let named = |kind: &Kind| Some(kind.profile().name) == wanted.as_deref();
        let drawn = Random::new(seed ^ 0x0A11_7E57).of(&MIX);
        Kind::ALL.into_iter().find(named).unwrap_or(drawn)
    }

    pub fn profile(self) -> &'static VenueProfile {
        match self {
            Kind::CrossTrade => &VenueProfile::CROSSTRADE,
            Kind::Bybit => &VenueProfile::BYBIT,
            Kind::Binance => &VenueProfile::BINANCE,
            Kind::Bitget => &VenueProfile::BITGET,
            Kind::BingX => &VenueProfile::BINGX,
        }
    }

    /// Whether it is an exchange of perpetuals.
    pub fn is_exchange(self) -> bool {
        self != Kind::CrossTrade
    }

    /// What is traded, the one of most tests first.
    pub fn traded(self) -> &'static [Traded] {
        match self {
            Kind::CrossTrade => &crosstrade::TRADED,
            Kind::Bybit => &bybit::TRADED,
            Kind::Binance => &binance::TRADED,
            Kind::Bitget => &bitget::TRADED,
            Kind::BingX => &bingx::TRADED,
        }
    }

    /// What is traded under this name.
    pub fn traded_as(self, name: &str) -> &'static Traded {
        self.traded().iter().find(|one| one.name == name).unwrap()
    }

    /// The paper venue of a week.
    pub fn paper(self, random: &mut Random, names: &[&str]) -> PaperConfig {
        match self {
            Kind::CrossTrade => crosstrade::paper(random, names),
            Kind::Bybit => bybit::paper(random, names),
            Kind::Binance => binance::paper(random, names),
            Kind::Bitget => bitget::paper(random, names),
            Kind::BingX => bingx::paper(random, names),
        }
    }

    /// The venues and accounts of a rule file.
    pub fn rule_file(self, names: &[&str]) -> String {
        match self {
            Kind::CrossTrade => crosstrade::rule_file(names),
            _ => exchange::rule_file(self.profile().name, names),
        }
    }

    /// The adapters of these accounts, each with the places of those that it asks for.
    pub fn adapters(self, names: &[&str], wires: &Wires) -> Vec<(Arc<dyn Venue>, Range<usize>)> {
        match self {
            Kind::CrossTrade => vec![(crosstrade::adapter(wires), 0..names.len())],
            Kind::Bybit => bybit::adapters(names, wires),
            Kind::Binance => binance::adapters(names, wires),
            Kind::Bitget => bitget::adapters(names, wires),
            Kind::BingX => bingx::adapters(names, wires),
        }
    }

    /// What a request is.
    pub fn asked(self, asked: &Outgoing) -> Asked {
        match self {
            Kind::CrossTrade => crosstrade::asked(asked),
            Kind::Bybit => bybit::asked(asked),
            Kind::Binance => binance::asked(asked),
            Kind::Bitget => bitget::asked(asked),
            Kind::BingX => bingx::asked(asked),
        }
    }

    /// What a poll, or a read of another kind, learns from the answer to such a request.
    pub fn told(self, what: What, is_poll: bool) -> What {
        match self {
            Kind::CrossTrade | Kind::Bybit | Kind::Bitget | Kind::BingX => what,
            Kind::Binance => binance::told(what, is_poll),
        }
    }

    /// How much a request takes of what polls may count on.
    pub fn weight(self, asked: &Outgoing) -> usize {
        match self {
            Kind::CrossTrade | Kind::Bybit | Kind::Bitget => 1,
            Kind::Binance => binance::weight(asked),
            Kind::BingX => bingx::weight(asked),
        }
    }

    /// How much a poll takes of it.
    pub fn poll_weight(self) -> usize {
        match self {
            Kind::CrossTrade | Kind::Bybit | Kind::Bitget | Kind::BingX => 1,
            Kind::Binance => 5,
        }
    }

    /// The parts in which an account is listed.
    pub fn parts(self) -> &'static [Part] {
        match self {
            Kind::CrossTrade => &[Part::All],
            Kind::Bybit => &bybit::PARTS,
            Kind::Binance => &binance::PARTS,
            Kind::Bitget => &bitget::PARTS,
            Kind::BingX => &bingx::PARTS,
        }
    }

    /// Those in which its orders are, where they are others.
    pub fn order_parts(self) -> &'static [Part] {
        match self {
            Kind::Bitget => &bitget::ORDER_PARTS,
            Kind::CrossTrade | Kind::Bybit | Kind::Binance | Kind::BingX => self.parts(),
        }
    }

    /// What polls may count on.
    pub fn budget(self) -> &'static Budget {
        match self {
            Kind::CrossTrade => &crosstrade::BUDGET,
            Kind::Bybit => &bybit::BUDGET,
            Kind::Binance => &binance::BUDGET,
            Kind::Bitget => &bitget::BUDGET,
            Kind::BingX => &bingx::BUDGET,
        }
    }

    /// What a close becomes in a world whose riskd opens positions; nothing where a
    /// venue has no such order.
    pub fn opening(self, close: &Outgoing, time: Timestamp) -> Option<Outgoing> {
        match self {
            Kind::CrossTrade => None,
            Kind::Bybit => Some(bybit::opening(close, time)),
            Kind::Binance => Some(binance::opening(close, time)),
            Kind::Bitget => Some(bitget::opening(close, time)),
            Kind::BingX => bingx::opening(close, time),
        }
    }

    /// For how long an answer turns polls away, in milliseconds.
    pub fn pause(self, page: &Page) -> Option<i64> {
        let told = page.retry_after.and_then(|told| i64::try_from(told).ok());
        let by_status = (page.status == 429).then(|| told.map_or(UNTOLD, |told| told * 1_000));
        match self {
            Kind::CrossTrade | Kind::Bitget => by_status,
            Kind::Bybit => by_status.or_else(|| bybit::pause(page)),
            Kind::Binance => by_status.or_else(|| binance::pause(page)),
            Kind::BingX => by_status.or_else(|| bingx::pause(page)),
        }
    }

    /// How much an answer says is used of what polls may count on.
    pub fn used(self, page: &Page) -> Option<usize> {
        let name = self.budget().told_by?;
        let mut headers = page.headers.iter();
        let (_, told) = headers.find(|(known, _)| *known == name)?;
        told.parse().ok()
    }

    /// Whether an answer says that the address is turned away.
    pub fn is_ban(self, page: &Page) -> bool {
        self.profile().limits.ban_statuses.contains(&page.status)
    }

    /// Takes a look at positions out of the venue's own count, where that is kept for
    /// all requests together.
    pub fn takes_look(self, venue: &PaperVenue) -> bool {
        match self {
            Kind::CrossTrade => venue.takes_token(),
            Kind::Bybit | Kind::Binance | Kind::Bitget | Kind::BingX => true,
        }
    }

    /// The name of a figure, for faults of it.
    pub fn figure(self, random: &mut Random) -> String {
        let names = match self {
            Kind::CrossTrade => &crosstrade::FIGURES[..],
            Kind::Bybit => &bybit::FIGURES[..],
            Kind::Binance => &binance::FIGURES[..],
            Kind::Bitget => &bitget::FIGURES[..],
            Kind::BingX => &bingx::FIGURES[..],
        };
        random.of(names).to_owned()
    }

    /// The name of the open result, for faults of it.
    pub fn open_result(self) -> String {
        match self {
            Kind::CrossTrade => crosstrade::FIGURES[0].to_owned(),
            Kind::Bybit => bybit::FIGURES[0].to_owned(),
            Kind::Binance => binance::FIGURES[0].to_owned(),
            Kind::Bitget => bitget::FIGURES[0].to_owned(),
            Kind::BingX => bingx::FIGURES[0].to_owned(),
        }
    }

    /// A code of the venue's own by which the outcome of a request is not known.
    pub fn unsure_code(self) -> i64 {
        match self {
            Kind::CrossTrade => 500,
            Kind::Bybit => 10_016,
            Kind::Binance => -1_007,
            Kind::Bitget => 40_725,
            Kind::BingX => 100_500,
        }
    }

    /// A code that says that too much was asked.
    pub fn too_many_code(self) -> i64 {
        match self {
            Kind::CrossTrade => 429,
            Kind::Bybit => 10_006,
            Kind::Binance => -1_003,
            Kind::Bitget => 429,
            Kind::BingX => 100_410,
        }
    }

    /// For which requests a fault of the venue strikes in a random run.
    pub fn class(self, random: &mut Random) -> RequestClass {
        match self {
            Kind::CrossTrade => random.of(&crosstrade::CLASSES),
            Kind::Bybit => random.of(&bybit::CLASSES),
            Kind::Binance => random.of(&binance::CLASSES),
            Kind::Bitget => random.of(&bitget::CLASSES),
            Kind::BingX => random.of(&bingx::CLASSES),
        }
    }

    /// For how long an address is turned away, in milliseconds. One that says until when
    /// is believed.
    pub fn ban(self, random: &mut Random) -> u64 {
        match self {
            Kind::CrossTrade | Kind::Bybit | Kind::Bitget | Kind::BingX => 3_600_000,
            Kind::Binance => random.within(1_000, 15_000).unsigned_abs(),
        }
    }

    /// A position that comes while another is closed.
    pub fn appears(self, random: &mut Random) -> Fault {
        let last = self.traded().last().unwrap();
        Fault::Appears {
            instrument: last.name.to_owned(),
            quantity: last.sized(random.of(&[-1, 1])),
        }
    }
}

/// The pause after a "too many requests" that names none, and what a venue may
/// round up, in milliseconds.
const UNTOLD: i64 = 1_000;

/// The account of this name, however it is spelled.
fn known(name: &str) -> Option<&'static str> {
    MANY.into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}
