use std::collections::VecDeque;
use std::future::ready;

use super::list::{Listing, Null};
use super::product::Product;
use super::*;
use crate::domain::holdings::{OrderBook, OrderSide};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::limits::Ask;
use crate::domain::position_key::PositionKey;
use crate::domain::request::CloseQuantity;
use crate::domain::venue::VenueProfile;
use crate::secret::Secret;
use crate::venue::Call;
use crate::venue::rest::json::Node;
use crate::venue::rest::{Incoming, NoAnswer, Outgoing};
use reqwest::header::HeaderMap;
use rust_decimal::Decimal;

const SECRET: &str = "s3cret-of-the-key";
const KEY: &str = "id-of-the-key";
const PASSPHRASE: &str = "words-of-the-key";

fn adapter_with(base: &str, parts: &[(&'static str, &str)]) -> Result<Bitget, SetUpError> {
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    let parts = parts.iter().map(|(name, text)| (*name, secret(text)));
    let credential = Credential::new(parts.collect::<Vec<_>>());
    let budget = RequestBudget::new(&VenueProfile::BITGET.limits);
    let assets = vec!["USDT".to_owned()];
    let host = Host {
        base_url: base,
        is_demo: true,
    };
    Bitget::new(host, credential, assets, budget, || Timestamp::UNIX_EPOCH)
}

fn adapter(base: &str) -> Result<Bitget, SetUpError> {
    let parts = [("key", KEY), ("secret", SECRET), ("passphrase", PASSPHRASE)];
    adapter_with(base, &parts)
}

#[test]
fn a_key_goes_over_tls_or_stays_on_this_host_and_shows_nowhere() {
    for bad in [
        "http://api.bitget.com",
        "ftp://127.0.0.1",
        "https://a:b@api.bitget.com",
    ] {
        assert!(adapter(bad).is_err(), "{bad}");
    }
    let base = "https://api.bitget.com/";
    assert!(adapter_with(base, &[("key", KEY), ("secret", SECRET)]).is_err());
    let adapter = adapter(base).unwrap();
    let shown = format!(
        "{adapter:?} {:?} {:?}",
        adapter.credentials,
        adapter.client.http.headers()
    );
    for part in [SECRET, KEY, PASSPHRASE] {
        assert!(!shown.contains(part), "{shown}");
    }
    let words = format!("bad sign of {KEY} by {SECRET} and {PASSPHRASE}");
    assert_eq!(
        &*adapter.credentials.clean(&words),
        "bad sign of [key] by [secret] and [passphrase]"
    );
}

#[test]
fn what_the_venue_cannot_be_asked_is_not_sent() {
    let adapter = adapter("https://api.bitget.com").unwrap();
    let symbol = Instrument::of("BTCUSDT", Dialect::Symbols);
    let opening = Write::CloseQuantity(CloseQuantity {
        position: PositionKey::of("BTCUSDT/long", Dialect::Symbols),
        side: OrderSide::Buy,
        quantity: Decimal::ONE,
        part: 1,
    });
    // Conditional orders go one by one, and one of an unknown type is looked for first.
    let conditional = Some(OrderBook::Conditional);
    let unknown_plan = Write::CancelOrder {
        id: "7".into(),
        instrument: Some(symbol.clone()),
        book: conditional,
    };
    for family in [Family::Classic, Family::Unified] {
        for write in [
            Write::Flatten,
            Write::CancelOrders,
            Write::cancel_order("a"),
            Write::cancel_orders_of(symbol.clone()),
            Write::CancelOrdersOf {
                instrument: symbol.clone(),
                book: conditional,
            },
            opening.clone(),
        ] {
            assert!(adapter.command(family, &write).is_none(), "{write}");
        }
    }
    assert!(adapter.command(Family::Classic, &unknown_plan).is_none());
    assert!(adapter.command(Family::Unified, &unknown_plan).is_some());
}

/// Instead of a list: too much was asked.
const TOO_MANY: &str = "429";

/// A venue that lists what it is told to, one answer after the other.
#[derive(Default)]
struct Lists {
    answers: Mutex<VecDeque<&'static str>>,
    asked: Mutex<usize>,
}

impl Transport for Lists {
    fn send(&self, _request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        *self.asked.locked() += 1;
        let list = self.answers.locked().pop_front().unwrap();
        let (status, code) = match list {
            TOO_MANY => (429, "429"),
            _ => (200, "00000"),
        };
        let body = format!(r#"{{"code": "{code}", "requestTime": 1, "data": {{"list": {list}}}}}"#);
        Box::pin(ready(Ok(Incoming {
            status,
            headers: HeaderMap::new(),
            body: Box::pin(ready(Ok(body.into_bytes()))),
        })))
    }
}

/// An adapter that is answered by this venue.
fn answered_by(venue: &Arc<Lists>) -> Bitget {
    let part = |text: &str| Secret::new(text.to_owned()).unwrap();
    let credential = ["key", "secret", "passphrase"].map(|name| (name, part(name)));
    let adapter = Bitget::over(
        Arc::<Lists>::clone(venue),
        Host {
            base_url: "http://127.0.0.1",
            is_demo: false,
        },
        Credential::new(credential),
        vec!["USDT".to_owned()],
        RequestBudget::new(&VenueProfile::BITGET.limits),
        || Timestamp::UNIX_EPOCH,
        Limits::DEFAULT,
    );
    adapter.unwrap()
}

/// How many rows a list has where the venue answers this, and how often it was asked.
async fn listed(
    adapter: &Bitget,
    venue: &Lists,
    lane: Lane,
    answers: &[&'static str],
) -> (Option<usize>, usize) {
    *venue.answers.locked() = answers.iter().copied().collect();
    *venue.asked.locked() = 0;
    let budget = adapter.client.http.budget();
    let permit = budget.take(lane, Ask::Positions).await.unwrap();
    let listing = Listing {
        read: unified::positions(Product::Usdt),
        rows: Some("list"),
        next: None,
        cost: UNCOUNTED,
        null: Null::IsDoubted,
    };
    let mut found = 0;
    let count = |rows: &[Node<'_>]| {
        found += rows.len();
        Ok(())
    };
    let wait = adapter.client.limits.read;
    let read = adapter.client.list(&permit, listing, wait, count).await;
    (read.ok().map(|()| found), *venue.asked.locked())
}

#[tokio::test(start_paused = true)]
async fn a_list_that_says_null_for_the_first_time_is_asked_once_more() {
    let venue = Arc::new(Lists::default());
    let adapter = answered_by(&venue);
    for (answers, rows, asked) in [
        // It was half an answer.
        (vec!["null", "[7]"], Some(1), 2),
        (vec!["null", "null"], Some(0), 2),
        // It goes on saying so.
        (vec!["null"], Some(0), 1),
        (vec!["[7, 8]"], Some(2), 1),
        // It has come to say so.
        (vec!["null", "null"], Some(0), 2),
        (vec![r#""""#], None, 1),
    ] {
        let told = listed(&adapter, &venue, Lane::Verify, &answers).await;
        assert_eq!(told, (rows, asked), "{answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_turned_away_waits_for_its_turn() {
    let venue = Arc::new(Lists::default());
    let adapter = answered_by(&venue);
    for (lane, answers, rows, asked) in [
        (Lane::Verify, vec![TOO_MANY, "[7]"], Some(1), 2),
        (Lane::Positions, vec![TOO_MANY, TOO_MANY, "[7]"], Some(1), 3),
        (Lane::Poll, vec![TOO_MANY, "[7]"], Some(1), 2),
        (Lane::LatePoll, vec![TOO_MANY, "[7]"], Some(1), 2),
        // That too much was asked says nothing of what is there.
        (Lane::Verify, vec![TOO_MANY, "null", "null"], Some(0), 3),
        // It comes again by itself.
        (Lane::Routine, vec![TOO_MANY], None, 1),
        // It is waited for no longer than a read may take.
        (Lane::Verify, vec![TOO_MANY; 9], None, 4),
        (Lane::LatePoll, vec![TOO_MANY; 9], None, 4),
    ] {
        let told = listed(&adapter, &venue, lane, &answers).await;
        assert_eq!(told, (rows, asked), "{lane:?} {answers:?}");
        tokio::time::advance(Duration::from_secs(5)).await;
    }
}
