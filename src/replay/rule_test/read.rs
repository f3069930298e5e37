//! From the text of a test file to tests, with every mistake at its place.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use rust_decimal::Decimal;

use super::tables;
use super::{Changes, Expected, Given, RuleTest, Says, TestStep};
use crate::domain::account::{AccountName, RuleName};
use crate::domain::holdings::{Liquidation, OrderSide, Position, WorkingOrder, WorkingOrders};
use crate::domain::instrument::{Dialect, Instrument};
use crate::domain::money::Money;
use crate::domain::observation::Timestamp;
use crate::domain::position_key::PositionKey;
use crate::rules::book::{Account, Rule};
use crate::rules::diagnostic::{Diagnostic, Findings, Place, either, listed, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::ruleset::RuleSet;
use crate::rules::suggest::did_you_mean;

/// Most tests in a file.
pub const MAX_TESTS: usize = 10_000;

/// The word for not knowing.
const UNKNOWN: &str = "unknown";

/// The tests of a file. Names are checked against the rules when there are
/// some; a broken rule file is a mistake of its own.
pub(super) fn tests(
    node: &Node<'_>,
    rules: Option<&RuleSet>,
    findings: &mut Findings,
) -> Vec<RuleTest> {
    let Some(items) = read::list(node, "the list of tests", findings) else {
        return Vec::new();
    };
    if items.len() > MAX_TESTS {
        let message = format!("{} tests; {MAX_TESTS} is the most", items.len());
        findings.push(Diagnostic::error(node.place, message).help("write a second file"));
        return Vec::new();
    }
    items
        .iter()
        .filter_map(|item| test(item, rules, findings))
        .collect()
}

fn test(node: &Node<'_>, rules: Option<&RuleSet>, findings: &mut Findings) -> Option<RuleTest> {
    let fields = Fields::open(node, &tables::TEST, findings)?;
    let name = fields.read("name", findings, read::line_of_text);
    let account = fields.read("account", findings, |node, findings| {
        account(node, rules, findings)
    });
    let start = fields.read("start", findings, instant);
    let dialect = account
        .as_ref()
        .map_or(Dialect::Futures, |account| account.profile.dialect);
    let steps = fields.read("steps", findings, |node, findings| {
        steps(node, dialect, findings)
    });
    let watching = rules.zip(account.as_ref());
    let expect = fields.read("expect", findings, |node, findings| {
        expect(node, watching, findings)
    });
    let last = steps.as_ref().and_then(|steps| steps.last());
    let last = last.map_or(TimeDelta::zero(), |step| step.at);
    let end = fields.read("end", findings, |node, findings| end(node, last, findings));
    late_expectations(expect.as_deref(), end.unwrap_or(last), findings);
    Some(RuleTest {
        name: name.map_or_else(|| format!("line {}", node.place.line), str::to_owned),
        line: node.place.line,
        account: account?,
        start: start?,
        steps: steps?,
        expect: expect?.into_iter().map(|(expected, _)| expected).collect(),
        end,
    })
}

/// The account; without rules to look it up in there is none, and nothing to say
/// of it.
fn account(
    node: &Node<'_>,
    rules: Option<&RuleSet>,
    findings: &mut Findings,
) -> Option<Arc<Account>> {
    let text = read::scalar(node, "the name of an account", findings)?;
    let rules = rules?;
    let found = rules.account(&AccountName::from(text));
    if found.is_none() {
        let names = rules
            .book
            .accounts
            .iter()
            .map(|account| account.name.as_str());
        let message = format!("there is no account {} in the rule file", quoted(text));
        findings.push(Diagnostic::error(node.place, message).help(near_or_all(text, names)));
    }
    found.map(Arc::clone)
}

fn near_or_all<'k>(text: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    did_you_mean(text, known.clone())
        .unwrap_or_else(|| format!("there are {}", listed(known.take(8))))
}

/// An instant with its offset from UTC.
fn instant(node: &Node<'_>, findings: &mut Findings) -> Option<Timestamp> {
    let text = read::scalar(node, "a time such as `2026-03-05T09:30:00-05:00`", findings)?;
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => {
            let message = format!("{} is not a time with its date and offset", quoted(text));
            let help = "write it like `2026-03-05T09:30:00-05:00`, or with `Z` for UTC";
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// A duration from `start`, which may be zero.
fn offset(node: &Node<'_>, findings: &mut Findings) -> Option<TimeDelta> {
    let text = read::scalar(node, "a duration such as `10s`", findings)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let is_zero = !digits.is_empty() && digits.bytes().all(|byte| byte == b'0');
    if is_zero && matches!(unit, "" | "ms" | "s" | "m" | "h" | "d") {
        return Some(TimeDelta::zero());
    }
    read::duration(node, findings)
}

fn end(node: &Node<'_>, last: TimeDelta, findings: &mut Findings) -> Option<TimeDelta> {
    let end = offset(node, findings)?;
    if end < last {
        let message = "the test ends before its last step";
        let help = "write a later `end`, or leave it out";
        findings.push(Diagnostic::error(node.place, message).help(help));
    }
    Some(end)
}

fn steps(node: &Node<'_>, dialect: Dialect, findings: &mut Findings) -> Option<Vec<TestStep>> {
    let items = read::list(node, "the list of steps", findings)?;
    let mut steps = Vec::with_capacity(items.len());
    let mut last: Option<TimeDelta> = None;
    for item in items {
        let Some((step, place)) = step(item, dialect, findings) else {
            continue;
        };
        if last.is_some_and(|last| step.at < last) {
            let message = "this step is earlier than the one before it";
            let help = "`at` counts from `start`, not from the step before";
            findings.push(Diagnostic::error(place, message).help(help));
        }
        last = last.max(Some(step.at));
        steps.push(step);
    }
    Some(steps)
}

/// A step, and where its time stands.
fn step(node: &Node<'_>, dialect: Dialect, findings: &mut Findings) -> Option<(TestStep, Place)> {
    let fields = Fields::open(node, &tables::STEP, findings)?;
    let at = fields.read("at", findings, offset);
    let restart = fields.read("restart", findings, read::flag);
    let changes = Changes {
        realized: fields.read("realized", findings, figure),
        unrealized: fields.read("unrealized", findings, figure),
        balance: fields.read("balance", findings, figure),
        equity: fields.read("equity", findings, figure),
        margin: fields.read("margin", findings, margin),
        positions: fields.read("positions", findings, |node, findings| {
            positions(node, dialect, findings)
        }),
        orders: fields.read("orders", findings, |node, findings| {
            orders(node, dialect, findings)
        }),
    };
    let says = match fields.get("data") {
        None => Says::Learned(changes),
        Some(data) => {
            missing(data, findings)?;
            if changes != Changes::default() {
                let message = "a step with `data: missing` learns nothing else";
                let help = "leave the figures out of this step, or `data`";
                findings.push(Diagnostic::error(data.place, message).help(help));
            }
            Says::Missing
        }
    };
    let step = TestStep {
        at: at?,
        restart: restart.unwrap_or(false),
        says,
    };
    Some((step, fields.place("at")))
}

fn missing(node: &Node<'_>, findings: &mut Findings) -> Option<()> {
    let text = read::scalar(node, "`missing`", findings)?;
    if text == "missing" {
        return Some(());
    }
    let message = format!("{} is not `missing`", quoted(text));
    let help = "write `data: missing`, or leave `data` out";
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

fn is_unknown(node: &Node<'_>) -> bool {
    node.scalar() == Some(UNKNOWN)
}

fn figure(node: &Node<'_>, findings: &mut Findings) -> Option<Given<Money>> {
    if is_unknown(node) {
        return Some(Given::Unknown);
    }
    read::money(node, findings).map(Given::Known)
}

fn margin(node: &Node<'_>, findings: &mut Findings) -> Option<Given<Money>> {
    let given = figure(node, findings)?;
    if let Given::Known(margin) = &given
        && margin.decimal() < Decimal::ZERO
    {
        let message = format!("a maintenance margin is not below zero, as {margin} is");
        let help = "write what the venue wants kept, `0` when nothing is held, or `unknown`";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    Some(given)
}

fn positions(
    node: &Node<'_>,
    dialect: Dialect,
    findings: &mut Findings,
) -> Option<Given<Arc<[Position]>>> {
    if is_unknown(node) {
        return Some(Given::Unknown);
    }
    let Some(entries) = node.entries() else {
        let message = format!("positions are a mapping, not {}", node.describe());
        let help = "write `{ \"ES 03-26\": 2 }`, `{}` when flat, or `unknown`";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    };
    let mut held: Vec<Position> = Vec::with_capacity(entries.len());
    for entry in entries {
        let key = PositionKey::of(&entry.key, dialect);
        if !held.iter().all(|known| known.key.goes_beside(&key)) {
            let message = format!("{} is held already", quoted(&entry.key));
            let help = "write one position for each instrument, or one for each of its sides";
            findings.push(Diagnostic::error(entry.key_place, message).help(help));
        }
        held.extend(position(key, &entry.value, findings));
    }
    (held.len() == entries.len()).then(|| Given::Known(held.into()))
}

fn position(key: PositionKey, node: &Node<'_>, findings: &mut Findings) -> Option<Position> {
    let mut position = Position::new(key, Decimal::ZERO);
    let quantity = match &node.value {
        Value::Map(_) => {
            let fields = Fields::open(node, &tables::POSITION, findings)?;
            position.unrealized = fields.read("unrealized", findings, read::money);
            position.average_price = fields.read("price", findings, price);
            position.mark_price = fields.read("mark_price", findings, price);
            position.liquidation = fields
                .read("liquidation_price", findings, liquidation)
                .unwrap_or_default();
            position.notional = fields.read("notional", findings, read::positive_money);
            fields.read("quantity", findings, read::number)?
        }
        _ => read::number(node, findings)?,
    };
    if quantity.is_zero() {
        let help = "leave the instrument out when it is not held";
        let message = "a position is not zero";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    if !position.key.side.admits(quantity) {
        let help = "write a long position above zero and a short one below";
        let message = format!("{} is not on the side of {}", quantity, position.key);
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    position.quantity = quantity;
    Some(position)
}

fn price(node: &Node<'_>, findings: &mut Findings) -> Option<Decimal> {
    read::positive_money(node, findings).map(Money::decimal)
}

fn liquidation(node: &Node<'_>, findings: &mut Findings) -> Option<Liquidation> {
    if node.scalar() == Some(tables::NONE) {
        return Some(Liquidation::Never);
    }
    price(node, findings).map(Liquidation::At)
}

fn orders(
    node: &Node<'_>,
    dialect: Dialect,
    findings: &mut Findings,
) -> Option<Given<WorkingOrders>> {
    if is_unknown(node) {
        return Some(Given::Unknown);
    }
    match node.items() {
        None => read::whole(node, 0, tables::MAX_ORDERS, findings)
            .map(|count| Given::Known(WorkingOrders::Counted(count))),
        Some(items) => {
            let orders: Vec<Option<WorkingOrder>> = items
                .iter()
                .map(|item| order(item, dialect, findings))
                .collect();
            let orders: Option<Vec<WorkingOrder>> = orders.into_iter().collect();
            Some(Given::Known(WorkingOrders::Listed(orders?.into())))
        }
    }
}

fn order(node: &Node<'_>, dialect: Dialect, findings: &mut Findings) -> Option<WorkingOrder> {
    let fields = Fields::open(node, &tables::ORDER, findings)?;
    let instrument = fields.read("instrument", findings, read::line_of_text);
    Some(WorkingOrder {
        id: None,
        instrument: instrument.map(|text| Instrument::of(text, dialect)),
        side: fields.read("side", findings, side),
        remaining: fields
            .read("quantity", findings, read::positive_money)
            .map(|quantity| quantity.decimal()),
        state: Arc::from("working"),
        ..WorkingOrder::default()
    })
}

fn side(node: &Node<'_>, findings: &mut Findings) -> Option<OrderSide> {
    match read::scalar(node, "`buy` or `sell`", findings)? {
        "buy" => Some(OrderSide::Buy),
        "sell" => Some(OrderSide::Sell),
        other => {
            let message = format!("{} is neither `buy` nor `sell`", quoted(other));
            findings.push(Diagnostic::error(node.place, message));
            None
        }
    }
}

/// The expected firings, each with the place of its time.
fn expect(
    node: &Node<'_>,
    watching: Option<(&RuleSet, &Arc<Account>)>,
    findings: &mut Findings,
) -> Option<Vec<(Expected, Place)>> {
    let Some(items) = node.items() else {
        let message = format!("expected a list of firings, found {}", node.describe());
        let help = "write `expect: []` when nothing fires";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    };
    let mut expected: Vec<(Expected, Place)> = Vec::with_capacity(items.len());
    for item in items {
        let Some((firing, place)) = expected_firing(item, watching, findings) else {
            continue;
        };
        if expected.last().is_some_and(|(last, _)| firing.at < last.at) {
            let message = "this firing is earlier than the one before it";
            let help = "list the firings in the order of time";
            findings.push(Diagnostic::error(place, message).help(help));
        }
        expected.push((firing, place));
    }
    Some(expected)
}

fn expected_firing(
    node: &Node<'_>,
    watching: Option<(&RuleSet, &Arc<Account>)>,
    findings: &mut Findings,
) -> Option<(Expected, Place)> {
    let fields = Fields::open(node, &tables::EXPECT, findings)?;
    let at = fields.read("at", findings, offset);
    let rule = fields.read("rule", findings, |node, findings| {
        rule_name(node, watching, findings)
    });
    let rule_found = rule.as_ref().and_then(|(_, rule)| rule.as_deref());
    let actions = fields.read("actions", findings, |node, findings| {
        actions(node, rule_found, findings)
    });
    let expected = Expected {
        line: node.place.line,
        at: at?,
        rule: rule?.0,
        actions,
    };
    Some((expected, fields.place("at")))
}

fn rule_name(
    node: &Node<'_>,
    watching: Option<(&RuleSet, &Arc<Account>)>,
    findings: &mut Findings,
) -> Option<(RuleName, Option<Arc<Rule>>)> {
    let text = read::scalar(node, "the name of a rule", findings)?;
    let Some((rules, account)) = watching else {
        return Some((RuleName::from(text), None));
    };
    let Some(rule) = rules
        .book
        .rules
        .iter()
        .find(|rule| rule.name.as_str() == text)
    else {
        let names = rules.book.rules.iter().map(|rule| rule.name.as_str());
        let message = format!("there is no rule {} in the rule file", quoted(text));
        findings.push(Diagnostic::error(node.place, message).help(near_or_all(text, names)));
        return None;
    };
    let problem = if !rule.enabled {
        Some("is not enabled, so it never fires".to_owned())
    } else if !rule.accounts.contains(&account.name) {
        Some(format!("does not watch {}", quoted(account.name.as_str())))
    } else {
        None
    };
    if let Some(problem) = problem {
        let message = format!("the rule {} {problem}", quoted(text));
        findings.push(Diagnostic::error(node.place, message));
        return None;
    }
    Some((rule.name.clone(), Some(Arc::clone(rule))))
}

fn actions(node: &Node<'_>, rule: Option<&Rule>, findings: &mut Findings) -> Option<Vec<String>> {
    let items = read::list(node, "a list of the names of actions", findings)?;
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        let text = read::scalar(item, "the name of an action", findings)?;
        if !super::ACTIONS.contains(&text) {
            let help = did_you_mean(text, super::ACTIONS)
                .unwrap_or_else(|| format!("actions are {}", either(super::ACTIONS)));
            let message = format!("there is no action {}", quoted(text));
            findings.push(Diagnostic::error(item.place, message).help(help));
        }
        names.push(text.to_owned());
    }
    // A wrong list would only fail; to say so here shows what is right.
    if let Some(rule) = rule {
        let does: Vec<&str> = rule.then.iter().map(|action| action.name()).collect();
        let known = names
            .iter()
            .all(|name| super::ACTIONS.contains(&name.as_str()));
        if known && does != names {
            let message = format!(
                "the rule {} does something else",
                quoted(rule.name.as_str())
            );
            let help = format!("its actions are [{}]", does.join(", "));
            findings.push(Diagnostic::warning(node.place, message).help(help));
        }
    }
    Some(names)
}

/// A firing that is expected after the end can never be seen.
fn late_expectations(
    expect: Option<&[(Expected, Place)]>,
    end: TimeDelta,
    findings: &mut Findings,
) {
    for (expected, place) in expect.unwrap_or_default() {
        if expected.at > end {
            let message = "this firing is after the end of the test";
            let help = "a test ends with its last step; add `end:` to let time pass";
            findings.push(Diagnostic::error(*place, message).help(help));
        }
    }
}
