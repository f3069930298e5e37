use super::*;
use crate::secret::Secret;

const SECRET: &str = "s3cret-of-the-key";
const KEY: &str = "id-of-the-key";

fn adapter(base: &str, rights: Option<&str>) -> Result<Binance, SetUpError> {
    let part = |text: &str| Secret::new(text.to_owned()).unwrap();
    let credential = Credential::new([("key", part(KEY)), ("secret", part(SECRET))]);
    let budget = RequestBudget::new(&VenueProfile::BINANCE.limits);
    let hosts = Hosts {
        base_url: base,
        rights_url: rights,
    };
    let assets = vec!["USDT".to_owned()];
    Binance::new(hosts, credential, assets, budget, || Timestamp::UNIX_EPOCH)
}

#[test]
fn a_key_goes_over_tls_or_stays_on_this_host_and_shows_nowhere() {
    let good = "https://fapi.binance.com";
    for bad in [
        "http://fapi.binance.com",
        "ftp://127.0.0.1",
        "https://a:b@fapi.binance.com",
    ] {
        assert!(adapter(bad, None).is_err(), "{bad}");
        assert!(adapter(good, Some(bad)).is_err(), "{bad}");
    }
    let adapter = adapter(good, Some("https://api.binance.com/")).unwrap();
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
    use crate::domain::holdings::OrderSide;
    use crate::domain::instrument::{Dialect, Instrument};
    use crate::domain::position_key::PositionKey;
    use crate::domain::request::CloseQuantity;
    use rust_decimal::Decimal;

    let adapter = adapter("https://fapi.binance.com", None).unwrap();
    let adds = CloseQuantity {
        position: PositionKey::of("BTCUSDT/long", Dialect::Symbols),
        side: OrderSide::Buy,
        quantity: Decimal::ONE,
        part: 1,
    };
    for write in [
        Write::Flatten,
        Write::CancelOrders,
        Write::cancel_order("1"),
        Write::cancel_orders_of(Instrument::of("BTCUSDT", Dialect::Symbols)),
        // In hedge mode it would add to the position.
        Write::CloseQuantity(adds),
    ] {
        assert!(adapter.route(&write).is_none(), "{write}");
    }
}
