use std::future::ready;
use std::sync::Mutex;

use chrono::TimeDelta;
use reqwest::header::HeaderMap;

use super::*;
use crate::domain::account::RuleName;
use crate::domain::ids::FiringId;
use crate::domain::venue::VenueProfile;
use crate::engine::restore::KeptRows;
use crate::rules::settings::{CredentialSource, SecretSource};
use crate::secret::Secret;
use crate::store::{EntryFilter, EntryRow, Extent, FiringReport, KeptRuleSet, Read, StoreError};
use crate::venue::Call;
use crate::venue::budget::RequestBudget;
use crate::venue::bybit::Bybit;
use crate::venue::crosstrade::CrossTrade;
use crate::venue::rest::{Incoming, Limits, NoAnswer, Outgoing, Transport};

const BASE: &str = "https://app.crosstrade.io/v1/api";

#[test]
fn b3_a_refused_credential_is_tried_again_soon_and_then_more_slowly() {
    let pauses: Vec<u64> = (1..=7)
        .map(|refusals| refused_pause(refusals).as_secs())
        .collect();
    assert_eq!(pauses, [1, 2, 4, 8, 10, 10, 10]);
    assert_eq!(refused_pause(u32::MAX), REFUSED_INTERVAL);
}

/// A venue of the rule file whose credential is nowhere, so that there is no other one.
fn config(profile: &'static VenueProfile, base: &str, poll: i64) -> settings::Venue {
    settings::Venue {
        name: "paper".into(),
        profile,
        base_url: Arc::from(base),
        credential: CredentialSource(vec![(
            "token",
            SecretSource::File("/nonexistent/token".into()),
        )]),
        assets: vec!["USDT".to_owned()],
        rights_url: None,
        allow_withdraw_right: false,
        demo: false,
        dead_man: None,
        poll: TimeDelta::seconds(poll),
    }
}

/// A record that cannot be read.
#[derive(Debug)]
struct NoRecord;

impl NoRecord {
    fn fails<'a, T: Send + 'static>() -> Read<'a, T> {
        let path = "/nonexistent/riskd.db".into();
        Box::pin(ready(Err(StoreError::NoRecord { path })))
    }
}

impl Reads for NoRecord {
    fn entries<'a>(&'a self, _: &'a EntryFilter) -> Read<'a, Vec<EntryRow>> {
        NoRecord::fails()
    }

    fn firing(&self, _: FiringId) -> Read<'_, Option<FiringReport>> {
        NoRecord::fails()
    }

    fn kept<'a>(&'a self, _: &'a AccountName, _: Timestamp) -> Read<'a, KeptRows> {
        NoRecord::fails()
    }

    fn rules_in_force(&self) -> Read<'_, Option<KeptRuleSet>> {
        NoRecord::fails()
    }

    fn undone_rules(&self) -> Read<'_, Vec<(AccountName, RuleName)>> {
        NoRecord::fails()
    }

    fn extent(&self) -> Read<'_, Extent> {
        NoRecord::fails()
    }

    fn close(&self) -> Call<'_, ()> {
        Box::pin(ready(()))
    }
}

/// A venue that answers each request with the next of these statuses, and the
/// last one for ever.
struct Answering {
    statuses: Vec<u16>,
    asked: Mutex<Vec<Instant>>,
}

impl Transport for Answering {
    fn send(&self, _request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let mut asked = self.asked.lock().unwrap();
        let turn = asked.len().min(self.statuses.len() - 1);
        asked.push(Instant::now());
        let status = self.statuses[turn];
        Box::pin(async move {
            Ok(Incoming {
                status,
                headers: HeaderMap::new(),
                body: Box::pin(async { Ok(b"{}".to_vec()) }),
            })
        })
    }
}

/// When a venue that answers like this is polled, in milliseconds.
async fn polls(statuses: &[u16], span: Duration) -> Vec<u128> {
    let answering = Arc::new(Answering {
        statuses: statuses.to_vec(),
        asked: Mutex::default(),
    });
    let token = Secret::new("a-token".to_owned()).unwrap();
    let transport: Arc<dyn Transport> = Arc::<Answering>::clone(&answering);
    let wall = || Timestamp::UNIX_EPOCH;
    let venue = CrossTrade::over(transport, BASE, token, wall, Limits::DEFAULT).unwrap();
    let (inputs, mut heard) = mpsc::channel(100);
    let stop = CancellationToken::new();
    let (_wanted, orders_wanted) = watch::channel(Vec::new());
    let (_unread, results_wanted) = watch::channel(Vec::new());
    let poller = Poller {
        config: config(&VenueProfile::CROSSTRADE, BASE, 1),
        venue: Arc::new(venue),
        every: Duration::from_secs(1),
        accounts: Arc::new(vec![("a-1".into(), AccountNumber::parse("A").unwrap())]),
        renewed: Arc::default(),
        orders_wanted,
        results_wanted,
        clock: Clock::start(),
        inputs,
        record: Arc::new(NoRecord),
        stop: stop.clone(),
    };
    let start = Instant::now();
    let running = tokio::spawn(poller.run());
    let drain = async { while heard.recv().await.is_some() {} };
    let _ = timeout(span, drain).await;
    stop.cancel();
    running.await.unwrap();
    let asked = answering.asked.lock().unwrap();
    asked
        .iter()
        .map(|at| at.duration_since(start).as_millis())
        .collect()
}

/// Times of a paused clock are whole, but for a millisecond of rounding each.
fn assert_seconds(found: &[u128], expected: &[u128]) {
    let seconds: Vec<u128> = found.iter().map(|millis| (millis + 100) / 1000).collect();
    assert_eq!(seconds, expected, "{found:?}");
}

/// A venue that answers with this body, whatever it is asked.
struct Saying(String);

impl Transport for Saying {
    fn send(&self, _request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let body = self.0.clone().into_bytes();
        Box::pin(async move {
            Ok(Incoming {
                status: 200,
                headers: HeaderMap::new(),
                body: Box::pin(async { Ok(body) }),
            })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn each_account_gets_its_own_figures_in_whatever_order_they_are_answered() {
    let row = |name: &str, cash: u32| {
        format!(
            r#"{{"account": {{"name": "{name}", "connectionStatus": "Connected",
                "item": {{"cashValue": {cash}}}}}, "positions": []}}"#
        )
    };
    let rows = [row("C", 300), row("A", 100)].join(", ");
    let snapshot =
        format!(r#"{{"type": "snapshot", "epoch": 1741618393090, "accounts": [{rows}]}}"#);
    let token = Secret::new("a-token".to_owned()).unwrap();
    let wall = || Timestamp::from_timestamp(1_741_618_393, 0).unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Saying(snapshot));
    let venue = CrossTrade::over(transport, BASE, token, wall, Limits::DEFAULT).unwrap();
    let number = |text| AccountNumber::parse(text).unwrap();
    let accounts = [("a", "A"), ("b", "B"), ("c", "C")]
        .map(|(name, text)| (AccountName::from(name), number(text)));
    let numbers = accounts.clone().map(|(_, number)| number);
    let (observed, failures) = observe(&venue, &accounts, &numbers, || Timestamp::UNIX_EPOCH).await;
    let balances: Vec<String> = observed
        .iter()
        .map(|one| match &one.content {
            Content::Learned(learned) => {
                let balance = learned.figures.balance.unwrap();
                format!("{}: {balance}", one.account)
            }
            Content::Missing(missing) => format!("{}: {missing}", one.account),
        })
        .collect();
    assert_eq!(
        balances,
        [
            "a: 100.00",
            "b: the venue does not list the account",
            "c: 300.00"
        ]
    );
    assert_eq!(failures.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn b3_one_refusal_blinds_for_a_second_alone() {
    let refused = polls(&[401], Duration::from_secs(37)).await;
    assert_seconds(&refused, &[0, 1, 3, 7, 15, 25, 35]);
    // One that is taken in between begins anew; 500 is no refusal.
    let once = polls(&[401, 401, 500, 401, 500], Duration::from_millis(7500)).await;
    assert_seconds(&once, &[0, 1, 3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn b3_a_poll_that_is_turned_away_does_not_end_polling() {
    // The venue names no pause, so it is about a second.
    let polled = polls(&[429, 500], Duration::from_secs(6)).await;
    assert!(polled.len() >= 4, "{polled:?}");
    assert!(polled[1] <= 3000, "{polled:?}");
}

/// An exchange whose account is empty, and that notes when it is asked for orders.
#[derive(Default)]
struct Empty(Mutex<Vec<Instant>>);

impl Transport for Empty {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let path = request.url.path();
        if path.ends_with("/order/realtime") {
            self.0.lock().unwrap().push(Instant::now());
        }
        let list = if path.ends_with("/wallet-balance") {
            r#"[{"coin": []}]"#
        } else {
            "[]"
        };
        let body = format!(
            r#"{{"retCode": 0, "retMsg": "OK", "result": {{"list": {list}}}, "time": 1700000000000}}"#
        );
        Box::pin(async move {
            Ok(Incoming {
                status: 200,
                headers: HeaderMap::new(),
                body: Box::pin(async { Ok(body.into_bytes()) }),
            })
        })
    }
}

/// What a lock wants is looked for every ten seconds at the latest, however seldom the
/// rule file has the venue polled.
#[tokio::test(start_paused = true)]
async fn under_a_lock_orders_are_looked_for_every_ten_seconds_at_the_latest() {
    const BASE: &str = "https://api.bybit.com";
    for poll in [1, 7, 60] {
        let empty = Arc::new(Empty::default());
        let part = |text: &str| Secret::new(text.to_owned()).unwrap();
        let credential = Credential::new([("key", part("k")), ("secret", part("s"))]);
        let transport: Arc<dyn Transport> = Arc::<Empty>::clone(&empty);
        let assets = vec!["USDT".to_owned()];
        let budget = RequestBudget::new(&VenueProfile::BYBIT.limits);
        let wall = || Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let limits = crate::venue::rest::Limits::DEFAULT;
        let venue = Bybit::over(transport, BASE, credential, assets, budget, wall, limits).unwrap();
        let (inputs, mut heard) = mpsc::channel(100);
        let stop = CancellationToken::new();
        // The engine wants them of every account under a lock.
        let (_wanted, orders_wanted) = watch::channel(vec![AccountName::from("a-1")]);
        let (_unread, results_wanted) = watch::channel(Vec::new());
        let poller = Poller {
            config: config(&VenueProfile::BYBIT, BASE, poll),
            venue: Arc::new(venue),
            every: Duration::from_secs(poll.unsigned_abs()),
            accounts: Arc::new(vec![("a-1".into(), AccountNumber::parse("A").unwrap())]),
            renewed: Arc::default(),
            orders_wanted,
            results_wanted,
            clock: Clock::start(),
            inputs,
            record: Arc::new(NoRecord),
            stop: stop.clone(),
        };
        let begun = Instant::now();
        let running = tokio::spawn(poller.run());
        let drain = async { while heard.recv().await.is_some() {} };
        let _ = timeout(Duration::from_secs(300), drain).await;
        stop.cancel();
        running.await.unwrap();
        let asked = empty.0.lock().unwrap();
        let latest = Duration::from_secs(10) + Duration::from_millis(10);
        assert!(asked[0] - begun <= latest, "poll {poll}");
        let gaps: Vec<Duration> = asked.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(
            gaps.iter().all(|gap| *gap <= latest),
            "poll {poll}: {gaps:?}"
        );
        assert!(asked.len() >= 30, "poll {poll}: {}", asked.len());
    }
}
