//! The venues whose credential is one account: what is said of their keys.

use super::load;
use super::mistakes::check;

fn file(venue: &str) -> String {
    format!(
        "version: 1
sessions:
  utc: {{ timezone: UTC, open: \"00:00\", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
  bin: {{ kind: binance, key: {{ env: KEY }}, secret: {{ env: SECRET }}{venue} }}
accounts:
  main: {{ venue: bin, session: utc, starting_balance: 10000 }}
rules:
  - {{ name: loss, accounts: [main], when: {{ pnl: {{ loss: 300 }} }}, then: [flatten] }}
"
    )
}

#[test]
fn what_is_wrong_with_a_key_is_shown_at_its_place() {
    for (venue, words) in [
        (", assets: [USDT, ^BTC]", "no dollar that is counted at par"),
        (", assets: [USDT, ^USDT]", "a duplicate"),
        (", dead_man: ^5s", "set for 10s to 10m"),
        (", dead_man: ^1h", "set for 10s to 10m"),
        (
            ", rights_url: ^http://api.binance.com",
            "plain http is possible only",
        ),
        (", ^token: { env: TOKEN }", "`token` is a key of"),
    ] {
        check(&file(venue), words);
    }
}

#[test]
fn the_dead_man_s_switch_is_set_for_as_long_as_the_venue_takes() {
    let of = |venue: &str| file(venue).replace("kind: binance", "kind: bingx");
    let loaded = load(&of(", dead_man: 2m"));
    assert!(loaded.rules.is_some(), "{}", loaded.render_short());
    check(&of(", dead_man: ^3m"), "set for 10s to 2m");
}

#[test]
fn the_usual_address_has_the_rights_of_usual_keys_alone() {
    let rights = |venue: &str| {
        let loaded = load(&file(venue));
        let report = loaded.render_short();
        let rules = loaded.rules.unwrap_or_else(|| panic!("{report}"));
        rules.venues[0].rights_url.clone()
    };
    assert_eq!(rights("").as_deref(), Some("https://api.binance.com"));
    let demo = ", base_url: \"https://demo-fapi.binance.com\"";
    assert_eq!(rights(demo), None);
    let own = format!("{demo}, rights_url: \"https://api.example.com/\"");
    assert_eq!(rights(&own).as_deref(), Some("https://api.example.com"));
}
