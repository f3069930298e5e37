//! One fault at a time: an account in breach under it, and one that is not.

use chrono::TimeDelta;
use riskd::domain::observation::Timestamp;
use riskd_paper::{Side, Ticket};
use rust_decimal::Decimal;

use super::faults::{Act, Entry, Holds, Place, Struck, TABLE};
use super::kind::Kind;
use super::net::ms;
use super::rules::{ACCOUNTS, BYSTANDER, SCENARIO};
use super::trader;
use super::world::{LOCKED_FOR, Options, Pace, World, runtime};

/// When the breach comes after the fault, and how long the fault lasts.
const BREACH: i64 = 2_000;
const LASTS: i64 = 40_000;
const SUSPENDED: i64 = 600_000;

/// What became of the account.
#[derive(Debug, Default)]
struct Told {
    /// Milliseconds after the breach at which it was flat, quiet and locked.
    flat: Option<i64>,
    /// Milliseconds after the fault's end at which it was.
    flat_after: Option<i64>,
    /// What people were told while the fault lasted.
    notices: Vec<String>,
    /// How often the rule fired.
    fired: usize,
    is_flat: bool,
    /// Whether a lock that was asked for by a wrong clock is still there.
    is_locked_too_long: bool,
    bystander: Vec<(String, i64)>,
    held: Vec<(String, i64)>,
}

/// Runs the scenario of a fault at each kind of venue that can have it, with the
/// breach and without it.
pub fn check(name: &str) {
    let index = TABLE.iter().position(|entry| entry.name == name).unwrap();
    let kinds = Kind::ALL.into_iter();
    for kind in kinds.filter(|kind| TABLE[index].at.has(*kind)) {
        check_at(kind, index);
    }
}

fn check_at(kind: Kind, index: usize) {
    let entry = &TABLE[index];
    let name = format!("{} at {}", entry.name, kind.profile().name);
    let told = scenario(kind, index, true);
    assert!(!told.is_locked_too_long, "{name}: {told:?}");
    assert!(told.is_flat, "{name}: not flat in the end: {told:?}");
    assert!(told.fired > 0, "{name}: the rule did not fire: {told:?}");
    let once = !matches!(entry.place, Place::Process | Place::Disk);
    assert!(!once || told.fired == 1, "{name}: fired again: {told:?}");
    assert_eq!(told.bystander.len(), 1, "{name}: {told:?}");
    let soon = |at: Option<i64>, within: i64| at.is_some_and(|at| at <= within);
    let holds = match entry.holds(kind) {
        Holds::Flat => soon(told.flat, 3_000),
        Holds::FlatMeanwhile => soon(told.flat, LASTS - BREACH),
        Holds::Told => {
            let is_told = !told.notices.is_empty() || soon(told.flat, 3_000);
            is_told && soon(told.flat_after, 15_000)
        }
        Holds::FlatAfter => soon(told.flat_after, 15_000),
    };
    assert!(holds, "{name}: not {}: {told:?}", entry.holds(kind).words());
    if entry.can_mislead() {
        return;
    }
    let told = scenario(kind, index, false);
    assert_eq!(told.fired, 0, "{name}: fired without a breach: {told:?}");
    assert_eq!(told.held.len(), 1, "{name}: {told:?}");
}

impl Entry {
    /// Whether it shows a breach that nobody can tell from a true one, or asks for
    /// what the rule would.
    fn can_mislead(&self) -> bool {
        matches!(self.name, "field_value" | "gap") || matches!(self.act, Act::PersonAsksAgain)
    }
}

fn scenario(kind: Kind, index: usize, breaches: bool) -> Told {
    let entry = &TABLE[index];
    let start = match entry.act {
        Act::ClockChange(at) => at,
        _ => "2026-03-03T15:00:00Z",
    };
    let options = Options {
        kind,
        mutation: None,
        tells: true,
        sqlite: matches!(entry.place, Place::Disk | Place::Process),
        moves: false,
        rules: SCENARIO,
        calm_poll: 1_000,
        names: &ACCOUNTS,
    };
    runtime().block_on(async {
        let start: Timestamp = start.parse().unwrap();
        let mut world = World::new(7, start, options);
        let lived = live(&mut world, start, index, breaches).await;
        match lived {
            Ok(told) => told,
            Err(violation) => panic!("{}: {violation}\n{}", entry.name, world.log.join("\n")),
        }
    })
}

async fn live(
    world: &mut World,
    start: Timestamp,
    index: usize,
    breaches: bool,
) -> Result<Told, String> {
    let entry = &TABLE[index];
    let at = |millis: i64| start + ms(millis);
    world.set_pace(Pace::Calm);
    world.pass_until(at(3_000)).await?;
    world.open_session();
    let traded = &world.kind().traded()[0];
    let paper = world.venue.paper.clone();
    let price = paper.price(traded.name).unwrap();
    let ticks = |number: i64| traded.tick() * Decimal::from(number);
    trader::open(&paper, "a", traded, traded.sized(2)).unwrap();
    trader::open(&paper, BYSTANDER, traded, traded.sized(1)).unwrap();
    let resting = Ticket::limit(traded.name, Side::Buy, traded.sized(1), price - ticks(400));
    trader::place_to_open(&paper, "a", resting).unwrap();
    world.pass_until(at(6_000)).await?;
    let one = match entry.place {
        Place::Data | Place::Flatten => Some("a"),
        _ => None,
    };
    let lasts = match entry.act {
        Act::Suspend => SUSPENDED,
        _ => LASTS,
    };
    world.begin_fault(index, one, ms(lasts), Struck::EACH)?;
    world.pass_until(at(6_000 + BREACH)).await?;
    if breaches {
        paper.set_price(traded.name, price - ticks(60)).unwrap();
    }
    let breach = world.time.now();
    let over = at(6_000 + lasts);
    let mut told = Told::default();
    while world.time.now() < over {
        let next = world.time.now() + ms(250);
        world.pass_until(next).await?;
        let is_flat = world.venue.is_flat_and_quiet("a");
        if told.flat.is_none() && is_flat && world.is_locked("a") {
            told.flat = Some((world.time.now() - breach).num_milliseconds());
        }
    }
    told.notices = world
        .notices
        .iter()
        .map(|(at, severity, _, text)| format!("{at} {}: {text}", severity.name()))
        .filter(|text| !text.contains("daily loss fired"))
        .collect();
    world.clear_faults()?;
    // Where trouble has used up what accounts share of an address, time begins with room.
    let over = over.max(world.can_ask_from());
    let end = over + TimeDelta::seconds(30);
    while world.time.now() < end {
        let is_flat = world.venue.is_flat_and_quiet("a");
        if told.flat_after.is_none() && is_flat && world.is_locked("a") {
            told.flat_after = Some((world.time.now() - over).num_milliseconds().max(0));
        }
        let next = world.time.now() + ms(250);
        world.pass_until(next).await?;
    }
    told.is_flat = world.venue.is_flat_and_quiet("a") && world.is_locked("a");
    let lasted = TimeDelta::seconds(LOCKED_FOR) < world.time.now() - at(6_000);
    told.is_locked_too_long = lasted && world.is_locked("b");
    told.held = paper.figures("a").unwrap().positions;
    told.bystander = paper.figures(BYSTANDER).unwrap().positions;
    told.fired = world
        .handed
        .firings
        .values()
        .filter(|row| row.rule.as_str() == "daily loss")
        .count();
    Ok(told)
}
