//! What belongs to a position ends with it, also when no look lies between two.

use super::{Lines, fired, lived, load, replayed, with_rules};
use crate::support::at;
use riskd::domain::observation::{Content, Learned};

const MARK: &str = "{ name: drawdown, accounts: [a], when: { trailing_drawdown: { metric: unrealized, trail: 300 } }, then: [flatten], rearm: clear }";

/// A history with a row every ten seconds: open P&L and positions.
fn history(rows: &[(i64, &str)]) -> String {
    let mut text = "time,account,realized,unrealized,balance,equity,positions,orders\n".to_owned();
    for ((open, positions), second) in rows.iter().zip((0..).step_by(10)) {
        let equity = 50_000 + open;
        text += &format!(
            "2026-03-05T14:{:02}:{:02}Z,a,0,{open},50000,{equity},{positions},0\n",
            second / 60,
            second % 60
        );
    }
    text
}

fn of_mark(rows: &[(i64, &str)]) -> Lines {
    fired(&with_rules("flat-tick-alone.yaml", &[MARK]), &history(rows))
}

#[test]
fn c3_the_mark_of_an_open_profit_ends_with_its_position() {
    let due = ["14:00:20 drawdown"];
    // The same position, held, added to, and closed in part.
    for later in ["ES:+2@5000", "ES:+3@5010", "ES:+1@5000", "ES:+1"] {
        let rows = [(0, "ES:+2@5000"), (500, "ES:+2@5000"), (200, later)];
        assert_eq!(of_mark(&rows), due, "{later}");
    }
    // Turned round, entered anew at another price, or in something else.
    for later in ["ES:-2@5000", "ES:+2@5010", "ES:+1@5010", "NQ:+2@5000"] {
        let rows = [
            (0, "ES:+2@5000"),
            (500, "ES:+2@5000"),
            (200, later),
            (-99, later),
            (-100, later),
        ];
        assert_eq!(of_mark(&rows), ["14:00:40 drawdown"], "{later}");
    }
}

/// The open result is that of the account: it ends when all of it has.
#[test]
fn c3_the_mark_goes_on_while_one_position_does() {
    let rows = [
        (0, "ES:+2@5000;NQ:+1@18000"),
        (500, "ES:+2@5000;NQ:+1@18000"),
        (200, "ES:-2@5000;NQ:+1@18000"),
    ];
    assert_eq!(of_mark(&rows), ["14:00:20 drawdown"]);
}

#[test]
fn c3_what_is_unknown_ends_nothing() {
    let rows = [
        (0, "ES:+2@5000"),
        (500, "ES:+2@5000"),
        (400, ""),
        (200, "ES:+2@5000"),
    ];
    assert_eq!(of_mark(&rows), ["14:00:30 drawdown"]);
}

/// Positions with the open result of each: `ES+1@5000:-150`.
fn look(text: &str) -> Content {
    let positions = text.split_whitespace().map(|text| {
        let (held, open) = text.split_once(':').unwrap();
        let (name, rest) = held.split_at(2);
        let (quantity, price) = rest.split_once('@').unwrap();
        riskd::domain::holdings::Position {
            average_price: price.parse().ok(),
            unrealized: open.parse().ok(),
            ..riskd::domain::holdings::Position::new(
                riskd::domain::position_key::PositionKey::new(name),
                quantity.parse().unwrap(),
            )
        }
    });
    let positions: Vec<_> = positions.collect();
    let open = positions.iter().filter_map(|position| position.unrealized);
    let open = open.fold(
        "0".parse().unwrap(),
        |sum: riskd::domain::money::Money, one| sum.plus(one).unwrap(),
    );
    let start = riskd::domain::money::Money::from(50_000);
    Content::Learned(Learned {
        figures: riskd::domain::observation::Figures {
            realized: Some(0.into()),
            unrealized: Some(open),
            balance: Some(start),
            equity: start.plus(open),
        },
        positions: Some(positions.into()),
        ..Learned::default()
    })
}

/// When a rule fires that is given so many looks, ten seconds apart.
fn by_position(rule: &str, looks: &[&str]) -> Lines {
    let rules = load(&with_rules("flat-tick-alone.yaml", &[rule]));
    let start = at("2026-03-05T14:00:00Z").wall;
    let rows: Vec<_> = looks
        .iter()
        .zip((0..).step_by(10))
        .map(|(text, second)| (start + chrono::TimeDelta::seconds(second), look(text)))
        .collect();
    let lines = replayed(&rules, &rows);
    assert_eq!(lived(&rules, &rows), lines, "an engine that acts");
    let firings = lines
        .iter()
        .filter_map(|line| line.strip_suffix(" r fired"));
    firings.map(ToOwned::to_owned).collect()
}

fn rule(keys: &str) -> String {
    format!(
        "{{ name: r, accounts: [a], when: {{ pnl: {{ loss: 100, per: position }} }}, {keys}, then: [close_position], rearm: session }}"
    )
}

#[test]
fn c3_hold_and_confirm_of_each_position_end_with_it() {
    let cases: [(&[&str], Option<&str>, Option<&str>); 6] = [
        // One position, beyond the limit all the time.
        (
            &[
                "ES+1@5000:-150",
                "ES+1@5000:-150",
                "ES+1@5000:-150",
                "ES+1@5000:-150",
            ],
            Some("14:00:25"),
            Some("14:00:20"),
        ),
        // Turned round after ten seconds.
        (
            &[
                "ES+1@5000:-150",
                "ES-1@5000:-150",
                "ES-1@5000:-150",
                "ES-1@5000:-150",
            ],
            None,
            Some("14:00:30"),
        ),
        // Never the same one.
        (
            &[
                "ES+1@5000:-150",
                "ES+1@5010:-150",
                "NQ+1@5000:-150",
                "NQ-1@5000:-150",
            ],
            None,
            None,
        ),
        // The second begins before the first ends; its own time counts.
        (
            &[
                "ES+1@5000:-150",
                "ES+1@5000:-150 NQ+1@9:-150",
                "NQ+1@9:-150",
                "NQ+1@9:-150",
                "NQ+1@9:-150",
            ],
            Some("14:00:35"),
            Some("14:00:30"),
        ),
        // Another one stays beyond the limit when one ends.
        (
            &[
                "ES+1@5000:-150 NQ+1@9:-150",
                "ES-1@5000:-150 NQ+1@9:-150",
                "NQ+1@9:-150",
                "NQ+1@9:-150",
            ],
            Some("14:00:25"),
            Some("14:00:20"),
        ),
        // A look at which one is unknown is passed over, for that one.
        (
            &[
                "ES+1@5000:-150 NQ+1@9:-150",
                "ES+1@5000:? NQ+1@9:-150",
                "ES+1@5000:-150 NQ-1@9:-150",
                "ES+1@5000:-150",
                "ES+1@5000:-150",
            ],
            Some("14:00:35"),
            Some("14:00:30"),
        ),
    ];
    for (looks, held, confirmed) in cases {
        let expect = |at: Option<&str>| at.map(ToOwned::to_owned).into_iter().collect::<Lines>();
        assert_eq!(
            by_position(&rule("hold: 25s"), looks),
            expect(held),
            "{looks:?}"
        );
        assert_eq!(
            by_position(&rule("confirm: 3"), looks),
            expect(confirmed),
            "{looks:?}"
        );
    }
}

/// What holds whatever the positions are does not wait for one of them.
#[test]
fn c3_a_limit_on_the_account_beside_it_waits_for_itself() {
    let either = rule("hold: 25s").replace(
        "pnl: { loss: 100, per: position }",
        "any: [{ pnl: { loss: 100, per: position } }, { pnl: { loss: 120 } }]",
    );
    let turning = [
        "ES+1@5000:-150",
        "ES-1@5000:-150",
        "ES+1@5001:-150",
        "ES-1@5000:-150",
    ];
    assert_eq!(by_position(&either, &turning), ["14:00:25"]);
}

/// A percentage of a mark at or below zero is no way down from it.
#[test]
fn c4_a_percentage_of_a_mark_at_or_below_zero_is_not_armed() {
    let of = |name: &str, when: &str| {
        format!("{{ name: {name}, accounts: [a], when: {when}, then: [flatten] }}")
    };
    let rows = |worths: &[i64]| {
        let head = "time,account,realized,unrealized,balance,equity,positions,orders\n";
        let rows = worths.iter().zip(0..).map(|(worth, second)| {
            format!("2026-03-05T14:00:{second:02}Z,a,0,0,{worth},{worth},flat,0\n")
        });
        format!("{head}{}", rows.collect::<String>())
    };
    for metric in ["equity", "balance"] {
        let drawdown =
            format!("{{ trailing_drawdown: {{ metric: {metric}, trail: 50%, span: session }} }}");
        let rules = with_rules("flat-tick-alone.yaml", &[&of("r", &drawdown)]);
        assert!(fired(&rules, &rows(&[-100, -200, -50, -400, 0, -1])).is_empty());
        assert_eq!(
            fired(&rules, &rows(&[-100, -200, 80, 41, 40])),
            ["14:00:04 r"]
        );
        // Many rows alike, and then the first that is above zero arms it.
        let mut worths = vec![-50; 40];
        worths.extend([100, 51, 50]);
        assert_eq!(fired(&rules, &rows(&worths)), ["14:00:42 r"]);
        // Under a `not` it is known to be false, and an amount has no such limit.
        let not = of("not", &format!("{{ not: {drawdown} }}"));
        let amount = of("amount", &drawdown.replace("50%", "50"));
        let rules = with_rules("flat-tick-alone.yaml", &[&not, &amount]);
        assert_eq!(
            fired(&rules, &rows(&[-100, -149, -150])),
            ["14:00:00 not", "14:00:02 amount"]
        );
    }
}
