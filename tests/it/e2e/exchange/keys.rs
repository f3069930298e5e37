//! Keys: wrong ones, new ones, and what they may do.

use riskd_paper::{KeyConfig, RequestRecord};

use super::desk::{Desk, config, is_close};
use super::{BTC, Exchange, LIMIT, SECRET};
use crate::e2e::rig::{Rig, signal};

pub(super) fn a_key_that_the_venue_refuses_is_told_and_the_next_one_is_used<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.write_key("paper-key-main", "another-secret-than-the-key-has");
    desk.rig.start();
    desk.rig
        .wait_for("the refusal", |rig| rig.count("data_lost") > 0);
    assert!(
        desk.rig.log().contains(E::WRONG_SECRET),
        "{}",
        desk.rig.log()
    );
    desk.write_key("paper-key-main", SECRET);
    desk.rig
        .wait_for("the data to be back", |rig| rig.count("data_back") > 0);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// A key with other rights than the least.
fn with_key<E: Exchange>(change: impl Fn(&mut KeyConfig)) -> Desk<E> {
    let mut config = config::<E>();
    change(&mut config.keys[0]);
    Desk::of("main", config, LIMIT)
}

pub(super) fn a_key_that_may_withdraw_is_refused_at_a_first_start_and_kept_later<E: Exchange>() {
    let mut desk = with_key::<E>(|key| key.may_withdraw = true);
    desk.open(BTC, "0.5");
    desk.rig.start();
    assert_eq!(desk.rig.exit_code(), Some(78), "{}", desk.rig.log());
    assert!(
        desk.rig.log().contains("may withdraw"),
        "{}",
        desk.rig.log()
    );
    // Somebody says that it is meant.
    let allowed = desk.rule_file(", allow_withdraw_right: true", LIMIT);
    desk.rig.write_rules(&allowed);
    desk.rig.start_ready();
    assert_eq!(desk.rig.count("key_may_withdraw"), 0);
    desk.rig.kill();
    // The key is on record now: protection that has begun goes on.
    desk.rig.write_rules(&desk.rule_file("", LIMIT));
    desk.rig.start_ready();
    desk.rig
        .wait_for("the complaint", |rig| rig.count("key_may_withdraw") == 1);
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

pub(super) fn riskd_is_not_ready_with_a_key_that_only_reads<E: Exchange>() {
    let mut desk = with_key::<E>(|key| key.read_only = true);
    desk.rig.start();
    let complains = |rig: &Rig| rig.log().contains("close nothing");
    desk.rig.wait_for("the complaint", complains);
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("ready"), 0);
    assert!(desk.rig.is_running());
    desk.has_only_protected();
}

pub(super) fn check_says_what_the_venue_says_of_the_key<E: Exchange>() {
    let checked = |desk: &Desk<E>| {
        let mut check = desk.rig.riskd();
        check
            .args(["check", "--secrets", "--online"])
            .arg(desk.rig.rules());
        let output = check.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wrong = String::from_utf8(output.stderr).unwrap();
        assert!(!format!("{text}{wrong}").contains(SECRET));
        (output.status.code(), text, wrong)
    };
    let desk = Desk::<E>::new();
    let (code, text, wrong) = checked(&desk);
    assert_eq!(code, Some(0), "{text}{wrong}");
    let name = E::NAME;
    let expected = format!("key of venue {name}: may read, trade; from listed addresses alone");
    assert!(text.contains(&expected), "{text}");
    assert_eq!(wrong, "");

    let desk = with_key::<E>(|key| key.addresses.clear());
    let (code, _, wrong) = checked(&desk);
    assert_eq!(code, Some(0), "{wrong}");
    assert!(wrong.contains("works from any address"), "{wrong}");

    for (change, said) in [
        (
            (|key| key.read_only = true) as fn(&mut KeyConfig),
            "may not trade",
        ),
        (|key| key.may_withdraw = true, "may withdraw"),
        (|key| key.key = "another-key".to_owned(), E::UNKNOWN_KEY),
    ] {
        let desk = with_key::<E>(change);
        let (code, text, wrong) = checked(&desk);
        assert_eq!(code, Some(1), "{text}{wrong}");
        assert!(wrong.contains(said), "{wrong}");
    }
}

/// A second key of the account `main`.
pub(super) const SECOND: &str = "paper-key-second";

/// The account `main`, to which a second key belongs too.
pub(super) fn with_second_key<E: Exchange>(change: impl Fn(&mut KeyConfig)) -> Desk<E> {
    let mut config = config::<E>();
    let mut key = KeyConfig::new("main", SECOND, SECRET);
    key.addresses = vec!["203.0.113.7".to_owned()];
    change(&mut key);
    config.keys.push(key);
    Desk::of("main", config, LIMIT)
}

/// Whether a request showed the second key.
fn is_of_second<E: Exchange>(desk: &Desk<E>, request: &RequestRecord) -> bool {
    let keys = &desk.rig.venue.config().keys;
    request.key.is_some_and(|place| keys[place].key == SECOND)
}

fn uses_second<E: Exchange>(desk: &Desk<E>) -> bool {
    let requests = desk.rig.venue.requests();
    requests.iter().any(|request| is_of_second(desk, request))
}

pub(super) fn a_renewed_key_that_may_withdraw_is_refused_and_the_old_one_goes_on<E: Exchange>() {
    let mut desk = with_second_key::<E>(|key| key.may_withdraw = true);
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    let complaint = |rig: &Rig| rig.count("key_rights") > 0;
    desk.rig.wait_for("the rights of the first key", complaint);
    desk.write_key(SECOND, SECRET);
    signal(desk.rig.pid(), "HUP");
    desk.rig
        .wait_for("the refusal", |rig| rig.count("rules_refused") == 1);
    assert!(
        desk.rig.log().contains("may withdraw"),
        "{}",
        desk.rig.log()
    );
    desk.rig.let_polls_pass();
    assert_eq!(desk.rig.count("credential_renewed"), 0);
    // It was asked for its rights alone.
    let requests = desk.rig.venue.requests();
    let of_second = requests.iter().filter(|one| is_of_second(&desk, one));
    let is_about_rights = |path: &str| E::RIGHTS.iter().any(|rights| path.starts_with(rights));
    for request in of_second {
        assert!(is_about_rights(&request.path), "{request:?}");
    }
    // Somebody says that it is meant.
    desk.rig
        .write_rules(&desk.rule_file(", allow_withdraw_right: true", LIMIT));
    desk.rig
        .wait_for("the second key in use", |_| uses_polls(&desk));
    desk.price(BTC, 48_900);
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.has_only_protected();
}

/// Whether a wallet was read with the second key.
fn uses_polls<E: Exchange>(desk: &Desk<E>) -> bool {
    let requests = desk.rig.venue.requests();
    let is_poll = |one: &&RequestRecord| one.path.starts_with(E::WALLETS);
    let mut polls = requests.iter().filter(is_poll);
    polls.any(|request| is_of_second(desk, request))
}

pub(super) fn a_key_that_the_venue_refuses_is_not_followed_by_one_that_may_withdraw<E: Exchange>() {
    let mut desk = with_second_key::<E>(|key| key.may_withdraw = true);
    desk.open(BTC, "0.5");
    desk.write_key("no-key-of-the-venue", SECRET);
    desk.rig.start();
    desk.rig
        .wait_for("the refusal", |rig| rig.count("data_lost") > 0);
    desk.write_key(SECOND, SECRET);
    desk.rig
        .wait_for("the complaint", |rig| rig.count("key_may_withdraw") == 1);
    assert!(desk.rig.log().contains("NOT PROTECTED"));
    assert!(!uses_polls(&desk));
    desk.write_key("paper-key-main", SECRET);
    desk.rig
        .wait_for("the data to be back", |rig| rig.count("data_back") > 0);
    assert_eq!(desk.rig.count("key_may_withdraw"), 1);
    assert_eq!(desk.rig.venue.counters().opening_orders, 0);
}

/// Orders that do nothing keep the account open; the key is replaced meanwhile.
pub(super) fn a_key_that_is_replaced_while_an_account_is_closed_loses_nothing<E: Exchange>() {
    let mut desk = with_second_key::<E>(|_| {});
    desk.open(BTC, "0.5");
    desk.stop(BTC, "30000");
    desk.rig.start_ready();
    desk.rig
        .fault(r#"{"fault": "flatten_nothing", "class": "flatten"}"#);
    desk.price(BTC, 48_900);
    desk.rig
        .wait_for("a round without success", |rig| rig.count("not_yet") > 0);
    assert!(!uses_second(&desk));
    desk.write_key(SECOND, SECRET);
    signal(desk.rig.pid(), "HUP");
    let closed_by_second = |desk: &Desk<E>| {
        let requests = desk.rig.venue.requests();
        let mut closes = requests.iter().filter(|one| is_close(one));
        closes.any(|request| is_of_second(desk, request))
    };
    desk.rig
        .wait_for("a close with the new key", |_| closed_by_second(&desk));
    desk.rig.venue.clear_faults();
    desk.wait_verified(1);
    assert!(desk.is_flat_and_quiet());
    desk.rig.let_polls_pass();
    // The old one until the switch, and never again after it, whatever is asked. The
    // rights of the new one are read before it is used.
    let requests = desk.rig.venue.requests();
    let is_about_rights = |path: &str| E::RIGHTS.iter().any(|rights| path.starts_with(rights));
    let is_signed = |one: &&RequestRecord| one.key.is_some() && !is_about_rights(&one.path);
    let signed: Vec<bool> = requests
        .iter()
        .filter(is_signed)
        .map(|request| is_of_second(&desk, request))
        .collect();
    assert!(signed.is_sorted(), "{signed:?}");
    // None was refused for its key, and what was decided has an answer.
    assert_eq!(desk.rig.venue.counters().unauthorized, 0);
    assert_eq!(desk.rig.count("fired"), 1);
    let renewed = desk.first("credential_renewed");
    assert!(renewed["time"].is_string(), "{renewed}");
    let unanswered = desk.unanswered();
    assert_eq!(unanswered, 0);
    desk.has_only_protected();
}

/// A file that is touched, and a signal, have a key that is the same looked at by nobody.
pub(super) fn a_reload_asks_nothing_of_a_key_that_stayed_the_same<E: Exchange>() {
    let mut desk = Desk::<E>::new();
    desk.open(BTC, "0.5");
    desk.rig.start_ready();
    desk.rig
        .wait_for("the rights of the key", |rig| rig.count("key_rights") > 0);
    let asked = |desk: &Desk<E>| {
        let all = E::RIGHTS.iter().map(|path| desk.asked(path).len());
        all.sum::<usize>()
    };
    let before = asked(&desk);
    let text = desk.rule_file("", LIMIT).replace("loss: 500", "loss: 499");
    desk.rig.write_rules(&text);
    signal(desk.rig.pid(), "HUP");
    desk.rig
        .wait_for("the reload", |rig| rig.count("rules_loaded") > 0);
    desk.rig.let_polls_pass();
    assert_eq!(asked(&desk), before);
    desk.crosses_to_flat();
}

impl<E: Exchange> Desk<E> {
    /// How many requests of the record have no answer.
    fn unanswered(&self) -> i64 {
        use sqlx::{Connection, SqliteConnection};
        let url = format!("sqlite://{}?mode=ro", self.rig.database().display());
        self.rig.block_on(async {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            let asked =
                "select count(*) from requests where sent_at is not null and answered_at is null";
            sqlx::query_scalar(asked)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        })
    }
}
