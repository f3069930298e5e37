//! Venues of all five kinds in one rule file, of Bitget both a classic and a unified
//! account, each a paper venue of its own: one of them fails in every way in turn, and the
//! accounts at the others are made flat and quiet as if it were not there.

mod kinds;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use riskd_paper::{PaperClock, PaperVenue, RequestRecord, VenueKind, serve_venue};
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;

use self::kinds::{KINDS, WAYS, Way, config};
use super::rig::{CANARY, Rig, polls_of, signal};

/// Fires each time that an account loses 500, and is armed again by flat.
const LIMIT: &str = r#"
rules:
  - name: open loss
    accounts: ["*"]
    when: { pnl: { of: unrealized, loss: 500 } }
    then: [flatten]
    rearm: flat
"#;

/// One daemon and its venues.
struct Several {
    rig: Rig,
    /// As [`KINDS`].
    venues: Vec<PaperVenue>,
    stop: CancellationToken,
    /// The place of the one that fails.
    failing: usize,
    /// How often each of the others was made flat so far.
    flats: usize,
}

impl Drop for Several {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn write_secret(path: &Path, text: &str) {
    fs::write(path, format!("{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

impl Several {
    /// Everything is served and the rule file written; the daemon is not started.
    fn new(failing: usize) -> Several {
        let rig = Rig::with(config(&KINDS[0]), &[], "");
        let stop = CancellationToken::new();
        let mut venues = vec![rig.venue.clone()];
        let mut addresses = vec![rig.address];
        let began = rig.now();
        let since = std::time::Instant::now();
        for kind in &KINDS[1..] {
            let elapsed = move || chrono::TimeDelta::from_std(since.elapsed()).unwrap();
            let clock = PaperClock::from_fn(move || began + elapsed());
            let venue = PaperVenue::new(config(kind), clock).unwrap();
            let any = "127.0.0.1:0".parse().unwrap();
            let serving = rig.block_on(serve_venue(venue, any, stop.clone())).unwrap();
            venues.push(serving.venue.clone());
            addresses.push(serving.address);
        }
        let several = Several {
            rig,
            venues,
            stop,
            failing,
            flats: 0,
        };
        for place in 0..KINDS.len() {
            several.write_credential(place, true);
        }
        several.rig.write_rules(&several.rule_file(&addresses));
        several
    }

    /// The secret of a venue, or one that it refuses.
    fn write_credential(&self, place: usize, is_right: bool) {
        let kind = &KINDS[place];
        for part in kind.parts {
            let right = match *part {
                "token" => CANARY,
                "key" => "paper-key-main",
                "secret" => "paper-secret",
                _ => "paper-passphrase",
            };
            let is_last = ["token", "secret"].contains(part);
            let text = if is_last && !is_right {
                "another-than-that"
            } else {
                right
            };
            let name = format!("{}-{part}", kind.name);
            write_secret(&self.rig.folder.path().join(name), text);
        }
    }

    fn rule_file(&self, addresses: &[std::net::SocketAddr]) -> String {
        let folder = self.rig.folder.path().display();
        let (mut venues, mut accounts) = (String::new(), String::new());
        for (kind, address) in KINDS.iter().zip(addresses) {
            let (name, word) = (kind.name, kind.word);
            let part = |part: &&str| format!(r#"{part}: {{ file: "{folder}/{name}-{part}" }}"#);
            let parts: Vec<String> = kind.parts.iter().map(part).collect();
            let parts = parts.join(", ");
            let (path, number) = match kind.kind {
                VenueKind::CrossTrade => ("/v1/api", r#", number: "Sim101", session: globex"#),
                _ => ("", ", session: utc"),
            };
            let rights = match kind.kind {
                VenueKind::Binance => format!(r#", rights_url: "http://{address}""#),
                _ => String::new(),
            };
            venues.push_str(&format!(
                "  {name}: {{ kind: {word}, {parts}, poll: 1s, base_url: \"http://{address}{path}\"{rights} }}\n"
            ));
            accounts.push_str(&format!(
                "  {name}: {{ venue: {name}{number}, starting_balance: 15000 }}\n"
            ));
        }
        format!(
            r#"version: 1
daemon: {{ http: off, database: "{}" }}
sessions:
  globex: {{ timezone: America/New_York, open: "18:00", close: "17:00", days: [mon, tue, wed, thu, fri] }}
  utc: {{ timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
{venues}notify:
  log: {{ kind: log }}
accounts:
{accounts}{LIMIT}"#,
            self.rig.database().display(),
        )
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let failing = self.failing;
        (0..KINDS.len()).filter(move |place| *place != failing)
    }

    fn price(&self, place: usize, price: i64) {
        let venue = &self.venues[place];
        venue.set_price(KINDS[place].symbol, price).unwrap();
    }

    fn open(&self, place: usize) {
        let kind = &KINDS[place];
        self.price(place, kind.price);
        let quantity: Decimal = kind.quantity.parse().unwrap();
        let venue = &self.venues[place];
        venue
            .open(kind.account, kind.symbol, quantity, None)
            .unwrap();
    }

    fn is_flat(&self, place: usize) -> bool {
        let figures = self.venues[place].figures(KINDS[place].account).unwrap();
        figures.is_flat_and_quiet()
    }

    fn count(&self, kind: &str, place: usize) -> usize {
        self.rig.count_of(kind, KINDS[place].name)
    }

    /// Waits for two whole polls at each of the others.
    fn let_others_poll(&self) {
        let polls = |place: usize| polls_of(&self.venues[place]).len();
        let before: Vec<(usize, usize)> =
            self.others().map(|place| (place, polls(place))).collect();
        self.rig.wait_for("polls of the others", |_| {
            before
                .iter()
                .all(|(place, before)| polls(*place) >= before + 3)
        });
    }

    /// The others hold something, cross their limit and are flat and quiet: each fired
    /// once and was closed by one request.
    fn others_cross_to_flat(&mut self, way: &str) {
        let closes = |several: &Several, place: usize| {
            let requests = several.venues[place].requests();
            let class = |one: &RequestRecord| serde_json::to_value(one.class).unwrap();
            requests
                .iter()
                .filter(|one| class(one) == "flatten")
                .count()
        };
        for place in self.others() {
            self.open(place);
        }
        self.let_others_poll();
        let before: Vec<usize> = self.others().map(|place| closes(self, place)).collect();
        for place in self.others() {
            self.price(place, KINDS[place].crossed);
        }
        self.flats += 1;
        let (flats, what) = (self.flats, format!("flat at the others while one {way}"));
        self.rig.wait_for(&what, |_| {
            let is_done = |place| self.count("verified", place) >= flats && self.is_flat(place);
            self.others().all(is_done)
        });
        for (place, before) in self.others().zip(before) {
            let name = KINDS[place].name;
            assert_eq!(self.count("fired", place), flats, "{name} while one {way}");
            assert_eq!(
                self.count("verified", place),
                flats,
                "{name} while one {way}"
            );
            assert_eq!(closes(self, place), before + 1, "{name} while one {way}");
        }
    }

    /// What the whole run ends with: the others never lost sight of their accounts, asked
    /// for nothing too much, and nothing was needless.
    fn check_others(&self) {
        for place in self.others() {
            let name = KINDS[place].name;
            for kind in [
                "data_lost",
                "data_suspect",
                "enforcement_stuck",
                "verify_failed",
            ] {
                assert_eq!(self.count(kind, place), 0, "{kind} of {name}");
            }
            let counters = self.venues[place].counters();
            assert!(self.turned_away(place).is_empty(), "{name}: {counters:?}");
            assert_eq!(counters.needless_flattens, 0, "{name}: {counters:?}");
            assert_eq!(counters.overlapping_flattens, 0, "{name}: {counters:?}");
            assert_eq!(counters.unauthorized, 0, "{name}: {counters:?}");
            assert_eq!(counters.opening_orders, 0, "{name}: {counters:?}");
        }
    }

    /// Writes for which the venue said that too much was asked. Limits by the second are
    /// counted where requests arrive, and a busy machine lets those of two seconds arrive
    /// together: a read may be turned away for that, and is repeated.
    fn turned_away(&self, place: usize) -> Vec<RequestRecord> {
        let requests = self.venues[place].requests().into_iter();
        let is_write = |one: &RequestRecord| one.method != "GET";
        let writes = requests.filter(is_write);
        writes.filter(|one| one.status == Some(429)).collect()
    }

    /// The account of the one that fails is what it was: nothing fired, nothing was sent.
    fn check_failing(&self, way: &str) {
        let place = self.failing;
        assert_eq!(self.count("fired", place), 0, "while it {way}");
        assert_eq!(self.count("verified", place), 0, "while it {way}");
        assert!(!self.is_flat(place), "while it {way}");
        let requests = self.venues[place].requests();
        let is_get = |one: &RequestRecord| one.method == "GET";
        assert!(requests.iter().all(is_get), "while it {way}");
    }

    fn fails(&mut self, way: &Way) {
        let place = self.failing;
        let lost = self.count("data_lost", place);
        for fault in way.faults {
            let fault = serde_json::from_str(fault).unwrap();
            self.venues[place].set_fault(fault).unwrap();
        }
        if way.is_blind {
            self.rig
                .wait_for(way.name, |_| self.count("data_lost", place) > lost);
        }
        self.others_cross_to_flat(way.name);
        self.check_failing(way.name);
        let venue = &self.venues[place];
        venue.clear_faults();
        let polls = polls_of(venue).len();
        self.rig.wait_for("the end of the failure", |_| {
            let is_back = self.count("data_back", place) >= self.count("data_lost", place);
            is_back && polls_of(venue).len() > polls + 1
        });
    }
}

/// The whole run, with the venue of this kind as the one that fails.
fn the_others_are_untouched_while_one_fails(name: &str) {
    let failing = KINDS.iter().position(|kind| kind.name == name).unwrap();
    let mut several = Several::new(failing);
    several.write_credential(failing, false);
    several.open(failing);
    several.rig.start();
    let lost = "the refusal of a wrong key";
    several
        .rig
        .wait_for(lost, |_| several.count("data_lost", failing) == 1);
    several.others_cross_to_flat("refuses its key");
    several.check_failing("refuses its key");
    several.write_credential(failing, true);
    signal(several.rig.pid(), "HUP");
    let back = "the account to be seen with the right key";
    several
        .rig
        .wait_for(back, |_| several.count("data_back", failing) == 1);
    for way in WAYS {
        if way.is_everywhere || KINDS[failing].kind != VenueKind::CrossTrade {
            several.fails(&way);
        }
    }
    several.check_others();
    // What was unseen for so long is protected again as the others were.
    several.price(failing, KINDS[failing].crossed);
    several.rig.wait_for("flat at the one that failed", |_| {
        several.count("verified", failing) == 1 && several.is_flat(failing)
    });
    assert_eq!(several.count("fired", failing), 1);
}

#[test]
fn the_others_are_untouched_while_crosstrade_fails() {
    the_others_are_untouched_while_one_fails("crosstrade");
}

#[test]
fn the_others_are_untouched_while_binance_fails() {
    the_others_are_untouched_while_one_fails("binance");
}

#[test]
fn the_others_are_untouched_while_bybit_fails() {
    the_others_are_untouched_while_one_fails("bybit");
}

#[test]
fn the_others_are_untouched_while_bitget_fails() {
    the_others_are_untouched_while_one_fails("bitget");
}

#[test]
fn the_others_are_untouched_while_unified_bitget_fails() {
    the_others_are_untouched_while_one_fails("unified");
}

#[test]
fn the_others_are_untouched_while_bingx_fails() {
    the_others_are_untouched_while_one_fails("bingx");
}
