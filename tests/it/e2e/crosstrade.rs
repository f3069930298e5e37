//! What every exchange is held to (`exchange`), at CrossTrade, as far as no other file
//! of this folder has it.

use serde_json::{Value, json};

use super::rig::{CANARY, LOSS_LIMIT, Rig};

const ES: &str = "ES 03-26";
const NQ: &str = "NQ 03-26";
const ACCOUNT: &str = "Sim101";

/// A rig whose account is long 2 ES; a loss of 500 is 5 points.
fn long_two(rules: &str) -> Rig {
    let rig = Rig::new(&[ACCOUNT], rules);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.set_price(NQ, 18_000).unwrap();
    rig.venue.open(ACCOUNT, ES, 2, None).unwrap();
    rig
}

impl Rig {
    fn ticket(&self, ticket: Value) {
        let ticket = serde_json::from_value(ticket).unwrap();
        self.venue.place(ACCOUNT, &ticket).unwrap();
    }

    /// A limit order to buy, a stop to sell and one with a limit: none of them fills.
    fn rest_each_kind(&self, instrument: &str, price: i64) {
        let (below, further) = (price - 500, price - 600);
        self.ticket(json!({
            "instrument": instrument, "side": "buy", "quantity": 1,
            "order_type": "limit", "limit_price": below,
        }));
        self.ticket(json!({
            "instrument": instrument, "side": "sell", "quantity": 1,
            "order_type": "stop_market", "stop_price": below,
        }));
        self.ticket(json!({
            "instrument": instrument, "side": "sell", "quantity": 1,
            "order_type": "stop_limit", "stop_price": below, "limit_price": further,
        }));
    }

    fn crosses_to_flat(&self) {
        self.venue.set_price(ES, 4990).unwrap();
        self.wait_for("flat, verified", |rig| rig.count("verified") > 0);
        assert!(self.is_flat_and_quiet(ACCOUNT));
        assert_eq!(self.count("fired"), 1);
        assert_eq!(self.venue.counters().all_accounts, 0);
    }
}

#[test]
fn orders_of_every_kind_are_cancelled() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.rest_each_kind(ES, 5000);
    // Nothing is held there.
    rig.rest_each_kind(NQ, 18_000);
    assert_eq!(rig.venue.live_orders(ACCOUNT).unwrap().len(), 6);
    rig.start_ready();
    rig.crosses_to_flat();
}

#[test]
fn many_orders_are_cancelled() {
    let mut rig = long_two(LOSS_LIMIT);
    for _ in 0..200 {
        rig.rest_each_kind(ES, 5000);
    }
    rig.start_ready();
    rig.crosses_to_flat();
}

#[test]
fn a_long_and_a_short_are_closed() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.venue.open(ACCOUNT, NQ, -3, None).unwrap();
    rig.start_ready();
    rig.crosses_to_flat();
}

#[test]
fn a_flatten_that_closes_half_is_followed_by_another() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": "flatten_half", "class": "flatten", "count": 1}"#);
    rig.crosses_to_flat();
}

#[test]
fn a_position_that_comes_while_another_is_closed_is_closed_too() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": {"flatten_late": {"ms": 1500}}, "class": "flatten", "count": 1}"#);
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the first request", |rig| rig.count("request_sent") > 0);
    rig.venue.open(ACCOUNT, NQ, 1, None).unwrap();
    rig.crosses_to_flat();
}

/// The orders of its instrument go with it, those of others stay.
#[test]
fn one_position_is_closed_and_the_others_keep_their_stops() {
    let rules = r#"
rules:
  - name: one position
    accounts: ["*"]
    when: { pnl: { loss: 400, per: position } }
    then: [close_position]
    rearm: clear
"#;
    let mut rig = long_two(rules);
    rig.venue.open(ACCOUNT, NQ, 1, None).unwrap();
    rig.rest_each_kind(ES, 5000);
    rig.rest_each_kind(NQ, 18_000);
    rig.start_ready();
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("closed, verified", |rig| rig.count("verified") > 0);
    let figures = rig.venue.figures(ACCOUNT).unwrap();
    assert_eq!(figures.positions.len(), 1, "{figures:?}");
    assert_eq!(rig.venue.live_orders(ACCOUNT).unwrap().len(), 3);
}

#[test]
fn too_many_requests_in_the_middle_of_a_breach_cost_as_long_as_they_say() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(
        r#"{"fault": {"status": {"code": 429, "retry_after": 1}}, "class": "flatten", "count": 3}"#,
    );
    rig.crosses_to_flat();
}

#[test]
fn an_address_that_is_turned_away_in_a_breach_is_let_in_again() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.start_ready();
    rig.fault(r#"{"fault": {"status": {"code": 403}}, "class": "all", "count": 4}"#);
    rig.crosses_to_flat();
}

#[test]
fn the_limits_of_the_venue_are_kept_in_a_breach() {
    let mut rig = long_two(LOSS_LIMIT);
    rig.rest_each_kind(ES, 5000);
    rig.start_ready();
    rig.let_polls_pass();
    rig.crosses_to_flat();
    rig.let_polls_pass();
    let counters = rig.venue.counters();
    assert_eq!(counters.rate_limited, 0, "{counters:?}");
    assert_eq!(counters.needless_flattens, 0, "{counters:?}");
    assert_eq!(counters.overlapping_flattens, 0, "{counters:?}");
}

#[test]
fn a_probe_says_what_the_venue_answers_to_reads_alone() {
    let rig = long_two(LOSS_LIMIT);
    rig.rest_each_kind(ES, 5000);
    let output = rig.riskd().args(["probe", "paper"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}{wrong}");
    for said in [
        "nothing was written",
        "rights of the key: the venue has nothing to say of them",
        "accounts: 1 account",
        "figures: known: realized, unrealized, balance, equity",
        "positions: 1 position",
        "working orders: 3 orders",
        "what moved money: the venue has no such list",
        "/v1/api/accounts/ACCOUNT/orders: status 200",
    ] {
        assert!(text.contains(said), "{said} is not in:\n{text}");
    }
    for hidden in [CANARY, ACCOUNT, ES, "50000"] {
        assert!(!text.contains(hidden), "{hidden} is in:\n{text}");
    }
    let requests = rig.venue.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
    // A venue that is not in the file, and a token that is refused.
    let other = rig.riskd().args(["probe", "papr"]).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    let wrong = String::from_utf8(other.stderr).unwrap();
    assert!(wrong.contains("no venue papr in the rule file"), "{wrong}");
    rig.write_token("not-the-token");
    let refused = rig.riskd().args(["probe", "paper"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8(refused.stdout).unwrap();
    assert!(text.contains("refuses the credential"), "{text}");
}
