use super::*;
use crate::domain::holdings::{OrderBook, OrderSide};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::position_key::PositionKey;
use crate::domain::request::CloseQuantity;
use crate::domain::venue::VenueProfile;
use crate::secret::Secret;
use rust_decimal::Decimal;

const SECRET: &str = "s3cret-of-the-key";
const KEY: &str = "id-of-the-key";

fn adapter(base: &str) -> Result<BingX, SetUpError> {
    let part = |text: &str| Secret::new(text.to_owned()).unwrap();
    let credential = Credential::new([("key", part(KEY)), ("secret", part(SECRET))]);
    let budget = RequestBudget::new(&VenueProfile::BINGX.limits);
    let assets = vec!["USDT".to_owned()];
    BingX::new(base, credential, assets, budget, || Timestamp::UNIX_EPOCH)
}

#[test]
fn a_key_goes_over_tls_or_stays_on_this_host_and_shows_nowhere() {
    for bad in [
        "http://open-api.bingx.com",
        "ftp://127.0.0.1",
        "https://a:b@open-api.bingx.com",
    ] {
        assert!(adapter(bad).is_err(), "{bad}");
    }
    let adapter = adapter("https://open-api.bingx.com/").unwrap();
    let shown = format!(
        "{adapter:?} {:?} {:?}",
        adapter.credentials,
        adapter.client.http.headers()
    );
    assert!(!shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
    let words = format!("bad sign of {KEY} by {SECRET}");
    assert_eq!(
        &*adapter.credentials.clean(&words),
        "bad sign of [key] by [secret]"
    );
}

#[test]
fn what_the_venue_cannot_be_asked_is_not_sent() {
    let adapter = adapter("https://open-api.bingx.com").unwrap();
    let position = PositionKey::of("BTC-USDT/long", Dialect::Symbols);
    let adds = CloseQuantity {
        position: position.clone(),
        side: OrderSide::Buy,
        quantity: Decimal::ONE,
        part: 1,
    };
    for write in [
        // By its symbol it would take both sides along, and its id may be another's.
        Write::ClosePosition(position),
        // A regular order is cancelled with its symbol.
        Write::cancel_order("1"),
        // Nothing cancels TWAP orders together.
        Write::CancelOrdersOf {
            instrument: Instrument::of("BTC-USDT", Dialect::Symbols),
            book: Some(OrderBook::Twap),
        },
        // In hedge mode it would add to the position.
        Write::CloseQuantity(adds),
    ] {
        assert!(adapter.route(&write).is_none(), "{write}");
    }
}
