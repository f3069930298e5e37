//! Everything that goes wrong in the simulator: one table. The random runs draw
//! from it, `each.rs` has a test for every row, and docs/faults.md is made of it.

use riskd::domain::observation::Timestamp;
use riskd::venue::paper::{ConnectionStatus, Fault, RequestClass};
use rust_decimal::Decimal;

use super::random::Random;

/// What a fault is in the world.
#[derive(Clone, Copy)]
pub enum Act {
    /// The paper venue's own fault.
    Venue(fn(&mut Random) -> Fault),
    /// Something on the way between riskd and the venue.
    Way(Way),
    /// The add-on on the trader's PC is away.
    NoAddon,
    /// The account's connection is down and its figures are frozen.
    Connection(ConnectionStatus),
    /// The prices jump.
    Gap,
    /// The wall clock is set by so many hours, and back at the end.
    Clock(i64),
    /// The wall clock stands still.
    FrozenClock,
    /// The machine sleeps: the steady clock stands still as well.
    Suspend,
    /// The local clock changes at the edge of a week.
    ClockChange(&'static str),
    /// The process stands still.
    Pause,
    /// The process is killed and started again.
    Kill,
    /// The process is killed again and again.
    KillOften,
    /// The process is stopped in order and started again.
    Restart,
    /// The disk takes seconds for each transaction.
    SlowDisk,
    /// The disk writes nothing.
    DeadDisk,
    /// The disk writes nothing, and the process is killed meanwhile.
    KillOnDeadDisk,
    /// Another rule file is put into force.
    Reload,
}

/// What goes wrong on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// No connection is made.
    Unconnected,
    /// The request is lost.
    LostThere,
    /// The answer is lost.
    LostBack,
    /// Either way takes up to seconds.
    Slow,
    /// The request arrives long after riskd gave it up.
    ArrivesLate,
}

/// What must hold for an account in breach while the fault lasts. In every case
/// all invariants hold, it is flat and locked in the end, and no other account
/// is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The fault changes nothing: flat within three seconds of the breach.
    Flat,
    /// It is flat while the fault lasts, if later.
    FlatMeanwhile,
    /// It cannot be flat, or not be known: somebody is told while the fault lasts.
    Told,
    /// It is flat within fifteen seconds of the fault's end.
    FlatAfter,
}

impl Holds {
    /// In words, for the table.
    pub fn words(self) -> &'static str {
        match self {
            Holds::Flat => "flat within 3 s of the breach, as without it",
            Holds::FlatMeanwhile => "flat while it lasts",
            Holds::Told => "a notice while it lasts, flat within 15 s of its end",
            Holds::FlatAfter => "nothing wrong is done, flat within 15 s of its end",
        }
    }
}

/// Where a fault is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Http,
    Data,
    Flatten,
    Way,
    Time,
    Disk,
    Process,
}

impl Place {
    /// In words, for the table.
    pub fn words(self) -> &'static str {
        match self {
            Place::Http => "the venue's HTTP answer",
            Place::Data => "what the venue's answer says",
            Place::Flatten => "what the venue or the trader does",
            Place::Way => "the seam between adapter and network",
            Place::Time => "the clocks",
            Place::Disk => "the writing of the record",
            Place::Process => "the process",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name; the test in `each` is called so.
    pub name: &'static str,
    /// What goes wrong, in words.
    pub what: &'static str,
    pub place: Place,
    pub act: Act,
    pub holds: Holds,
}

impl Entry {
    /// Whether it cannot begin beside these.
    pub fn is_out_of_place(&self, active: &[Active]) -> bool {
        let clock = |act: &Act| matches!(act, Act::Clock(_) | Act::FrozenClock | Act::Suspend);
        let alone = clock(&self.act) || matches!(self.act, Act::NoAddon | Act::Connection(_));
        let same = |one: &Act| {
            (clock(one) && clock(&self.act))
                || std::mem::discriminant(one) == std::mem::discriminant(&self.act)
        };
        let is_taken = active.iter().any(|one| same(&TABLE[one.index].act));
        matches!(self.act, Act::ClockChange(_)) || (alone && is_taken)
    }
}

/// Makes the table, and a test of each row.
macro_rules! faults {
    ($($name:ident, $what:literal, $place:ident, $holds:ident, $act:expr;)*) => {
        /// Every fault.
        pub const TABLE: &[Entry] = &[$(Entry {
            name: stringify!($name),
            what: $what,
            place: Place::$place,
            holds: Holds::$holds,
            act: $act,
        }),*];

        mod each {
            $(#[test]
            fn $name() {
                crate::each::check(stringify!($name));
            })*
        }
    };
}

fn status(code: u16, retry_after: Option<u32>, after_effect: bool) -> Fault {
    Fault::Status {
        code,
        retry_after,
        after_effect,
    }
}

fn field(random: &mut Random) -> String {
    random
        .of(&[
            "unrealizedProfitLoss",
            "realizedProfitLoss",
            "netLiquidation",
            "cashValue",
        ])
        .to_owned()
}

faults! {
    hang, "no answer, and nothing happens", Http, Told, Act::Venue(|_| Fault::Hang);
    hang_after_effect, "it happens, but no answer comes", Http, Told, Act::Venue(|_| Fault::HangAfterEffect);
    delay, "the answer comes late", Http, FlatMeanwhile, Act::Venue(|r| Fault::Delay { ms: r.within(300, 3_000).unsigned_abs() });
    lost_before_effect, "the connection closes and nothing happens", Http, Told, Act::Venue(|_| Fault::LostBeforeEffect);
    lost_after_effect, "it happens, then the connection closes", Http, Told, Act::Venue(|_| Fault::LostAfterEffect);
    status_400, "400 to everything", Http, Told, Act::Venue(|_| status(400, None, false));
    status_401, "401: the token is refused", Http, Told, Act::Venue(|_| status(401, None, false));
    status_403, "403: the plan is refused", Http, Told, Act::Venue(|_| status(403, None, false));
    status_404, "404 to every path", Http, Told, Act::Venue(|_| status(404, None, false));
    status_408, "408: the platform is offline", Http, Told, Act::Venue(|_| status(408, None, false));
    status_408_after_effect, "408, and it happens all the same", Http, Told, Act::Venue(|_| status(408, None, true));
    status_429, "429 that names no wait", Http, Told, Act::Venue(|_| status(429, None, false));
    status_429_retry_after, "429 with Retry-After", Http, Told, Act::Venue(|r| status(429, u32::try_from(r.within(1, 8)).ok(), false));
    status_500, "500", Http, Told, Act::Venue(|_| status(500, None, false));
    status_502_after_effect, "502, and it happens all the same", Http, Told, Act::Venue(|_| status(502, None, true));
    status_503, "503", Http, Told, Act::Venue(|_| status(503, None, false));
    success_false, "200 with `success: false`", Http, Told, Act::Venue(|_| Fault::SuccessFalse);
    html_body, "200 with an HTML page", Http, Told, Act::Venue(|_| Fault::HtmlBody);
    redirect, "302 to a page", Http, Told, Act::Venue(|_| Fault::Redirect);
    empty_body, "200 with no body", Http, Told, Act::Venue(|_| Fault::EmptyBody);
    truncated_json, "200 with half of the JSON", Http, Told, Act::Venue(|_| Fault::TruncatedJson);
    reset_mid_body, "half of the body, then a reset", Http, Told, Act::Venue(|_| Fault::ResetMidBody);
    huge_body, "a valid answer padded to 10 MB", Http, Told, Act::Venue(|_| Fault::HugeBody);
    slow_loris, "one byte a second", Http, Told, Act::Venue(|_| Fault::SlowLoris { interval_ms: 1000 });
    addon_away, "the add-on on the trader's PC is away", Http, Told, Act::NoAddon;

    field_missing, "a figure is not there", Data, Told, Act::Venue(|r| Fault::FieldMissing { field: field(r) });
    field_null, "a figure is null", Data, Told, Act::Venue(|r| Fault::FieldNull { field: field(r) });
    field_text, "a figure comes as text", Data, Flat, Act::Venue(|r| Fault::FieldText { field: field(r) });
    field_nan, "a figure is NaN", Data, Told, Act::Venue(|r| Fault::FieldNan { field: field(r) });
    field_infinity, "a figure is Infinity", Data, Told, Act::Venue(|r| Fault::FieldInfinity { field: field(r) });
    field_huge, "a figure is 1e308", Data, Told, Act::Venue(|r| Fault::FieldHuge { field: field(r) });
    field_negative_zero, "a figure is -0.0", Data, FlatAfter, Act::Venue(|_| Fault::FieldNegativeZero { field: "unrealizedProfitLoss".to_owned() });
    field_value, "a figure is wrong and plausible", Data, FlatAfter, Act::Venue(|r| Fault::FieldValue { field: field(r), value: Decimal::from(r.within(-1_000_000, 1_000_000)) });
    duplicated_account, "an account is listed twice", Data, Told, Act::Venue(|_| Fault::DuplicatedAccount);
    account_missing, "an account is not in the list", Data, Told, Act::Venue(|_| Fault::AccountMissing);
    no_accounts, "the list of accounts is empty", Data, Told, Act::Venue(|_| Fault::NoAccounts);
    stale_epoch, "every read repeats its first answer", Data, Told, Act::Venue(|_| Fault::StaleEpoch);
    cached, "reads are answered from a cache", Data, FlatMeanwhile, Act::Venue(|r| Fault::Cached { ms: r.within(500, 3_000).unsigned_abs() });
    pnl_zeroed, "realized and unrealized are 0", Data, FlatAfter, Act::Venue(|_| Fault::PnlZeroed);
    figures_zeroed, "every figure is 0", Data, Told, Act::Venue(|_| Fault::FiguresZeroed);
    position_sign_flip, "longs show as shorts", Data, Flat, Act::Venue(|_| Fault::PositionSignFlip);
    negative_quantity, "shorts have a negative quantity", Data, Flat, Act::Venue(|_| Fault::NegativeQuantity);
    positions_missing, "the list of positions is empty", Data, FlatMeanwhile, Act::Venue(|_| Fault::PositionsMissing);
    orders_missing, "the list of orders is empty", Data, Flat, Act::Venue(|_| Fault::OrdersMissing);
    connection_shown, "the connection shows as lost", Data, Told, Act::Venue(|_| Fault::ConnectionShown { status: ConnectionStatus::ConnectionLost });
    connection_lost, "the account's connection is down, figures frozen", Data, Told, Act::Connection(ConnectionStatus::ConnectionLost);
    connecting, "the account's connection is coming up", Data, Told, Act::Connection(ConnectionStatus::Connecting);
    order_state_shown, "orders show a state nobody documented", Data, Flat, Act::Venue(|_| Fault::OrderStateShown { state: "Pending Submit".to_owned() });
    order_id_null, "orders have no id", Data, Flat, Act::Venue(|_| Fault::OrderIdNull);
    data_wrapper, "the payload is wrapped in `data`", Data, Flat, Act::Venue(|_| Fault::DataWrapper);
    extra_fields, "there are unknown keys", Data, Flat, Act::Venue(|_| Fault::ExtraFields);

    flatten_nothing, "a flatten is accepted and does nothing", Flatten, Told, Act::Venue(|_| Fault::FlattenNothing);
    flatten_half, "a flatten closes half, rounded down", Flatten, Told, Act::Venue(|_| Fault::FlattenHalf);
    flatten_late, "a flatten is carried out later", Flatten, FlatMeanwhile, Act::Venue(|r| Fault::FlattenLate { ms: r.within(500, 4_000).unsigned_abs() });
    flatten_leaves_orders, "a flatten leaves orders", Flatten, Flat, Act::Venue(|_| Fault::FlattenLeavesOrders);
    flatten_refused, "a flatten is refused: the market is closed", Flatten, Told, Act::Venue(|_| Fault::FlattenRefused { error: "Market is closed".to_owned() });
    cancel_nothing, "a cancel is accepted and does nothing", Flatten, FlatMeanwhile, Act::Venue(|_| Fault::CancelNothing);
    cancel_late, "a cancel is confirmed later", Flatten, FlatMeanwhile, Act::Venue(|r| Fault::CancelLate { ms: r.within(500, 4_000).unsigned_abs() });
    cancel_stuck, "a cancel is never confirmed", Flatten, FlatMeanwhile, Act::Venue(|_| Fault::CancelStuck);
    fills_on_cancel, "orders fill when their cancel arrives", Flatten, FlatMeanwhile, Act::Venue(|_| Fault::FillsOnCancel);
    reenters, "the trader opens again after each flatten", Flatten, FlatMeanwhile, Act::Venue(|r| Fault::Reenters { after_ms: r.within(200, 3_000).unsigned_abs() });
    gap, "the prices jump", Flatten, Flat, Act::Gap;

    unconnected, "no connection is made", Way, Told, Act::Way(Way::Unconnected);
    lost_there, "the request is lost on the way", Way, Told, Act::Way(Way::LostThere);
    lost_back, "the answer is lost on the way", Way, Told, Act::Way(Way::LostBack);
    slow, "either way takes up to two seconds", Way, FlatMeanwhile, Act::Way(Way::Slow);
    arrives_late, "requests arrive after riskd gave them up", Way, Told, Act::Way(Way::ArrivesLate);

    clock_forward, "the wall clock is set forward by an hour", Time, Flat, Act::Clock(1);
    clock_back, "the wall clock is set back by an hour", Time, Flat, Act::Clock(-1);
    clock_frozen, "the wall clock stands still", Time, Flat, Act::FrozenClock;
    suspend, "the machine is suspended for ten minutes", Time, FlatAfter, Act::Suspend;
    spring_forward, "the local clock goes from 2:00 to 3:00", Time, Flat, Act::ClockChange("2026-03-08T06:59:40Z");
    fall_back, "the local clock goes from 2:00 to 1:00", Time, Flat, Act::ClockChange("2026-11-01T05:59:40Z");

    slow_disk, "a transaction takes seconds", Disk, Flat, Act::SlowDisk;
    dead_disk, "no transaction succeeds", Disk, Flat, Act::DeadDisk;
    kill_on_dead_disk, "no transaction succeeds, and the process is killed", Disk, FlatMeanwhile, Act::KillOnDeadDisk;

    kill, "the process is killed and started again", Process, FlatMeanwhile, Act::Kill;
    kill_often, "the process is killed every few seconds", Process, FlatMeanwhile, Act::KillOften;
    restart, "the process is stopped in order and started again", Process, FlatMeanwhile, Act::Restart;
    pause, "the process stands still for up to a minute", Process, FlatAfter, Act::Pause;
    reload, "another rule file is put into force", Process, Flat, Act::Reload;
}

/// A fault in force.
#[derive(Clone, Copy)]
pub struct Active {
    /// Its place in the table.
    pub index: usize,
    /// One account, or all.
    pub account: Option<&'static str>,
    pub until: Timestamp,
    /// The number under which the venue knows it.
    pub venue: Option<u64>,
}

/// For which requests a fault of the venue strikes in a random run.
pub fn class(random: &mut Random) -> RequestClass {
    random.of(&[
        RequestClass::All,
        RequestClass::All,
        RequestClass::Snapshot,
        RequestClass::Flatten,
        RequestClass::Cancel,
        RequestClass::Orders,
        RequestClass::Positions,
        RequestClass::Accounts,
    ])
}
