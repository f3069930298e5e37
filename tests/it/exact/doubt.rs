//! What settles a doubt: looks, not answers.

use riskd::domain::observation::{Content, Learned, Missing};
use riskd::replay::rule_test;

use super::{file, lived, load, replayed};
use crate::support::{at, figures};

const RULES: &str = "doubt.rules.yaml";

/// Looks at the account, a second apart, and when the rule fires: at which of them.
fn fires_at(looks: &[Content]) -> Option<usize> {
    let rules = load(&file(RULES));
    let start = at("2026-03-05T14:30:00Z").wall;
    let rows: Vec<_> = looks
        .iter()
        .zip(0..)
        .map(|(look, second)| (start + chrono::TimeDelta::seconds(second), look.clone()))
        .collect();
    let lines = replayed(&rules, &rows);
    assert_eq!(lived(&rules, &rows), lines);
    let fired = lines.iter().find(|line| line.ends_with("fired"))?;
    fired[6..8].parse().ok()
}

fn look(texts: [&str; 4], stamp: Option<i64>) -> Content {
    Content::Learned(Learned {
        figures: figures(texts),
        positions: Some([].into()),
        stamp,
        ..Learned::default()
    })
}

fn good() -> Content {
    look(["500", "0", "50500", "50500"], None)
}

/// Unrealized P&L without a position, which is beyond the limit.
fn open(stamp: Option<i64>) -> Content {
    look(["0", "-1500", "50500", "49000"], stamp)
}

/// Equity far from balance and unrealized P&L, and nothing else.
fn off(stamp: Option<i64>) -> Content {
    look(["500", "0", "50500", "2000"], stamp)
}

/// Realized P&L at zero all at once.
fn dropped(stamp: Option<i64>) -> Content {
    look(["0", "0", "48000", "48000"], stamp)
}

fn zero() -> Content {
    look(["0", "0", "0", "0"], None)
}

const LOST: Content = Content::Missing(Missing::Unreachable);

#[test]
fn c5_doubt() {
    let source = file("doubt.test.yaml");
    let loaded = rule_test::load("doubt.test.yaml", &source, &|path| {
        Ok(file(path.to_str().unwrap()))
    });
    let file = loaded.file.unwrap();
    for test in &file.tests {
        let outcome = file.run(test);
        assert!(outcome.passed(), "{:?}", outcome.differences);
    }
}

#[test]
fn c5_the_same_doubt_twice_settles_over_lost_polls() {
    assert_eq!(fires_at(&[good(), open(None), open(None)]), Some(2));
    assert_eq!(
        fires_at(&[good(), open(None), LOST, LOST, LOST, open(None)]),
        Some(5)
    );
    // A look without doubt begins anew.
    assert_eq!(
        fires_at(&[good(), open(None), good(), open(None), good(), open(None)]),
        None
    );
    // A platform that was away may show what it is loading.
    for missing in [Missing::Disconnected, Missing::PlatformOffline] {
        let away = Content::Missing(missing);
        assert_eq!(fires_at(&[good(), open(None), away, open(None)]), None);
    }
}

#[test]
fn c5_one_stamp_is_one_look() {
    let one = Some(1_000);
    assert_eq!(fires_at(&[good(), open(one), open(one), open(one)]), None);
    assert_eq!(
        fires_at(&[good(), open(one), open(one), LOST, open(Some(1_001))]),
        Some(4)
    );
}

#[test]
fn c5_all_zero_never_settles_and_confirms_nothing() {
    let mut looks = vec![good()];
    looks.extend(std::iter::repeat_n(zero(), 20));
    assert_eq!(fires_at(&looks), None);
    let mut looks = vec![good()];
    for _ in 0..10 {
        looks.extend([zero(), dropped(None)]);
    }
    assert_eq!(fires_at(&looks), None);
}

#[test]
fn c5_changing_doubts_settle_after_five_looks_with_five_stamps() {
    let changing = |stamps: [Option<i64>; 5]| {
        let [a, b, c, d, e] = stamps;
        vec![good(), open(a), off(b), open(c), off(d), open(e)]
    };
    assert_eq!(fires_at(&changing([None; 5])), Some(5));
    assert_eq!(fires_at(&changing([1, 2, 3, 4, 5].map(Some))), Some(5));
    assert_eq!(fires_at(&changing([1, 2, 3, 4, 4].map(Some))), None);
    let mut looks = changing([1, 2, 3, 4, 3].map(Some));
    assert_eq!(fires_at(&looks), None);
    looks.extend([LOST, open(Some(6))]);
    assert_eq!(fires_at(&looks), Some(7));
}

/// What was taken for the truth does not lend its years to another doubt.
#[test]
fn c5_a_lasting_difference_settles_no_other_doubt() {
    let lasting = |realized| look([realized, "0", "50500", "49900"], None);
    let mut looks = vec![good()];
    looks.extend(std::iter::repeat_n(lasting("500"), 10));
    // Both at once now: equity off, and session P&L at zero.
    let both = look(["0", "0", "50500", "48000"], None);
    looks.push(both.clone());
    assert_eq!(fires_at(&looks), None);
    looks.push(both);
    assert_eq!(fires_at(&looks), Some(12));
}
