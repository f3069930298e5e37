//! The real binary against an exchange: Bybit's dialect of the paper venue. Cases with
//! a number (B10, B12, ...) are bugs that others met when they closed positions.

mod cases;
mod figures;
mod keys;
mod money;
mod protect;
mod trouble;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use riskd_paper::{PaperConfig, Ticket, VenueKind};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::rig::Rig;

const BTC: &str = "BTCUSDT";
const ETH: &str = "ETHUSDT";
/// Settled in USDC.
const BTC_USDC: &str = "BTCPERP";

/// The rules of most tests: a loss of 500 is 1,000 points of 0.5 BTC.
const LIMIT: &str = r#"
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: 500 } }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: log }]
"#;

/// The secret of every key: searched for where it must not be.
const SECRET: &str = "canary-2b61d0aa-secret";

/// riskd for one account of an exchange, one-way or in hedge mode.
struct Desk {
    rig: Rig,
    account: &'static str,
}

fn config() -> PaperConfig {
    let mut config = PaperConfig::exchange(VenueKind::Bybit);
    for key in &mut config.keys {
        key.secret = SECRET.to_owned();
        key.addresses = vec!["203.0.113.7".to_owned()];
    }
    config
}

impl Desk {
    /// The account `main`, which is one-way, with 10,000 USDT and 5,000 USDC.
    fn new() -> Desk {
        Desk::of("main", config(), LIMIT)
    }

    /// The account `hedge`.
    fn hedged() -> Desk {
        Desk::of("hedge", config(), LIMIT)
    }

    fn of(account: &'static str, config: PaperConfig, rules: &str) -> Desk {
        let rig = Rig::with(config, &[], "");
        let desk = Desk { rig, account };
        desk.write_key(&format!("paper-key-{account}"), SECRET);
        desk.rig.write_rules(&desk.rule_file("", rules));
        desk
    }

    /// A whole rule file, with more keys of the venue.
    fn rule_file(&self, more: &str, rules: &str) -> String {
        let folder = self.rig.folder.path().display();
        format!(
            r#"version: 1
daemon: {{ http: off, database: "{}" }}
sessions:
  utc: {{ timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
  bybit: {{ kind: bybit, key: {{ file: "{folder}/key" }}, secret: {{ file: "{folder}/secret" }}, poll: 1s, base_url: "http://{}"{more} }}
notify:
  log: {{ kind: log }}
accounts:
  coins: {{ venue: bybit, session: utc, starting_balance: 15000 }}
{rules}"#,
            self.rig.database().display(),
            self.rig.address,
        )
    }

    fn write_key(&self, key: &str, secret: &str) {
        for (name, text) in [("key", key), ("secret", secret)] {
            let path = self.rig.folder.path().join(name);
            fs::write(&path, format!("{text}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Opens a position, by as many market orders as it takes.
    fn open(&self, symbol: &str, quantity: &str) {
        let mut left: Decimal = quantity.parse().unwrap();
        let most = Decimal::ONE_HUNDRED;
        while !left.is_zero() {
            let part = left.clamp(-most, most);
            let venue = &self.rig.venue;
            venue.open(self.account, symbol, part, None).unwrap();
            left -= part;
        }
    }

    fn price(&self, symbol: &str, price: i64) {
        self.rig.venue.set_price(symbol, price).unwrap();
    }

    /// Places an order. In hedge mode it opens, unless it says otherwise: a buy belongs
    /// to the long side, a sell to the short one.
    fn place(&self, mut ticket: Value) {
        if self.account == "hedge" && ticket.get("position_side").is_none() {
            let is_buy = ticket["side"] == "buy";
            ticket["position_side"] = json!(if is_buy { "long" } else { "short" });
        }
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        self.rig.venue.place(self.account, &ticket).unwrap();
    }

    /// A limit order to buy that does not fill.
    fn rest(&self, symbol: &str, price: &str) {
        self.place(json!({
            "instrument": symbol, "side": "buy", "quantity": "0.01",
            "order_type": "limit", "limit_price": price,
        }));
    }

    /// An order to sell that waits for a lower price.
    fn stop(&self, symbol: &str, price: &str) {
        self.place(json!({
            "instrument": symbol, "side": "sell", "quantity": "0.01",
            "order_type": "stop_market", "stop_price": price,
        }));
    }

    fn is_flat_and_quiet(&self) -> bool {
        self.rig.is_flat_and_quiet(self.account)
    }

    fn wait_verified(&self, times: usize) {
        let what = format!("flat to be verified {times} times");
        self.rig
            .wait_for(&what, |rig| rig.count("verified") >= times);
    }

    /// What every test ends with: no order but such that only reduce, none of another
    /// account, and no secret where it must not be.
    fn has_only_protected(&self) {
        let requests = self.rig.venue.requests();
        for request in &requests {
            assert_ne!(request.path, "/v5/position/switch-mode");
            assert!(request.path.starts_with("/v5/"), "{}", request.path);
            let of_market = request.path.starts_with("/v5/market/");
            let is_own = request.account.as_deref() == Some(self.account);
            assert!(is_own || of_market, "{request:?}");
            let class = serde_json::to_value(request.class).unwrap();
            assert_ne!(class, "place", "{request:?}");
        }
        for path in self.rig.files() {
            let is_own = path.ends_with("secret") || path.ends_with("key");
            let content = fs::read(&path).unwrap();
            let shows = |text: &str| {
                let mut windows = content.windows(text.len());
                windows.any(|window| window == text.as_bytes())
            };
            assert!(is_own || !shows(SECRET), "{}", path.display());
            assert!(is_own || !shows("paper-key-"), "{}", path.display());
        }
    }

    /// The first event of this kind.
    fn first(&self, kind: &str) -> Value {
        let events = self.rig.events();
        let found = events.into_iter().find(|event| event["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in the record:\n{}", self.rig.log()))
    }

    /// The requests of this path that arrived, oldest first.
    fn asked(&self, path: &str) -> Vec<String> {
        let requests = self.rig.venue.requests();
        let of_path = requests.into_iter().map(|request| request.path);
        of_path.filter(|asked| asked.starts_with(path)).collect()
    }
}
