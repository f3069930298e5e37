//! Everything that can go wrong on request, by name. When it does is in
//! `rule.rs`.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::class::RequestClass;
use super::rule::FaultError;
use super::shape::Shape;
use crate::sim::account::ConnectionStatus;
use crate::sim::flatten::Repeat;

/// The most requests a second of another program.
const MOST_PER_SECOND: u32 = 100;
/// The furthest a venue's clock is off: a day.
const LARGEST_OFFSET_MS: u64 = 24 * 3_600_000;
/// The shortest time between two comparisons of a copier.
const SHORTEST_COMPARISON_MS: u64 = 100;

/// One way to go wrong. In JSON a name, or one key with its settings:
/// `"hang"`, `{"delay": {"ms": 500}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    // On the wire.
    /// No response, and nothing happens.
    Hang,
    /// It happens, but no response comes.
    HangAfterEffect,
    /// The request takes effect, and its response comes only after a while.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is closed and nothing happens.
    LostBeforeEffect,
    /// It happens, then the connection is closed without a response.
    LostAfterEffect,
    /// Another status, with an error body.
    Status {
        /// 400 to 599.
        code: u16,
        /// Seconds for a `Retry-After` header and the body's `retryAfter`.
        #[serde(default)]
        retry_after: Option<u32>,
        /// Whether it happens all the same.
        #[serde(default)]
        after_effect: bool,
    },
    /// An error code of the venue's own; exchanges alone.
    Code {
        /// Such as 10006 or 10016 at Bybit, -1007 or -4131 at Binance.
        code: i64,
        /// Whether it happens all the same.
        #[serde(default)]
        after_effect: bool,
    },
    /// Every write but an order that only reduces is turned away as too much for the
    /// venue, and nothing happens; exchanges alone.
    Throttled,
    /// 200 with `success: false`, and nothing happens.
    SuccessFalse,
    /// 200 with an HTML page; it happens.
    HtmlBody,
    /// 302 to an HTML page, and nothing happens.
    Redirect,
    /// 200 with no body; it happens.
    EmptyBody,
    /// 200 with half the JSON as a complete body; it happens.
    TruncatedJson,
    /// Half the body, then the connection is reset; it happens.
    ResetMidBody,
    /// A valid body padded to 10 MB; it happens.
    HugeBody,
    /// The body one byte at a time; it happens.
    SlowLoris {
        /// Milliseconds between two bytes, at least 1.
        interval_ms: u64,
    },

    // In what a read says.
    /// A field is not there.
    FieldMissing {
        /// Its name, at any depth.
        field: String,
    },
    /// A field is null.
    FieldNull {
        /// Its name, at any depth.
        field: String,
    },
    /// A number comes as a string.
    FieldText {
        /// Its name, at any depth.
        field: String,
    },
    /// A number is the token `NaN`, which is not JSON.
    FieldNan {
        /// Its name, at any depth.
        field: String,
    },
    /// A number is the token `Infinity`, which is not JSON.
    FieldInfinity {
        /// Its name, at any depth.
        field: String,
    },
    /// A number is 1e308.
    FieldHuge {
        /// Its name, at any depth.
        field: String,
    },
    /// A number is -0.0.
    FieldNegativeZero {
        /// Its name, at any depth.
        field: String,
    },
    /// A number is that value.
    FieldValue {
        /// Its name, at any depth.
        field: String,
        /// What it says.
        value: Decimal,
    },
    /// An account is listed twice, the second time with other figures.
    DuplicatedAccount,
    /// An account is not in the list.
    AccountMissing,
    /// The list of accounts is empty.
    NoAccounts,
    /// A read says for ever what it first said, all accounts of it together.
    StaleEpoch,
    /// A read says for a while what it said before.
    Cached {
        /// Milliseconds.
        ms: u64,
    },
    /// Realized and unrealized results are 0.
    PnlZeroed,
    /// Every figure is 0.
    FiguresZeroed,
    /// Longs show as shorts and the other way round.
    PositionSignFlip,
    /// The quantity of shorts is negative.
    NegativeQuantity,
    /// The list of positions is empty though there are some.
    PositionsMissing,
    /// The list of orders is empty though there are some.
    OrdersMissing,
    /// The list of orders holds no conditional one though there are some;
    /// exchanges alone.
    StopsMissing,
    /// The rows of one instrument are not in the list; exchanges alone.
    RowMissing {
        /// Which.
        instrument: String,
    },
    /// The connection shows another state; figures stay live.
    ConnectionShown {
        /// What it shows.
        status: ConnectionStatus,
    },
    /// Orders show a state that nobody documented.
    OrderStateShown {
        /// What they show.
        state: String,
    },
    /// Orders have no `orderId`.
    OrderIdNull,
    /// The payload is wrapped in `data`.
    DataWrapper,
    /// There are unknown keys.
    ExtraFields,
    /// The venue shows something in another of the shapes that it has; BingX alone.
    OtherShape {
        /// Which.
        shape: Shape,
    },

    // In what a flatten, a cancel or a trader does.
    /// A flatten is accepted and does nothing.
    FlattenNothing,
    /// A flatten closes half of each position.
    FlattenHalf,
    /// A flatten is accepted, says `pending`, and closes after a while.
    FlattenLate {
        /// Milliseconds.
        ms: u64,
    },
    /// A flatten's market orders have the size that is held when it arrives, and
    /// fill after a while, whatever is held by then.
    FlattenFillsLate {
        /// Milliseconds.
        ms: u64,
        /// Whether the reply, which comes at once, says `pending`.
        #[serde(default)]
        pending: bool,
        /// What another flatten does meanwhile.
        #[serde(default)]
        repeat: Repeat,
    },
    /// A flatten closes positions and leaves orders.
    FlattenLeavesOrders,
    /// A flatten is refused with 400.
    FlattenRefused {
        /// The sentence in `error`.
        error: String,
    },
    /// A cancel is accepted and does nothing.
    CancelNothing,
    /// A cancel stays `CancelPending` for a while.
    CancelLate {
        /// Milliseconds.
        ms: u64,
    },
    /// A cancel stays `CancelPending` for ever.
    CancelStuck,
    /// The orders fill when their cancel is asked for.
    FillsOnCancel,
    /// A cancel of all leaves conditional orders unless it names them; exchanges
    /// alone.
    CancelLeavesStops,
    /// Conditional orders are in no list and no cancel finds them, though they still
    /// fill; exchanges alone.
    StopsForgotten,
    /// While a position is closed another one is opened; exchanges alone.
    Appears {
        /// In which instrument.
        instrument: String,
        /// How much, negative when short.
        quantity: Decimal,
    },
    /// A call that is about the whole account does nothing for one instrument, and says
    /// so in its list of what failed; BingX alone.
    EntryFails {
        /// Which.
        instrument: String,
    },
    /// The trader opens the position again after a flatten; `count` times.
    Reenters {
        /// Milliseconds after the flatten.
        after_ms: u64,
    },

    // What others do as long as the fault is in force, whatever is asked for.
    // These belong to no class of requests and to no chance.
    /// The venue's clock is off; exchanges alone.
    ClockOff {
        /// Milliseconds, negative when it is behind.
        ms: i64,
    },
    /// The address is turned away for so long, from when this is put in force;
    /// exchanges alone.
    Ban {
        /// Milliseconds, at least 1.
        ms: u64,
    },
    /// Another program with the same token takes requests out of the bucket, in
    /// even steps; `count` of them.
    OtherProgram {
        /// Requests a second, 1 to 100.
        per_second: u32,
    },
    /// A bot opens each position again after it was closed, whoever closed it;
    /// `count` times.
    Reopens {
        /// Milliseconds after the close, at least 1.
        after_ms: u64,
    },
    /// A trade copier gives the account (all other accounts without one) what
    /// its leader holds, again and again; `count` orders.
    Copier {
        /// The account that is copied.
        leader: String,
        /// Milliseconds between two comparisons, at least 100.
        every_ms: u64,
    },
}

/// What part of the venue a fault lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultLayer {
    /// The connection and the HTTP response.
    Wire,
    /// The figures in a read.
    Data,
    /// What a flatten does.
    Flatten,
    /// What a cancel does.
    Cancel,
    /// What other programs and people do beside the requests.
    Others,
}

impl Fault {
    /// Where the fault lives.
    pub fn layer(&self) -> FaultLayer {
        match self {
            Fault::Hang
            | Fault::HangAfterEffect
            | Fault::Delay { .. }
            | Fault::LostBeforeEffect
            | Fault::LostAfterEffect
            | Fault::Status { .. }
            | Fault::Code { .. }
            | Fault::Throttled
            | Fault::SuccessFalse
            | Fault::HtmlBody
            | Fault::Redirect
            | Fault::EmptyBody
            | Fault::TruncatedJson
            | Fault::ResetMidBody
            | Fault::HugeBody
            | Fault::SlowLoris { .. } => FaultLayer::Wire,
            Fault::FlattenNothing
            | Fault::FlattenHalf
            | Fault::FlattenLate { .. }
            | Fault::FlattenFillsLate { .. }
            | Fault::FlattenLeavesOrders
            | Fault::FlattenRefused { .. }
            | Fault::Appears { .. }
            | Fault::EntryFails { .. }
            | Fault::Reenters { .. } => FaultLayer::Flatten,
            Fault::CancelNothing
            | Fault::CancelLate { .. }
            | Fault::CancelStuck
            | Fault::CancelLeavesStops
            | Fault::StopsForgotten
            | Fault::FillsOnCancel => FaultLayer::Cancel,
            Fault::ClockOff { .. }
            | Fault::Ban { .. }
            | Fault::OtherProgram { .. }
            | Fault::Reopens { .. }
            | Fault::Copier { .. } => FaultLayer::Others,
            _ => FaultLayer::Data,
        }
    }

    /// The fault's name in JSON.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            Ok(Value::Object(map)) => map.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    pub(crate) fn can_touch(&self, class: RequestClass) -> bool {
        match (self, self.layer()) {
            (Fault::Throttled, _) => matches!(class, RequestClass::Cancel | RequestClass::Place),
            (Fault::StopsForgotten, _) => {
                matches!(class, RequestClass::Cancel | RequestClass::Orders)
            }
            (Fault::EntryFails { .. }, _) => {
                matches!(class, RequestClass::Cancel | RequestClass::Flatten)
            }
            (Fault::OtherShape { .. }, _) => true,
            (_, FaultLayer::Wire) => true,
            (_, FaultLayer::Data) => class.is_read(),
            (_, FaultLayer::Flatten) => class == RequestClass::Flatten,
            (_, FaultLayer::Cancel) => class == RequestClass::Cancel,
            (_, FaultLayer::Others) => false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), FaultError> {
        match self {
            Fault::Status { code, .. } if !(400..=599).contains(code) => Err(FaultError::Status),
            Fault::SlowLoris { interval_ms: 0 }
            | Fault::Reopens { after_ms: 0 }
            | Fault::Ban { ms: 0 } => Err(FaultError::Interval),
            Fault::ClockOff { ms } if ms.unsigned_abs() > LARGEST_OFFSET_MS => {
                Err(FaultError::Offset)
            }
            Fault::Copier { every_ms, .. } if *every_ms < SHORTEST_COMPARISON_MS => {
                Err(FaultError::Comparison)
            }
            Fault::OtherProgram { per_second } if !(1..=MOST_PER_SECOND).contains(per_second) => {
                Err(FaultError::OtherProgram)
            }
            _ => Ok(()),
        }
    }
}
