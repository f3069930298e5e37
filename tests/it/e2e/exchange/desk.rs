//! The real binary for one account of an exchange, whose dialect the paper venue speaks.

use std::fs;
use std::marker::PhantomData;
use std::os::unix::fs::PermissionsExt;

use riskd_paper::{PaperConfig, RequestRecord, Ticket};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Exchange;
use crate::e2e::rig::Rig;

pub const BTC: &str = "BTCUSDT";
pub const ETH: &str = "ETHUSDT";
/// Settled in USDC.
pub const BTC_USDC: &str = "BTCPERP";

/// The rules of most tests: a loss of 500 is 1,000 points of 0.5 BTC.
pub const LIMIT: &str = r#"
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
"#;

/// The secret of every key: searched for where it must not be.
pub const SECRET: &str = "canary-2b61d0aa-secret";

/// What every key has beside its secret, where the venue wants it.
pub const PASSPHRASE: &str = "paper-passphrase";

/// riskd for one account of an exchange, one-way or in hedge mode.
pub struct Desk<E> {
    pub rig: Rig,
    pub account: &'static str,
    exchange: PhantomData<E>,
}

/// The accounts `main`, which is one-way, and `hedge`, each with 10,000 USDT and
/// 5,000 USDC.
pub fn config<E: Exchange>() -> PaperConfig {
    let mut config = PaperConfig::exchange(E::KIND);
    for key in &mut config.keys {
        key.secret = SECRET.to_owned();
        key.addresses = vec!["203.0.113.7".to_owned()];
    }
    E::prepare(&mut config);
    config
}

impl<E: Exchange> Desk<E> {
    /// The account `main`.
    pub fn new() -> Desk<E> {
        Desk::of("main", config::<E>(), LIMIT)
    }

    /// The account `hedge`.
    pub fn hedged() -> Desk<E> {
        Desk::of("hedge", config::<E>(), LIMIT)
    }

    /// Long 0.5 BTC, and the daemon ready.
    pub fn started() -> Desk<E> {
        let mut desk = Desk::new();
        desk.open(BTC, "0.5");
        desk.rig.start_ready();
        desk
    }

    pub fn of(account: &'static str, config: PaperConfig, rules: &str) -> Desk<E> {
        let rig = Rig::with(config, &[], "");
        let desk = Desk {
            rig,
            account,
            exchange: PhantomData,
        };
        desk.write_key(&format!("paper-key-{account}"), SECRET);
        desk.rig.write_rules(&desk.rule_file("", rules));
        desk
    }

    /// A whole rule file, with more keys of the venue.
    pub fn rule_file(&self, more: &str, rules: &str) -> String {
        let folder = self.rig.folder.path().display();
        let (name, address) = (E::NAME, self.rig.address);
        let part = |part: &&str| format!(r#"{part}: {{ file: "{folder}/{part}" }}"#);
        let credential: Vec<String> = E::PARTS.iter().map(part).collect();
        let credential = credential.join(", ");
        format!(
            r#"version: 1
daemon: {{ http: off, database: "{}" }}
sessions:
  utc: {{ timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
  {name}: {{ kind: {name}, {credential}, poll: 1s, base_url: "http://{address}"{}{more} }}
notify:
  log: {{ kind: log }}
accounts:
  coins: {{ venue: {name}, session: utc, starting_balance: 15000 }}
{rules}"#,
            self.rig.database().display(),
            E::more(&address.to_string()),
        )
    }

    pub fn write_key(&self, key: &str, secret: &str) {
        let texts = [key, secret, PASSPHRASE];
        for (name, text) in E::PARTS.iter().zip(texts) {
            let path = self.rig.folder.path().join(name);
            fs::write(&path, format!("{text}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Opens a position, by as many market orders as it takes.
    pub fn open(&self, symbol: &str, quantity: &str) {
        let mut left: Decimal = quantity.parse().unwrap();
        let most = Decimal::ONE_HUNDRED;
        while !left.is_zero() {
            let part = left.clamp(-most, most);
            let venue = &self.rig.venue;
            let symbol = &E::spelled(symbol);
            venue.open(self.account, symbol, part, None).unwrap();
            left -= part;
        }
    }

    pub fn price(&self, symbol: &str, price: i64) {
        let symbol = &E::spelled(symbol);
        self.rig.venue.set_price(symbol, price).unwrap();
        self.rig.note_move();
    }

    /// Places an order. In hedge mode it opens, unless it says otherwise: a buy belongs
    /// to the long side, a sell to the short one.
    pub fn place(&self, mut ticket: Value) {
        let symbol = ticket["instrument"].as_str().unwrap();
        ticket["instrument"] = json!(E::spelled(symbol));
        if self.account == "hedge" && ticket.get("position_side").is_none() {
            let is_buy = ticket["side"] == "buy";
            ticket["position_side"] = json!(if is_buy { "long" } else { "short" });
        }
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        self.rig.venue.place(self.account, &ticket).unwrap();
    }

    /// A limit order to buy that does not fill.
    pub fn rest(&self, symbol: &str, price: &str) {
        self.place(json!({
            "instrument": symbol, "side": "buy", "quantity": "0.01",
            "order_type": "limit", "limit_price": price,
        }));
    }

    /// An order to sell that waits for a lower price.
    pub fn stop(&self, symbol: &str, price: &str) {
        self.place(json!({
            "instrument": symbol, "side": "sell", "quantity": "0.01",
            "order_type": "stop_market", "stop_price": price,
        }));
    }

    pub fn is_flat_and_quiet(&self) -> bool {
        self.rig.is_flat_and_quiet(self.account)
    }

    pub fn wait_verified(&self, times: usize) {
        let what = format!("flat to be verified {times} times");
        self.rig
            .wait_for(&what, |rig| rig.count("verified") >= times);
        self.rig.note_flat();
    }

    /// What every test ends with: no order but such that only reduce, none of another
    /// account, and no secret where it must not be.
    pub fn has_only_protected(&self) {
        let requests = self.rig.venue.requests();
        for request in &requests {
            let path = &request.path;
            assert!(E::is_known(path), "{path}");
            let is_own = request.account.as_deref() == Some(self.account);
            assert!(is_own || E::is_public(path), "{request:?}");
            let class = serde_json::to_value(request.class).unwrap();
            assert_ne!(class, "place", "{request:?}");
        }
        for path in self.rig.files() {
            let is_own = E::PARTS.iter().any(|part| path.ends_with(part));
            let content = fs::read(&path).unwrap();
            let shows = |text: &str| {
                let mut windows = content.windows(text.len());
                windows.any(|window| window == text.as_bytes())
            };
            assert!(is_own || !shows(SECRET), "{}", path.display());
            assert!(is_own || !shows("paper-key-"), "{}", path.display());
            assert!(is_own || !shows(PASSPHRASE), "{}", path.display());
        }
    }

    /// The first event of this kind.
    pub fn first(&self, kind: &str) -> Value {
        let events = self.rig.events();
        let found = events.into_iter().find(|event| event["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in the record:\n{}", self.rig.log()))
    }

    /// How many closing orders arrived.
    pub fn closes(&self) -> usize {
        let requests = self.rig.venue.requests();
        requests.iter().filter(|request| is_close(request)).count()
    }

    /// The price crosses the limit, and the account is flat in the end.
    pub fn crosses_to_flat(&self) {
        self.price(BTC, 48_900);
        self.wait_verified(1);
        assert!(self.is_flat_and_quiet());
        assert_eq!(self.rig.count("fired"), 1);
        self.has_only_protected();
    }

    /// The requests of this path that arrived, oldest first.
    pub fn asked(&self, path: &str) -> Vec<String> {
        let requests = self.rig.venue.requests();
        let of_path = requests.into_iter().map(|request| request.path);
        of_path.filter(|asked| asked.starts_with(path)).collect()
    }
}

/// Whether a request is a closing order.
pub fn is_close(request: &RequestRecord) -> bool {
    serde_json::to_value(request.class).unwrap() == "flatten"
}
