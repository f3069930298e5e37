//! Waiting for the budget, in virtual time.

use super::*;
use crate::domain::timeouts::QUEUED;

#[tokio::test(start_paused = true)]
async fn greedy_protection_stays_below_180_in_any_minute() {
    let budget = budget();
    let mut granted = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(200) {
        if budget.take(Lane::Close, Ask::Orders).await.is_ok() {
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
    let budget = budget();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) {
        if budget.take(Lane::Routine, Ask::Orders).await.is_err() {
            tokio::time::advance(at(100)).await;
        }
    }
    for _ in 0..RESERVE {
        let asked = Instant::now();
        let _permit = budget.take(Lane::Close, Ask::Orders).await.unwrap();
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
            if budget.take(lane, Ask::Orders).await.is_ok() {
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
async fn what_closes_goes_first_and_each_lane_is_in_order() {
    let budget = Arc::new(budget());
    budget.turn_away(LimitScope::Credential, Lane::Close, at(600));
    let order = served(
        Arc::clone(&budget),
        &[
            (Lane::Beside, "b1"),
            (Lane::Verify, "v1"),
            (Lane::Positions, "s1"),
            (Lane::Cancel, "x1"),
            (Lane::Close, "c1"),
            (Lane::Verify, "v2"),
            (Lane::Close, "c2"),
            (Lane::Cancel, "x2"),
            (Lane::LatePoll, "p1"),
            (Lane::Routine, "r1"),
        ],
    )
    .await;
    // The routine read gives up; the cancel that can wait goes when there is room.
    // The poll is held, as the venue asked, for longer than the first closes.
    assert_eq!(
        order,
        ["c1", "p1", "c2", "x1", "x2", "v1", "v2", "s1", "b1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_shows_all_goes_before_reads_of_one_account() {
    let budget = Arc::new(budget());
    for _ in 0..budget.left().capacity {
        budget.charge(Lane::Close, Cost(&[("requests", 1)]));
    }
    let order = served(
        Arc::clone(&budget),
        &[
            (Lane::Verify, "v1"),
            (Lane::Positions, "s1"),
            (Lane::PollOfAll, "p1"),
            (Lane::Poll, "own"),
        ],
    )
    .await;
    // That of one account gives up meanwhile, to come back as a late one.
    assert_eq!(order, ["p1", "v1", "s1"]);
}

#[tokio::test(start_paused = true)]
async fn waits_are_bounded_by_lane() {
    let budget = Arc::new(budget());
    for (lane, wait) in [
        // Certain from the start.
        (Lane::Routine, Duration::ZERO),
        (Lane::LatePoll, Duration::ZERO),
        (Lane::Poll, POLL_WAIT),
    ] {
        budget.turn_away(LimitScope::Credential, Lane::Poll, LONGEST_PENALTY);
        let start = Instant::now();
        assert!(budget.take(lane, Ask::Orders).await.is_err());
        let waited = start.elapsed();
        assert!(
            waited >= wait && waited <= wait + at(2),
            "{lane:?} {waited:?}"
        );
    }
    // What enforcement asks for waits its turn behind all closes, but not for ever.
    for lane in [Lane::Beside, Lane::Positions, Lane::Verify, Lane::Cancel] {
        let start = Instant::now();
        let greedy: Vec<_> = (0..4)
            .map(|_| {
                let budget = Arc::clone(&budget);
                tokio::spawn(
                    async move { while budget.take(Lane::Close, Ask::Orders).await.is_ok() {} },
                )
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(budget.take(lane, Ask::Orders).await.is_err(), "{lane:?}");
        let waited = start.elapsed();
        assert!(
            waited >= QUEUED && waited <= QUEUED + at(2),
            "{lane:?} {waited:?}"
        );
        for one in greedy {
            one.abort();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_a_second_late_at_most_however_many_closes_wait() {
    let budget = Arc::new(budget());
    for _ in 0..400 {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            budget
                .take(Lane::Close, Ask::Orders)
                .await
                .map(|_permit| ())
        });
    }
    tokio::task::yield_now().await;
    assert_eq!(budget.left().left, 0);
    for poll in 0..30 {
        let asked = Instant::now();
        let _permit = budget.take_for_poll().await.unwrap();
        let waited = asked.elapsed();
        // A second in its own lane, and then the next request that may leave.
        assert!(waited <= at(1336), "poll {poll} after {waited:?}");
    }
    // They were still waiting.
    assert!(budget.member.shared.lock().queue.len() > 200);
}

/// Twenty-seven accounts a minute, one after the other: with the polls beside them their
/// proofs take all that the venue allows in a minute.
#[tokio::test(start_paused = true)]
async fn accounts_that_cross_one_by_one_do_not_wait_for_each_others_proofs() {
    let budget = Arc::new(budget());
    let polls = Arc::clone(&budget);
    tokio::spawn(async move {
        let mut each_second = tokio::time::interval(Duration::from_secs(1));
        loop {
            each_second.tick().await;
            let _permit = polls.take_for_poll().await.unwrap();
        }
    });
    for crossing in 0..120 {
        tokio::time::sleep(at(2200)).await;
        let asked = Instant::now();
        let _permit = budget.take(Lane::Close, Ask::Orders).await.unwrap();
        let waited = asked.elapsed();
        assert!(waited <= at(334), "crossing {crossing} after {waited:?}");
        for lane in [Lane::Positions, Lane::Verify, Lane::Verify] {
            let budget = Arc::clone(&budget);
            tokio::spawn(async move { budget.take(lane, Ask::Orders).await.map(|_permit| ()) });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn b3_a_pause_on_a_poll_holds_polls_and_no_close() {
    let budget = Arc::new(budget());
    budget.turn_away(LimitScope::Credential, Lane::Poll, Duration::from_secs(60));
    let start = Instant::now();
    let poll = {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            budget
                .take(Lane::LatePoll, Ask::Orders)
                .await
                .map(|_permit| ())
        })
    };
    let beside = {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            let _permit = budget.take(Lane::Beside, Ask::Orders).await.unwrap();
            Instant::now()
        })
    };
    tokio::task::yield_now().await;
    for _ in 0..3 {
        let _permit = budget.take(Lane::Close, Ask::Orders).await.unwrap();
    }
    assert!(start.elapsed() <= at(1002), "{:?}", start.elapsed());
    assert_eq!(poll.await.unwrap(), Err(OutOfBudget));
    assert!(start.elapsed() <= at(1002), "{:?}", start.elapsed());
    let beside = beside.await.unwrap().duration_since(start);
    assert!(beside >= LONGEST_PENALTY, "{beside:?}");
    assert!(budget.take_for_poll().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_takes_nothing_and_holds_nobody_up() {
    let budget = Arc::new(budget());
    budget.turn_away(LimitScope::Credential, Lane::Close, at(4000));
    let mut dropped = Vec::new();
    for _ in 0..50 {
        let budget = Arc::clone(&budget);
        dropped.push(tokio::spawn(async move {
            budget.take(Lane::Close, Ask::Orders).await
        }));
    }
    tokio::task::yield_now().await;
    let waiting = {
        let budget = Arc::clone(&budget);
        tokio::spawn(async move {
            let granted = budget
                .take(Lane::Verify, Ask::Orders)
                .await
                .map(|_permit| ());
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
    assert_eq!(budget.member.shared.lock().queue.len(), 0);
    assert_eq!(budget.member.shared.lock().counts.used(Owner::NOBODY)[1], 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_never_run_again_holds_others_up_only_until_its_deadline() {
    let budget = budget();
    for _ in 0..CAPACITY {
        let _permit = budget.take(Lane::Close, Ask::Orders).await.unwrap();
    }
    for (lane, wait) in [(Lane::Close, QUEUED), (Lane::LatePoll, LATE_POLL_WAIT)] {
        let mut stuck = Box::pin(budget.take(lane, Ask::Orders));
        // Polled once, so that it stands in the queue, and then never again.
        assert!(!is_ready(stuck.as_mut()).await);
        let start = Instant::now();
        tokio::time::advance(at(1000)).await;
        assert!(budget.take(Lane::Verify, Ask::Orders).await.is_ok());
        assert!(start.elapsed() <= wait + at(2), "{:?}", start.elapsed());
        drop(stuck);
        for _ in 0..CAPACITY {
            let _permit = budget.take(Lane::Close, Ask::Orders).await;
        }
    }
}

async fn is_ready<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_ready())
    })
    .await
}
