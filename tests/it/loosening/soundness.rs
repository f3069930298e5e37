//! What counts as tighter is tried: whenever the old form is true, so is the
//! new one.

use chrono::TimeDelta;
use riskd::domain::observation::Timestamp;
use riskd::domain::window::{Window, is_within, read_any};
use riskd::domain::{days::DaySet, schedule::Schedule};
use riskd::rules::expression::{Expression, Value, Values, Variable};
use rust_decimal::Decimal;

/// An account of which these are known.
struct Known {
    equity: Option<Decimal>,
    is_flat: Option<bool>,
}

impl Values for Known {
    fn value(&self, variable: Variable) -> Option<Value> {
        match variable {
            Variable::Equity => self.equity.map(Value::Number),
            Variable::IsFlat => self.is_flat.map(Value::Flag),
            _ => None,
        }
    }
}

fn worlds() -> Vec<Known> {
    let equities = [None, Some(1), Some(2), Some(3), Some(4), Some(5)];
    let mut worlds = Vec::new();
    for equity in equities {
        for is_flat in [None, Some(true), Some(false)] {
            let equity = equity.map(Decimal::from);
            worlds.push(Known { equity, is_flat });
        }
    }
    worlds
}

#[test]
fn an_expression_that_is_implied_is_true_whenever_the_other_is() {
    let mut atoms: Vec<String> = Vec::new();
    for sign in ["<", "<=", ">", ">=", "==", "!="] {
        for limit in [2, 3, 4] {
            atoms.push(format!("equity {sign} {limit}"));
            atoms.push(format!("{limit} {sign} equity"));
        }
    }
    atoms.extend(["is_flat", "not is_flat", "true", "equity < equity + 1"].map(str::to_owned));
    let mut texts = atoms.clone();
    for (index, atom) in atoms.iter().enumerate().step_by(3) {
        let other = &atoms[(index * 7 + 5) % atoms.len()];
        texts.push(format!("({atom}) and ({other})"));
        texts.push(format!("({atom}) or ({other})"));
        texts.push(format!("(({atom}) or is_flat) and ({other})"));
    }
    let parsed = texts.iter().map(|text| Expression::parse(text).ok());
    let parsed: Vec<(&String, Expression)> = texts
        .iter()
        .zip(parsed)
        .filter_map(|(text, parsed)| Some((text, parsed?)))
        .collect();
    assert!(parsed.len() > 60, "{}", parsed.len());
    let worlds = worlds();
    let mut implied = 0;
    for (old_text, old) in &parsed {
        for (new_text, new) in &parsed {
            if new.is_true_whenever(old) {
                implied += 1;
                for world in &worlds {
                    let is_true = |test: &Expression| test.evaluate(world) == Some(true);
                    assert!(!is_true(old) || is_true(new), "{old_text} -> {new_text}");
                }
            }
        }
    }
    assert!(implied > 400, "{implied}");
}

fn window(days: &[&str], from: &str, to: &str, zone: &str) -> Window {
    let days = DaySet::parse(days.iter().copied()).unwrap();
    let time = |text: &str| text.parse().unwrap();
    Window::new(days, time(from), time(to), zone.parse().unwrap()).unwrap()
}

#[test]
fn windows_that_lie_in_others_do_so_at_every_minute() {
    let zone = "America/New_York";
    let lists = [
        vec![window(&["sun"], "00:00", "24:00", zone)],
        vec![window(&["sun"], "01:00", "04:00", zone)],
        vec![window(&["sun"], "01:30", "03:30", zone)],
        vec![
            window(&["sun"], "01:00", "02:30", zone),
            window(&["sun"], "02:30", "04:00", zone),
        ],
        vec![window(&["sat"], "23:00", "03:00", zone)],
        vec![window(&["sat", "sun"], "20:00", "03:00", zone)],
        vec![
            window(&["sun"], "22:00", "02:00", zone),
            window(&["mon"], "01:00", "03:00", zone),
        ],
        vec![window(&["sun"], "23:00", "02:30", zone)],
        vec![window(&["mon"], "00:00", "00:30", zone)],
        vec![window(&["sun"], "06:00", "08:00", "UTC")],
        vec![window(&["sun"], "06:30", "07:30", "UTC")],
    ];
    // The weeks in which New York's clocks go forward and back.
    let starts = ["2026-03-05T00:00:00Z", "2026-10-29T00:00:00Z"];
    let starts = starts.map(|text| text.parse::<Timestamp>().unwrap());
    let mut within = 0;
    for inner in &lists {
        for outer in &lists {
            if !is_within(inner, outer) {
                continue;
            }
            within += 1;
            for start in starts {
                for minutes in (0..8 * 24 * 60).step_by(10) {
                    let now = start + TimeDelta::minutes(minutes);
                    let is_inside = |list: &[Window]| read_any(list, now).inside;
                    assert!(
                        !is_inside(inner) || is_inside(outer),
                        "{inner:?} {outer:?} {now}"
                    );
                }
            }
        }
    }
    assert!(within > lists.len() + 8, "{within}");
}

#[test]
fn a_schedule_with_more_times_has_every_time_of_the_other() {
    let zone = chrono_tz::America::New_York;
    let crons = [
        "0 16 * * *",
        "0 16 * * 1-5",
        "0,30 16 * * 1-5",
        "*/30 16 * * *",
        "0 16 1 * *",
        "0 16,17 1-15 * *",
        "0 16 * 3 *",
        "0 2 * * 0",
        "*/15 * * * *",
    ];
    let schedules: Vec<Schedule> = crons
        .iter()
        .map(|cron| Schedule::parse(cron, zone).unwrap())
        .collect();
    let start: Timestamp = "2026-02-20T00:00:00Z".parse().unwrap();
    let mut more = 0;
    for old in &schedules {
        for new in &schedules {
            if !new.has_all_of(old) {
                continue;
            }
            more += 1;
            let mut now = start;
            for _ in 0..60 {
                let Some(next) = old.next(now) else { break };
                let before = next - TimeDelta::seconds(1);
                assert_eq!(new.next(before), Some(next), "{old} {new}");
                now = next;
            }
        }
    }
    assert!(more > crons.len() + 8, "{more}");
}
