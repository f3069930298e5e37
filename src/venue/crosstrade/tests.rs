use super::*;
use crate::venue::rest::SetUpError;

mod turned_away;

const TOKEN: &str = "s3cret-token-value";

fn adapter(base: &str) -> Result<CrossTrade, SetUpError> {
    let token = Secret::new(TOKEN.to_owned()).unwrap();
    CrossTrade::new(base, token, unshared(), || Timestamp::UNIX_EPOCH)
}

#[test]
fn the_token_goes_over_tls_or_stays_on_this_host() {
    for good in [
        "https://app.crosstrade.io/v1/api",
        "https://app.crosstrade.io/v1/api/",
        "http://127.0.0.1:7381/v1/api",
        "http://127.8.8.8/v1/api",
        "http://[::1]:7381/v1/api",
        "http://localhost:7381",
    ] {
        assert!(adapter(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "app.crosstrade.io",
        "http://app.crosstrade.io/v1/api",
        "http://127.0.0.1.evil.test/v1/api",
        "http://localhost.evil.test",
        "http://128.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://user:hunter2@app.crosstrade.io/v1/api",
        "https://app.crosstrade.io/v1/api?key=hunter2",
        "https://app.crosstrade.io/v1/api#a",
    ] {
        let message = adapter(bad).unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn the_token_is_in_nothing_that_is_printed() {
    let adapter = adapter("https://app.crosstrade.io/v1/api").unwrap();
    let shown = format!("{adapter:?} {:#?} {:?}", adapter, adapter.credentials);
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(!format!("{:?}", adapter.http.headers()).contains(TOKEN));
    let failure = adapter.failure(Missing::Malformed, &format!("echo: {TOKEN}"));
    assert_eq!(&*failure.words, "echo: [token]");
}

#[test]
fn accounts_go_by_the_venues_spelling_and_never_by_another_name() {
    let adapter = adapter("https://app.crosstrade.io/v1/api").unwrap();
    let account = AccountNumber::parse("sim101").unwrap();
    assert_eq!(adapter.spelled(&account).as_str(), "sim101");
    adapter.remember(&account, "Sim101");
    assert_eq!(adapter.spelled(&account).as_str(), "Sim101");
    adapter.remember(&account, "SIM101");
    assert_eq!(adapter.spelled(&account).as_str(), "SIM101");
    adapter.remember(&account, "Sim102");
    assert_eq!(adapter.spelled(&account).as_str(), "sim101");
    adapter.remember(&account, " SIM101");
    assert_eq!(adapter.spelled(&account).as_str(), "sim101");
}

/// The venue has addresses that act on every account. No source file of the
/// adapter may hold one, nor the pieces to build one without an account.
#[test]
fn no_source_file_names_an_endpoint_for_all_accounts() {
    let venue = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/venue");
    let mut files = Vec::new();
    let mut folders = vec![venue.join("crosstrade"), venue.join("rest")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    assert!(files.len() >= 20);
    let mut builders = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        if path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs") {
            continue;
        }
        let squeezed = code.to_lowercase().replace(['_', ' ', '"', ','], "");
        for forbidden in [
            "cancelall",
            "flatteneverything",
            "flattenall",
            "v1/send",
            "api/positions",
            "api/orders",
            "/positions/flatten",
            "base&[positions",
            "base&[orders",
        ] {
            assert!(
                !squeezed.contains(forbidden),
                "{forbidden} in {}",
                path.display()
            );
        }
        if code.contains("path_segments_mut") {
            builders.push(path.file_name().unwrap().to_owned());
        }
        // An address is never put together as text either.
        assert!(
            !code.contains(".join(\"") || !code.contains("Url"),
            "{}",
            path.display()
        );
    }
    assert_eq!(builders, ["routes.rs"]);
}

#[test]
fn a_write_names_its_account_in_the_path_alone() {
    use crate::domain::instrument::Instrument;
    use crate::domain::position_key::PositionKey;
    assert_eq!(body_of(&Write::Flatten), "{}");
    assert_eq!(body_of(&Write::CancelOrders), "{}");
    assert_eq!(body_of(&Write::cancel_order("1")), "{}");
    let instrument = Instrument::new("ES\" 03-26");
    for write in [
        Write::ClosePosition(PositionKey::one_way(instrument.clone())),
        Write::cancel_orders_of(instrument),
    ] {
        assert_eq!(body_of(&write), r#"{"instrument":"ES\" 03-26"}"#);
    }
}

#[test]
fn a_new_token_is_sent_and_neither_it_nor_an_old_one_is_repeated() {
    let adapter = adapter("https://app.crosstrade.io/v1/api").unwrap();
    let sent = || {
        let headers = adapter.http.headers();
        headers["authorization"].to_str().unwrap().to_owned()
    };
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    assert!(
        !adapter.renew(&Credential::new([("token", secret(TOKEN))])),
        "it is the same"
    );
    assert!(adapter.renew(&Credential::new([("token", secret("second-token"))])));
    assert_eq!(sent(), "Bearer second-token");
    assert!(adapter.renew(&Credential::new([("token", secret("third-token"))])));
    assert!(!adapter.renew(&Credential::new([("token", secret("third-token"))])));
    assert_eq!(sent(), "Bearer third-token");
    assert!(format!("{:?}", adapter.http.headers()).contains("Sensitive"));
    let echo = format!("{TOKEN} second-token third-token");
    let failure = adapter.failure(Missing::Malformed, &echo);
    assert_eq!(&*failure.words, "[token] [token] [token]");
}
