use super::*;
use crate::rules::book::Until;
use chrono::TimeDelta;

fn lock(end: LockEnd) -> Lock {
    Lock {
        since: Timestamp::UNIX_EPOCH,
        end,
        reason: String::new(),
        firing: None,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH
        .checked_add_signed(TimeDelta::seconds(seconds))
        .unwrap()
}

#[test]
fn a_lock_is_extended_and_never_shortened() {
    let mut locks = Locks::default();
    let mut set = |end| locks.set(LockKind::Lock, lock(end));
    assert_eq!(set(LockEnd::At(at(10))), Locking::Set);
    assert_eq!(set(LockEnd::At(at(5))), Locking::Kept);
    assert_eq!(set(LockEnd::At(at(20))), Locking::Extended);
    assert_eq!(set(LockEnd::Manual), Locking::Extended);
    assert_eq!(set(LockEnd::At(at(90))), Locking::Kept);
}

fn clocks(wall: i64, steady: i64) -> Now {
    Now {
        wall: at(wall),
        steady: at(steady),
    }
}

#[test]
fn a_wall_clock_set_forward_does_not_end_a_lock() {
    let mut locks = Locks::default();
    locks.set(LockKind::Lock, lock(LockEnd::At(at(100))));
    let over = |wall, steady| locks.over(clocks(wall, steady)).count();
    assert_eq!(over(3700, 50), 0);
    assert_eq!(over(50, 3700), 0);
    assert_eq!(over(3700, 100), 1);
}

/// A lock for so many seconds.
fn ask(locks: &mut Locks, span: i64, now: Now) -> Locking {
    let until = Until::For(TimeDelta::seconds(span));
    let asking = Asking {
        until,
        at: now.steady,
        begun: None,
    };
    let end = LockEnd::At(
        now.wall
            .checked_add_signed(TimeDelta::seconds(span))
            .unwrap(),
    );
    locks.ask(LockKind::Lock, lock(end), asking, now)
}

fn correct(locks: &mut Locks, now: Now) -> Vec<Correction> {
    locks.correct(now, |asking, asked_at| match asking.until {
        Until::For(span) => LockEnd::At(asked_at.checked_add_signed(span).unwrap()),
        other => panic!("{other:?}"),
    })
}

#[test]
fn b6_a_duration_goes_by_the_steady_clock_however_the_wall_clock_is_set() {
    for wrong_by in [-7_200, 7_200] {
        let mut locks = Locks::default();
        ask(&mut locks, 3_600, clocks(10_000 + wrong_by, 10_000));
        assert_eq!(correct(&mut locks, clocks(10_001, 10_001)).len(), 1);
        let held = locks.get(LockKind::Lock).unwrap();
        assert_eq!(held.end, LockEnd::At(at(13_600)));
        assert_eq!(locks.over(clocks(13_599, 13_599)).count(), 0);
        assert_eq!(locks.over(clocks(13_600, 13_600)).count(), 1);
    }
}

#[test]
fn a_request_that_was_shorter_by_a_wrong_clock_counts_by_the_right_one() {
    let mut locks = Locks::default();
    ask(&mut locks, 60, clocks(10_000, 0));
    // The clock is set back: the later request ends earlier by the wall clock
    // as it was, and later in truth.
    assert_eq!(ask(&mut locks, 600, clocks(5_000, 10)), Locking::Kept);
    let corrections = correct(&mut locks, clocks(5_000, 10));
    assert_eq!(corrections.len(), 1);
    let held = locks.get(LockKind::Lock).unwrap();
    assert_eq!(held.end, LockEnd::At(at(5_600)));
}

#[test]
fn a_lock_of_the_record_that_a_clock_ahead_has_ended_is_in_force_again() {
    let mut locks = Locks::default();
    locks.set(LockKind::Lock, lock(LockEnd::At(at(1_000))));
    assert!(correct(&mut locks, clocks(90_000, 90_000)).is_empty());
    assert!(
        locks
            .expire(LockKind::Lock, clocks(90_000, 90_000))
            .is_some()
    );
    let corrections = correct(&mut locks, clocks(500, 90_010));
    assert!(matches!(corrections[..], [Correction::Revived { .. }]));
    assert_eq!(locks.over(clocks(999, 90_509)).count(), 0);
    assert_eq!(locks.over(clocks(1_000, 90_510)).count(), 1);
    // A person's end is one for good.
    locks.end(LockKind::Lock);
    assert!(correct(&mut locks, clocks(100, 90_600)).is_empty());
}

#[test]
fn what_is_remembered_of_requests_does_not_grow_with_their_number() {
    let mut locks = Locks::default();
    for second in 0..1_000 {
        ask(&mut locks, 60 + second % 7, clocks(second, second));
    }
    assert!(locks.claims.len() < 10, "{}", locks.claims.len());
}
