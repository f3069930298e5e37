use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::time::Instant;

use super::counts::{Counts, Need};
use super::scope::Owner;
use super::*;
use crate::domain::limits::{Ask, Cost, LimitScope, RequestLimits};
use crate::domain::venue::VenueProfile;
use crate::venue::Lane;

mod order;
mod queue;
mod scopes;

/// Requests of one kind, from a bucket of 20 and in a window of 180.
const LIMITS: &RequestLimits = &VenueProfile::CROSSTRADE.limits;
const CAPACITY: u32 = 20;
const RESERVE: u32 = 18;
const BESIDE_RESERVE: u32 = 10;
const PER_WINDOW: u32 = 180;
const WINDOW: Duration = Duration::from_secs(61);
const LONGEST_PENALTY: Duration = Duration::from_secs(30);

/// What one credential may ask, by arithmetic alone.
struct Bucket(Counts);

impl Bucket {
    fn new(now: Duration) -> Bucket {
        let mut counts = Counts::new(LIMITS, now);
        counts.add(Owner::NOBODY, now);
        Bucket(counts)
    }

    fn need(lane: Lane) -> Need {
        Need {
            lane,
            owner: Owner::NOBODY,
            cost: Cost(&[("requests", 1)]),
        }
    }

    fn take(&mut self, lane: Lane, now: Duration) -> Result<(), Duration> {
        self.0.take(&Bucket::need(lane), now)
    }

    fn penalize(&mut self, lane: Lane, now: Duration, pause: Duration) {
        let scope = LimitScope::Credential;
        self.0.turn_away(scope, Owner::NOBODY, lane, now, pause);
    }

    fn count_earlier(&mut self, requests: u32, now: Duration) {
        self.0.count_earlier(Owner::NOBODY, requests, now);
    }

    fn left(&mut self, now: Duration) -> u32 {
        self.0.left(Owner::NOBODY, now)
    }
}

fn budget() -> RequestBudget {
    RequestBudget::new(LIMITS)
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Takes until refused; how many were granted.
fn drain(bucket: &mut Bucket, lane: Lane, now: Duration) -> u32 {
    let mut granted = 0;
    while bucket.take(lane, now).is_ok() {
        granted += 1;
    }
    granted
}

#[test]
fn what_can_wait_leaves_a_part_and_the_rest_may_use_it() {
    let mut bucket = Bucket::new(at(0));
    assert_eq!(drain(&mut bucket, Lane::Routine, at(0)), 2);
    assert_eq!(bucket.left(at(0)), 18);
    assert_eq!(drain(&mut bucket, Lane::Beside, at(0)), 8);
    assert_eq!(bucket.left(at(0)), 10);
    let rest = [
        Lane::Poll,
        Lane::Positions,
        Lane::Verify,
        Lane::PollOfAll,
        Lane::Cancel,
        Lane::Close,
        Lane::LatePoll,
    ];
    for lane in rest {
        assert_eq!(bucket.take(lane, at(0)), Ok(()));
    }
    assert_eq!(drain(&mut bucket, Lane::Close, at(0)), 3);
    assert_eq!(bucket.left(at(0)), 0);
    assert_eq!(
        bucket.take(Lane::Close, at(0)),
        Err(Duration::from_nanos(333_333_334))
    );
    // Exactly three tokens come back in a second, and no part is lost on the way.
    for millis in (0..1000).step_by(7) {
        bucket.left(at(millis));
    }
    assert_eq!(drain(&mut bucket, Lane::Close, at(1000)), 3);
}

#[test]
fn what_a_venue_says_is_believed_up_to_a_limit_and_never_shortened() {
    let mut bucket = Bucket::new(at(0));
    bucket.penalize(Lane::Poll, at(0), at(2000));
    assert_eq!(bucket.take(Lane::Poll, at(100)), Err(at(2000)));
    // It refills meanwhile.
    assert_eq!(drain(&mut bucket, Lane::Poll, at(2000)), 6);
    // A later, shorter pause does not shorten an earlier one.
    bucket.penalize(Lane::Poll, at(2000), at(8000));
    bucket.penalize(Lane::Poll, at(2100), at(100));
    assert!(bucket.take(Lane::Poll, at(9999)).is_err());
    bucket.penalize(Lane::Poll, at(10_000), at(10_000_000));
    assert!(bucket.take(Lane::Poll, at(39_999)).is_err());
    assert!(bucket.take(Lane::Poll, at(40_000)).is_ok());
}

#[test]
fn b3_a_pause_on_what_can_wait_holds_no_close() {
    for lane in [Lane::Routine, Lane::Beside, Lane::Poll, Lane::LatePoll] {
        let mut bucket = Bucket::new(at(0));
        bucket.penalize(lane, at(0), at(60_000));
        for held in [Lane::Routine, Lane::Beside, Lane::Poll, Lane::LatePoll] {
            assert_eq!(bucket.take(held, at(29_000)), Err(at(30_000)), "{held:?}");
        }
        // As soon as the bucket has one again, which the venue has emptied.
        let mut bucket = Bucket::new(at(0));
        bucket.penalize(lane, at(0), at(60_000));
        // Reads leave the first one to a close.
        for (urgent, soon) in [
            (Lane::Close, 334),
            (Lane::Cancel, 334),
            (Lane::Verify, 667),
            (Lane::Positions, 667),
        ] {
            let next = bucket.take(urgent, at(0)).unwrap_err();
            assert!(next <= at(soon), "{urgent:?} {next:?}");
        }
        assert_eq!(drain(&mut bucket, Lane::Close, at(1000)), 3);
    }
}

/// When closes are tried in a pause that the venue asks for, each of them turned
/// away again; `asks` says what it asks for at such a time.
fn tries(pause: u64, asks: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut bucket = Bucket::new(at(0));
    bucket.penalize(Lane::Close, at(0), at(pause));
    let mut tries = Vec::new();
    let mut now = 0;
    while now < pause {
        now += 1;
        if bucket.take(Lane::Close, at(now)).is_ok() && now < pause {
            tries.push(now);
            bucket.penalize(Lane::Close, at(now), at(asks(now)));
        }
    }
    tries
}

#[test]
fn a_close_is_tried_three_times_in_a_pause() {
    // Whether the venue counts down what is left of its pause, in whole seconds
    // even, or is stricter than is believed.
    assert_eq!(tries(20_000, |now| 20_000 - now), [5000, 10_000, 15_000]);
    let whole = |now: u64| (20_000 - now).div_ceil(1000) * 1000;
    assert_eq!(tries(20_000, whole), [5000, 10_000, 15_000]);
    assert_eq!(tries(30_000, |now| 60_000 - now), [7500, 15_000, 22_500]);
    let mut bucket = Bucket::new(at(0));
    bucket.penalize(Lane::Close, at(0), at(20_000));
    // What can wait is held to its end, whatever is tried meanwhile.
    for lane in [Lane::Routine, Lane::Beside, Lane::Poll, Lane::LatePoll] {
        assert_eq!(bucket.take(lane, at(6000)), Err(at(20_000)));
    }
    assert!(bucket.take(Lane::Close, at(4999)).is_err());
    assert!(bucket.take(Lane::Verify, at(5000)).is_ok());
}

#[test]
fn what_left_before_this_process_counts_and_one_request_is_always_left() {
    // What is on record of the last 7 s, and 7 that may not be.
    for (recorded, left) in [(0, 13), (5, 8), (12, 1), (13, 1), (1000, 1)] {
        let budget = budget();
        budget.count_earlier(recorded);
        assert_eq!(budget.left().left, left, "{recorded}");
    }
    // A second venue of the same user has a record of its own, but what is on no
    // record is that of one process.
    let budget = budget();
    budget.count_earlier(2);
    budget.count_earlier(3);
    assert_eq!(budget.left().left, CAPACITY - 2 - 3 - 7);
}

#[test]
fn what_left_elsewhere_adds_no_request_to_a_budget_that_is_used_up() {
    let mut bucket = Bucket::new(at(0));
    drain(&mut bucket, Lane::Close, at(0));
    for _ in 0..20 {
        bucket.count_earlier(1, at(0));
    }
    assert_eq!(bucket.left(at(0)), 0);
}

proptest! {
    /// However it is used, no rolling minute holds more than 180 requests, no
    /// instant more than the bucket allows, and what can wait leaves its part.
    #[test]
    fn never_more_than_the_venue_allows(
        steps in proptest::collection::vec((0_u64..4000, 0_u8..4, 1_u32..40), 1..200)
    ) {
        let mut bucket = Bucket::new(at(0));
        let mut now = 0;
        let mut granted: Vec<u64> = Vec::new();
        // What the venue counts by itself, in thirds of a millisecond.
        let mut venue: u64 = 20_000;
        let mut counted_at = 0;
        for (pause, lane, wanted) in steps {
            now += pause;
            let lanes = [Lane::Routine, Lane::Beside, Lane::Verify, Lane::Close];
            let lane = lanes[usize::from(lane)];
            let kept = match lane {
                Lane::Routine => RESERVE,
                Lane::Beside => BESIDE_RESERVE,
                _ => 0,
            };
            for _ in 0..wanted {
                let before = bucket.left(at(now));
                match bucket.take(lane, at(now)) {
                    Ok(()) => {
                        prop_assert!(before > kept);
                        venue = (venue + (now - counted_at) * 3).min(20_000);
                        counted_at = now;
                        prop_assert!(venue >= 1000);
                        venue -= 1000;
                        granted.push(now);
                    }
                    Err(earliest) => {
                        prop_assert!(earliest > at(now));
                        prop_assert!(earliest <= at(now) + WINDOW + at(1));
                        break;
                    }
                }
            }
        }
        for (index, first) in granted.iter().enumerate() {
            let in_minute = granted[index..].iter().take_while(|later| **later - first <= 60_000);
            prop_assert!(in_minute.count() <= PER_WINDOW as usize);
        }
    }
}
