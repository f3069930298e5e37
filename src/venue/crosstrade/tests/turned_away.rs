//! Answers 429, and for how long what is held after them, in virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};

use super::*;
use crate::venue::Polled;
use crate::venue::budget::RequestBudget;
use crate::venue::rest::{Incoming, NoAnswer, Outgoing};

/// A venue that turns away what is asked by `POST`, or every poll.
struct Gate {
    turned_away: Method,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    seen: AtomicUsize,
}

impl Gate {
    fn new(
        turned_away: Method,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Arc<Gate> {
        Arc::new(Gate {
            turned_away,
            headers,
            body,
            seen: AtomicUsize::new(0),
        })
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Transport for Gate {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        self.seen.fetch_add(1, Ordering::SeqCst);
        let is_poll = request.url.path().ends_with("/snapshot");
        let is_turned_away =
            request.method == self.turned_away && (is_poll || request.method == Method::POST);
        let (status, body) = if is_turned_away {
            (429, self.body)
        } else {
            (200, r#"{"positions": [], "orders": [], "success": true}"#)
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().filter(|_| status == 429) {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        Box::pin(async move {
            Ok(Incoming {
                status,
                headers,
                body: Box::pin(async move { Ok(body.as_bytes().to_vec()) }),
            })
        })
    }
}

fn adapter_of(gate: &Arc<Gate>, budget: RequestBudget) -> CrossTrade {
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    let base = checked_base("https://app.crosstrade.io/v1/api").unwrap();
    let wall = || Timestamp::UNIX_EPOCH;
    let transport: Arc<dyn Transport> = Arc::<Gate>::clone(gate);
    CrossTrade::with(transport, base, token, budget, wall, Limits::DEFAULT).unwrap()
}

fn account() -> AccountNumber {
    AccountNumber::parse("A").unwrap()
}

/// Waits for a permit, and writes.
async fn flatten(venue: &CrossTrade) -> Answer {
    let permit = venue
        .admit(Lane::Close, Ask::Write(&Write::Flatten))
        .await
        .unwrap();
    venue.write(&account(), &Write::Flatten, permit).await
}

async fn poll(venue: &CrossTrade) -> Option<Polled> {
    let permit = venue.admit_poll().await.ok()?;
    venue.poll(&[account()], permit).await.remove(&account())
}

/// One flatten that is turned away: for how many milliseconds polls are held
/// after it, and how soon enforcement may try again.
async fn held(
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    polls: std::ops::RangeInclusive<u64>,
    next: std::ops::RangeInclusive<u64>,
) {
    let gate = Gate::new(Method::POST, headers, body);
    let venue = adapter_of(&gate, unshared());
    assert_eq!(venue.budget().left, 20);
    let start = Instant::now();
    let answer = flatten(&venue).await;
    assert_eq!(answer.outcome, Outcome::NotSent);
    assert_eq!(answer.status, Some(429));
    assert_eq!(venue.budget().left, 0);
    assert_eq!(start.elapsed(), Duration::ZERO);
    let permit = venue.admit(Lane::Verify, Ask::Orders).await.unwrap();
    assert!(venue.orders(&account(), permit).await.is_ok());
    let waited = u64::try_from(start.elapsed().as_millis()).unwrap();
    assert!(next.contains(&waited), "{headers:?} {body}: {waited}");
    while poll(&venue).await.is_none() {}
    let waited = u64::try_from(start.elapsed().as_millis()).unwrap();
    assert!(polls.contains(&waited), "{headers:?} {body}: {waited}");
    assert_eq!(gate.seen(), 3);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_holds_what_can_wait_as_long_as_the_venue_asks() {
    let date: &[(&str, &str)] = &[
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:41 GMT"),
    ];
    let header = &[("retry-after", "8")];
    held(header, r#"{"retryAfter": 9}"#, 8000..=8002, 2000..=2002).await;
    let unread = &[("retry-after", "soon")];
    held(unread, r#"{"retryAfter": 6}"#, 6000..=6002, 1500..=1502).await;
    // The bucket has nothing before a third of a second, and reads leave that to a close.
    held(&[], r#"{"retryAfter": 0.6}"#, 667..=669, 667..=669).await;
    held(&[], r#"{"retry_after": 2500}"#, 2500..=2502, 667..=669).await;
    held(
        &[],
        r#"{"error": "Rate limit exceeded"}"#,
        1000..=1252,
        667..=669,
    )
    .await;
    held(&[], "<html>", 1000..=1252, 667..=669).await;
    held(date, "{}", 4000..=4002, 1000..=1002).await;
}

#[tokio::test(start_paused = true)]
async fn b3_a_poll_that_is_turned_away_holds_polls_and_no_flatten() {
    let gate = Gate::new(Method::GET, &[("retry-after", "60")], "{}");
    let venue = adapter_of(&gate, unshared());
    let start = Instant::now();
    let failure = poll(&venue).await.unwrap().unwrap_err();
    assert_eq!(failure.missing, Missing::RateLimited);
    // It gives up as soon as it is late for certain; nothing is sent.
    assert!(poll(&venue).await.is_none());
    assert!(start.elapsed() <= Duration::from_millis(1002));
    assert_eq!(gate.seen(), 1);
    for _ in 0..4 {
        assert_eq!(flatten(&venue).await.outcome, Outcome::Acknowledged);
    }
    assert!(start.elapsed() <= Duration::from_millis(1336));
    assert!(poll(&venue).await.is_none());
    tokio::time::sleep_until(start + Duration::from_secs(30)).await;
    assert!(poll(&venue).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn b3_a_flatten_that_is_turned_away_is_tried_three_times_meanwhile() {
    let gate = Gate::new(Method::POST, &[("retry-after", "60")], "{}");
    let venue = adapter_of(&gate, unshared());
    let start = Instant::now();
    let mut tries = Vec::new();
    while start.elapsed() < Duration::from_secs(29) {
        assert_eq!(flatten(&venue).await.outcome, Outcome::NotSent);
        tries.push(start.elapsed().as_millis());
    }
    assert_eq!(tries, [0, 7500, 15_000, 22_500, 30_000]);
}

#[tokio::test(start_paused = true)]
async fn a_two_adapters_of_one_user_share_a_budget() {
    let gate = Gate::new(Method::POST, &[("retry-after", "8")], "{}");
    let budget = unshared();
    let one = adapter_of(&gate, budget.clone());
    let other = adapter_of(&gate, budget);
    for _ in 0..5 {
        let _permit = one
            .admit(Lane::Close, Ask::Write(&Write::Flatten))
            .await
            .unwrap();
    }
    assert_eq!(other.budget().left, 15);
    // What is said to one holds the other.
    let start = Instant::now();
    assert_eq!(flatten(&one).await.outcome, Outcome::NotSent);
    let _permit = other
        .admit(Lane::Close, Ask::Write(&Write::Flatten))
        .await
        .unwrap();
    assert_eq!(start.elapsed().as_millis(), 2000);
}
