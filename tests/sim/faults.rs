//! Everything that goes wrong in the simulator: one table. The random runs draw
//! from it, `each.rs` has a test for every row, and docs/faults.md is made of it.

use riskd::domain::observation::Timestamp;
use riskd_paper::{ConnectionStatus, Fault, Repeat, RequestClass};
use rust_decimal::Decimal;

use super::random::Random;
use super::rules::BYSTANDER;

/// What a fault is in the world.
#[derive(Clone, Copy)]
pub enum Act {
    /// The paper venue's own fault.
    Venue(fn(&mut Random) -> Fault),
    /// The same, always about one account, and not the bystander.
    VenueOfOne(fn(&mut Random) -> Fault),
    /// The same, whatever account.
    VenueOfAll(fn(&mut Random) -> Fault),
    /// The venue sends its snapshot of all accounts again for three seconds.
    CachedSnapshots,
    /// Figures that cannot be so, and each second poll is lost.
    DoubtAndLosses,
    /// A close leaves a stop, which fills right after it.
    StopLeft,
    /// A person asks for the same every half second.
    PersonAsksAgain,
    /// A rule file with a rule that asks again as soon as it has fired.
    RuleAsksAgain,
    /// The process is killed at this moment of a request, and started again.
    KillAt(Moment),
    /// The process is stopped, and starts with an edited rule file; the edit is
    /// undone by another start.
    StartEdited(Edit),
    /// A lock is asked for while the wall clock is wrong by so many hours.
    ClockAtLock(i64),
    /// The write-ahead log of the record is deleted under riskd.
    LogGone,
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

/// A moment between what is decided and the word that it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The engine has decided and nothing of that is handed over.
    Decided,
    /// The decision is on record and its request has not left.
    Committed,
    /// The request has left and nobody has noted that.
    Left,
    /// The answer is there and nobody has noted that.
    Answered,
}

/// What is edited while riskd is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It only observes.
    Observes,
    /// The numbers of the accounts are spelled in another way.
    Spelling,
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
    Others,
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
            Place::Others => "what other programs and people do",
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
        let clock = |act: &Act| {
            matches!(
                act,
                Act::Clock(_) | Act::ClockAtLock(_) | Act::FrozenClock | Act::Suspend
            )
        };
        let alone = clock(&self.act)
            || matches!(
                self.act,
                Act::NoAddon
                    | Act::Connection(_)
                    | Act::CachedSnapshots
                    | Act::RuleAsksAgain
                    | Act::StartEdited(_)
            );
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
    flatten_fills_late, "a flatten fills later, and a second one would turn the account round", Flatten, FlatMeanwhile, Act::Venue(|r| Fault::FlattenFillsLate { ms: r.within(300, 1_800).unsigned_abs(), pending: r.percent(50), repeat: Repeat::SellsAgain });
    flatten_joins, "a flatten fills later, and a second one joins it", Flatten, FlatMeanwhile, Act::Venue(|r| Fault::FlattenFillsLate { ms: r.within(300, 4_000).unsigned_abs(), pending: r.percent(50), repeat: Repeat::Joins });
    closes_refused, "the closes of one account are refused while those of others work", Flatten, Told, Act::VenueOfOne(|_| Fault::FlattenRefused { error: "Market is closed".to_owned() });
    stop_left, "a close leaves a stop, which fills after it and opens a position", Flatten, FlatMeanwhile, Act::StopLeft;

    other_program, "another program with the same token takes 2 requests a second", Others, FlatMeanwhile, Act::VenueOfAll(|_| Fault::OtherProgram { per_second: 2 });
    reopens, "a bot opens again 0.3 s after each close", Others, Told, Act::VenueOfOne(|_| Fault::Reopens { after_ms: 300 });
    copier, "a trade copier gives the account every 3 s what its leader holds", Others, Told, Act::VenueOfOne(|_| Fault::Copier { leader: BYSTANDER.to_owned(), every_ms: 3_000 });
    person_asks_again, "a person asks for a flatten every half second", Others, FlatMeanwhile, Act::PersonAsksAgain;
    rule_asks_again, "a rule fires again half a second after each firing", Others, FlatMeanwhile, Act::RuleAsksAgain;
    cached_snapshots, "the snapshot of all accounts is sent again for 3 s", Data, FlatMeanwhile, Act::CachedSnapshots;
    doubt_and_losses, "figures that cannot be so, and each second poll is lost", Data, FlatAfter, Act::DoubtAndLosses;

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

    clock_at_lock, "a lock is asked for while the wall clock is two hours ahead", Time, Flat, Act::ClockAtLock(2);
    clock_behind_at_lock, "a lock is asked for while the wall clock is two hours behind", Time, Flat, Act::ClockAtLock(-2);

    slow_disk, "a transaction takes seconds", Disk, Flat, Act::SlowDisk;
    dead_disk, "no transaction succeeds", Disk, Flat, Act::DeadDisk;
    kill_on_dead_disk, "no transaction succeeds, and the process is killed", Disk, FlatMeanwhile, Act::KillOnDeadDisk;

    log_gone, "the write-ahead log of the record is deleted under riskd", Disk, Flat, Act::LogGone;

    kill, "the process is killed and started again", Process, FlatMeanwhile, Act::Kill;
    kill_often, "the process is killed every few seconds", Process, FlatMeanwhile, Act::KillOften;
    restart, "the process is stopped in order and started again", Process, FlatMeanwhile, Act::Restart;
    kill_before_commit, "the process is killed between a decision and its transaction", Process, FlatMeanwhile, Act::KillAt(Moment::Decided);
    kill_before_send, "the process is killed between a decision's transaction and its request", Process, FlatMeanwhile, Act::KillAt(Moment::Committed);
    kill_before_sent, "the process is killed between a request and the row that says that it left", Process, FlatMeanwhile, Act::KillAt(Moment::Left);
    kill_before_answer, "the process is killed between an answer and the row that has it", Process, FlatMeanwhile, Act::KillAt(Moment::Answered);
    start_observing, "the process starts with `mode: observe`, and later with `enforce`", Process, FlatAfter, Act::StartEdited(Edit::Observes);
    start_spelled, "the process starts with its accounts' numbers spelled in another way", Process, FlatMeanwhile, Act::StartEdited(Edit::Spelling);
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
    /// The numbers under which the venue knows it.
    pub venue: [Option<u64>; 2],
    /// How often it still acts, where that is counted.
    pub times: u8,
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
