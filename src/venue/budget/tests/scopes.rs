//! Limits by address and by key, weights, what headers say, and bans, in virtual time.

use super::*;
use crate::domain::limits::{Costs, Limit, OrderReads, Rate, Reserves, UsageHeader};
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionKey;
use crate::domain::request::Write;
use crate::venue::Permit;

const fn window(counts: &'static str, scope: LimitScope, most: u32, seconds: u64) -> Limit {
    Limit {
        counts,
        scope,
        rate: Rate::Window {
            most,
            within: Duration::from_secs(seconds),
        },
        reserves: Reserves::NONE,
        told_by: None,
    }
}

/// A weight a minute by address, orders by key over two times (Binance).
const WEIGHED: &RequestLimits = &RequestLimits {
    limits: &[
        Limit {
            reserves: Reserves {
                can_wait: 600,
                beside: 300,
                reads: 0,
                polls: 200,
            },
            told_by: Some(UsageHeader::Used("x-mbx-used-weight-1m")),
            ..window("weight", LimitScope::Address, 2400, 60)
        },
        window("orders", LimitScope::Credential, 300, 10),
        window("orders", LimitScope::Credential, 1200, 60),
    ],
    costs: Costs {
        poll: Cost(&[("weight", 10)]),
        orders: Cost(&[("weight", 80)]),
        close: Cost(&[("orders", 1)]),
        ..Costs::alike(Cost(&[("weight", 5)]))
    },
    planned_by: "weight",
    turned_away: LimitScope::Address,
    longest_pause: Duration::from_secs(60),
    ban_statuses: &[418],
    order_reads: OrderReads::EACH_SECOND,
};

/// Requests by address, and each endpoint by key (Bybit).
const BY_ENDPOINT: &RequestLimits = &RequestLimits {
    limits: &[
        window("requests", LimitScope::Address, 600, 5),
        Limit {
            told_by: Some(UsageHeader::Left("x-bapi-limit-status")),
            ..window("reads", LimitScope::Credential, 50, 1)
        },
        Limit {
            told_by: Some(UsageHeader::Left("x-bapi-limit-status")),
            ..window("orders", LimitScope::Credential, 10, 1)
        },
    ],
    costs: Costs {
        close: Cost(&[("requests", 1), ("orders", 1)]),
        ..Costs::alike(Cost(&[("requests", 1), ("reads", 1)]))
    },
    planned_by: "requests",
    turned_away: LimitScope::Credential,
    longest_pause: Duration::from_secs(30),
    ban_statuses: &[403],
    order_reads: OrderReads::EACH_SECOND,
};

fn close() -> Write {
    Write::ClosePosition(PositionKey::new("BTCUSDT"))
}

/// Two keys of one address.
fn two_keys(address: &str, limits: &'static RequestLimits) -> [RequestBudget; 2] {
    ["key-a", "key-b"].map(|key| {
        let key = crate::secret::Secret::new(key.to_owned()).unwrap();
        shared(Scope::new(address, &key), limits)
    })
}

/// Closes until one has to wait; how many left.
async fn closes_at_once(budget: &RequestBudget) -> u32 {
    let write = close();
    let mut left = 0;
    loop {
        let take = budget.take(Lane::Close, Ask::Write(&write));
        match tokio::time::timeout(Duration::ZERO, take).await {
            Ok(Ok(_permit)) => left += 1,
            _ => return left,
        }
    }
}

async fn polled(budget: &RequestBudget) -> Permit {
    budget.take(Lane::Poll, Ask::Poll).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_keys_of_an_address_share_its_weight_and_have_their_own_orders() {
    let [one, other] = two_keys("https://weights.example", WEIGHED);
    for _ in 0..50 {
        let _permit = polled(&one).await;
    }
    assert_eq!((one.left().left, other.left().left), (1900, 1900));
    assert_eq!((one.left().capacity, one.left().reserve), (2400, 600));
    // What can wait leaves its part alone, by weight: 16 reads of 80 fit above it.
    let mut reads = 0;
    while other.take(Lane::Routine, Ask::Orders).await.is_ok() {
        reads += 1;
    }
    assert_eq!(reads, 16);
    // Orders take no weight, and are counted by key.
    assert_eq!(closes_at_once(&one).await, 300);
    assert_eq!(closes_at_once(&other).await, 300);
    assert_eq!(one.left().left, 620);
    // Polls never take all of it, late or not.
    for lane in [Lane::Poll, Lane::LatePoll] {
        let mut polls = 0;
        while polls < 100 {
            let poll = tokio::time::timeout(Duration::ZERO, one.take(lane, Ask::Poll));
            match poll.await {
                Ok(Ok(_permit)) => polls += 1,
                _ => break,
            }
        }
        assert_eq!(polls, if lane == Lane::Poll { 42 } else { 0 });
    }
    assert_eq!(one.left().left, 200);
    let _permit = one
        .take(Lane::Close, Ask::Write(&Write::Flatten))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_is_counted_as_long_as_somebody_uses_it() {
    let address = "https://members.example";
    let [one, other] = two_keys(address, WEIGHED);
    let [again, _] = two_keys(address, WEIGHED);
    assert_eq!(closes_at_once(&one).await, 300);
    drop(one);
    assert_eq!(closes_at_once(&again).await, 0);
    drop(again);
    let [anew, _] = two_keys(address, WEIGHED);
    assert_eq!(closes_at_once(&anew).await, 300);
    assert_eq!(closes_at_once(&other).await, 300);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_waits_for_its_own_limit_holds_up_no_other() {
    let [one, other] = two_keys("https://endpoints.example", BY_ENDPOINT);
    assert_eq!(closes_at_once(&one).await, 10);
    let start = Instant::now();
    let waiting = {
        let one = one.clone();
        tokio::spawn(async move {
            let write = close();
            let taken = one
                .take(Lane::Close, Ask::Write(&write))
                .await
                .map(|_permit| ());
            (taken, Instant::now())
        })
    };
    tokio::task::yield_now().await;
    // Reads of the same key, and whatever the other one does, go by it.
    let _permit = one.take(Lane::Verify, Ask::Positions).await.unwrap();
    let _permit = other.take(Lane::Verify, Ask::Positions).await.unwrap();
    assert_eq!(closes_at_once(&other).await, 10);
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Another close of the key waits its turn behind it.
    let write = close();
    let _permit = one.take(Lane::Close, Ask::Write(&write)).await.unwrap();
    let (taken, at_first) = waiting.await.unwrap();
    assert_eq!(taken, Ok(()));
    assert!(at_first <= Instant::now());
    // A second and the fifth of one that requests may arrive apart.
    let waited = at_first.duration_since(start);
    assert!(waited >= at(1200) && waited <= at(1202), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shared_limit_that_is_used_up_serves_the_most_urgent_of_all_keys_first() {
    let [one, other] = two_keys("https://order.example", WEIGHED);
    for _ in 0..480 {
        let _permit = one.take(Lane::Verify, Ask::Positions).await.unwrap();
    }
    assert_eq!(one.left().left, 0);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (budget, lane, name) in [
        (&one, Lane::Verify, "v"),
        (&other, Lane::Cancel, "x"),
        (&one, Lane::Positions, "s"),
        (&other, Lane::Close, "c"),
    ] {
        let (budget, order) = (budget.clone(), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let write = Write::Flatten;
            let _permit = budget.take(lane, Ask::Write(&write)).await.unwrap();
            order.lock().unwrap().push(name);
        }));
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["c", "x", "v", "s"]);
}

#[tokio::test(start_paused = true)]
async fn headers_tell_what_others_use() {
    let [one, other] = two_keys("https://headers.example", WEIGHED);
    let header = |weight: u32| move |name: &str| (name == "x-mbx-used-weight-1m").then_some(weight);
    let permit = polled(&one).await;
    one.answered(&permit, Timestamp::UNIX_EPOCH, header(2000));
    assert_eq!(other.left().left, 400);
    // A smaller figure may be from before what is on its way.
    let permit = polled(&one).await;
    one.answered(&permit, Timestamp::UNIX_EPOCH, header(1500));
    assert_eq!(other.left().left, 390);
    one.answered(&permit, Timestamp::UNIX_EPOCH, header(9000));
    assert_eq!(other.left().left, 0);
    one.answered(&permit, Timestamp::UNIX_EPOCH, |_| None);
    // What others used is forgotten as what riskd did.
    tokio::time::advance(at(61_001)).await;
    assert_eq!(other.left().left, 2400);

    // The venue began to count fifty seconds ago, and begins anew in ten.
    let permit = polled(&one).await;
    let shown = Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(50);
    one.answered(&permit, shown, header(2000));
    assert_eq!(other.left().left, 400);
    tokio::time::advance(at(10_900)).await;
    assert_eq!(other.left().left, 400);
    tokio::time::advance(at(200)).await;
    assert_eq!(other.left().left, 2390);

    let [one, other] = two_keys("https://left.example", BY_ENDPOINT);
    let left = |left: u32| move |name: &str| (name == "x-bapi-limit-status").then_some(left);
    let write = close();
    let permit = one.take(Lane::Close, Ask::Write(&write)).await.unwrap();
    one.answered(&permit, Timestamp::UNIX_EPOCH, left(3));
    // It is the endpoint's alone, and the key's.
    assert_eq!(closes_at_once(&one).await, 3);
    assert_eq!(closes_at_once(&other).await, 10);
    let _permit = one.take(Lane::Poll, Ask::Poll).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_by_address_holds_the_polls_of_all_keys_and_no_close() {
    let [one, other] = two_keys("https://turned.example", WEIGHED);
    one.turn_away(LimitScope::Address, Lane::Poll, at(20_000));
    for budget in [&one, &other] {
        assert!(budget.take_for_poll().await.is_err());
        assert!(closes_at_once(budget).await > 0);
    }
    one.turn_away(LimitScope::Address, Lane::Close, at(20_000));
    let start = Instant::now();
    let mut tries = Vec::new();
    while start.elapsed() < at(20_000) {
        let flatten = Ask::Write(&Write::Flatten);
        let _permit = other.take(Lane::Close, flatten).await.unwrap();
        let now = start.elapsed();
        tries.push(now.as_secs());
        one.turn_away(
            LimitScope::Address,
            Lane::Close,
            at(20_000).saturating_sub(now),
        );
    }
    assert_eq!(tries, [5, 10, 15, 20]);
    // By key it holds that key alone.
    let [one, other] = two_keys("https://by-key.example", BY_ENDPOINT);
    one.turn_away(LimitScope::Credential, Lane::Close, at(8000));
    assert_eq!(closes_at_once(&one).await, 0);
    assert_eq!(closes_at_once(&other).await, 10);
}

#[tokio::test(start_paused = true)]
async fn in_a_ban_nothing_leaves_and_a_flatten_does_at_its_very_end() {
    let [one, other] = two_keys("https://banned.example", WEIGHED);
    one.ban(LimitScope::Address, Some(at(120_000)));
    assert_eq!(other.left().left, 0);
    let start = Instant::now();
    let waiting: Vec<_> = [&one, &other]
        .into_iter()
        .map(|budget| {
            let budget = budget.clone();
            tokio::spawn(async move {
                let write = Write::Flatten;
                let taken = budget.take(Lane::Close, Ask::Write(&write)).await;
                (taken.map(|_permit| ()), start.elapsed())
            })
        })
        .collect();
    // A shorter word does not end it.
    one.ban(LimitScope::Address, Some(at(1000)));
    one.ban(LimitScope::Address, None);
    while start.elapsed() < at(110_000) {
        assert!(one.take_for_poll().await.is_err());
        tokio::time::advance(at(100)).await;
    }
    for one in waiting {
        let (taken, after) = one.await.unwrap();
        assert_eq!(taken, Ok(()));
        assert!(after >= at(120_000) && after <= at(120_001), "{after:?}");
    }
    let _permit = polled(&one).await;
}

#[tokio::test(start_paused = true)]
async fn a_ban_without_an_end_is_tried_by_one_request_every_two_seconds() {
    let [one, other] = two_keys("https://probed.example", WEIGHED);
    let write = close();
    one.ban(LimitScope::Address, None);
    let start = Instant::now();
    let mut tries = Vec::new();
    for budget in [&one, &other, &one] {
        let permit = budget.take(Lane::Close, Ask::Write(&write)).await.unwrap();
        tries.push(start.elapsed().as_secs());
        // No other one leaves before its answer.
        assert_eq!(closes_at_once(&one).await, 0);
        if tries.len() == 3 {
            budget.answered(&permit, Timestamp::UNIX_EPOCH, |_| None);
        } else {
            budget.ban(LimitScope::Address, None);
        }
    }
    assert_eq!(tries, [2, 4, 6]);
    assert!(closes_at_once(&one).await > 100);
    assert_eq!(start.elapsed().as_secs(), 6);
}

/// A request of one of two keys: how long after the last one, and what it takes.
type Step = (u64, bool, u8);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However two keys use it, nothing is exceeded in any span, and what can wait
    /// leaves its part alone.
    #[test]
    fn never_more_than_any_limit_allows(
        steps in proptest::collection::vec((0_u64..3000, any::<bool>(), 0_u8..3), 1..150)
    ) {
        let steps: Vec<Step> = steps;
        let costs = [Cost(&[("weight", 5)]), Cost(&[("weight", 80)]), Cost(&[("orders", 1)])];
        let owners = ["a", "b"].map(|key| {
            let key = crate::secret::Secret::new(key.to_owned()).unwrap();
            Scope::new("https://any.example", &key).owner()
        });
        let mut counts = Counts::new(WEIGHED, at(0));
        owners.iter().for_each(|owner| counts.add(*owner, at(0)));
        let mut now = 0;
        let mut granted: Vec<(u64, usize, Cost)> = Vec::new();
        for (wait, second, what) in steps {
            // Bursts with rests between them.
            now += wait / 20 * u64::from(wait % 5 == 0);
            let (key, cost) = (usize::from(second), costs[usize::from(what)]);
            let lane = if wait % 3 == 0 { Lane::Routine } else { Lane::Close };
            let need = Need { lane, owner: owners[key], cost };
            let before = counts.left(owners[key], at(now));
            for _ in 0..40 {
                match counts.take(&need, at(now)) {
                    Ok(()) => granted.push((now, key, cost)),
                    Err(earliest) => {
                        prop_assert!(earliest > at(now));
                        break;
                    }
                }
            }
            let after = counts.left(owners[key], at(now));
            let untouched = lane != Lane::Routine || before == after || after >= 600;
            prop_assert!(untouched, "{before} {after}");
        }
        let sum = |from: u64, span: u64, key: Option<usize>, count: &str| -> u32 {
            granted
                .iter()
                .filter(|(time, its, _)| {
                    (from..=from + span).contains(time) && key.is_none_or(|key| key == *its)
                })
                .map(|(_, _, cost)| cost.of(count))
                .sum()
        };
        for (from, key, _) in &granted {
            prop_assert!(sum(*from, 60_000, None, "weight") <= 2400);
            prop_assert!(sum(*from, 10_000, Some(*key), "orders") <= 300);
            prop_assert!(sum(*from, 60_000, Some(*key), "orders") <= 1200);
        }
    }
}
