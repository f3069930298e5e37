use super::*;
use crate::domain::venue::VenueProfile;
use crate::secret::Secret;

const SECRET: &str = "s3cret-of-the-key";
const KEY: &str = "id-of-the-key";

fn adapter(base: &str) -> Result<Bybit, SetUpError> {
    let part = |text: &str| Secret::new(text.to_owned()).unwrap();
    let credential = Credential::new([("key", part(KEY)), ("secret", part(SECRET))]);
    let budget = RequestBudget::new(&VenueProfile::BYBIT.limits);
    let assets = vec!["USDT".to_owned()];
    Bybit::new(base, credential, assets, budget, || Timestamp::UNIX_EPOCH)
}

#[test]
fn a_key_goes_over_tls_or_stays_on_this_host_and_shows_nowhere() {
    for bad in [
        "http://api.bybit.com",
        "ftp://127.0.0.1",
        "https://a:b@api.bybit.com",
    ] {
        assert!(adapter(bad).is_err(), "{bad}");
    }
    let adapter = adapter("https://api.bybit.com/").unwrap();
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
    let adapter = adapter("https://api.bybit.com").unwrap();
    for write in [
        Write::Flatten,
        Write::CancelOrders,
        Write::cancel_order("a"),
    ] {
        assert!(adapter.command(&write).is_none(), "{write}");
    }
}
