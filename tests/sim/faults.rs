//! Everything that goes wrong in the simulator: one table. The random runs draw
//! from it, `each.rs` has a test for every row, and docs/faults.md is made of it.

use riskd::domain::observation::Timestamp;
use riskd_paper::{ConnectionStatus, Fault, FaultRule, Repeat, RequestClass};
use rust_decimal::Decimal;

use super::kind::Kind;
use super::random::Random;
use super::rules::BYSTANDER;

/// What a fault is in the world.
#[derive(Clone, Copy)]
pub enum Act {
    /// The paper venue's own fault.
    Venue(fn(&mut Random, Kind) -> Fault),
    /// The same, always about one account, and not the bystander.
    VenueOfOne(fn(&mut Random, Kind) -> Fault),
    /// The same, whatever account.
    VenueOfAll(fn(&mut Random, Kind) -> Fault),
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
    /// Money is paid into the account and out of it, again and again.
    MoneyMoves,
    /// Less than an order can close is held, alone or beside more.
    Dust,
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

/// Which requests a fault of the venue strikes.
#[derive(Clone, Copy, Debug)]
pub struct Struck {
    pub class: RequestClass,
    /// Whether about each second one gets by: a read of several requests is half of it
    /// good then.
    pub is_half: bool,
}

impl Struck {
    /// Each of them.
    pub const EACH: Struck = Struck {
        class: RequestClass::All,
        is_half: false,
    };

    /// The requests of a rule.
    pub fn rule(self, random: &mut Random, fault: Fault) -> FaultRule {
        let rule = FaultRule::new(fault).on(self.class);
        if !self.is_half {
            return rule;
        }
        let seed = random.within(0, 1 << 40).unsigned_abs();
        rule.with_probability(0.5, seed)
    }
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
    /// It cannot be flat, or not be known: somebody is told while the fault lasts. One
    /// that is flat at once needs nobody.
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

/// Which venues can have a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Each.
    All,
    /// CrossTrade alone.
    CrossTrade,
    /// Exchanges alone.
    Exchange,
}

impl At {
    /// Whether a venue of this kind can.
    pub fn has(self, kind: Kind) -> bool {
        match self {
            At::All => true,
            At::CrossTrade => kind == Kind::CrossTrade,
            At::Exchange => kind.is_exchange(),
        }
    }

    /// In words, for the table.
    pub fn words(self) -> &'static str {
        match self {
            At::All => "all",
            At::CrossTrade => "CrossTrade",
            At::Exchange => "exchanges",
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
    pub at: At,
    pub act: Act,
    holds: Holds,
    /// What must hold at an exchange, where that is something else.
    at_exchanges: Option<Holds>,
}

impl Entry {
    /// What must hold at a venue of this kind.
    pub fn holds(&self, kind: Kind) -> Holds {
        match self.at_exchanges {
            Some(holds) if kind.is_exchange() => holds,
            _ => self.holds,
        }
    }

    /// The same in words, for the table.
    pub fn holds_words(&self) -> String {
        let usual = self.holds.words();
        match self.at_exchanges {
            Some(other) => format!("{usual}; at exchanges {}", other.words()),
            None => usual.to_owned(),
        }
    }

    /// How often it strikes at most.
    pub fn most_times(&self, kind: Kind) -> Option<u32> {
        match self.name {
            // Ten megabytes are slow to write.
            "huge_body" => Some(3),
            // Each order that closes a part brings as much again.
            "reenters" if kind.is_exchange() => Some(3),
            // What appears is closed, and would appear with that again.
            "appears" => Some(2),
            _ => None,
        }
    }

    /// Whether it sets a clock, or has one stand still.
    pub fn moves_clocks(&self) -> bool {
        let is_ours = matches!(
            self.act,
            Act::Clock(_) | Act::ClockAtLock(_) | Act::FrozenClock | Act::Suspend | Act::Pause
        );
        is_ours || self.name == "venue_clock_off"
    }

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

macro_rules! other {
    () => {
        None
    };
    ($other:ident) => {
        Some(Holds::$other)
    };
}

/// Makes the table, and a test of each row.
macro_rules! faults {
    ($($name:ident, $what:literal, $place:ident, $at:ident, $holds:ident $(/ $other:ident)?, $act:expr;)*) => {
        /// Every fault.
        pub const TABLE: &[Entry] = &[$(Entry {
            name: stringify!($name),
            what: $what,
            place: Place::$place,
            at: At::$at,
            holds: Holds::$holds,
            at_exchanges: other!($($other)?),
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

faults! {
    hang, "no answer, and nothing happens", Http, All, Told, Act::Venue(|_, _| Fault::Hang);
    hang_after_effect, "it happens, but no answer comes", Http, All, Told, Act::Venue(|_, _| Fault::HangAfterEffect);
    delay, "the answer comes late", Http, All, FlatMeanwhile, Act::Venue(|r, _| Fault::Delay { ms: r.within(300, 3_000).unsigned_abs() });
    lost_before_effect, "the connection closes and nothing happens", Http, All, Told, Act::Venue(|_, _| Fault::LostBeforeEffect);
    lost_after_effect, "it happens, then the connection closes", Http, All, Told, Act::Venue(|_, _| Fault::LostAfterEffect);
    status_400, "400 to everything", Http, All, Told, Act::Venue(|_, _| status(400, None, false));
    status_401, "401: the token is refused", Http, All, Told, Act::Venue(|_, _| status(401, None, false));
    status_403, "403: the plan is refused", Http, All, Told, Act::Venue(|_, _| status(403, None, false));
    status_404, "404 to every path", Http, All, Told, Act::Venue(|_, _| status(404, None, false));
    status_408, "408: the platform is offline", Http, All, Told, Act::Venue(|_, _| status(408, None, false));
    status_408_after_effect, "408, and it happens all the same", Http, All, Told, Act::Venue(|_, _| status(408, None, true));
    status_429, "429 that names no wait", Http, All, Told, Act::Venue(|_, _| status(429, None, false));
    status_429_retry_after, "429 with Retry-After", Http, All, Told, Act::Venue(|r, _| status(429, u32::try_from(r.within(1, 8)).ok(), false));
    status_500, "500", Http, All, Told, Act::Venue(|_, _| status(500, None, false));
    status_502_after_effect, "502, and it happens all the same", Http, All, Told, Act::Venue(|_, _| status(502, None, true));
    status_503, "503", Http, All, Told, Act::Venue(|_, _| status(503, None, false));
    success_false, "200 with `success: false`", Http, All, Told, Act::Venue(|_, _| Fault::SuccessFalse);
    html_body, "200 with an HTML page", Http, All, Told, Act::Venue(|_, _| Fault::HtmlBody);
    redirect, "302 to a page", Http, All, Told, Act::Venue(|_, _| Fault::Redirect);
    empty_body, "200 with no body", Http, All, Told, Act::Venue(|_, _| Fault::EmptyBody);
    truncated_json, "200 with half of the JSON", Http, All, Told, Act::Venue(|_, _| Fault::TruncatedJson);
    reset_mid_body, "half of the body, then a reset", Http, All, Told, Act::Venue(|_, _| Fault::ResetMidBody);
    huge_body, "a valid answer padded to 10 MB", Http, All, Told, Act::Venue(|_, _| Fault::HugeBody);
    slow_loris, "one byte a second", Http, All, Told, Act::Venue(|_, _| Fault::SlowLoris { interval_ms: 1000 });
    addon_away, "the add-on on the trader's PC is away", Http, CrossTrade, Told, Act::NoAddon;

    field_missing, "a figure is not there", Data, All, Told, Act::Venue(|r, k| Fault::FieldMissing { field: k.figure(r) });
    field_null, "a figure is null", Data, All, Told, Act::Venue(|r, k| Fault::FieldNull { field: k.figure(r) });
    field_text, "a figure comes as text", Data, All, Flat, Act::Venue(|r, k| Fault::FieldText { field: k.figure(r) });
    field_nan, "a figure is NaN", Data, All, Told, Act::Venue(|r, k| Fault::FieldNan { field: k.figure(r) });
    field_infinity, "a figure is Infinity", Data, All, Told, Act::Venue(|r, k| Fault::FieldInfinity { field: k.figure(r) });
    field_huge, "a figure is 1e308", Data, All, Told, Act::Venue(|r, k| Fault::FieldHuge { field: k.figure(r) });
    field_negative_zero, "a figure is -0.0", Data, All, FlatAfter, Act::Venue(|_, k| Fault::FieldNegativeZero { field: k.open_result() });
    field_value, "a figure is wrong and plausible", Data, All, FlatAfter, Act::Venue(|r, k| Fault::FieldValue { field: k.figure(r), value: Decimal::from(r.within(-1_000_000, 1_000_000)) });
    duplicated_account, "an account is listed twice", Data, All, Told, Act::Venue(|_, _| Fault::DuplicatedAccount);
    account_missing, "an account is not in the list", Data, All, Told, Act::Venue(|_, _| Fault::AccountMissing);
    no_accounts, "the list of accounts is empty", Data, All, Told, Act::Venue(|_, _| Fault::NoAccounts);
    stale_epoch, "every read repeats its first answer", Data, All, Told / FlatAfter, Act::Venue(|_, _| Fault::StaleEpoch);
    cached, "reads are answered from a cache", Data, All, FlatMeanwhile, Act::Venue(|r, _| Fault::Cached { ms: r.within(500, 3_000).unsigned_abs() });
    pnl_zeroed, "realized and unrealized are 0", Data, All, FlatAfter, Act::Venue(|_, _| Fault::PnlZeroed);
    figures_zeroed, "every figure is 0", Data, All, Told, Act::Venue(|_, _| Fault::FiguresZeroed);
    position_sign_flip, "longs show as shorts", Data, All, Flat / FlatAfter, Act::Venue(|_, _| Fault::PositionSignFlip);
    negative_quantity, "shorts have a negative quantity", Data, All, Flat / Told, Act::Venue(|_, _| Fault::NegativeQuantity);
    positions_missing, "the list of positions is empty", Data, All, FlatMeanwhile / FlatAfter, Act::Venue(|_, _| Fault::PositionsMissing);
    orders_missing, "the list of orders is empty", Data, All, Flat, Act::Venue(|_, _| Fault::OrdersMissing);
    connection_shown, "the connection shows as lost", Data, CrossTrade, Told, Act::Venue(|_, _| Fault::ConnectionShown { status: ConnectionStatus::ConnectionLost });
    connection_lost, "the account's connection is down, figures frozen", Data, CrossTrade, Told, Act::Connection(ConnectionStatus::ConnectionLost);
    connecting, "the account's connection is coming up", Data, CrossTrade, Told, Act::Connection(ConnectionStatus::Connecting);
    order_state_shown, "orders show a state nobody documented", Data, All, Flat, Act::Venue(|_, _| Fault::OrderStateShown { state: "Pending Submit".to_owned() });
    order_id_null, "orders have no id", Data, All, Flat, Act::Venue(|_, _| Fault::OrderIdNull);
    data_wrapper, "the payload is wrapped in `data`", Data, All, Flat / Told, Act::Venue(|_, _| Fault::DataWrapper);
    extra_fields, "there are unknown keys", Data, All, Flat, Act::Venue(|_, _| Fault::ExtraFields);

    flatten_nothing, "a flatten is accepted and does nothing", Flatten, All, Told, Act::Venue(|_, _| Fault::FlattenNothing);
    flatten_half, "a flatten closes half, rounded down", Flatten, All, Told, Act::Venue(|_, _| Fault::FlattenHalf);
    flatten_late, "a flatten is carried out later", Flatten, All, FlatMeanwhile, Act::Venue(|r, _| Fault::FlattenLate { ms: r.within(500, 4_000).unsigned_abs() });
    flatten_leaves_orders, "a flatten leaves orders", Flatten, CrossTrade, Flat, Act::Venue(|_, _| Fault::FlattenLeavesOrders);
    flatten_refused, "a flatten is refused: the market is closed", Flatten, All, Told, Act::Venue(|_, _| Fault::FlattenRefused { error: "Market is closed".to_owned() });
    cancel_nothing, "a cancel is accepted and does nothing", Flatten, All, FlatMeanwhile / Told, Act::Venue(|_, _| Fault::CancelNothing);
    cancel_late, "a cancel is confirmed later", Flatten, All, FlatMeanwhile, Act::Venue(|r, _| Fault::CancelLate { ms: r.within(500, 4_000).unsigned_abs() });
    cancel_stuck, "a cancel is never confirmed", Flatten, All, FlatMeanwhile / Told, Act::Venue(|_, _| Fault::CancelStuck);
    fills_on_cancel, "orders fill when their cancel arrives", Flatten, All, FlatMeanwhile, Act::Venue(|_, _| Fault::FillsOnCancel);
    reenters, "the trader opens again after each flatten", Flatten, All, FlatMeanwhile, Act::Venue(|r, _| Fault::Reenters { after_ms: r.within(200, 3_000).unsigned_abs() });
    gap, "the prices jump", Flatten, All, Flat, Act::Gap;
    flatten_fills_late, "a flatten fills later, and a second one would turn the account round", Flatten, All, FlatMeanwhile, Act::Venue(|r, _| Fault::FlattenFillsLate { ms: r.within(300, 1_800).unsigned_abs(), pending: r.percent(50), repeat: Repeat::SellsAgain });
    flatten_joins, "a flatten fills later, and a second one joins it", Flatten, CrossTrade, FlatMeanwhile, Act::Venue(|r, _| Fault::FlattenFillsLate { ms: r.within(300, 4_000).unsigned_abs(), pending: r.percent(50), repeat: Repeat::Joins });
    closes_refused, "the closes of one account are refused while those of others work", Flatten, All, Told, Act::VenueOfOne(|_, _| Fault::FlattenRefused { error: "Market is closed".to_owned() });
    stop_left, "a close leaves a stop, which fills after it and opens a position", Flatten, All, FlatMeanwhile, Act::StopLeft;

    other_program, "another program with the same token takes 2 requests a second", Others, CrossTrade, FlatMeanwhile, Act::VenueOfAll(|_, _| Fault::OtherProgram { per_second: 2 });
    reopens, "a bot opens again 0.3 s after each close", Others, All, Told, Act::VenueOfOne(|_, _| Fault::Reopens { after_ms: 300 });
    copier, "a trade copier gives the account every 3 s what its leader holds", Others, All, Told, Act::VenueOfOne(|_, _| Fault::Copier { leader: BYSTANDER.to_owned(), every_ms: 3_000 });
    person_asks_again, "a person asks for a flatten every half second", Others, All, FlatMeanwhile, Act::PersonAsksAgain;
    rule_asks_again, "a rule fires again half a second after each firing", Others, All, FlatMeanwhile, Act::RuleAsksAgain;
    cached_snapshots, "the snapshot of all accounts is sent again for 3 s", Data, CrossTrade, FlatMeanwhile, Act::CachedSnapshots;
    doubt_and_losses, "figures that cannot be so, and each second poll is lost", Data, All, FlatAfter, Act::DoubtAndLosses;

    unconnected, "no connection is made", Way, All, Told, Act::Way(Way::Unconnected);
    lost_there, "the request is lost on the way", Way, All, Told, Act::Way(Way::LostThere);
    lost_back, "the answer is lost on the way", Way, All, Told, Act::Way(Way::LostBack);
    slow, "either way takes up to two seconds", Way, All, FlatMeanwhile, Act::Way(Way::Slow);
    arrives_late, "requests arrive after riskd gave them up", Way, All, Told, Act::Way(Way::ArrivesLate);

    clock_forward, "the wall clock is set forward by an hour", Time, All, Flat, Act::Clock(1);
    clock_back, "the wall clock is set back by an hour", Time, All, Flat, Act::Clock(-1);
    clock_frozen, "the wall clock stands still", Time, All, Flat, Act::FrozenClock;
    suspend, "the machine is suspended for ten minutes", Time, All, FlatAfter, Act::Suspend;
    spring_forward, "the local clock goes from 2:00 to 3:00", Time, All, Flat, Act::ClockChange("2026-03-08T06:59:40Z");
    fall_back, "the local clock goes from 2:00 to 1:00", Time, All, Flat, Act::ClockChange("2026-11-01T05:59:40Z");

    clock_at_lock, "a lock is asked for while the wall clock is two hours ahead", Time, All, Flat, Act::ClockAtLock(2);
    clock_behind_at_lock, "a lock is asked for while the wall clock is two hours behind", Time, All, Flat, Act::ClockAtLock(-2);

    slow_disk, "a transaction takes seconds", Disk, All, Flat, Act::SlowDisk;
    dead_disk, "no transaction succeeds", Disk, All, Flat, Act::DeadDisk;
    kill_on_dead_disk, "no transaction succeeds, and the process is killed", Disk, All, FlatMeanwhile, Act::KillOnDeadDisk;

    log_gone, "the write-ahead log of the record is deleted under riskd", Disk, All, Flat, Act::LogGone;

    kill, "the process is killed and started again", Process, All, FlatMeanwhile, Act::Kill;
    kill_often, "the process is killed every few seconds", Process, All, FlatMeanwhile, Act::KillOften;
    restart, "the process is stopped in order and started again", Process, All, FlatMeanwhile, Act::Restart;
    kill_before_commit, "the process is killed between a decision and its transaction", Process, All, FlatMeanwhile, Act::KillAt(Moment::Decided);
    kill_before_send, "the process is killed between a decision's transaction and its request", Process, All, FlatMeanwhile, Act::KillAt(Moment::Committed);
    kill_before_sent, "the process is killed between a request and the row that says that it left", Process, All, FlatMeanwhile, Act::KillAt(Moment::Left);
    kill_before_answer, "the process is killed between an answer and the row that has it", Process, All, FlatMeanwhile, Act::KillAt(Moment::Answered);
    start_observing, "the process starts with `mode: observe`, and later with `enforce`", Process, All, FlatAfter, Act::StartEdited(Edit::Observes);
    start_spelled, "the process starts with its accounts' numbers spelled in another way", Process, CrossTrade, FlatMeanwhile, Act::StartEdited(Edit::Spelling);
    pause, "the process stands still for up to a minute", Process, All, FlatAfter, Act::Pause;
    reload, "another rule file is put into force", Process, All, Flat, Act::Reload;

    unsure_code, "a code by which nobody knows what was done, and it was not", Http, Exchange, Told, Act::Venue(|_, k| Fault::Code { code: k.unsure_code(), after_effect: false });
    unsure_code_after_effect, "a code by which nobody knows what was done, and it was", Http, Exchange, Told, Act::Venue(|_, k| Fault::Code { code: k.unsure_code(), after_effect: true });
    too_many_code, "a code that says that the key has asked too often", Http, Exchange, Told, Act::Venue(|_, k| Fault::Code { code: k.too_many_code(), after_effect: false });
    throttled, "everything but orders that only reduce is turned away as too much", Http, Exchange, Told, Act::Venue(|_, _| Fault::Throttled);
    ban, "the address is turned away", Http, Exchange, Told, Act::VenueOfAll(|r, k| Fault::Ban { ms: k.ban(r) });
    venue_clock_off, "the clock of the venue is off", Http, Exchange, Flat, Act::VenueOfAll(|r, _| Fault::ClockOff { ms: r.of(&[-90_000, -3_000, 2_000, 90_000]) });
    stops_missing, "the list of orders holds no conditional one", Data, Exchange, Flat, Act::Venue(|_, _| Fault::StopsMissing);
    row_missing, "the rows of one instrument are in no list", Data, Exchange, FlatAfter, Act::Venue(|_, k| Fault::RowMissing { instrument: k.traded()[0].name.to_owned() });
    stops_forgotten, "conditional orders are in no list and no cancel finds them", Flatten, Exchange, Flat, Act::Venue(|_, _| Fault::StopsForgotten);
    cancel_leaves_stops, "a cancel of all leaves conditional orders", Flatten, Exchange, FlatMeanwhile, Act::Venue(|_, _| Fault::CancelLeavesStops);
    appears, "a position comes while another one is closed", Flatten, Exchange, FlatMeanwhile, Act::VenueOfOne(|r, k| k.appears(r));
    money_moves, "money comes in and goes out", Others, Exchange, Flat, Act::MoneyMoves;
    dust, "less is held than an order can close, which counts as flat", Others, Exchange, Flat, Act::Dust;
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
