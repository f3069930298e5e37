//! `kill -9` at every write point of a breach, and at random moments around its
//! requests, the real binary each time.

use std::env;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use riskd::domain::lock::LockKind;
use riskd::store::Restored;

use super::rig::{LOSS_LIMIT, Rig};

const ES: &str = "ES 03-26";
/// Runs at once: most of their time is waiting.
const AT_ONCE: usize = 4;

/// What became of the price before the second start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Price {
    /// The loss is still there, open or realized.
    Stays,
    /// The open loss is gone: only the record knows of it.
    Recovers,
}

/// A position with a loss twice the limit, and a resting buy.
fn breached() -> Rig {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.place_resting_buy("Sim101");
    rig.venue.set_price(ES, 4990).unwrap();
    rig
}

/// The points of a run that nothing ends.
fn points() -> usize {
    let mut rig = breached();
    rig.count_points();
    rig.start();
    rig.wait_for("flat", |rig| rig.count("verified") > 0);
    rig.kill();
    rig.points().len()
}

const FIRED: &str = "select count(*) from entries where kind = 'fired'";

fn is_locked(restored: &Restored) -> bool {
    restored
        .kept
        .locks
        .iter()
        .any(|lock| lock.kind == LockKind::Lock && lock.account.as_str() == "acct-1")
}

/// Only this account, only to cancel and to flatten.
fn check_requests(rig: &Rig) -> Result<usize, String> {
    let requests = rig.venue.requests();
    let mut writes = 0;
    for request in requests.iter().filter(|r| r.method != "GET") {
        writes += 1;
        let of_account = request.path.strip_prefix("/v1/api/accounts/Sim101/");
        let is_protective = matches!(of_account, Some("orders/cancel" | "positions/flatten"));
        if !is_protective {
            return Err(format!("{} {} was sent", request.method, request.path));
        }
    }
    Ok(writes)
}

/// One run that is ended at a point, and the next start. Gives back how long
/// that took to its first request.
fn run(point: usize, torn: bool, price: Price) -> Result<Duration, String> {
    let mut rig = breached();
    rig.end_at_point(point, torn);
    rig.start();
    rig.wait_for("the end of the process, or flat", |rig| {
        rig.has_ended() || rig.count("verified") > 0
    });
    rig.kill();
    let left = rig.on_disk();
    let was_locked = left.as_ref().is_some_and(is_locked);
    let was_asked = left
        .as_ref()
        .is_some_and(|left| !left.kept.intents.is_empty());
    let was_fired = left.is_some() && rig.count_on_disk(FIRED) > 0;
    let was_sent = check_requests(&rig)? > 0;
    let held = rig.venue.figures("Sim101").unwrap();
    if price == Price::Recovers {
        rig.venue.set_price(ES, 5010).unwrap();
    }
    // A loss that was realized is a breach, whatever the record says.
    let is_realized = held.positions.is_empty();
    let must_act = price == Price::Stays || was_fired || was_asked || was_locked || is_realized;
    let seen = rig.venue.requests().len();
    let ready_before = rig.count("ready");
    let begun = Instant::now();
    rig.no_points();
    rig.start();
    let mut first_request = None;
    rig.wait_for("the second start to finish the job", |rig| {
        if first_request.is_none() && rig.venue.requests().len() > seen {
            first_request = Some(begun.elapsed());
        }
        let is_done = rig.count("verified") > 0 && rig.is_flat_and_quiet("Sim101");
        rig.count("ready") > ready_before && (is_done || !must_act)
    });
    // Readiness comes after the first request.
    let first_request = first_request.unwrap_or_else(|| begun.elapsed());
    rig.kill();
    check_requests(&rig)?;
    let end = rig.on_disk().ok_or("there is no record")?;
    let fired = rig.count("fired");
    let expect = |holds: bool, what: &str| {
        if holds {
            Ok(())
        } else {
            Err(format!(
                "{what}; found on disk: fired {was_fired}, asked {was_asked}, locked {was_locked}, sent {was_sent}"
            ))
        }
    };
    if must_act {
        expect(is_locked(&end), "the lock is lost")?;
        expect(fired == 1, &format!("the rule fired {fired} times"))?;
        expect(end.kept.intents.is_empty(), "an intent is left undone")?;
    } else {
        // A request that was on its way before its record was: the send does
        // not wait for the disk, and nothing was acknowledged. The loss is gone.
        expect(fired == 0, "the rule fired on a loss that is not there")?;
        let held_now = rig.venue.figures("Sim101").unwrap();
        expect(held_now.positions == held.positions, "the position changed")?;
    }
    expect(rig.integrity() == "ok", "the database is damaged")?;
    Ok(first_request)
}

#[test]
fn every_write_point_of_a_breach() {
    let points = points();
    let cases: Vec<(usize, bool, Price)> = (1..=points)
        .flat_map(|point| {
            [
                (point, point % 2 == 0, Price::Stays),
                (point, point % 2 == 1, Price::Recovers),
            ]
        })
        .collect();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let slowest = Mutex::new(Duration::ZERO);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((point, torn, price)) =
                    cases.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    match run(*point, *torn, *price) {
                        Ok(first_request) => {
                            let mut slowest =
                                slowest.lock().unwrap_or_else(PoisonError::into_inner);
                            *slowest = slowest.max(first_request);
                        }
                        Err(why) => failures
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(format!(
                                "point {point}, torn {torn}, price {price:?}: {why}"
                            )),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    println!(
        "{points} write points, {} runs ended by kill -9 (each point whole and torn, with the loss still there and gone): {} failures, slowest second start to its first request {:?}",
        cases.len(),
        failures.len(),
        slowest.into_inner().unwrap()
    );
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(points >= 30, "{points} points");
}

/// A loss that is gone with the position: a rule that has fired on it would not
/// fire again after a start, so that only the record can go on.
const OPEN_LOSS: &str = r#"
rules:
  - name: open loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500, of: unrealized } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }]
"#;
/// Random moments in a run of all tests; `RISKD_KILLS` says another number.
const RANDOM_KILLS: u64 = 24;
/// From the poll that shows the loss: a decision, its commit, two requests and
/// their answers lie in it, on a slow machine too.
const MOMENTS: Duration = Duration::from_millis(40);
/// How long a request waits for its firing to be in the record; then it leaves
/// without, so that a disk that hangs protects nobody's loss.
const COMMIT_BOUND: TimeDelta = TimeDelta::milliseconds(20);

/// How far a run had got when its process was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    NotFired,
    Fired,
    Sent,
    /// A request left so late that it may not have waited for the record: the
    /// machine was too busy to show anything.
    BeyondTheBound,
}

/// A number that looks random, the same for the same seed (SplitMix64).
fn scattered(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// When the first request that changes something arrived.
fn first_write(rig: &Rig) -> DateTime<Utc> {
    let requests = rig.venue.requests();
    let write = requests.iter().find(|request| request.method != "GET");
    write.unwrap().at
}

/// The moment of a run; the earlier ones are denser.
fn moment_of(seed: u64) -> Duration {
    let share = scattered(seed) as f64 / u64::MAX as f64;
    MOMENTS.mul_f64(share * share)
}

/// One run that is ended so long after the first poll that shows the loss, after
/// which the price recovers, and the next start.
fn run_to(moment: Duration) -> Result<Reached, String> {
    let mut rig = Rig::new(&["Sim101"], OPEN_LOSS);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.place_resting_buy("Sim101");
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    let polls = rig.polls().len();
    while rig.polls().len() == polls {
        thread::sleep(Duration::from_micros(100));
    }
    let seen = Instant::now();
    while seen.elapsed() < moment {
        std::hint::spin_loop();
    }
    rig.kill();
    // A request that was on its way arrives after its sender is gone.
    thread::sleep(Duration::from_millis(20));
    rig.venue.set_price(ES, 5010).unwrap();
    let sent = check_requests(&rig)?;
    let left = rig.on_disk().ok_or("there is no record")?;
    if sent > 0 && first_write(&rig) - rig.polls()[polls] > COMMIT_BOUND {
        return Ok(Reached::BeyondTheBound);
    }
    let rows = rig.count_on_disk("select count(*) from requests");
    let fired = rig.count_on_disk(FIRED) > 0;
    let expect = |holds: bool, what: &str| {
        if holds {
            Ok(())
        } else {
            Err(format!(
                "{what}; on disk: fired {fired}, {rows} requests; at the venue: {sent}"
            ))
        }
    };
    expect(rows >= sent, "a request is not on record")?;
    expect(sent == 0 || fired, "a firing is lost")?;
    expect(!fired || is_locked(&left), "the lock is lost")?;
    let ready_before = rig.count("ready");
    rig.start();
    rig.wait_for("the second start to finish the job", |rig| {
        let is_done = rig.count("verified") > 0 && rig.is_flat_and_quiet("Sim101");
        rig.count("ready") > ready_before && (is_done || !fired)
    });
    rig.kill();
    check_requests(&rig)?;
    let end = rig.on_disk().ok_or("there is no record")?;
    let firings = rig.count("fired");
    expect(
        firings == usize::from(fired),
        &format!("the rule fired {firings} times"),
    )?;
    expect(
        is_locked(&end) == fired,
        "the lock is not what the record said",
    )?;
    expect(end.kept.intents.is_empty(), "an intent is left undone")?;
    expect(rig.integrity() == "ok", "the database is damaged")?;
    Ok(match (fired, sent) {
        (false, _) => Reached::NotFired,
        (true, 0) => Reached::Fired,
        (true, _) => Reached::Sent,
    })
}

#[test]
fn random_moments_around_a_send() {
    let runs = env::var("RISKD_KILLS").map_or(RANDOM_KILLS, |runs| runs.parse().unwrap());
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let moments = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= runs {
                return;
            }
            let moment = moment_of(seed);
            match run_to(moment) {
                Ok(one) => moments.lock().unwrap().push(one),
                Err(why) => failures
                    .lock()
                    .unwrap()
                    .push(format!("run {seed}, {moment:?} after the poll: {why}")),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    let moments = moments.into_inner().unwrap();
    let of = |which| moments.iter().filter(|reached| **reached == which).count();
    println!(
        "{runs} runs ended by kill -9 within {MOMENTS:?} of the poll that shows the loss: {} had not fired, {} had fired and sent nothing, {} had sent, {} had sent too late to be judged; {} failures",
        of(Reached::NotFired),
        of(Reached::Fired),
        of(Reached::Sent),
        of(Reached::BeyondTheBound),
        failures.len()
    );
    assert!(failures.is_empty(), "{failures:#?}");
}
