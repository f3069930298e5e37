//! Expressions: what they say, what is refused, and how the engine reads them.

mod engine;
mod grammar;

use std::collections::HashMap;

use riskd::rules::expression::{
    Expression, MAX_LENGTH, MAX_NESTING, MAX_WORDS, Mistake, Value, Values, Variable, VariableKind,
    functions_table, variables_table,
};
use rust_decimal::Decimal;

/// Values by name; a name that is not there is unknown.
#[derive(Clone, Debug, Default)]
struct Given(HashMap<Variable, Value>);

impl Values for Given {
    fn value(&self, variable: Variable) -> Option<Value> {
        self.0.get(&variable).copied()
    }
}

/// `equity=48000 is_flat=true`, everything else unknown.
fn given(text: &str) -> Given {
    let pairs = text.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        let variable = Variable::named(name).unwrap();
        let value = match variable.kind() {
            VariableKind::Flag => Value::Flag(value.parse().unwrap()),
            _ => Value::Number(Decimal::from_str_exact(value).unwrap()),
        };
        (variable, value)
    });
    Given(pairs.collect())
}

fn mistakes(text: &str) -> Vec<Mistake> {
    Expression::parse(text).expect_err(text)
}

#[test]
fn an_answer_follows_from_the_values() {
    let (yes, no, unknown) = (Some(true), Some(false), None);
    let cases = [
        ("equity < 48000", "equity=47999.99", yes),
        ("equity < 48000", "equity=48000.00", no),
        ("equity < 48000", "", unknown),
        ("equity <= 48_000", "equity=48000.0", yes),
        ("equity >= 48000", "equity=48000", yes),
        ("equity > 48000", "equity=48000", no),
        ("equity == 48000.00", "equity=48000", yes),
        ("equity != 48000", "equity=48000", no),
        // Exact decimals.
        (
            "realized + unrealized == 0.3",
            "realized=0.1 unrealized=0.2",
            yes,
        ),
        (
            "session_pnl <= -0.02 * starting_balance",
            "session_pnl=-1000 starting_balance=50000",
            yes,
        ),
        // Precedence.
        ("1 + 2 * positions == 7", "positions=3", yes),
        ("-positions + 5 == 2", "positions=3", yes),
        ("10 - positions - 2 == 5", "positions=3", yes),
        ("positions % 2 == 1", "positions=3", yes),
        (
            "is_flat or positions > 2 and contracts > 9",
            "is_flat=true positions=1 contracts=1",
            yes,
        ),
        (
            "(is_flat or positions > 2) and contracts > 9",
            "is_flat=true positions=1 contracts=1",
            no,
        ),
        (
            "not is_flat and positions > 0",
            "is_flat=false positions=1",
            yes,
        ),
        ("!is_flat", "is_flat=false", yes),
        ("not (positions > 2)", "positions=2", yes),
        ("is_flat == false", "is_flat=false", yes),
        (
            "is_flat != (positions == 0)",
            "is_flat=true positions=0",
            no,
        ),
        // Functions.
        ("abs(session_pnl) >= 5", "session_pnl=-5", yes),
        (
            "max(session_open_balance, session_open_equity) - equity >= 1000",
            "session_open_balance=50000 session_open_equity=50200 equity=49200",
            yes,
        ),
        (
            "min(positions, contracts, 3) == 2",
            "positions=2 contracts=5",
            yes,
        ),
        ("round(equity) == 3", "equity=2.5", yes),
        ("round(equity) == -3", "equity=-2.5", yes),
        ("round(equity, 1) == 2.3", "equity=2.25", yes),
        ("floor(equity) == -3", "equity=-2.5", yes),
        ("ceil(equity) == -2", "equity=-2.5", yes),
        // Choices.
        (
            "contracts > (equity >= 52000 ? 10 : 5)",
            "contracts=6 equity=51999",
            yes,
        ),
        (
            "contracts > (equity >= 52000 ? 10 : equity >= 51000 ? 7 : 5)",
            "contracts=6 equity=51999",
            no,
        ),
        (
            "is_flat ? working_orders > 0 : contracts > 2",
            "is_flat=false contracts=3",
            yes,
        ),
        // Over several lines.
        (
            "equity < 5\n\tor positions > 1",
            "equity=6 positions=2",
            yes,
        ),
        // An unknown makes unknown what it decides, and nothing else.
        ("equity < 5 or week_pnl < -9", "equity=1", yes),
        ("equity < 5 or week_pnl < -9", "equity=9", unknown),
        ("week_pnl < -9 or equity < 5", "equity=1", yes),
        ("equity < 5 and week_pnl < -9", "equity=9", no),
        ("equity < 5 and week_pnl < -9", "equity=1", unknown),
        ("week_pnl < -9 and equity < 5", "equity=9", no),
        ("not (week_pnl < -9)", "", unknown),
        ("week_pnl == week_pnl", "", unknown),
        ("max(equity, week_pnl) > 1", "equity=5", unknown),
        ("0 * week_pnl == 0", "", unknown),
        ("is_flat ? equity > 1 : equity > 1", "equity=5", unknown),
        ("is_flat == (equity > 1)", "equity=5", unknown),
        // What cannot be computed is unknown.
        ("equity / positions > 1", "equity=5 positions=0", unknown),
        ("equity % positions > 1", "equity=5 positions=0", unknown),
        (
            "positions > 0 and equity / positions > 1",
            "equity=5 positions=0",
            no,
        ),
        (
            "equity * equity > 1",
            "equity=79228162514264337593543950335",
            unknown,
        ),
        (
            "equity + equity > 1",
            "equity=79228162514264337593543950335",
            unknown,
        ),
        (
            "-equity - equity < 1",
            "equity=79228162514264337593543950335",
            unknown,
        ),
        (
            "equity / 0.0000000000000000000000000001 > 1",
            "equity=79228162514264337593543950335",
            unknown,
        ),
    ];
    for (text, values, expect) in cases {
        let expression =
            Expression::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        let answer = expression.evaluate(&given(values));
        assert_eq!(answer, expect, "{text} with {values}");
    }
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    let cases = [
        // Names.
        (
            "equty < 5",
            "equty",
            "no variable `equty`",
            "did you mean `equity`?",
        ),
        (
            "Equity < 5",
            "Equity",
            "no variable",
            "did you mean `equity`?",
        ),
        (
            "session_pln <= 5",
            "session_pln",
            "no variable",
            "`session_pnl`",
        ),
        (
            "balance < 5 AND is_flat",
            "AND",
            "no variable",
            "did you mean `and`?",
        ),
        ("price > 5", "price", "no variable `price`", ""),
        ("account.equity < 5", "account", "no variable `account`", ""),
        ("equity.high < 5", ".", "`.` is not part", "0.5"),
        ("min > 5", "min", "`min` is a function", "min(x, y)"),
        ("equity > null", "null", "`null` is not part", ""),
        ("equity in 5", "in", "`in` is not part", ""),
        // What is impure, loops, or has no use.
        ("rand(5) > 2 or is_flat", "rand", "`rand` is refused", ""),
        ("d('now') > 5", "d", "`d` is refused", "minutes_to_close"),
        ("now() > 5", "now", "`now` is refused", "minutes_to_close"),
        ("sum([1, 2]) > equity", "sum", "no function `sum`", ""),
        ("all([1], # > 0)", "all", "no function `all`", ""),
        (
            "abbs(equity) > 0",
            "abbs",
            "no function",
            "did you mean `abs`?",
        ),
        ("equity ^ 2 > 5", "^", "`^` is not part", "multiply"),
        ("equity ** 2 > 5", "**", "`**` is not part", "multiply"),
        ("positions..5 > equity", "..", "`..` is not part", ""),
        ("equity == 'x'", "'", "", "without quotes"),
        ("$ > 5 or is_flat", "$", "", "plain numbers"),
        ("x = 5; equity > x", "=", "", "write `==`"),
        ("equity ?? 5 > 1", "??", "", ""),
        ("{a: 1} == equity", "{", "", ""),
        // Other languages.
        ("equity = 5", "=", "`=` is not part", "write `==`"),
        ("is_flat && equity > 5", "&&", "", "write `and`"),
        ("is_flat || equity > 5", "||", "", "write `or`"),
        ("equity ≤ 5", "≤", "", "write `<=`"),
        ("equity => 5", "=>", "", "write `>=`"),
        ("equity <> 5", "<>", "", "write `!=`"),
        ("equity < –5", "–", "", "write `-`"),
        // Numbers.
        ("equity < 48,000", "48,000", "a number has no commas", ""),
        (
            "max(equity, 48,000) > 1",
            "48,000",
            "a number has no commas",
            "",
        ),
        ("equity < 1e5", "1e5", "not a number", "in full"),
        ("equity < 1.2.3", "1.2.3", "not a number", ""),
        ("equity < 5.", "5.", "not a number", ""),
        ("equity < .5", ".", "", "0.5"),
        ("equity < 007", "007", "not a number", ""),
        ("equity < 50k", "50k", "not a number", ""),
        (
            "equity < 99999999999999999999999999999999",
            "*",
            "cannot be read",
            "",
        ),
        // Types.
        ("equity", "*", "this is a number", "compare it"),
        ("equity + 5", "*", "this is a number", ""),
        ("is_flat ? 1 : 2", "*", "this is a number", ""),
        ("1 < 2", "*", "reads nothing", ""),
        ("true", "*", "reads nothing", ""),
        (
            "equity and is_flat",
            "equity",
            "`and` takes what is true or false",
            "compare",
        ),
        (
            "is_flat or positions",
            "positions",
            "`positions` is a number",
            "compare",
        ),
        ("not equity > 5", "equity", "`not` takes", "brackets"),
        ("is_flat + 1 > 2", "is_flat", "`+` takes numbers", ""),
        ("is_flat < 1", "is_flat", "`<` takes numbers", ""),
        (
            "1 < equity < 5",
            "1 < equity",
            "`<` takes numbers",
            "join two comparisons",
        ),
        (
            "is_flat == 1",
            "is_flat == 1",
            "`==` compares two of one kind",
            "",
        ),
        ("(equity ? 1 : 2) > 1", "equity", "`?` takes", ""),
        ("(is_flat ? 1 : is_flat) > 1", "is_flat", "one kind", ""),
        ("abs(is_flat) > 1", "is_flat", "`abs` takes numbers", ""),
        (
            "max(equity) > 1",
            "max(equity)",
            "wrong number of values",
            "max(x, y)",
        ),
        (
            "abs(equity, 1) > 1",
            "abs(equity, 1)",
            "wrong number",
            "abs(x)",
        ),
        (
            "round(equity, positions) > 1",
            "positions",
            "decimal places",
            "",
        ),
        ("round(equity, 11) > 1", "11", "decimal places", ""),
        ("equity / 0 > 1", "0", "divides by zero", ""),
        // Grammar.
        ("", "*", "empty", ""),
        (" \n ", "*", "empty", ""),
        ("equity <", "<", "ends too early", ""),
        (
            "equity 5",
            "5",
            "something is missing in front of `5`",
            "join",
        ),
        (
            "equity < 5 is_flat",
            "is_flat",
            "something is missing",
            "`and`",
        ),
        ("equity < < 5", "<", "a value is missing", ""),
        ("(equity < 5", "(", "not closed", "`)`"),
        ("equity < 5)", ")", "closes nothing", ""),
        ("() or is_flat", ")", "a value is missing", ""),
        ("is_flat ? true", "*", "cannot be read", "belong together"),
        ("is_flat, is_flat", "*", "cannot be read", ""),
    ];
    let mut wrong = Vec::new();
    for (text, marked, message, help) in cases {
        let marked = if marked == "*" { text } else { marked };
        let found = mistakes(text);
        let is_it = |one: &&Mistake| {
            text.get(one.span.clone()) == Some(marked) && one.message.contains(message)
        };
        let Some(one) = found.iter().find(is_it) else {
            wrong.push(format!("{text}: {found:?}"));
            continue;
        };
        if !one.help.as_deref().unwrap_or_default().contains(help) {
            wrong.push(format!("{text}: {one:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_unknown_name_is_reported_at_once() {
    let found = mistakes("equty < 5 and balanc > 2 or foo(1) > 2");
    let places: Vec<usize> = found.iter().map(|one| one.span.start).collect();
    assert_eq!(places, [0, 14, 28]);
    let found = mistakes("(equity and 1 < 2) == (not positions)");
    assert_eq!(found.len(), 2);
}

#[test]
fn size_is_limited() {
    let fits = |text: &str| Expression::parse(text).is_ok();
    let long = |length: usize| format!("equity < 5{}", " ".repeat(length - 10));
    assert!(fits(&long(MAX_LENGTH)));
    assert!(!fits(&long(MAX_LENGTH + 1)));
    // `is_flat` and two words for each `or true`, and an odd one for a `not`.
    let wordy = |more: &str, pairs: usize| format!("{more}is_flat{}", "or true ".repeat(pairs));
    let words = |count: usize| match count % 2 {
        1 => wordy("", count / 2).replacen("is_flat", "is_flat ", 1),
        _ => wordy("not ", count / 2 - 1).replacen("is_flat", "is_flat ", 1),
    };
    // Within the length: 256 words are shorter than 1,000 characters as signs.
    assert!(fits(&words(101)));
    let signs = |count: usize| format!("positions > {}1", "-".repeat(count - 3));
    assert!(fits(&signs(MAX_WORDS)));
    assert!(!fits(&signs(MAX_WORDS + 1)));
    let nested = |depth: usize| format!("{}is_flat{}", "(".repeat(depth), ")".repeat(depth));
    assert!(fits(&nested(MAX_NESTING)));
    assert!(!fits(&nested(MAX_NESTING + 1)));
}

#[test]
fn reads_name_each_variable_once() {
    let text = "equity < 5 and balance < equity or minutes_to_close <= 5";
    let expression = Expression::parse(text).unwrap();
    let expect = [
        Variable::Equity,
        Variable::Balance,
        Variable::MinutesToClose,
    ];
    assert_eq!(expression.reads(), expect);
}

#[test]
fn every_variable_can_be_read_and_nothing_else() {
    for variable in Variable::ALL {
        let text = match variable.kind() {
            VariableKind::Flag => variable.name().to_owned(),
            _ => format!("{variable} < 5"),
        };
        let expression = Expression::parse(&text).unwrap();
        assert_eq!(expression.reads(), [*variable]);
        assert_eq!(Variable::named(variable.name()), Some(*variable));
    }
}

#[test]
fn an_expression_can_go_to_another_thread() {
    fn goes<T: Send + Sync>() {}
    goes::<Expression>();
    goes::<riskd::engine::Engine>();
}

#[test]
fn the_docs_have_the_tables() {
    let docs = include_str!("../../docs/expressions.md");
    for table in [variables_table(), functions_table()] {
        assert!(docs.contains(&table), "docs/expressions.md lacks:\n{table}");
    }
    let limits = format!(
        "{} characters, {MAX_WORDS} words and signs and {MAX_NESTING} brackets",
        "1,000"
    );
    assert_eq!(MAX_LENGTH, 1_000);
    assert!(docs.contains(&limits), "{limits}");
    let examples = docs.split("expr: ").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?;
        line.strip_prefix('"')?.split('"').next()
    });
    let mut count = 0;
    for example in examples {
        count += 1;
        assert!(Expression::parse(example).is_ok(), "{example}");
    }
    assert!(count >= 5, "{count}");
}
