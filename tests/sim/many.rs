//! Many accounts on one token that all cross their limits at once, with one kind
//! of trouble or none.

use riskd::domain::observation::Timestamp;
use riskd_paper::{RequestClass, Side, Ticket};
use rust_decimal::Decimal;

use super::faults::{Struck, TABLE};
use super::invariants::Violation;
use super::kind::Kind;
use super::net::ms;
use super::rules::{BYSTANDER, DESK, MANY};
use super::world::{Options, Pace, World, runtime};

/// What goes wrong meanwhile: nothing, or a fault of the table.
const TROUBLE: [Option<&str>; 14] = [
    None,
    Some("other_program"),
    Some("closes_refused"),
    Some("kill_before_commit"),
    Some("kill_before_send"),
    Some("kill_before_sent"),
    Some("kill_before_answer"),
    Some("kill_often"),
    Some("cached_snapshots"),
    Some("slow"),
    Some("flatten_fills_late"),
    Some("flatten_joins"),
    Some("reopens"),
    Some("person_asks_again"),
];
/// When the price falls, and how long the trouble lasts from a second before.
const FALLS: i64 = 6_000;
const LASTS: i64 = 20_000;
/// When everything must be flat, quiet and proven after the trouble is over.
const WELL_AFTER: i64 = 40_000;

/// What became of it.
#[derive(Debug)]
struct Outcome {
    /// Milliseconds from the fall to the first and to the last flatten that closed
    /// something.
    first_close: i64,
    last_close: i64,
    /// Milliseconds from the fall to when nothing was held any more.
    all_flat: Option<i64>,
    /// Milliseconds from the fall to the end of the last intent.
    all_proven: Option<i64>,
    needless: usize,
    is_held: usize,
    bystander: usize,
}

fn run(seed: u64, trouble: Option<&str>) -> Outcome {
    let options = Options {
        kind: Kind::CrossTrade,
        mutation: None,
        tells: true,
        sqlite: false,
        moves: false,
        rules: DESK,
        calm_poll: 1_000,
        names: &MANY,
    };
    runtime().block_on(async {
        let start: Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
        let mut world = World::new(seed, start, options);
        match live(&mut world, start, trouble).await {
            Ok(outcome) => outcome,
            Err(violation) => {
                let from = world.log.len().saturating_sub(200);
                let log = world.log[from..].join("\n");
                panic!("seed {seed}, {trouble:?}: {violation}\n{log}")
            }
        }
    })
}

async fn live(
    world: &mut World,
    start: Timestamp,
    trouble: Option<&str>,
) -> Result<Outcome, Violation> {
    world.set_pace(Pace::Calm);
    world.pass_until(start + ms(2_000)).await?;
    world.open_session();
    for account in MANY {
        world
            .venue
            .paper
            .open(account, "ES 03-26", 2, None)
            .unwrap();
        for away in [100, 120] {
            let price = Decimal::from(5_000 - away);
            let resting = Ticket::limit("ES 03-26", Side::Buy, 1, price);
            world.venue.paper.place(account, &resting).unwrap();
        }
    }
    // At any time between two polls.
    let falls = start + ms(FALLS + world.random.within(0, 1_000));
    world.pass_until(falls - ms(1_000)).await?;
    if let Some(name) = trouble {
        let index = TABLE.iter().position(|entry| entry.name == name).unwrap();
        world.begin_fault(index, None, ms(LASTS), Struck::EACH)?;
    }
    world.pass_until(falls).await?;
    let paper = world.venue.paper.clone();
    paper.set_price("ES 03-26", Decimal::from(4_985)).unwrap();
    let mut outcome = Outcome {
        first_close: i64::MAX,
        last_close: 0,
        all_flat: None,
        all_proven: None,
        needless: 0,
        is_held: 0,
        bystander: 0,
    };
    let end = falls + ms(LASTS + WELL_AFTER);
    while world.time.now() < end {
        let next = world.time.now() + ms(250);
        world.pass_until(next).await?;
        let passed = (next - falls).num_milliseconds();
        let is_flat = held(world) == 0;
        let is_proven = is_flat && world.handed.intents.is_empty();
        note(&mut outcome.all_flat, is_flat, passed);
        note(&mut outcome.all_proven, is_proven, passed);
    }
    for request in paper.requests() {
        if request.class == RequestClass::Flatten {
            if request.is_needless_flatten() {
                outcome.needless += 1;
            } else {
                let after = (request.at - falls).num_milliseconds();
                outcome.first_close = outcome.first_close.min(after);
                outcome.last_close = after;
            }
        }
    }
    outcome.is_held = held(world);
    outcome.bystander = paper.figures(BYSTANDER).unwrap().positions.len();
    Ok(outcome)
}

/// Since when it is so, without a break.
fn note(since: &mut Option<i64>, is_so: bool, passed: i64) {
    *since = is_so.then(|| since.unwrap_or(passed));
}

/// Accounts but the bystander that hold something, or have orders.
fn held(world: &World) -> usize {
    let limited = MANY.into_iter().filter(|name| *name != BYSTANDER);
    limited
        .filter(|name| !world.venue.is_flat_and_quiet(name))
        .count()
}

fn seeds() -> u64 {
    super::number("RISKD_SIM_SEEDS").map_or(3, |seeds| (seeds / 50).clamp(1, 200))
}

#[test]
fn twenty_accounts_that_cross_at_once_are_closed_at_the_pace_of_the_budget() {
    for seed in 0..seeds() {
        let outcome = run(seed, None);
        let said = format!("seed {seed}: {outcome:?}");
        assert_eq!((outcome.is_held, outcome.bystander), (0, 1), "{said}");
        // A poll sees it; then the burst that the venue allows at once less what
        // polls have taken of it, and three a second.
        assert!(outcome.first_close <= 1_200, "{said}");
        assert!(outcome.last_close - outcome.first_close <= 1_700, "{said}");
        assert!(outcome.all_proven.is_some_and(|at| at <= 15_000), "{said}");
        assert_eq!(outcome.needless, 0, "{said}");
    }
}

#[test]
fn twenty_accounts_that_cross_at_once_are_closed_in_any_trouble() {
    for trouble in TROUBLE.into_iter().flatten() {
        for seed in 0..seeds().min(40) {
            let outcome = run(seed, Some(trouble));
            let said = format!("seed {seed}, {trouble}: {outcome:?}");
            assert_eq!((outcome.is_held, outcome.bystander), (0, 1), "{said}");
            let well = outcome.all_proven.is_some_and(|at| at <= LASTS + 15_000);
            assert!(well, "{said}");
        }
    }
}

#[test]
fn one_account_whose_closes_are_refused_holds_up_no_other() {
    for seed in 0..seeds() {
        let outcome = run(seed, Some("closes_refused"));
        let said = format!("seed {seed}: {outcome:?}");
        let flat = outcome.all_flat.unwrap_or(i64::MAX);
        // Its own closes go through once the fault is over.
        assert!((LASTS - 1_000..LASTS + 10_000).contains(&flat), "{said}");
    }
}
