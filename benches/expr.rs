//! How long one evaluation of an expression takes, and its check.
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use riskd::rules::expression::{Expression, Value, Values, Variable, VariableKind};
use rust_decimal::Decimal;

/// Every number is 1,234.56 and no flag is set.
struct Fixed;

impl Values for Fixed {
    fn value(&self, variable: Variable) -> Option<Value> {
        Some(match variable.kind() {
            VariableKind::Flag => Value::Flag(false),
            _ => Value::Number(Decimal::new(123_456, 2)),
        })
    }
}

fn expressions(criterion: &mut Criterion) {
    let cases = [
        ("one comparison", "equity < 48000"),
        (
            "three comparisons",
            "session_pnl <= -1000 or equity < 48000 or contracts > 9000 and not is_flat",
        ),
        (
            "arithmetic",
            "max(session_open_balance, session_open_equity) - equity >= 0.04 * starting_balance",
        ),
        (
            "division and choice",
            "contracts > (equity / starting_balance >= 1.04 ? 10000 : 5000)",
        ),
    ];
    for (name, text) in cases {
        let expression = Expression::parse(text).unwrap();
        criterion.bench_function(&format!("evaluate: {name}"), |bencher| {
            bencher.iter(|| black_box(&expression).evaluate(black_box(&Fixed)));
        });
        criterion.bench_function(&format!("check: {name}"), |bencher| {
            bencher.iter(|| Expression::parse(black_box(text)));
        });
    }
}

criterion_group!(benches, expressions);
criterion_main!(benches);
