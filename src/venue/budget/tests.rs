use std::sync::Arc;

use proptest::prelude::*;

use super::*;

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
fn routine_reads_leave_the_reserve_and_the_rest_may_use_it() {
    let mut bucket = Bucket::new(at(0));
    assert_eq!(drain(&mut bucket, Lane::Routine, at(0)), CAPACITY - RESERVE);
    assert_eq!(drain(&mut bucket, Lane::Verify, at(0)), RESERVE);
    assert_eq!(bucket.left(at(0)), 0);
    assert_eq!(
        bucket.take(Lane::Protective, at(0)),
        Err(Duration::from_nanos(333_333_334))
    );
    // Exactly three tokens come back in a second, and no part is lost on the way.
    for millis in (0..1000).step_by(7) {
        bucket.left(at(millis));
    }
    assert_eq!(drain(&mut bucket, Lane::Protective, at(1000)), 3);
}

#[test]
fn a_penalty_empties_closes_and_is_capped() {
    let mut bucket = Bucket::new(at(0));
    bucket.penalize(at(0), at(2000));
    assert_eq!(bucket.left(at(1999)), 0);
    assert_eq!(bucket.take(Lane::Protective, at(100)), Err(at(2000)));
    assert_eq!(drain(&mut bucket, Lane::Protective, at(2000)), 6);
    // A later, shorter penalty does not shorten an earlier one.
    bucket.penalize(at(2000), at(10_000));
    bucket.penalize(at(2100), at(2200));
    assert!(bucket.take(Lane::Protective, at(9999)).is_err());
    bucket.penalize(at(10_000), at(10_000_000));
    assert!(bucket.take(Lane::Protective, at(39_999)).is_err());
    assert!(bucket.take(Lane::Protective, at(40_000)).is_ok());
}

proptest! {
    /// However it is used, no rolling minute holds more than 180 requests, no
    /// instant more than the bucket allows, and routine reads leave the reserve.
    #[test]
    fn never_more_than_the_venue_allows(
        steps in proptest::collection::vec((0_u64..4000, 0_u8..3, 1_u32..40), 1..200)
    ) {
        let mut bucket = Bucket::new(at(0));
        let mut now = 0;
        let mut granted: Vec<u64> = Vec::new();
        // What the venue counts by itself, in thirds of a millisecond.
        let mut venue: u64 = 20_000;
        let mut counted_at = 0;
        for (pause, lane, wanted) in steps {
            now += pause;
            let lane = [Lane::Routine, Lane::Verify, Lane::Protective][usize::from(lane)];
            for _ in 0..wanted {
                let before = bucket.left(at(now));
                match bucket.take(lane, at(now)) {
                    Ok(()) => {
                        prop_assert!(lane != Lane::Routine || before > RESERVE);
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

#[tokio::test(start_paused = true)]
async fn greedy_protection_stays_below_180_in_any_minute() {
    let budget = RequestBudget::new();
    let mut granted = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(200) {
        if budget.take(Lane::Protective).await.is_ok() {
            granted.push(Instant::now());
        }
    }
    for (index, first) in granted.iter().enumerate() {
        let minute = granted[index..]
            .iter()
            .take_while(|later| later.duration_since(*first) <= Duration::from_secs(60));
        assert!(minute.count() <= 180);
    }
    assert!(granted.len() >= 3 * 177, "{}", granted.len());
}

#[tokio::test(start_paused = true)]
async fn routine_reads_at_full_speed_leave_room_in_the_minute_too() {
    let budget = RequestBudget::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) {
        if budget.take(Lane::Routine).await.is_err() {
            tokio::time::advance(at(100)).await;
        }
    }
    for _ in 0..RESERVE {
        let asked = Instant::now();
        budget.take(Lane::Protective).await.unwrap();
        assert_eq!(Instant::now(), asked);
    }
}

/// Spawns waiters in this order and returns the order in which they were served.
async fn served(budget: Arc<RequestBudget>, lanes: &[(Lane, &'static str)]) -> Vec<&'static str> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (lane, name) in lanes.iter().copied() {
        let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            if budget.take(lane).await.is_ok() {
                order.lock().unwrap().push(name);
            }
        }));
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let order = order.lock().unwrap();
    order.clone()
}

#[tokio::test(start_paused = true)]
async fn protective_goes_first_and_each_lane_is_in_order() {
    let budget = Arc::new(RequestBudget::new());
    budget.penalize(at(600));
    let order = served(
        Arc::clone(&budget),
        &[
            (Lane::Verify, "v1"),
            (Lane::Protective, "p1"),
            (Lane::Verify, "v2"),
            (Lane::Protective, "p2"),
            (Lane::Routine, "r1"),
        ],
    )
    .await;
    assert_eq!(order, ["p1", "p2", "v1", "v2"]);
}

#[tokio::test(start_paused = true)]
async fn waits_are_bounded_by_lane() {
    let budget = Arc::new(RequestBudget::new());
    budget.penalize(Duration::from_secs(29));
    for (lane, wait) in [
        // Certain from the start.
        (Lane::Routine, Duration::ZERO),
        (Lane::Verify, VERIFY_WAIT),
        (Lane::Protective, PROTECTIVE_WAIT),
    ] {
        let start = Instant::now();
        assert_eq!(budget.take(lane).await, Err(OutOfBudget));
        let waited = start.elapsed();
        assert!(
            waited >= wait && waited <= wait + at(2),
            "{lane:?} {waited:?}"
        );
    }
    // The penalty ends, and the budget works again.
    tokio::time::advance(Duration::from_secs(15)).await;
    assert!(budget.take(Lane::Protective).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_takes_nothing_and_holds_nobody_up() {
    let budget = Arc::new(RequestBudget::new());
    budget.penalize(at(1000));
    let mut dropped = Vec::new();
    for _ in 0..50 {
        let budget = Arc::clone(&budget);
        dropped.push(tokio::spawn(
            async move { budget.take(Lane::Protective).await },
        ));
    }
    tokio::task::yield_now().await;
    let waiting = {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            let granted = budget.take(Lane::Verify).await;
            (granted, Instant::now())
        })
    };
    tokio::task::yield_now().await;
    let start = Instant::now();
    tokio::time::advance(at(500)).await;
    for task in dropped {
        task.abort();
    }
    let (granted, when) = waiting.await.unwrap();
    assert_eq!(granted, Ok(()));
    assert!(when.duration_since(start) <= at(1002));
    assert_eq!(budget.lock().queue.len(), 0);
    assert_eq!(budget.lock().bucket.granted.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_never_run_again_holds_others_up_only_until_its_deadline() {
    let budget = RequestBudget::new();
    budget.penalize(at(100));
    let mut stuck = Box::pin(budget.take(Lane::Protective));
    // Polled once, so that it stands in the queue, and then never again.
    let _ = futures_poll(stuck.as_mut()).await;
    tokio::time::advance(Duration::from_secs(6)).await;
    let start = Instant::now();
    assert!(budget.take(Lane::Verify).await.is_ok());
    assert!(start.elapsed() <= PROTECTIVE_WAIT);
    drop(stuck);
}

async fn futures_poll<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_ready())
    })
    .await
}
