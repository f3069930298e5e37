//! The order of what leaves, over random arrivals in virtual time.

use super::*;
use crate::domain::timeouts::QUEUED;

const LANES: [Lane; 9] = [
    Lane::Routine,
    Lane::Beside,
    Lane::Poll,
    Lane::Positions,
    Lane::Verify,
    Lane::PollOfAll,
    Lane::Cancel,
    Lane::Close,
    Lane::LatePoll,
];

/// Something that arrives at the budget.
#[derive(Clone, Copy, Debug)]
enum Arrival {
    /// Somebody who wants to send; gives up by himself after so long.
    Wants(Lane, Option<Duration>),
    /// The venue asks a request of this lane for a pause.
    Pause(Lane, Duration),
}

fn arrival() -> impl Strategy<Value = (Duration, Arrival)> {
    let lane = || (0..LANES.len()).prop_map(|index| LANES[index]);
    let patience = prop_oneof![
        4 => Just(None),
        1 => (0_u64..3000).prop_map(|millis| Some(at(millis))),
    ];
    let what = prop_oneof![
        20 => (lane(), patience).prop_map(|(lane, patience)| Arrival::Wants(lane, patience)),
        1 => (lane(), 0_u64..8000).prop_map(|(lane, pause)| Arrival::Pause(lane, at(pause))),
    ];
    (prop_oneof![3 => Just(0_u64), 1 => 0_u64..700], what).prop_map(|(wait, what)| (at(wait), what))
}

/// Who waits, and what was done in the wrong order.
#[derive(Debug, Default)]
struct Log {
    waiting: BTreeMap<usize, (Lane, Instant)>,
    served: usize,
    wrong: Vec<String>,
}

impl Log {
    /// Somebody is served: nobody who is more urgent, or as urgent and older, may
    /// be waiting, but who is held by the venue.
    fn serve(&mut self, number: usize, budget: &RequestBudget) {
        let now = Instant::now();
        let Some((lane, _)) = self.waiting.remove(&number) else {
            return;
        };
        self.served += 1;
        let state = budget.member.shared.lock();
        let is_passed = |(other, (urgent, deadline)): (&usize, &(Lane, Instant))| {
            let goes_first = *urgent > lane || (*urgent == lane && *other < number);
            let is_held =
                state.counts.held(&Bucket::need(*urgent)) > budget.member.shared.since_origin(now);
            goes_first && !is_held && *deadline > now
        };
        let mut waiting = self.waiting.iter();
        if let Some(passed) = waiting.find(|waiting| is_passed(*waiting)) {
            self.wrong.push(format!("{lane:?} before {:?}", passed.1.0));
        }
    }
}

fn longest_wait(lane: Lane) -> Duration {
    match lane {
        Lane::Watch | Lane::Routine => ROUTINE_WAIT,
        Lane::Poll | Lane::PollOfAll => POLL_WAIT,
        Lane::LatePoll => LATE_POLL_WAIT,
        _ => QUEUED,
    }
}

async fn wait_in_line(
    number: usize,
    lane: Lane,
    patience: Option<Duration>,
    budget: Arc<RequestBudget>,
    log: Arc<Mutex<Log>>,
) {
    let deadline = Instant::now() + longest_wait(lane);
    log.lock().unwrap().waiting.insert(number, (lane, deadline));
    let take = budget.take(lane, Ask::Orders);
    let granted = match patience {
        Some(patience) => tokio::time::timeout(patience, take)
            .await
            .is_ok_and(|it| it.is_ok()),
        None => take.await.is_ok(),
    };
    let mut log = log.lock().unwrap();
    if granted {
        log.serve(number, &budget);
    }
    log.waiting.remove(&number);
}

async fn play(arrivals: Vec<(Duration, Arrival)>) -> Log {
    let budget = Arc::new(budget());
    let log = Arc::new(Mutex::new(Log::default()));
    let mut waiting = Vec::new();
    for (number, (wait, arrival)) in arrivals.into_iter().enumerate() {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        match arrival {
            Arrival::Pause(lane, pause) => budget.turn_away(LimitScope::Credential, lane, pause),
            Arrival::Wants(lane, patience) => {
                let (budget, log) = (Arc::clone(&budget), Arc::clone(&log));
                waiting.push(tokio::spawn(wait_in_line(
                    number, lane, patience, budget, log,
                )));
                // So that it stands in the queue.
                tokio::task::yield_now().await;
            }
        }
    }
    for one in waiting {
        one.await.unwrap();
    }
    let left = budget.member.shared.lock().queue.len();
    let mut log = log.lock().unwrap();
    if left > 0 {
        log.wrong.push(format!("{left} are left in the queue"));
    }
    std::mem::take(&mut *log)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nobody is served while somebody more urgent, or as urgent and older,
    /// waits and is not held by what the venue said.
    #[test]
    fn the_most_urgent_leaves_first(
        arrivals in proptest::collection::vec(arrival(), 1..120)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let wanted = arrivals
            .iter()
            .any(|(_, arrival)| matches!(arrival, Arrival::Wants(Lane::Close, None)));
        let log = runtime.block_on(play(arrivals));
        prop_assert_eq!(&log.wrong, &Vec::<String>::new());
        prop_assert!(log.served > 0 || !wanted);
    }
}
