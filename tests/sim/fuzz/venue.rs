//! JSON of a venue: what the paper venue answers, spoilt, through the adapter.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use riskd::domain::account::AccountNumber;
use riskd::domain::limits::Ask;
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::{Outcome, Write};
use riskd::secret::Secret;
use riskd::venue::crosstrade::CrossTrade;
use riskd::venue::rest::{Incoming, Limits as Waits, NoAnswer, Outgoing, Transport};
use riskd::venue::{Call, Lane, Venue};
use riskd_paper::{Delivery as Answered, PaperClock, PaperConfig, PaperVenue, Request as Asked};

use super::inputs;
use super::limits::Limits;
use super::mutate::{Random, spoilt};

const TOKEN: &str = "canary-51c0ffee-token";
const ACCOUNT: &str = "Sim101";
const ES: &str = "ES 03-26";

/// Answers every request as it is told to.
struct Stub {
    venue: PaperVenue,
    /// The number of the input; `None` to answer as the venue does.
    random: Mutex<Option<Random>>,
}

impl Transport for Stub {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let path = percent(request.url.path());
        let answering = self.venue.receive(&Asked {
            method: request.method.as_str(),
            path: &path,
            query: request.query.expose().unwrap_or_default(),
            authorization: request
                .headers
                .get("authorization")
                .and_then(|value| value.to_str().ok()),
            body: request.body.as_deref().unwrap_or_default().as_bytes(),
        });
        let Answered::Whole(page) = answering.delivery else {
            unreachable!("no fault is on");
        };
        let mut body = String::from_utf8(page.body.to_vec()).unwrap();
        let mut status = page.status;
        if let Some(random) = self.random.lock().unwrap().as_mut() {
            let words = [
                TOKEN, ACCOUNT, ES, "Flat", "Working", "Long", "5000.25", "orderId",
            ];
            // Now and then, so that those behind a good answer are met too.
            if random.below(3) == 0 {
                body = spoilt(random, &body, &words);
            }
            if random.below(30) == 0 {
                status = [200, 204, 301, 400, 401, 408, 429, 500, 503][random.below(9)];
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Box::pin(std::future::ready(Ok(Incoming {
            status,
            headers,
            body: Box::pin(std::future::ready(Ok(body.into_bytes()))),
        })))
    }
}

/// A path without percent signs, as the venue's router sees it.
fn percent(path: &str) -> String {
    path.replace("%20", " ")
}

/// The time of the venue and of riskd, from a morning on: not that of the machine.
fn now() -> DateTime<Utc> {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let morning: DateTime<Utc> = "2026-01-14T15:00:00Z".parse().unwrap();
    morning + BEGAN.elapsed()
}

fn stub() -> Arc<Stub> {
    let config = PaperConfig {
        token: TOKEN.to_owned(),
        ..PaperConfig::default()
    };
    let clock = PaperClock::from_fn(now);
    let venue = PaperVenue::new(config.account(ACCOUNT, 50_000), clock).unwrap();
    venue.set_price(ES, 5000).unwrap();
    venue.open(ACCOUNT, ES, 2, None).unwrap();
    let ticket = serde_json::json!({
        "instrument": ES, "side": "buy", "quantity": 1, "order_type": "limit", "limit_price": "4900",
    });
    venue
        .place(ACCOUNT, &serde_json::from_value(ticket).unwrap())
        .unwrap();
    Arc::new(Stub {
        venue,
        random: Mutex::new(None),
    })
}

fn adapter(stub: &Arc<Stub>) -> CrossTrade {
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    let transport: Arc<dyn Transport> = Arc::clone(stub) as Arc<dyn Transport>;
    CrossTrade::over(
        transport,
        "http://127.0.0.1:1/v1/api",
        token,
        now,
        Waits::DEFAULT,
    )
    .unwrap()
}

/// Every read and every kind of write once; whether all of it was understood.
async fn everything(venue: &CrossTrade) -> bool {
    let account = AccountNumber::parse(ACCOUNT).unwrap();
    let mut understood = true;
    let mut failed = |words: &str| {
        understood = false;
        assert!(!words.contains(TOKEN), "the token stands in {words:?}");
        assert!(words.len() < 2_000, "{} bytes of words", words.len());
    };
    let permit = venue.admit_poll().await.unwrap();
    for (_, polled) in venue.poll(std::slice::from_ref(&account), permit).await {
        if let Err(failure) = polled {
            failed(&failure.to_string());
        }
    }
    let permit = venue.admit(Lane::Positions, Ask::Positions).await.unwrap();
    if let Err(failure) = venue.positions(&account, permit).await {
        failed(&failure.to_string());
    }
    let permit = venue.admit(Lane::Verify, Ask::Orders).await.unwrap();
    if let Err(failure) = venue.check_alive(&account, permit).await {
        failed(&failure.to_string());
    }
    let permit = venue.admit(Lane::Verify, Ask::Orders).await.unwrap();
    if let Err(failure) = venue.orders(&account, permit).await {
        failed(&failure.to_string());
    }
    let writes = [
        Write::CancelOrders,
        Write::Flatten,
        Write::ClosePosition(PositionKey::new(ES)),
    ];
    for write in writes {
        let permit = venue.admit(Lane::Close, Ask::Write(&write)).await.unwrap();
        let answer = venue.write(&account, &write, permit).await;
        if !matches!(answer.outcome, Outcome::Acknowledged | Outcome::NothingToDo) {
            failed(&answer.words);
        }
    }
    understood
}

#[test]
fn answers_of_a_venue() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let honest = stub();
    let is_understood = runtime.block_on(everything(&adapter(&honest)));
    assert!(is_understood, "an honest venue is understood");
    let mut limits = Limits::start("answers of a venue");
    for input in inputs() {
        limits.read(input, || {
            let stub = stub();
            let venue = adapter(&stub);
            *stub.random.lock().unwrap() = Some(Random::new(input));
            runtime.block_on(everything(&venue))
        });
    }
    limits.end();
}
