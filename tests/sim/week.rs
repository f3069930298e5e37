//! One run: a trading week, from one Sunday's open to the next.

use chrono::{Days, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::America::New_York;
use chrono_tz::Tz;
use riskd::domain::observation::Timestamp;

use super::invariants::Violation;
use super::kind::Kind;
use super::mutations::Mutation;
use super::net::ms;
use super::random::Random;
use super::rules::ACCOUNTS;
use super::stats::Stats;
use super::world::{Failure, Happening, Options, Pace, World, runtime, say};

/// Half an hour before the Sunday's open. The weeks from 1 March and from 25
/// October end with the change of the clocks, those after them begin with it.
const STARTS: [&str; 7] = [
    "2026-01-11T22:30:00Z",
    "2026-03-01T22:30:00Z",
    "2026-03-08T21:30:00Z",
    "2026-06-14T21:30:00Z",
    "2026-10-25T21:30:00Z",
    "2026-11-01T22:30:00Z",
    "2026-12-20T22:30:00Z",
];
/// Between two polls while next to nothing happens, in milliseconds.
pub const QUIET: (i64, i64) = (60 * 60_000, 720 * 60_000);
/// In how many weeks of a hundred things go wrong twice.
const TWICE: i64 = 10;
/// How long they do, in milliseconds.
const CHAOS: (i64, i64) = (8_000, 24_000);
/// How long until all must be well again.
const RECOVERY: TimeDelta = TimeDelta::seconds(36);
/// Until a locked account that was entered again is flat.
const RELOCK: TimeDelta = TimeDelta::seconds(15);
/// How old an intent may be when all is well.
const DONE_WITHIN: TimeDelta = TimeDelta::seconds(26);
/// One run in so many has SQLite behind its record.
pub const SQLITE_EVERY: u64 = 40;

/// A run that held.
#[derive(Debug)]
pub struct Ran {
    pub stats: Stats,
    pub log: Vec<String>,
}

/// Runs a seed. The same seed gives the same run.
pub fn run(seed: u64, tells: bool) -> Result<Ran, Failure> {
    run_at(Kind::of(seed), seed, None, tells)
}

/// Runs a seed at a venue of this kind, in a world that may be broken on purpose.
pub fn run_at(
    kind: Kind,
    seed: u64,
    mutation: Option<Mutation>,
    tells: bool,
) -> Result<Ran, Failure> {
    let every = super::number("RISKD_SIM_SQLITE_EVERY").unwrap_or(SQLITE_EVERY);
    let options = Options {
        kind,
        mutation,
        tells,
        sqlite: seed.is_multiple_of(every) || mutation == Some(Mutation::LoseTransaction),
        moves: true,
        rules: 0,
        calm_poll: 3_000,
        names: &ACCOUNTS,
    };
    runtime().block_on(async {
        let mut random = Random::new(seed ^ 0x57EE_4B17);
        let start: Timestamp = random.of(&STARTS).parse().unwrap();
        let mut world = World::new(seed, start, options);
        match live(&mut world, &mut random, start).await {
            Ok(()) => {
                world.finish(start);
                Ok(Ran {
                    stats: world.stats,
                    log: world.log,
                })
            }
            Err(violation) => Err(Failure {
                seed,
                violation,
                log: world.log,
            }),
        }
    })
}

/// A time of day in New York, so many days after the start's.
fn local(start: Timestamp, days: u64, time: &str) -> Timestamp {
    let zone: Tz = New_York;
    let date = start.with_timezone(&zone).date_naive() + Days::new(days);
    let time: NaiveTime = time.parse().unwrap();
    let local = zone.from_local_datetime(&date.and_time(time));
    local.earliest().unwrap().to_utc()
}

/// When things go wrong: at the edges, and at any time.
fn episodes(random: &mut Random, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let mut all = Vec::new();
    for _ in 0..1 + u8::from(random.percent(TWICE)) {
        let day = random.within(1, 6).unsigned_abs();
        let ahead = ms(random.within(5_000, 45_000));
        let edge = match random.within(0, 10) {
            0 | 1 => local(start, random.within(0, 5).unsigned_abs(), "18:00:00"),
            2 => local(start, day, "17:00:00"),
            3 => local(start, day, "16:55:00"),
            4 => local(start, random.of(&[2, 4]), "10:02:00"),
            5 => local(start, 6, "12:00:00"),
            // The night in which clocks may change.
            6 => local(start, 7, "01:59:59"),
            7 => local(start, 7, "01:30:00"),
            8 => local(start, 7, "18:00:00"),
            _ => start + ms(random.within(3_600_000, (end - start).num_milliseconds())),
        };
        all.push(edge - ahead);
    }
    all.sort_unstable();
    all
}

async fn live(world: &mut World, random: &mut Random, start: Timestamp) -> Result<(), Violation> {
    let end = local(start, 7, "18:20:00");
    for day in [0, 1, 2, 3, 4, 7] {
        let open = local(start, day, "18:00:00");
        if random.percent(70) {
            world.at_time(open - TimeDelta::minutes(20), Happening::Settles);
        }
        world.at_time(open, Happening::Opens);
    }
    for day in [5, 6] {
        let begins = local(start, day, "18:00:00");
        world.at_time(begins, Happening::VenueDayBegins);
    }
    world.set_pace(Pace::Quiet);
    for begin in episodes(random, start, end) {
        if begin <= world.time.now() {
            continue;
        }
        world.pass_until(begin).await?;
        say!(world, "chaos");
        world.stats.note_clock_change(begin);
        world.set_pace(Pace::Chaos);
        let lasts = ms(random.within(CHAOS.0, CHAOS.1));
        world.pass_until(begin + lasts).await?;
        recover(world).await?;
        if random.percent(50) {
            enter_again(world).await?;
        }
        world.set_pace(Pace::Quiet);
    }
    if world.time.now() < end {
        world.pass_until(end).await?;
    }
    Ok(())
}

/// With the faults over, all is well soon.
async fn recover(world: &mut World) -> Result<(), Violation> {
    say!(world, "calm");
    world.clear_faults()?;
    world.set_pace(Pace::Calm);
    let begin = world.resumes().unwrap_or(world.time.now());
    pass_with_room(world, begin, RECOVERY).await?;
    all_is_well(world)
}

/// Passes so long, beginning anew when the limits that accounts share of an address are
/// used up meanwhile: what was used before it is told with the first answers alone.
async fn pass_with_room(
    world: &mut World,
    begin: Timestamp,
    lasts: TimeDelta,
) -> Result<(), Violation> {
    let mut end = begin.max(world.can_ask_from()) + lasts;
    for _ in 0..8 {
        world.pass_until(end).await?;
        let later = world.asked_last_from + lasts;
        if later <= end {
            break;
        }
        end = later;
    }
    Ok(())
}

/// What was asked for long ago is reached.
fn all_is_well(world: &World) -> Result<(), Violation> {
    let old = world.now().steady - DONE_WITHIN;
    for account in ACCOUNTS {
        for intent in world.handed.open(account) {
            let since = world.checker.worked_on_since(intent.id);
            if since.is_none_or(|since| since < old) {
                return Err(format!("L: {account} is not {}", intent.goal.words()));
            }
        }
        let busy = world.handed.open(account).next().is_some();
        if !busy {
            holds_nothing_under_lock(world, account)?;
        }
    }
    Ok(())
}

/// A locked account that is entered again is flat again soon.
async fn enter_again(world: &mut World) -> Result<(), Violation> {
    let mut entered = Vec::new();
    for account in ACCOUNTS {
        if world.is_locked(account) {
            say!(world, "{account} is entered again");
            world.enter(account);
            entered.push(account);
        }
    }
    if entered.is_empty() {
        return Ok(());
    }
    let begin = world.time.now();
    pass_with_room(world, begin, RELOCK).await?;
    for account in entered {
        holds_nothing_under_lock(world, account)?;
    }
    Ok(())
}

fn holds_nothing_under_lock(world: &World, account: &str) -> Result<(), Violation> {
    if world.is_locked(account) && !world.venue.is_flat_and_quiet(account) {
        let figures = world.venue.paper.figures(account).unwrap();
        return Err(format!("L: {account} is locked and holds {figures:?}"));
    }
    Ok(())
}
