use std::sync::Mutex;

use reqwest::header::HeaderMap;

use super::*;
use crate::domain::holdings::WorkingOrders;
use crate::secret::Secret;
use crate::venue::Call;
use crate::venue::crosstrade::CrossTrade;
use crate::venue::rest::{Incoming, Limits, NoAnswer, Outgoing, Transport};

/// A venue with an account that is connected, flat and quiet; notes what is asked.
#[derive(Default)]
struct Quiet {
    asked: Mutex<Vec<String>>,
}

impl Quiet {
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Transport for Quiet {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let path = request.url.path().replace("/v1/api/accounts/A", "");
        let asked = format!("{} {path}", request.method);
        self.asked.lock().unwrap().push(asked);
        let body = r#"{"account": {"name": "A", "connectionStatus": "Connected"},
            "positions": [], "orders": [], "success": true}"#;
        Box::pin(async move {
            Ok(Incoming {
                status: 200,
                headers: HeaderMap::new(),
                body: Box::pin(async move { Ok(body.as_bytes().to_vec()) }),
            })
        })
    }
}

fn at_venue() -> (Arc<Quiet>, CrossTrade) {
    let quiet = Arc::<Quiet>::default();
    let token = Secret::new("a-token".to_owned()).unwrap();
    let transport: Arc<dyn Transport> = Arc::<Quiet>::clone(&quiet);
    let base = "https://app.crosstrade.io/v1/api";
    let wall = || Timestamp::UNIX_EPOCH;
    let venue = CrossTrade::over(transport, base, token, wall, Limits::DEFAULT).unwrap();
    (quiet, venue)
}

fn job(kind: JobKind) -> Job {
    Job {
        account: "a-1".into(),
        number: AccountNumber::parse("A").unwrap(),
        kind,
        trigger: None,
        withdrawn: CancellationToken::new(),
        receipt: None,
    }
}

fn flatten() -> Job {
    job(JobKind::Write {
        request: RequestId(7),
        write: Write::Flatten,
        urgency: Urgency::Close,
    })
}

fn read(what: Reading) -> Job {
    job(JobKind::Read { read: 3, what })
}

/// Carries the job out; gives whether it left, and what it ended in.
async fn done(venue: &CrossTrade, job: Job) -> (bool, Option<Event>) {
    let mut left = false;
    let steady = || Timestamp::UNIX_EPOCH;
    let ended = carry_out(venue, job, steady, |_| left = true).await;
    (left, ended)
}

#[tokio::test(start_paused = true)]
async fn b9_what_is_withdrawn_never_leaves_and_takes_nothing() {
    let (quiet, venue) = at_venue();
    let write = flatten();
    write.withdrawn.cancel();
    let (left, ended) = done(&venue, write).await;
    assert!(!left);
    let Some(Event::Answered { answer, .. }) = ended else {
        panic!("a write ends in an answer: {ended:?}");
    };
    assert_eq!(answer.outcome, Outcome::NotSent);
    assert_eq!(&*answer.words, "it is not needed any more");
    // Nobody waits for a read that was withdrawn.
    let withdrawn = read(Reading::Orders);
    withdrawn.withdrawn.cancel();
    let (left, ended) = done(&venue, withdrawn).await;
    assert!(!left && ended.is_none());
    assert_eq!(venue.budget().left, 20);
    assert!(quiet.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn b9_what_waits_for_the_budget_can_be_withdrawn() {
    let (quiet, venue) = at_venue();
    for _ in 0..20 {
        let _permit = venue
            .admit(Lane::Close, Ask::Write(&Write::Flatten))
            .await
            .unwrap();
    }
    let waiting = flatten();
    let withdrawn = waiting.withdrawn.clone();
    let start = Instant::now();
    let person = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        withdrawn.cancel();
    };
    let ((left, _), ()) = tokio::join!(done(&venue, waiting), person);
    assert!(!left);
    assert_eq!(start.elapsed(), Duration::from_millis(200));
    assert!(quiet.asked().is_empty());
    // The one behind it goes when it would have gone.
    let (left, _) = done(&venue, flatten()).await;
    assert!(left);
    assert!(start.elapsed() <= Duration::from_millis(336));
}

#[tokio::test(start_paused = true)]
async fn each_read_asks_what_it_needs() {
    for (what, asked) in [
        (Reading::Orders, &["GET /orders"][..]),
        // An empty list can be that of an account that is not connected.
        (Reading::Positions, &["GET /positions", "GET "][..]),
        // It proves nothing, so that nobody asks.
        (Reading::Watch, &["GET /positions"][..]),
    ] {
        let (quiet, venue) = at_venue();
        let (left, ended) = done(&venue, read(what)).await;
        assert!(left);
        let Some(Event::ReadEnded { result, read, .. }) = ended else {
            panic!("a read ends: {ended:?}");
        };
        assert_eq!(read, 3);
        let shown = result.unwrap();
        let is_empty = match &shown {
            ReadResult::Orders(orders) => *orders == WorkingOrders::Listed(Arc::from([])),
            ReadResult::Positions(positions) => positions.is_empty(),
        };
        assert!(is_empty, "{shown:?}");
        assert_eq!(quiet.asked(), asked);
    }
}
