//! The disk fails while a rule fires: the account is made flat all the same,
//! and what happened is told and recorded as soon as it can be.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use riskd::domain::lock::{LockEnd, LockKind};

use super::points::Failure;
use super::rig::{LOSS_LIMIT, Rig};
use super::secrets::free_port;

const ES: &str = "ES 03-26";
/// Runs at once: most of their time is waiting.
const AT_ONCE: usize = 4;
/// Breaches that are timed for each state of the disk.
const BREACHES: usize = 5;

const FAILURES: [Failure; 3] = [Failure::Full, Failure::Broken, Failure::ReadOnly];

fn long_two() -> Rig {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.place_resting_buy("Sim101");
    rig
}

/// Lets the limit be crossed and says how long it takes until the venue itself
/// holds the account flat and quiet.
fn time_to_flat(rig: &Rig) -> Duration {
    let begun = Instant::now();
    rig.venue.set_price(ES, 4990).unwrap();
    while !rig.is_flat_and_quiet("Sim101") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", rig.log());
        thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

/// One breach on a disk that fails from the firing on, until long after.
fn breach(failure: Option<Failure>, nth: usize) -> Duration {
    let mut rig = long_two();
    if let Some(failure) = failure {
        rig.fail_while_told(failure);
    }
    rig.start_ready();
    // The price crosses at another phase of the poll each time.
    let phase = Duration::from_secs(1) * u32::try_from(nth).unwrap() / 5;
    thread::sleep(phase);
    if failure.is_some() {
        rig.disk_fails(true);
    }
    let took = time_to_flat(&rig);
    if failure.is_some() {
        rig.wait_for("the trouble to be told", |rig| {
            rig.log().contains("record cannot be written")
        });
        assert!(rig.is_running());
        assert_eq!(rig.count("verified"), 0, "nothing is on this disk");
        rig.disk_fails(false);
    }
    rig.wait_for("the record", |rig| rig.count("verified") == 1);
    assert_eq!(rig.count("fired"), 1);
    let locked = |rig: &Rig| {
        let left = rig.on_disk().unwrap();
        left.kept
            .locks
            .iter()
            .any(|lock| lock.kind == LockKind::Lock)
    };
    rig.wait_for("the lock", locked);
    took
}

#[test]
fn a_disk_that_fails_while_a_rule_fires_costs_no_time() {
    let disks: Vec<Option<Failure>> = std::iter::once(None)
        .chain(FAILURES.into_iter().map(Some))
        .collect();
    for disk in disks {
        let mut times: Vec<Duration> = thread::scope(|scope| {
            let runs: Vec<_> = (0..BREACHES)
                .map(|nth| scope.spawn(move || breach(disk, nth)))
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        times.sort();
        let disk = disk.map_or("good".to_owned(), |failure| format!("{failure:?}"));
        println!(
            "disk {disk:>8}: crossed to flat at the venue, median {:?}, longest {:?}",
            times[BREACHES / 2],
            times[BREACHES - 1]
        );
    }
}

/// A breach during which one disk call fails. Gives back whether the daemon
/// refused to start.
fn one_call(failure: Failure, number: usize) -> (bool, usize) {
    let mut rig = long_two();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.fail_at_call(failure, number);
    rig.start();
    rig.wait_for("flat, or a refusal to start", |rig| {
        rig.has_ended() || rig.is_flat_and_quiet("Sim101")
    });
    let refused = rig.has_ended();
    if refused {
        let log = rig.log();
        assert!(log.contains("riskd.db"), "call {number}: {log}");
        assert!(!log.contains("panicked"), "call {number}: {log}");
        rig.kill();
        rig.no_points();
        rig.start();
    }
    rig.wait_for("the whole story", |rig| {
        rig.is_flat_and_quiet("Sim101") && rig.count("verified") == 1
    });
    let calls = rig.points().len();
    rig.kill();
    assert_eq!(rig.count("fired"), 1, "call {number}");
    let left = rig.on_disk().unwrap();
    assert_eq!(left.kept.locks.len(), 1, "call {number}");
    assert!(left.kept.intents.is_empty(), "call {number}");
    assert_eq!(rig.integrity(), "ok", "call {number}");
    (refused, calls)
}

#[test]
fn every_disk_call_of_a_breach_fails_once() {
    let (_, calls) = one_call(Failure::Broken, usize::MAX);
    let next = AtomicUsize::new(1);
    let refusals = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number > calls {
                        return;
                    }
                    let failure = FAILURES[number % FAILURES.len()];
                    if one_call(failure, number).0 {
                        *refusals.lock().unwrap() += 1;
                    }
                }
            });
        }
    });
    println!(
        "{calls} disk calls of a start and a breach failed, each in a run of its own: the account was flat, locked and on record after each; {} of them refused the start, and the next one did the job",
        refusals.into_inner().unwrap()
    );
}

/// A start on a disk that has failed since before, with a lock on record.
fn start_on(failure: Failure) {
    let mut rig = long_two();
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the lock", |rig| rig.count("verified") == 1);
    // After an end in order SQLite has to make files before it can read.
    assert_eq!(rig.terminate(), Some(0));
    rig.fail_while_told(failure);
    rig.disk_fails(true);
    // While nobody looks the trader enters again.
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    // Nor does one that was killed on such a disk before stand in the way.
    rig.start();
    rig.wait_for("the daemon to be up", |rig| {
        rig.log().matches("ready:").count() == 2
    });
    rig.kill();
    rig.venue.open("Sim101", ES, 1, None).unwrap();
    rig.start();
    rig.wait_for("the lock to hold", |rig| rig.is_flat_and_quiet("Sim101"));
    assert!(rig.is_running());
    let log = rig.log();
    assert!(log.contains("is read from a copy"), "{log}");
    assert_eq!(rig.count("lock_violated"), 0, "nothing is on this disk");
    rig.disk_fails(false);
    rig.wait_for("the record", |rig| rig.count("verified") == 2);
    assert_eq!(rig.count("lock_violated"), 1);
    assert_eq!(rig.terminate(), Some(0));
    assert_eq!(rig.on_disk().unwrap().kept.locks.len(), 1);
    assert_eq!(rig.integrity(), "ok");
}

#[test]
fn a_disk_that_failed_before_the_start_keeps_no_lock_from_holding() {
    thread::scope(|scope| {
        for failure in FAILURES {
            scope.spawn(move || start_on(failure));
        }
    });
}

#[test]
fn without_a_record_a_full_disk_is_said_clearly() {
    let mut rig = long_two();
    rig.fail_while_told(Failure::Full);
    rig.disk_fails(true);
    rig.start();
    rig.wait_for("the refusal", |rig| rig.has_ended());
    let log = rig.log();
    assert!(log.contains("no space is left"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

/// Case B2: a sync that hangs delays who waits for it, and no firing: that is
/// in the file all the same.
#[test]
fn b2_a_disk_whose_syncs_hang_keeps_the_firing() {
    let mut rig = long_two();
    rig.hang_while_told();
    rig.start_ready();
    rig.disk_fails(true);
    let took = time_to_flat(&rig);
    println!("disk that hangs: crossed to flat at the venue {took:?}");
    rig.wait_for("the whole story", |rig| rig.count("verified") == 1);
    assert_eq!(rig.count("fired"), 1);
    rig.wait_for("the trouble to be told", |rig| {
        rig.log().contains("the disk has not answered")
    });
    rig.kill();
    let left = rig.on_disk().unwrap();
    assert_eq!(left.kept.locks.len(), 1);
    assert_eq!(left.next.request.0, rig_requests(&rig) + 1);
    rig.disk_fails(false);
}

/// How many writes the venue saw.
fn rig_requests(rig: &Rig) -> i64 {
    let requests = rig.venue.requests();
    let writes = requests.iter().filter(|request| request.method != "GET");
    i64::try_from(writes.count()).unwrap()
}

/// Case B7: the log or its index is taken away from a daemon that runs.
fn taken_away(suffix: &str, by_another: bool) {
    let mut rig = long_two();
    let text = fs::read_to_string(rig.rules()).unwrap();
    let http = format!("127.0.0.1:{}", free_port());
    rig.write_rules(&text.replace("http: off", &format!("http: \"{http}\"")));
    rig.start_ready();
    let lock = |rig: &Rig, until: &str| {
        let mut command = rig.riskd();
        let output = command
            .args(["lock", "acct-1", "--until", until])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let said = lock(&rig, "10m");
    assert!(said.contains("it is on record"), "{said}");

    let file = rig.folder.path().join(format!("riskd.db{suffix}"));
    if by_another {
        let copy = rig.folder.path().join("copy");
        fs::copy(&file, &copy).unwrap();
        fs::rename(&copy, &file).unwrap();
    } else {
        fs::remove_file(&file).unwrap();
    }
    let said = lock(&rig, "manual");
    assert!(said.contains("until a person"), "{said}");
    rig.wait_for("it to be told", |rig| {
        rig.log().contains("removed or replaced")
    });
    if said.contains("it is on record") {
        // Then it must be so, whatever happens to the process now.
        rig.kill();
    } else {
        rig.wait_for("the record", |rig| rig.count("record_back") > 0);
        rig.kill();
    }
    let left = rig.on_disk().unwrap();
    assert!(
        left.kept
            .locks
            .iter()
            .any(|lock| lock.end == LockEnd::Manual),
        "{suffix}: {said}: {:?}",
        left.kept.locks
    );
    assert_eq!(rig.integrity(), "ok");
    let verified = rig.riskd().arg("verify").output().unwrap();
    let found = String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(0), "{suffix}: {found}");
    rig.start();
    rig.wait_for("the lock to hold", |rig| rig.is_flat_and_quiet("Sim101"));
}

#[test]
fn b7_a_log_that_is_taken_away_loses_nothing_that_was_on_record() {
    thread::scope(|scope| {
        for suffix in ["-wal", "-shm"] {
            for by_another in [false, true] {
                scope.spawn(move || taken_away(suffix, by_another));
            }
        }
    });
}
