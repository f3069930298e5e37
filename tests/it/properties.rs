//! Properties of the engine: its rules against plain second formulations over
//! random paths, restarts, unknown data, and the passing of time.

mod calm;
mod model;
mod paths;

use proptest::prelude::*;
use riskd::replay::{ReplayEvent, ReplayEventKind};

use model::{Model, holds};
use paths::{Path, View, drive_by_the_second, firings, rules, run, run_with_restarts};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        // Failures are shown; nothing is written beside the sources.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The first firing of the one rule, by the engine and by the model.
fn check_first(path: &Path, when: &str, truth: impl Fn(&Model<'_>) -> Option<bool>) {
    let set = rules(&format!("when: {{ {when} }}\n    rearm: never"));
    let engine = firings(&run(&set, path)).first().copied();
    let model = model::first_true(path, truth);
    assert_eq!(engine, model, "{when}\n{path:?}");
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn drawdowns_of_account_values_are_as_a_plain_model_says(
        path in paths::days(),
        form in model::account_drawdowns(),
    ) {
        check_first(&path, &form.yaml(), |model| form.truth(model));
    }

    #[test]
    fn drawdowns_of_results_are_as_a_plain_model_says(
        path in paths::days(),
        form in model::result_drawdowns(),
    ) {
        check_first(&path, &form.yaml(), |model| form.truth(model));
    }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn fixed_floors_are_as_a_plain_model_says(
        path in paths::days(),
        amount in 1..3_000i128,
        percent in any::<bool>(),
        anchor in 0..4usize,
        balance in any::<bool>(),
        cross in any::<bool>(),
    ) {
        let (name, amount_text, amount) = if percent {
            let percent = amount % 6 + 1;
            ("max_loss", format!("{percent}%"), model::START * percent / 100)
        } else {
            ("max_loss", amount.to_string(), amount * 100)
        };
        let anchors = ["starting_balance", "session_balance", "session_equity", "session_max"];
        let of = if balance { "balance" } else { "equity" };
        let breach = if cross { "cross" } else { "touch" };
        let when = format!(
            "{name}: {{ amount: {amount_text}, anchor: {}, of: {of}, breach: {breach} }}",
            anchors[anchor],
        );
        check_first(&path, &when, |model| {
            let at_open = || model.anchor();
            let anchor = match anchor {
                0 => model::START,
                1 => at_open()?.balance,
                2 => at_open()?.equity,
                _ => at_open().map(|row| row.balance.max(row.equity))?,
            };
            let now = model.now()?;
            let value = if balance { now.balance } else { now.equity };
            Some(holds(value, anchor - amount, cross))
        });
    }

    #[test]
    fn profit_floors_are_as_a_plain_model_says(
        path in paths::days(),
        arm_at in 1..1_500i128,
        below in 1..2_000i128,
        cross in any::<bool>(),
    ) {
        let floor = arm_at - below;
        let breach = if cross { "cross" } else { "touch" };
        let when = format!("profit_floor: {{ arm_at: {arm_at}, floor: {floor}, breach: {breach} }}");
        check_first(&path, &when, |model| {
            if model.best_result() < arm_at * 100 {
                return Some(false);
            }
            Some(holds(model.result()?, floor * 100, cross))
        });
    }

    #[test]
    fn results_over_spans_are_as_a_plain_model_says(
        path in paths::days(),
        limit in 1..4_000i128,
        profit in any::<bool>(),
        over in 0..4usize,
        realized in any::<bool>(),
        cross in any::<bool>(),
    ) {
        let spans = ["session", "week", "month", "lifetime"];
        let side = if profit { "profit" } else { "loss" };
        let of = if realized { "realized" } else { "total" };
        let breach = if cross { "cross" } else { "touch" };
        let over_text = spans[over];
        let when = format!("pnl: {{ {side}: {limit}, of: {of}, over: {over_text}, breach: {breach} }}");
        check_first(&path, &when, |model| {
            let result = match over {
                0 => model.session_result(realized)?,
                1 => model.span_result(realized, paths::week)?,
                2 => model.span_result(realized, paths::month)?,
                _ => model.now().map(|row| row.value(realized) - model::START)?,
            };
            // A profit is a loss of the other sign.
            let value = if profit { -result } else { result };
            Some(holds(value, -limit * 100, cross))
        });
    }

    #[test]
    fn holds_and_confirmations_are_as_a_plain_model_says(
        path in paths::minutes(),
        hold in prop::option::of(1..400i64),
        confirm in 1..5u32,
    ) {
        let hold_text = hold.map_or_else(String::new, |hold| format!("\n    hold: {hold}s"));
        let set = rules(&format!(
            "when: {{ pnl: {{ loss: 100, of: unrealized }} }}\n    rearm: clear\n    confirm: {confirm}{hold_text}"
        ));
        let expect = model::build_ups(&path, hold.unwrap_or(0), confirm, |row| {
            row.equity - row.balance <= -10_000
        });
        prop_assert_eq!(firings(&run(&set, &path)), expect, "{:?}", path);
    }

    #[test]
    fn windows_are_as_a_plain_model_says(
        path in paths::winter_days(),
        inside in any::<bool>(),
        from in 0..1_440u32,
        length in 1..1_440u32,
        days in 1..128u32,
    ) {
        let window = model::Window { inside, from, length, days };
        let set = rules(&format!("when: {{ {} }}", window.yaml()));
        let expect = model::window_firings(&path, &window);
        prop_assert_eq!(firings(&run(&set, &path)), expect, "{}\n{:?}", window.yaml(), path);
    }
}

/// Rules of every kind that does not turn on how long something has lasted.
const ALL_KINDS: &str = r#"
  - { name: loss, accounts: [a], when: { pnl: { loss: 500, profit: 900 } }, then: [flatten], warn_at: [50%, 80%], notify: log }
  - { name: week, accounts: [a], when: { pnl: { loss: 900, over: week } }, then: [flatten] }
  - { name: trail, accounts: [a], when: { trailing_drawdown: { metric: equity, trail: 600, span: session } }, then: [flatten], rearm: clear }
  - { name: eod, accounts: [a], when: { trailing_drawdown: { metric: equity, mark: balance, trail: 700, span: lifetime, ratchet: session_end, lock_at: start } }, then: [flatten] }
  - { name: floor, accounts: [a], when: { profit_floor: { arm_at: 300, floor: 100 } }, then: [flatten], rearm: 1h }
  - { name: day, accounts: [a], when: { max_loss: { amount: 1%, anchor: session_max } }, then: [flatten], confirm: 2 }
  - { name: size, accounts: [a], when: { position: { contracts: 1 } }, then: [flatten] }
  - { name: hours, accounts: [a], when: { outside: [{ days: [mon, tue, wed, thu, fri], from: "09:30", to: "16:00", timezone: America/New_York }] }, then: [flatten] }
  - { name: both, accounts: [a], when: { any: [{ pnl: { loss: 300 } }, { not: { position: { contracts: 5 } } }] }, then: [flatten] }
  - { name: close, accounts: [a], when: { at: { cron: "55 20 * * *", timezone: UTC } }, then: [flatten] }
"#;

/// Rules that turn on how long something has lasted.
const LASTING: &str = r#"
  - { name: held, accounts: [a], when: { pnl: { loss: 100, of: unrealized } }, hold: 37s, then: [flatten], rearm: clear }
  - { name: blind, accounts: [a], when: { no_data: 41s }, then: [flatten] }
  - { name: again, accounts: [a], when: { pnl: { loss: 50, of: unrealized } }, then: [flatten], rearm: 53s }
  - { name: often, accounts: [a], when: { at: { cron: "* * * * *", timezone: UTC } }, then: [flatten] }
  - { name: edge, accounts: [a], when: { inside: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: "00:01", to: "00:04", timezone: UTC }] }, then: [flatten] }
"#;

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn a_run_that_is_restarted_at_every_step_is_the_same(path in paths::days()) {
        let set = paths::rule_list(ALL_KINDS);
        prop_assert_eq!(run_with_restarts(&set, &path), run(&set, &path));
    }

    #[test]
    fn what_the_deadlines_bring_is_what_looking_every_second_brings(path in paths::seconds()) {
        let set = paths::rule_list(&format!("{ALL_KINDS}{LASTING}"));
        // A schedule is true for a moment; when that is over is not told to
        // the second.
        let told = |story: Vec<ReplayEvent>| -> Vec<ReplayEvent> {
            let is_momentary = |event: &ReplayEvent| {
                matches!(event.rule.as_str(), "often" | "close")
                    && event.event != ReplayEventKind::Fired
            };
            story.into_iter().filter(|event| !is_momentary(event)).collect()
        };
        prop_assert_eq!(told(run(&set, &path)), told(drive_by_the_second(&set, &path)));
    }

    #[test]
    fn bad_observations_change_nothing(path in paths::one_session(), bad in prop::collection::vec(any::<bool>(), 60)) {
        let set = paths::rule_list(ALL_KINDS);
        let mixed = path.with_bad_rows(&bad);
        let told = run(&set, &mixed);
        for event in &told {
            let decided = event.rule.as_str() == "close" || mixed.is_known_at(event.time);
            prop_assert!(decided, "{:?}", event);
        }
        // Confirmations count what is known; everything else is as if the bad
        // rows had never been.
        let known = |story: Vec<ReplayEvent>| -> Vec<ReplayEvent> {
            story.into_iter().filter(|event| event.rule.as_str() != "close").collect()
        };
        prop_assert_eq!(known(told), known(run(&set, &path)));
    }
}

#[test]
fn a_mark_never_falls_inside_its_span() {
    // The evidence of a firing shows the mark; over one session with a rule
    // that fires again and again it must not fall.
    let rows = [0, 300, 100, 250, -400, 290, -500, 310, -900]
        .iter()
        .enumerate()
        .map(|(at, cents)| (at as i64 * 60, View::good(cents * 100)))
        .collect();
    let set = rules("when: { trailing_drawdown: { metric: pnl, trail: 150 } }\n    rearm: clear");
    let told = run(&set, &Path::from_rows(rows));
    let marks: Vec<&str> = told
        .iter()
        .filter(|event| event.event == ReplayEventKind::Fired)
        .map(|event| event.evidence.get("high_water").unwrap())
        .collect();
    assert_eq!(marks, ["300.00", "300.00", "300.00", "310.00"]);
}
