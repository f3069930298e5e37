//! Expressions made at random: nothing panics, and the answers are those of the
//! library's own machine where that has one.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use riskd::rules::expression::{Expression, Value, Variable, VariableKind};
use rust_decimal::Decimal;
use zen_expression::intellisense::diagnostic::Severity;
use zen_expression::intellisense::{IntelliSense, ReadDependency};
use zen_expression::variable::{Variable as Theirs, VariableType};

use super::Given;
use crate::machine::processor_time;

/// One expression in riskd's words and in the library's.
type Texts = (String, String);

fn variables(flags: bool) -> Vec<Variable> {
    let is_wanted = |variable: &&Variable| (variable.kind() == VariableKind::Flag) == flags;
    Variable::ALL.iter().filter(is_wanted).copied().collect()
}

fn same(text: String) -> Texts {
    (text.clone(), text)
}

fn number(depth: u32) -> BoxedStrategy<Texts> {
    let literal = (0_i64..2_000, 0_u32..4)
        .prop_map(|(digits, scale)| same(Decimal::new(digits, scale).to_string()));
    let variable = prop::sample::select(variables(false)).prop_map(|v| same(v.to_string()));
    let plain = prop_oneof![literal, variable].boxed();
    if depth == 0 {
        return plain;
    }
    let inner = number(depth - 1);
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
    let pair = (inner.clone(), operator, inner.clone()).prop_map(|(a, sign, b)| {
        (
            format!("({} {sign} {})", a.0, b.0),
            format!("({} {sign} {})", a.1, b.1),
        )
    });
    let one = prop::sample::select(vec!["abs", "floor", "ceil", "round", "-", "+"]);
    let applied = (one, inner.clone())
        .prop_map(|(name, a)| (format!("{name}({})", a.0), format!("{name}({})", a.1)));
    let rounded = (inner.clone(), 0_u32..=10).prop_map(|(a, n)| {
        (
            format!("round({}, {n})", a.0),
            format!("round({}, {n})", a.1),
        )
    });
    let extreme = (prop::bool::ANY, vec(inner.clone(), 2..4)).prop_map(|(is_min, all)| {
        let name = if is_min { "min" } else { "max" };
        let ours: Vec<String> = all.iter().map(|one| one.0.clone()).collect();
        let theirs: Vec<String> = all.iter().map(|one| one.1.clone()).collect();
        let (ours, theirs) = (ours.join(", "), theirs.join(", "));
        (format!("{name}({ours})"), format!("{name}([{theirs}])"))
    });
    let chosen = (test(depth - 1), inner.clone(), inner).prop_map(|(c, a, b)| choice(&c, &a, &b));
    prop_oneof![2 => plain, 4 => pair, 2 => applied, 1 => rounded, 1 => extreme, 1 => chosen]
        .boxed()
}

fn choice(c: &Texts, a: &Texts, b: &Texts) -> Texts {
    (
        format!("({} ? {} : {})", c.0, a.0, b.0),
        format!("({} ? {} : {})", c.1, a.1, b.1),
    )
}

fn test(depth: u32) -> BoxedStrategy<Texts> {
    let literal = prop::bool::ANY.prop_map(|answer| same(answer.to_string()));
    let flag = prop::sample::select(variables(true)).prop_map(|v| same(v.to_string()));
    let plain = prop_oneof![1 => literal, 3 => flag].boxed();
    if depth == 0 {
        return plain;
    }
    let pair = |operators: Vec<&'static str>, inner: BoxedStrategy<Texts>| {
        (inner.clone(), prop::sample::select(operators), inner).prop_map(|(a, sign, b)| {
            (
                format!("({} {sign} {})", a.0, b.0),
                format!("({} {sign} {})", a.1, b.1),
            )
        })
    };
    let compared = pair(vec!["<", "<=", ">", ">=", "==", "!="], number(depth - 1));
    let joined = pair(vec!["and", "or", "==", "!="], test(depth - 1));
    let not = test(depth - 1).prop_map(|a| (format!("not ({})", a.0), format!("not ({})", a.1)));
    let inner = test(depth - 1);
    let chosen = (inner.clone(), inner.clone(), inner).prop_map(|(c, a, b)| choice(&c, &a, &b));
    prop_oneof![1 => plain, 5 => compared, 4 => joined, 2 => not, 1 => chosen].boxed()
}

/// A value for each variable, in the order of the table: quarters, and some
/// that come close to what a decimal can hold.
fn values() -> impl Strategy<Value = Given> {
    let number = prop_oneof![
        8 => (-40_i64..40).prop_map(|quarters| Decimal::new(quarters * 25, 2)),
        4 => (-100_000_000_i64..100_000_000).prop_map(|cents| Decimal::new(cents, 2)),
        1 => prop::sample::select(vec![Decimal::MAX, Decimal::MIN, Decimal::new(1, 28)]),
    ];
    let each = (number, prop::bool::ANY);
    vec(each, Variable::ALL.len()).prop_map(|drawn| {
        let pairs = Variable::ALL.iter().zip(drawn).map(|(variable, drawn)| {
            let value = match variable.kind() {
                VariableKind::Flag => Value::Flag(drawn.1),
                _ => Value::Number(drawn.0),
            };
            (*variable, value)
        });
        Given(pairs.collect())
    })
}

fn theirs(given: &Given) -> Theirs {
    let object = Theirs::empty_object();
    for (variable, value) in &given.0 {
        let value = match value {
            Value::Number(number) => Theirs::Number(*number),
            Value::Flag(flag) => Theirs::Bool(*flag),
        };
        object.dot_insert(variable.name(), value);
    }
    object
}

fn types() -> VariableType {
    let types = VariableType::empty_object();
    for variable in Variable::ALL {
        let kind = match variable.kind() {
            VariableKind::Flag => VariableType::Bool,
            _ => VariableType::Number,
        };
        types.dot_insert(variable.name(), kind);
    }
    types
}

fn path(read: &ReadDependency) -> String {
    match read {
        ReadDependency::Direct { path, .. } => path.join("."),
        other => panic!("{other:?}"),
    }
}

/// The parsed expression, unless it is larger than allowed or reads nothing.
fn parsed(text: &str) -> Option<Expression> {
    match Expression::parse(text) {
        Ok(expression) => Some(expression),
        Err(mistakes) => {
            let accepted = ["at most", "reads nothing", "divides by zero"];
            let first = &mistakes.first().unwrap().message;
            assert!(
                accepted.iter().any(|words| first.contains(words)),
                "{text}: {first}"
            );
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_the_library(texts in test(4), given in values()) {
        let Some(expression) = parsed(&texts.0) else { return Ok(()) };
        let ours = expression.evaluate(&given);
        let machine = zen_expression::evaluate_expression(&texts.1, theirs(&given));
        let theirs = match machine {
            Ok(Theirs::Bool(answer)) => Some(answer),
            _ => None,
        };
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours, theirs, "{}", texts.0);
        }
        // Its machine takes a division by zero as null and goes on.
        let divides = texts.0.contains(['/', '%']);
        if !divides && theirs.is_some() {
            prop_assert_eq!(ours, theirs, "{}", texts.0);
        }
    }

    #[test]
    fn the_library_finds_the_same_types_and_names(texts in test(4)) {
        let Some(expression) = parsed(&texts.0) else { return Ok(()) };
        let analysis = IntelliSense::new().with_strict(true).analyze(&texts.1, &types());
        let errors: Vec<_> = analysis
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .collect();
        prop_assert!(errors.is_empty(), "{}: {errors:?}", texts.1);
        prop_assert!(analysis.return_type.satisfies(&VariableType::Bool));
        let ours: BTreeSet<String> = expression.reads().iter().map(ToString::to_string).collect();
        let theirs: BTreeSet<String> = analysis.reads.iter().map(path).collect();
        prop_assert_eq!(ours, theirs);
    }

    /// What is answered although something is unknown stays the answer whatever
    /// the unknown turns out to be.
    #[test]
    fn learning_more_never_changes_an_answer(
        texts in test(4),
        given in values(),
        hidden in vec(prop::bool::weighted(0.4), Variable::ALL.len()),
    ) {
        let Some(expression) = parsed(&texts.0) else { return Ok(()) };
        let mut less = given.clone();
        for (variable, hide) in Variable::ALL.iter().zip(hidden) {
            if hide {
                less.0.remove(variable);
            }
        }
        if let Some(answer) = expression.evaluate(&less) {
            let full = expression.evaluate(&given);
            // What the unknown enters may also be impossible to compute.
            prop_assert!(full.is_none_or(|full| full == answer), "{}", texts.0);
            prop_assert!(full.is_some(), "{}", texts.0);
        }
    }

    /// Words and signs in any order, and any text at all.
    #[test]
    fn nothing_panics(
        words in vec(prop::sample::select(WORDS.to_vec()), 0..120),
        joint in prop::sample::select(vec!["", " "]),
        any in ".{0,60}",
        given in values(),
    ) {
        for text in [words.join(joint), any] {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = expression.evaluate(&given);
            }
        }
    }
}

const WORDS: &[&str] = &[
    "equity",
    "is_flat",
    "positions",
    "1",
    "0",
    "2.5",
    "0.1",
    "(",
    ")",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<",
    ">",
    "<=",
    "==",
    "!=",
    "and",
    "or",
    "not",
    "!",
    "?",
    ":",
    ",",
    "max",
    "round",
    "abs",
    "true",
    "..",
    "[",
    "]",
    "{",
    "}",
    "`",
    "'",
    "$",
    "#",
    "map",
    "d",
    "in",
    "not in",
    "??",
    "=",
    ";",
    ".",
    "null",
    "_",
    "e",
    "é",
    "\n",
];

/// Texts for which the parser alone would take time without end.
#[test]
fn a_hostile_text_is_refused_at_once() {
    let texts = [
        format!("{}1..2", "(".repeat(900)),
        format!("{}1{}", "(".repeat(490), ")".repeat(490)),
        "-".repeat(1_000),
        "not ".repeat(250),
        "[".repeat(1_000),
        "max(".repeat(250),
        "is_flat?".repeat(120),
        "a.".repeat(500),
        "`${".repeat(300),
    ];
    let begun = processor_time();
    for text in texts {
        assert!(Expression::parse(&text).is_err(), "{text}");
    }
    assert!((processor_time() - begun).as_secs() < 5);
}
