//! Files that a person writes: rules, rule tests, histories.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use riskd::domain::holdings::WorkingOrders;
use riskd::domain::money::Money;
use riskd::domain::now::Now;
use riskd::domain::observation::{Content, Figures, Learned, Observation};
use riskd::engine::event::Event;
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};
use riskd::replay::history::History;
use riskd::replay::rule_test;
use riskd::rules;
use riskd::rules::ruleset::RuleSet;

use super::inputs;
use super::limits::Limits;
use super::mutate::{Random, spoilt};

/// The files that users start from.
fn corpus(ending: &str, not: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = fs::read_dir(root.join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.push(root.join("rules.example.yaml"));
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files
        .iter()
        .filter(|path| name(path).ends_with(ending) && !name(path).ends_with(not))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Every word that stands in these texts.
fn words(texts: &[String]) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || "._-%:".contains(c);
    let words: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.split(move |c| !is_part(c)))
        .filter(|word| !word.is_empty())
        .collect();
    words.into_iter().collect()
}

/// What the engine makes of rules that were found good: a few observations, to
/// the edges of what numbers can be.
fn live(rules: RuleSet, random: &mut Random) {
    let config = EngineConfig {
        acts: true,
        stale_after: Some(TimeDelta::seconds(10)),
    };
    let start: DateTime<Utc> = "2026-03-06T21:54:50Z".parse().unwrap();
    let rules = Arc::new(rules);
    let mut engine = Engine::start(
        Arc::clone(&rules.book),
        config,
        Kept::default(),
        Now::at(start),
    )
    .engine;
    let numbers = [
        "0",
        "-1000",
        "50000",
        "79228162514264337593543950335",
        "-0.01",
    ];
    for turn in 0..4 {
        let now = Now::at(start + TimeDelta::seconds(i64::from(turn) * 7));
        for account in &rules.book.accounts {
            let mut money = || random.of(&numbers).parse::<Money>().ok();
            let learned = Learned {
                figures: Figures {
                    realized: money(),
                    unrealized: money(),
                    balance: money(),
                    equity: money(),
                },
                positions: None,
                orders: WorkingOrders::NotRead,
                stamp: None,
                ..Learned::default()
            };
            let observation = Observation {
                account: account.name.clone(),
                at: now.steady,
                content: Content::Learned(learned),
            };
            engine.step(now, Event::Observed(observation));
        }
        engine.step(now, Event::Time);
        engine.drain_states(&mut Vec::new());
    }
}

#[test]
fn rule_files() {
    let corpus = corpus(".yaml", ".test.yaml");
    let words = words(&corpus);
    let mut limits = Limits::start("rule files");
    for input in inputs() {
        let mut random = Random::new(input);
        let good = &corpus[random.below(corpus.len())];
        let text = spoilt(&mut random, good, &words);
        limits.read(input, || {
            let loaded = rules::load("rules.yaml", &text, &|_| Ok("2026-12-25,\n".to_owned()));
            let said = loaded.render_short();
            assert!(
                loaded.rules.is_some() || !said.is_empty(),
                "refused without a word"
            );
            let is_good = loaded.rules.is_some();
            if let Some(rules) = loaded.rules {
                live(rules, &mut random);
            }
            is_good
        });
    }
    limits.end();
}

#[test]
fn rule_tests() {
    let rules = corpus(".yaml", ".test.yaml").swap_remove(0);
    let corpus = corpus(".test.yaml", "none");
    let words = words(&corpus);
    let mut limits = Limits::start("rule tests");
    for input in inputs() {
        let mut random = Random::new(input);
        let good = &corpus[random.below(corpus.len())];
        let text = spoilt(&mut random, good, &words);
        limits.read(input, || {
            let loaded = rule_test::load("rules.test.yaml", &text, &|_| Ok(rules.clone()));
            let said = loaded.render_short();
            assert!(
                loaded.file.is_some() || !said.is_empty(),
                "refused without a word"
            );
            let Some(file) = loaded.file else {
                return false;
            };
            for test in &file.tests {
                let _ = file.run(test);
            }
            true
        });
    }
    limits.end();
}

const HISTORY: &str = "time,account,realized,unrealized,balance,equity,positions,orders
2026-03-05T09:30:00-05:00,apex-1,0,0,50000,50000,,0
2026-03-05T09:30:01-05:00,apex-1,0,-12.5,50000,49987.50,ES 03-26:+2@5000.25;NQ 03-26:-1@20000,3
2026-03-05T14:30:02Z,apex-1,-12.50,,49987.5,,,
";

#[test]
fn histories() {
    let loaded = rules::load("rules.yaml", &corpus(".yaml", ".test.yaml")[0], &|_| {
        Ok(String::new())
    });
    let rules = loaded.rules.unwrap();
    let account = rules.book.accounts[0].name.as_str();
    let good = HISTORY.replace("apex-1", account);
    let texts = [good.clone()];
    let words = words(&texts);
    let mut limits = Limits::start("histories");
    for input in inputs() {
        let mut random = Random::new(input);
        let text = spoilt(&mut random, &good, &words);
        limits.read(input, || {
            let Ok(mut history) = History::open(text.as_bytes(), &rules.book.accounts) else {
                return false;
            };
            loop {
                match history.next_row() {
                    Ok(Some(_)) => {}
                    Ok(None) => return true,
                    Err(error) => {
                        assert!(!error.to_string().is_empty());
                        return false;
                    }
                }
            }
        });
    }
    limits.end();
}
