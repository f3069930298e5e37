//! Long and short of one instrument at once: two positions, each by itself.

use super::{Lines, fired, load, rows, with_rules};
use riskd::domain::now::Now;
use riskd::domain::observation::Observation;
use riskd::engine::effect::Effect;
use riskd::engine::event::Event;
use riskd::engine::record::RecordRow;
use riskd::engine::restore::Kept;
use riskd::engine::{Engine, EngineConfig};

/// A history with a row every ten seconds, each with what is held.
fn history(held: &[&str]) -> String {
    let mut text = "time,account,realized,unrealized,balance,equity,positions,orders\n".to_owned();
    for (positions, second) in held.iter().zip((0..).step_by(10)) {
        text += &format!("2026-03-05T14:00:{second:02}Z,a,0,0,50000,50000,{positions},0\n");
    }
    text
}

fn limit(when: &str, action: &str) -> String {
    let rule =
        format!("{{ name: r, accounts: [a], when: {{ {when} }}, then: [{action}], rearm: clear }}");
    with_rules("flat-tick-alone.yaml", &[&rule])
}

fn when_held(when: &str, held: &[&str]) -> Lines {
    fired(&limit(when, "flatten"), &history(held))
}

#[test]
fn sizes_add_both_sides_up_and_positions_count_each() {
    let one = "BTCUSDT/long:+0.5";
    let both = "BTCUSDT/long:+0.5@60000;BTCUSDT/short:-0.25@61000";
    let due = ["14:00:10 r"];
    for rule in [
        "position: { contracts: 0.5 }",
        "position: { per_instrument: { BTCUSDT: 0.5 } }",
        "position: { positions: 1 }",
        "position: { opposite: [[BTCUSDT]] }",
        "expr: contracts == 0.75",
        "expr: long_contracts == 0.5 and short_contracts == 0.25",
    ] {
        assert_eq!(when_held(rule, &[one, both]), due, "{rule}");
    }
    for rule in [
        "position: { contracts: 0.75 }",
        "position: { per_instrument: { BTCUSDT: 0.75 } }",
        "position: { positions: 2 }",
    ] {
        assert!(when_held(rule, &[one, both]).is_empty(), "{rule}");
    }
}

#[test]
fn a_side_that_is_gone_ends_its_own_position_alone() {
    let mark = "trailing_drawdown: { metric: unrealized, trail: 300 }";
    let rule =
        format!("{{ name: r, accounts: [a], when: {{ {mark} }}, then: [flatten], rearm: clear }}");
    let of = |later: &str| {
        let held = ["BTC/long:+1@9;BTC/short:-1@9", "BTC/long:+1@9", later];
        let mut text =
            "time,account,realized,unrealized,balance,equity,positions,orders\n".to_owned();
        let open = [0, 500, 200];
        for ((open, held), second) in open.iter().zip(held).zip((0..).step_by(10)) {
            let equity = 50_000 + open;
            text += &format!("2026-03-05T14:00:{second:02}Z,a,0,{open},50000,{equity},{held},0\n");
        }
        fired(&with_rules("flat-tick-alone.yaml", &[&rule]), &text)
    };
    assert_eq!(of("BTC/long:+1@9"), ["14:00:20 r"]);
    // The long one is over; a short one of the same size is another.
    assert!(of("BTC/short:-1@9").is_empty());
}

#[test]
fn what_is_closed_is_the_side_that_a_rule_objects_to() {
    let rules = load(&limit(
        "pnl: { loss: 100, per: position }",
        "close_position",
    ));
    let start = "2026-03-05T14:00:00Z";
    let text = format!(
        "time,account,realized,unrealized,balance,equity,positions,orders\n\
         {start},a,0,0,50000,50000,BTCUSDT/long:+0.5@60000;BTCUSDT/short:-0.5@60000,0\n"
    );
    let (time, mut content) = rows(&rules, &text).remove(0);
    let riskd::domain::observation::Content::Learned(learned) = &mut content else {
        panic!("it was learned")
    };
    let mut held = learned.positions.take().unwrap().to_vec();
    held[0].unrealized = "150".parse().ok();
    held[1].unrealized = "-150".parse().ok();
    learned.positions = Some(held.into());
    let now = Now::at(time);
    let config = EngineConfig {
        acts: true,
        stale_after: None,
    };
    let mut engine = Engine::start(rules.book.clone(), config, Kept::default(), now).engine;
    let effects = engine
        .step(
            now,
            Event::Observed(Observation {
                account: rules.book.accounts[0].name.clone(),
                at: time,
                content,
            }),
        )
        .effects;
    let goals: Vec<String> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(RecordRow::Intent(row)) => Some(row.goal.words()),
            _ => None,
        })
        .collect();
    assert_eq!(goals, ["out of BTCUSDT/short"]);
}
