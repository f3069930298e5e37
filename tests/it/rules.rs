//! Rule files: what is accepted, and what is said of what is not.

mod budget_and_words;
mod exchanges;
mod hours;
mod limits;
mod lints;
mod mistakes;
mod notifiers;
mod schema;
mod secrets;

use riskd::rules::{self, Color, Loaded};

/// The example that is shipped.
const EXAMPLE: &str = include_str!("../../rules.example.yaml");

/// A list of closures with early closes.
const EARLY: &str = "date,close_time
2026-11-26,13:00
2026-11-27,13:15
2026-12-24,13:15
2026-12-25,
2027-01-18,13:00
";

/// Loads a text, which can name a few files of closures.
fn load(text: &str) -> Loaded {
    rules::load("rules.yaml", text, &|path| match path.to_str() {
        Some("holidays.csv") => Ok("date,close_time\n2026-12-25,\n".to_owned()),
        Some("early.csv") => Ok(EARLY.to_owned()),
        Some("header.csv") => Ok("date,close\n2026-12-25,\nlater,\n2026-12-26,noon\n".to_owned()),
        Some("wrong.csv") => Ok("2026-12-25\nChristmas\n".to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    })
}

/// A right file around the given rules: the account `a-1` has a starting
/// balance, `a-2` in the group `bare` has none.
fn with_rules(rules: &str) -> String {
    format!(
        "version: 1
sessions: {{ g: {{ timezone: America/New_York, open: '18:00', days: [mon, tue, wed, thu, fri] }} }}
venues: {{ ct: {{ kind: crosstrade, token: {{ env: TOKEN }} }} }}
accounts:
  a-1: {{ number: A1, starting_balance: 50000, groups: [funded, both] }}
  a-2: {{ number: A2, groups: [both, bare] }}
notify: {{ log: {{ kind: log }} }}
rules:
  - {{ name: base, accounts: ['*'], when: {{ no_data: 1m }}, then: [{{ notify: log }}] }}
{rules}"
    )
}

/// A right file around one condition, for the account with a starting balance.
fn with_condition(condition: &str) -> String {
    with_rules(&format!(
        "  - {{ name: r, accounts: [a-1], when: {{ {condition} }}, then: [flatten], notify: log }}\n"
    ))
}

#[test]
fn the_example_is_right() {
    let loaded = load(EXAMPLE);
    assert_eq!(loaded.render_short(), "", "{}", loaded.render(Color::Plain));
    let rules = loaded.rules.unwrap();
    assert_eq!(rules.book.accounts.len(), 1);
    assert_eq!(rules.book.rules.len(), 7);
    assert_eq!(&*rules.text, EXAMPLE);
}

#[test]
fn the_hash_covers_the_text_and_the_closures() {
    let text = with_rules("").replace("open: '18:00'", "open: '18:00', closures: c.csv");
    let hash = |text: &str, closures: &str| {
        let loaded = rules::load("rules.yaml", text, &|_| Ok(closures.to_owned()));
        loaded.rules.unwrap().book.hash.clone()
    };
    let first = hash(&text, "2026-12-25,");
    assert_eq!(first.len(), 64);
    assert_eq!(first, hash(&text, "2026-12-25,"));
    assert_ne!(first, hash(&text, "2026-12-26,"));
    assert_ne!(first, hash(&format!("{text}\n"), "2026-12-25,"));
}

#[test]
fn aliases_and_merge_keys_are_followed() {
    let text = with_rules(
        "  - &base { name: one, accounts: [a-1], when: { pnl: &limit { loss: 5 } }, then: &do [flatten], notify: log }
  - { <<: *base, name: two, when: { pnl: { <<: *limit, profit: 9 } } }
  - { name: three, accounts: [a-1], when: { pnl: *limit }, then: *do, notify: log }
",
    );
    let loaded = load(&text);
    assert_eq!(loaded.render_short(), "");
    let words = riskd::engine::explain::rules(&loaded.rules.unwrap().book);
    assert!(
        words[2].contains("at or below -5.00 or at or above 9.00"),
        "{words:?}"
    );
    assert!(words[3].contains("at or below -5.00: flatten"), "{words:?}");
}

#[test]
fn accounts_can_be_acted_on_with_broken_rules() {
    let good = with_rules("");
    let broken = [
        // A rule that means nothing.
        with_rules("  - { name: x }\n"),
        // No YAML at all behind the accounts.
        with_rules("  - { name: x\n - ]\n"),
        // A broken session.
        good.replace("America/New_York", "Mars/Olympus"),
        good.replace("version: 1", "version: 2"),
    ];
    for text in &broken {
        let loaded = load(text);
        assert!(loaded.rules.is_none());
        let names: Vec<_> = loaded
            .targets
            .iter()
            .map(|target| target.account.as_str())
            .collect();
        assert_eq!(names, ["a-1", "a-2"], "{text}");
    }
    // An account that the text breaks off in is not whole: its number may not be.
    let cut = good.find("A2").unwrap();
    let loaded = load(&good[..=cut]);
    let names: Vec<_> = loaded
        .targets
        .iter()
        .map(|target| target.account.as_str())
        .collect();
    assert_eq!(names, ["a-1"]);
}
