//! What is said of windows and schedules that miss sessions and early closes.

use super::mistakes::check;
use super::{load, with_rules};

/// A file with early closes and these rules, for sessions that close at 17:00.
fn with_closures(rules: &str) -> String {
    with_rules(rules).replace(
        "open: '18:00'",
        "open: '18:00', close: '17:00', closures: early.csv",
    )
}

fn rule(name: &str, when: &str) -> String {
    format!(
        "  - {{ name: {name}, accounts: ['*'], when: {{ {when} }}, then: [flatten, {{ notify: log }}] }}\n"
    )
}

const DATES: &str = "when `g` closes early: 2026-11-26 13:00, 2026-11-27 13:15, 2026-12-24 13:15 \
                     and 1 more; add a rule with `expr: \"(not is_flat or working_orders > 0) and \
                     minutes_to_close <= 5\"`";

#[test]
fn early_closes_that_a_rule_lets_pass() {
    let cases = [
        "^outside: [{ days: [sun, mon, tue, wed, thu], from: '18:00', to: '16:55' }]",
        "^outside: [{ days: [sun, mon, tue, wed, thu], from: '18:00', to: '17:00' }]",
        "^outside: { windows: [{ days: [mon, tue, wed, thu, fri], from: '09:30', to: '15:00' }], only: positions }",
        "any: [{ pnl: { loss: 5 } }, { ^inside: [{ days: [mon, tue, wed, thu, fri], from: '16:55', to: '18:00' }] }]",
        "^at: { cron: '55 16 * * mon-fri' }",
    ];
    for when in cases {
        let text = with_closures(&rule("r", when));
        check(&text, DATES);
        // The same where a session lasts until the next one; Friday's goes on
        // until Sunday then, on which the forbidden hours say nothing.
        if !when.contains("inside") {
            check(&text.replace("close: '17:00', ", ""), DATES);
        }
        // A rule that follows the close answers it.
        let expr = "expr: '(not is_flat or working_orders > 0) and minutes_to_close <= 5'";
        let text = text.replace('^', "") + &rule("s", expr);
        assert_eq!(load(&text).render_short(), "", "{when}");
    }
}

#[test]
fn rules_that_early_closes_do_not_concern() {
    let cases = [
        // Closed by 13:00 every day.
        "outside: [{ days: [mon, tue, wed, thu, fri], from: '09:30', to: '13:00' }]",
        // About the weekend, not about the close.
        "outside: [{ days: [mon, tue, wed, thu, fri], from: '00:00', to: '24:00' }]",
        "inside: [{ days: [mon, tue, wed, thu, fri], from: '09:30', to: '10:00' }]",
        "at: { cron: '55 12 * * mon-fri' }",
        "at: { cron: '0,30 * * * *' }",
        "all: [{ not: { outside: [{ days: [sun, mon, tue, wed, thu], from: '18:00', to: '16:55' }] } }, { orders: { working: 3 } }]",
    ];
    for when in cases {
        let text = with_closures(&rule("r", when));
        assert_eq!(load(&text).render_short(), "", "{when}");
    }
    let outside = "outside: [{ days: [sun, mon, tue, wed, thu], from: '18:00', to: '16:55' }]";
    let text = with_closures(&rule("r", outside));
    for (from, to) in [
        // No early close, no action, no rule at all.
        ("early.csv", "holidays.csv"),
        ("[flatten, { notify: log }]", "[{ notify: log }]"),
        (
            "[flatten, { notify: log }] }",
            "[flatten, { notify: log }], enabled: false }",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(load(&text.replace(from, to)).render_short(), "", "{to}");
    }
}

#[test]
fn a_session_that_windows_leave_out() {
    let missed = "warning: the session that opens on Sunday 18:00 lies outside of these windows \
                  for all of its 23 h; days are the days on which a window begins; add `sun`";
    let cases = [
        (
            "outside: ^[{ days: [mon, tue, wed, thu, fri], from: '18:00', to: '16:55' }]",
            missed,
        ),
        (
            "outside: ^[{ days: [mon, tue, wed, thu], from: '18:00', to: '16:55' }]",
            missed,
        ),
        (
            "outside: { windows: ^[{ days: [mon, tue, wed, thu, fri], from: '20:00', to: '08:30' }] }",
            missed,
        ),
        (
            "outside: ^[{ days: [mon, tue, wed, thu, fri], from: '17:30', to: '16:00', timezone: America/Chicago }]",
            "add `sun`",
        ),
    ];
    let close = |text: String| text.replace("open: '18:00'", "open: '18:00', close: '17:00'");
    for (when, words) in cases {
        check(&close(with_rules(&rule("r", when))), words);
    }
    let right = [
        "outside: [{ days: [sun, mon, tue, wed, thu], from: '18:00', to: '16:55' }]",
        // Days on which nobody means to trade.
        "outside: [{ days: [tue, wed, thu], from: '09:30', to: '16:00' }]",
        "outside: [{ days: [mon, tue, wed, thu], from: '00:00', to: '24:00' }]",
        // Covers no session at all.
        "outside: [{ days: [sat], from: '18:00', to: '02:00' }]",
        "inside: [{ days: [mon, tue, wed, thu, fri], from: '18:00', to: '16:55' }]",
    ];
    for when in right {
        assert_eq!(
            load(&close(with_rules(&rule("r", when)))).render_short(),
            "",
            "{when}"
        );
    }
}

#[test]
fn every_wrong_line_of_a_list_of_closures_is_told_of() {
    let text = with_rules("").replace("open: '18:00'", "open: '18:00', closures: header.csv");
    let short = load(&text).render_short();
    let place = text.lines().nth(1).unwrap().find("header.csv").unwrap() + 1;
    let expect = [
        "line 1: `date,close` is not the header; the header is `date,close_time`",
        "line 3: `later` is not a date; write year, month and day as in 2026-12-25",
        "line 4: `noon` is not a closing time; write hours and minutes as in 12:15, or nothing for closed all day",
    ];
    let expect: String = expect
        .iter()
        .map(|line| format!("rules.yaml:2:{place}: error: `header.csv`, {line}\n"))
        .collect();
    assert_eq!(short, expect);
}
