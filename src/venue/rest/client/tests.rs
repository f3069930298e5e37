//! What the client does with the answers of a venue that weighs requests by address
//! and bans, in virtual time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::*;
use crate::domain::limits::{
    Ask, Cost, Costs, Limit, LimitScope, OrderReads, Rate, RequestLimits, Reserves, UsageHeader,
};
use crate::domain::request::Write;
use crate::secret::Secret;
use crate::venue::Lane;
use crate::venue::rest::sign::{InQuery, QueryNames, ValuesSigned};

const LIMITS: &RequestLimits = &RequestLimits {
    limits: &[Limit {
        counts: "weight",
        scope: LimitScope::Address,
        rate: Rate::Window {
            most: 100,
            within: Duration::from_secs(60),
        },
        reserves: Reserves {
            can_wait: 50,
            beside: 20,
            reads: 0,
            polls: 10,
        },
        told_by: Some(UsageHeader::Used("x-used")),
    }],
    costs: Costs::alike(Cost(&[("weight", 5)])),
    planned_by: "weight",
    turned_away: LimitScope::Address,
    longest_pause: Duration::from_secs(60),
    ban_statuses: &[418],
    order_reads: OrderReads::EACH_SECOND,
};

/// An answer: its status, its headers, its body.
type Page = (u16, &'static [(&'static str, &'static str)], &'static str);

/// A venue that answers as it is told to, and then with an empty object.
#[derive(Default)]
struct Venue {
    answers: Mutex<VecDeque<Page>>,
    /// The queries as they came.
    asked: Mutex<Vec<String>>,
    /// Their headers.
    heads: Mutex<Vec<HeaderMap>>,
}

impl Venue {
    fn answering(pages: &[Page]) -> Arc<Venue> {
        Arc::new(Venue {
            answers: Mutex::new(pages.iter().copied().collect()),
            asked: Mutex::default(),
            heads: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.locked().len()
    }
}

impl Transport for Venue {
    fn send(&self, request: Outgoing) -> crate::venue::Call<'_, Result<Incoming, NoAnswer>> {
        let query = request.query.expose().unwrap_or_default().to_owned();
        self.asked.locked().push(query);
        self.heads.locked().push(request.headers);
        let page = self.answers.locked().pop_front();
        let (status, listed, body) = page.unwrap_or((200, &[], "{}"));
        let mut headers = HeaderMap::new();
        for (name, value) in listed {
            let value = HeaderValue::from_static(value);
            headers.insert(HeaderName::from_static(name), value);
        }
        Box::pin(std::future::ready(Ok(Incoming {
            status,
            headers,
            body: Box::pin(std::future::ready(Ok(body.as_bytes().to_vec()))),
        })))
    }
}

/// A client whose clock shows so many milliseconds.
fn client(venue: &Arc<Venue>, millis: &Arc<AtomicI64>) -> Http {
    let names = QueryNames {
        key: HeaderName::from_static("x-key"),
        time: "timestamp",
        window: None,
        signature: "signature",
        signs: ValuesSigned::PlainAndSorted,
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let signer = InQuery::new(names, secret("key-id"), secret("s3cret")).unwrap();
    let transport: Arc<dyn Transport> = Arc::<Venue>::clone(venue);
    let millis = Arc::clone(millis);
    Http::new(
        transport,
        Arc::new(signer),
        &Limits::DEFAULT,
        RequestBudget::new(LIMITS),
        Arc::new(move || Timestamp::from_timestamp_millis(millis.load(Ordering::SeqCst)).unwrap()),
    )
}

fn request(query: Pairs) -> Request {
    Request {
        method: Method::GET,
        url: Url::parse("https://venue.test/orders").unwrap(),
        query,
        body: None,
        timeout: Duration::from_secs(4),
        most: 1024,
        access: Access::Private,
    }
}

/// Waits for a permit of the lane, and asks.
async fn ask(http: &Http, lane: Lane) -> u16 {
    answered(http, lane).await.answered().unwrap().status
}

/// Waits for a permit of the lane, and asks.
async fn answered(http: &Http, lane: Lane) -> Sent {
    let flatten = Ask::Write(&Write::Flatten);
    let permit = http.budget().take(lane, flatten).await.unwrap();
    http.exchange(&permit, request(Pairs::default())).await
}

#[tokio::test(start_paused = true)]
async fn a_ban_with_an_end_holds_everything_and_a_flatten_leaves_at_its_end() {
    let banned: Page = (418, &[("retry-after", "120")], "{}");
    let venue = Venue::answering(&[banned]);
    let http = client(&venue, &Arc::default());
    let start = Instant::now();
    assert_eq!(ask(&http, Lane::Poll).await, 418);
    assert_eq!(http.budget().left().left, 0);
    assert!(http.budget().take_for_poll().await.is_err());
    assert_eq!(ask(&http, Lane::Close).await, 200);
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_secs(120) && waited <= Duration::from_millis(120_001),
        "{waited:?}"
    );
    assert_eq!(venue.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_ban_whose_end_stands_in_the_body_goes_by_the_venues_clock() {
    let dated: Page = (200, &[("date", "Thu, 01 Jan 1970 00:01:40 GMT")], "{}");
    let both: Page = (418, &[("retry-after", "20")], "{}");
    for (banned, waits) in [((418, &[] as &[_], "{}"), 29_500), (both, 20_000)] {
        let venue = Venue::answering(&[dated, banned]);
        let http = client(&venue, &Arc::default());
        // The venue's clock shows between 100 and 101 seconds, and ours none.
        assert_eq!(ask(&http, Lane::Close).await, 200);
        let sent = answered(&http, Lane::Close).await;
        let until = Timestamp::from_timestamp(130, 0).unwrap();
        http.ban_until(sent.answered().unwrap(), until);
        let start = Instant::now();
        assert_eq!(ask(&http, Lane::Close).await, 200);
        let waited = start.elapsed().as_millis();
        assert!(waited >= waits && waited <= waits + 2, "{waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ban_without_an_end_is_tried_every_two_seconds_until_it_is_over() {
    let banned: Page = (418, &[], "{}");
    let venue = Venue::answering(&[banned, banned, banned]);
    let http = client(&venue, &Arc::default());
    let start = Instant::now();
    let mut answers = Vec::new();
    for _ in 0..6 {
        let status = ask(&http, Lane::Close).await;
        answers.push((start.elapsed().as_secs(), status));
    }
    let expected = [(0, 418), (2, 418), (4, 418), (6, 200), (6, 200), (6, 200)];
    assert_eq!(answers, expected);
}

#[tokio::test(start_paused = true)]
async fn a_header_corrects_what_is_left_and_a_pause_goes_by_the_profile() {
    let limited: Page = (429, &[("retry-after", "600"), ("x-used", "80")], "{}");
    let venue = Venue::answering(&[(200, &[("x-used", " 70 ")], "{}"), limited]);
    let http = client(&venue, &Arc::default());
    assert_eq!(ask(&http, Lane::Close).await, 200);
    assert_eq!(http.budget().left().left, 30);
    let start = Instant::now();
    assert_eq!(ask(&http, Lane::Poll).await, 429);
    assert_eq!(http.budget().left().left, 20);
    // Ten minutes are believed as one; a close is not held by a poll.
    assert_eq!(ask(&http, Lane::Close).await, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
    let held = http.budget().take(Lane::Beside, Ask::Orders).await;
    let waited = start.elapsed();
    assert!(held.is_ok() && waited >= Duration::from_secs(60) && waited <= Duration::from_secs(62));
}

#[tokio::test(start_paused = true)]
async fn requests_are_signed_by_the_venues_time_and_one_that_cannot_be_does_not_leave() {
    let dated: Page = (200, &[("date", "Thu, 01 Jan 1970 00:16:40 GMT")], "{}");
    let venue = Venue::answering(&[dated]);
    let millis = Arc::new(AtomicI64::new(5_000));
    let http = client(&venue, &millis);
    for _ in 0..2 {
        assert_eq!(ask(&http, Lane::Close).await, 200);
        millis.fetch_add(2_000, Ordering::SeqCst);
    }
    let times: Vec<String> = venue
        .asked
        .locked()
        .iter()
        .map(|query| query.split('&').next().unwrap().to_owned())
        .collect();
    assert_eq!(times, ["timestamp=5000", "timestamp=1002500"]);
    // A finer figure out of an answer's body.
    let permit = http.budget().take(Lane::Verify, Ask::Orders).await.unwrap();
    let sent = http.exchange(&permit, request(Pairs::default())).await;
    let reply = sent.answered().unwrap();
    http.learn_time(reply, Timestamp::from_timestamp_millis(1_004_321).unwrap());
    assert_eq!(ask(&http, Lane::Close).await, 200);
    let last = venue.asked.locked().last().cloned().unwrap();
    assert!(last.starts_with("timestamp=1004321&"), "{last}");
    let asked = venue.asked();
    let unclear = Pairs::default().with("id", "a&b");
    let sent = http.exchange(&permit, request(unclear)).await;
    assert!(matches!(sent, Sent::Unsent(_)), "{sent:?}");
    assert_eq!(venue.asked(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_always_there_is_there_whoever_asks() {
    let (venue, millis) = (Venue::answering(&[]), Arc::default());
    let (name, value) = ("demo", HeaderValue::from_static("1"));
    let http = client(&venue, &millis).always(HeaderName::from_static(name), value);
    for access in [Access::Private, Access::Public] {
        let permit = http.budget().take(Lane::Poll, Ask::Poll).await.unwrap();
        let request = Request {
            access,
            ..request(Pairs::default())
        };
        http.exchange(&permit, request).await;
    }
    let heads = venue.heads.locked();
    let has = |name: &str| {
        heads
            .iter()
            .map(|head| head.contains_key(name))
            .collect::<Vec<_>>()
    };
    assert_eq!(has(name), [true, true]);
    assert_eq!(has("x-key"), [true, false]);
}
