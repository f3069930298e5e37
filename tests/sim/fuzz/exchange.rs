//! JSON of exchanges: what their paper venues answer, spoilt, through the adapters. No
//! such answer says that an account is flat which is not.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use riskd::domain::account::AccountNumber;
use riskd::domain::holdings::{OrderBook, OrderSide};
use riskd::domain::instrument::{Dialect, Instrument};
use riskd::domain::limits::Ask;
use riskd::domain::made::MadeSpan;
use riskd::domain::position_key::PositionKey;
use riskd::domain::request::{CloseQuantity, Outcome, Write};
use riskd::domain::venue::VenueProfile;
use riskd::secret::{Credential, Secret};
use riskd::venue::binance::{Binance, Hosts};
use riskd::venue::bingx::BingX;
use riskd::venue::bitget::{Bitget, Host};
use riskd::venue::budget::RequestBudget;
use riskd::venue::bybit::Bybit;
use riskd::venue::rest::{Incoming, Limits as Waits, NoAnswer, Outgoing, Transport};
use riskd::venue::{Call, Lane, Permit, Venue};
use riskd_paper::{
    Delivery, Incoming as Asked, KeyConfig, Page, PaperClock, PaperConfig, PaperVenue, Side,
    Ticket, VenueKind,
};
use rust_decimal::Decimal;

use super::inputs;
use super::limits::Limits;
use super::misshape::misshapen;
use super::mutate::{Random, spoilt};

const KEY: &str = "canary-51c0ffee-key";
const SECRET: &str = "canary-51c0ffee-secret";
const PASSPHRASE: &str = "canary-51c0ffee-passphrase";
const BASE: &str = "http://127.0.0.1:1";
const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];
/// What is another text with each request.
const OF_ONE_REQUEST: [&str; 4] = ["timestamp", "signature", "startTime", "endTime"];

/// How answers are spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Not at all.
    Honest,
    /// Byte by byte, and some with another status.
    Text,
    /// Of another shape, so that what it says is not what it said, or nothing.
    Shape,
    /// One alone is of another shape, and all before and after it are as they should be.
    One,
}

/// What is done to the answers that come.
struct Spoiling {
    manner: Manner,
    random: Random,
    /// How many answers come before the one that is spoilt alone.
    before: usize,
    /// How many were given.
    given: usize,
}

impl Spoiling {
    fn none() -> Spoiling {
        Spoiling {
            manner: Manner::Honest,
            random: Random::new(0),
            before: 0,
            given: 0,
        }
    }

    /// That of an input, where so many answers are given when none is spoilt.
    fn of(input: u64, answers: usize) -> Spoiling {
        let manner = [Manner::Shape, Manner::Text, Manner::One][(input % 3) as usize];
        let mut random = Random::new(input);
        Spoiling {
            manner,
            before: random.below(answers),
            random,
            given: 0,
        }
    }
}

/// Answers every request as its venue does, and spoils that.
struct Stub {
    kind: VenueKind,
    /// Whether its account is a unified one, where there are others.
    is_unified: bool,
    /// What the venue answers, by what is asked.
    answers: Mutex<BTreeMap<String, (u16, String)>>,
    spoiling: Mutex<Spoiling>,
}

impl Stub {
    fn of(kind: VenueKind, is_unified: bool) -> Arc<Stub> {
        Arc::new(Stub {
            kind,
            is_unified,
            answers: Mutex::default(),
            spoiling: Mutex::new(Spoiling::none()),
        })
    }

    /// What the venue answers to this: an account with one position, and one order, which
    /// waits for its trigger.
    fn honest(&self, request: &Outgoing) -> (u16, String) {
        let query = request.query.expose().unwrap_or_default();
        let of_all = |pair: &&str| {
            let name = pair.split('=').next().unwrap();
            !OF_ONE_REQUEST.contains(&name)
        };
        let query: Vec<&str> = query.split('&').filter(of_all).collect();
        let path = request.url.path();
        let asked = format!("{} {path} {}", request.method, query.join("&"));
        let mut answers = self.answers.lock().unwrap();
        let answer = answers.entry(asked).or_insert_with(|| {
            let page = ask(&venue(self), request);
            (page.status, String::from_utf8(page.body.to_vec()).unwrap())
        });
        answer.clone()
    }
}

impl Transport for Stub {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let (mut status, mut body) = self.honest(&request);
        let spoiling = &mut *self.spoiling.lock().unwrap();
        let is_the_one = spoiling.given == spoiling.before;
        spoiling.given += 1;
        let (manner, random) = (spoiling.manner, &mut spoiling.random);
        match manner {
            Manner::Honest => {}
            // Now and then, so that those behind a good answer are met too.
            Manner::Text if random.below(3) == 0 => {
                let [btc, _] = symbols(self.kind);
                let words = [
                    KEY, SECRET, btc, "FILLED", "Filled", "LONG", "retCode", "code", "0.5", "null",
                    "40085",
                ];
                body = spoilt(random, &body, &words);
                if random.below(10) == 0 {
                    status = [200, 204, 301, 400, 401, 403, 408, 418, 429, 503][random.below(10)];
                }
            }
            Manner::Shape if random.below(3) != 0 => body = misshapen(random, &body),
            Manner::One if is_the_one => body = misshapen(random, &body),
            Manner::Text | Manner::Shape | Manner::One => {}
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if manner == Manner::Text && random.below(20) == 0 {
            let name = ["x-mbx-used-weight-1m", "x-bapi-limit-status", "retry-after"];
            let name = HeaderName::from_static(name[random.below(3)]);
            headers.insert(
                name,
                HeaderValue::from_static(["-1", "0", "99999999999"][random.below(3)]),
            );
        }
        Box::pin(std::future::ready(Ok(Incoming {
            status,
            headers,
            body: Box::pin(std::future::ready(Ok(body.into_bytes()))),
        })))
    }
}

fn ask(venue: &PaperVenue, request: &Outgoing) -> Page {
    let headers = request.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let answering = venue.receive(&Asked {
        method: request.method.as_str(),
        path: request.url.path(),
        query: request.query.expose().unwrap_or_default(),
        headers: headers.collect(),
        body: request.body.as_deref().unwrap_or_default().as_bytes(),
    });
    match answering.delivery {
        Delivery::Whole(page) => page,
        _ => unreachable!("no fault is on"),
    }
}

/// The time of the venue and of riskd, from a morning on: not that of the machine.
fn now() -> DateTime<Utc> {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let morning: DateTime<Utc> = "2026-01-14T15:00:00Z".parse().unwrap();
    morning + BEGAN.elapsed()
}

/// How a venue spells what is traded.
fn symbols(kind: VenueKind) -> [&'static str; 2] {
    match kind {
        VenueKind::BingX => ["BTC-USDT", "ETH-USDT"],
        _ => SYMBOLS,
    }
}

fn venue(stub: &Stub) -> PaperVenue {
    let mut config = PaperConfig {
        keys: vec![KeyConfig::new("main", KEY, SECRET)],
        ..PaperConfig::exchange(stub.kind)
    };
    for account in &mut config.accounts {
        account.unified = stub.is_unified;
    }
    let venue = PaperVenue::new(config, PaperClock::from_fn(now)).unwrap();
    let [btc, eth] = symbols(stub.kind);
    venue.open("main", btc, Decimal::new(5, 1), None).unwrap();
    let stop = Ticket::stop(eth, Side::Buy, Decimal::ONE, Decimal::from(2_500));
    venue.place("main", &stop).unwrap();
    venue
}

fn adapter(stub: &Arc<Stub>) -> Box<dyn Venue> {
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let credential = Credential::new([
        ("key", secret(KEY)),
        ("secret", secret(SECRET)),
        ("passphrase", secret(PASSPHRASE)),
    ]);
    let assets = vec!["USDT".to_owned(), "USDC".to_owned()];
    let transport = || Arc::clone(stub) as Arc<dyn Transport>;
    match stub.kind {
        VenueKind::Bybit => {
            let budget = RequestBudget::new(&VenueProfile::BYBIT.limits);
            let (way, waits) = (transport(), Waits::DEFAULT);
            let adapter = Bybit::over(way, BASE, credential, assets, budget, now, waits);
            Box::new(adapter.unwrap())
        }
        VenueKind::Binance => {
            let budget = RequestBudget::new(&VenueProfile::BINANCE.limits);
            let hosts = Hosts {
                base_url: BASE,
                rights_url: Some(BASE),
            };
            let (way, clock) = (|_: &_| Ok(transport()), Arc::new(now));
            let waits = Waits::DEFAULT;
            let adapter = Binance::over(way, hosts, credential, assets, budget, clock, waits);
            Box::new(adapter.unwrap())
        }
        VenueKind::Bitget => {
            let budget = RequestBudget::new(&VenueProfile::BITGET.limits);
            let host = Host {
                base_url: BASE,
                is_demo: false,
            };
            let (way, waits) = (transport(), Waits::DEFAULT);
            let adapter = Bitget::over(way, host, credential, assets, budget, now, waits);
            Box::new(adapter.unwrap())
        }
        VenueKind::CrossTrade => unreachable!("it has a test of its own"),
        VenueKind::BingX => {
            let budget = RequestBudget::new(&VenueProfile::BINGX.limits);
            let (way, waits) = (transport(), Waits::DEFAULT);
            let adapter = BingX::over(way, BASE, credential, assets, budget, now, waits);
            Box::new(adapter.unwrap())
        }
    }
}

/// What came of all that was asked.
struct Heard {
    /// Whether all of it was understood.
    is_understood: bool,
    /// Whether something says that nothing is held, or nothing works.
    is_flat: bool,
}

impl Heard {
    fn failed(&mut self, words: &str) {
        self.is_understood = false;
        for secret in [KEY, SECRET, PASSPHRASE] {
            assert!(!words.contains(secret), "a secret stands in {words:?}");
        }
        assert!(words.len() < 2_000, "{} bytes of words", words.len());
    }
}

async fn admitted(venue: &dyn Venue, lane: Lane, ask: Ask<'_>) -> Option<Permit> {
    venue.admit(lane, ask).await.ok()
}

/// Every read and every kind of write once.
async fn everything(venue: &dyn Venue, kind: VenueKind) -> Heard {
    let mut heard = Heard {
        is_understood: true,
        is_flat: false,
    };
    read_all(venue, &mut heard).await;
    let account = AccountNumber::parse("main").unwrap();
    for write in writes(kind) {
        let Some(permit) = admitted(venue, Lane::Close, Ask::Write(&write)).await else {
            heard.is_understood = false;
            continue;
        };
        let answer = venue.write(&account, &write, permit).await;
        if !matches!(answer.outcome, Outcome::Acknowledged | Outcome::NothingToDo) {
            heard.failed(&answer.words);
        }
    }
    heard
}

async fn read_all(venue: &dyn Venue, heard: &mut Heard) {
    let account = AccountNumber::parse("main").unwrap();
    if let Ok(permit) = venue.admit_poll().await {
        for (_, polled) in venue.poll(std::slice::from_ref(&account), permit).await {
            match polled {
                Ok(learned) => heard.is_flat |= learned.is_flat() == Some(true),
                Err(failure) => heard.failed(&failure.to_string()),
            }
        }
    }
    if let Some(permit) = admitted(venue, Lane::Positions, Ask::Positions).await {
        match venue.positions(&account, permit).await {
            Ok(held) => heard.is_flat |= held.is_empty(),
            Err(failure) => heard.failed(&failure.to_string()),
        }
    }
    if let Some(permit) = admitted(venue, Lane::Verify, Ask::Alive).await
        && let Err(failure) = venue.check_alive(&account, permit).await
    {
        // It says that something is held.
        heard.failed(&failure.to_string());
        heard.is_understood = true;
    }
    if let Some(permit) = admitted(venue, Lane::Verify, Ask::Orders).await {
        match venue.orders(&account, permit).await {
            Ok(orders) => heard.is_flat |= orders.count() == Some(0),
            Err(failure) => heard.failed(&failure.to_string()),
        }
    }
    if let Some(permit) = admitted(venue, Lane::Verify, Ask::OrdersOfHeld).await
        && let Err(failure) = venue.orders_of_held(&account, permit).await
    {
        heard.failed(&failure.to_string());
    }
    let until = now().timestamp_millis();
    let span = MadeSpan {
        since: until - 3_600_000,
        until,
    };
    if let Some(permit) = admitted(venue, Lane::Routine, Ask::List).await
        && let Some(Err(failure)) = venue.made(&account, span, permit).await
    {
        heard.failed(&failure.to_string());
    }
    if let Some(Err(failure)) = venue.key_rights().await {
        heard.failed(&failure.to_string());
    }
}

/// One of each kind, as the venue has them.
fn writes(kind: VenueKind) -> Vec<Write> {
    let of = |name| Instrument::of(name, Dialect::Symbols);
    let [btc, eth] = symbols(kind);
    let book = match kind {
        VenueKind::Binance => Some(OrderBook::Conditional),
        VenueKind::Bitget => Some(OrderBook::Regular),
        _ => None,
    };
    let mut writes = vec![
        Write::CancelOrdersOf {
            instrument: of(eth),
            book,
        },
        Write::CloseQuantity(CloseQuantity {
            position: PositionKey::of(btc, Dialect::Symbols),
            side: OrderSide::Sell,
            quantity: Decimal::new(5, 1),
            part: 1,
        }),
    ];
    if kind == VenueKind::BingX {
        writes.extend([Write::CancelOrders, Write::Flatten]);
    }
    writes
}

fn answers_of(kind: VenueKind, is_unified: bool, name: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let stub = Stub::of(kind, is_unified);
    let heard = runtime.block_on(async { everything(adapter(&stub).as_ref(), kind).await });
    assert!(
        heard.is_understood && !heard.is_flat,
        "an honest venue is understood"
    );
    let answers = stub.spoiling.lock().unwrap().given;
    let mut limits = Limits::start(name);
    for input in inputs() {
        limits.read(input, || {
            let spoiling = Spoiling::of(input, answers);
            let manner = spoiling.manner;
            *stub.spoiling.lock().unwrap() = spoiling;
            let heard = runtime.block_on(async { everything(adapter(&stub).as_ref(), kind).await });
            // Bytes may be spoilt so that they say something else.
            assert!(
                manner == Manner::Text || !heard.is_flat,
                "it is taken for flat"
            );
            heard.is_understood
        });
    }
    limits.end();
}

#[test]
fn answers_of_bybit() {
    answers_of(VenueKind::Bybit, false, "answers of Bybit");
}

#[test]
fn answers_of_binance() {
    answers_of(VenueKind::Binance, false, "answers of Binance");
}

#[test]
fn answers_of_bitget_to_a_classic_account() {
    answers_of(VenueKind::Bitget, false, "answers of Bitget, classic");
}

#[test]
fn answers_of_bitget_to_a_unified_account() {
    answers_of(VenueKind::Bitget, true, "answers of Bitget, unified");
}

#[test]
fn answers_of_bingx() {
    answers_of(VenueKind::BingX, false, "answers of BingX");
}
