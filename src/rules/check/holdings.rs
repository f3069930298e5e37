//! Conditions on what is held: `position` and `orders`.

use rust_decimal::Decimal;

use super::rule::Scope;
use super::spelling;
use crate::domain::instrument::{Dialect, Instrument};
use crate::rules::book::{OrderLimit, PositionLimit};
use crate::rules::dated::Dated;
use crate::rules::diagnostic::{Diagnostic, Findings, Place, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::tables::{self, MAX_COUNT};

/// Longest spelling of an instrument, in bytes.
const MAX_INSTRUMENT: usize = 64;

pub(super) fn position(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<PositionLimit> {
    let list = |node: &Node<'_>, findings: &mut Findings| instruments(node, scope, findings);
    let fields = Fields::open(node, &tables::POSITION, findings)?;
    let before = findings.errors();
    let limit = PositionLimit {
        contracts: fields.read("contracts", findings, read::quantity),
        per_instrument: fields
            .read("per_instrument", findings, |node, findings| {
                per_instrument(node, scope, findings)
            })
            .unwrap_or_default(),
        positions: fields.read("positions", findings, |node, findings| {
            read::whole(node, 0, MAX_COUNT, findings)
        }),
        allow: fields.read("allow", findings, list).unwrap_or_default(),
        deny: fields.read("deny", findings, list).unwrap_or_default(),
        micro_ratio: fields
            .read("micro_ratio", findings, read::positive_money)
            .map(|money| money.decimal()),
        opposite: fields
            .read("opposite", findings, |node, findings| {
                groups(node, scope, findings)
            })
            .unwrap_or_default(),
    };
    limits_fit(&fields, &limit, findings);
    (findings.errors() == before).then_some(limit)
}

/// What concerns several limits of one condition.
fn limits_fit(fields: &Fields<'_, '_>, limit: &PositionLimit, findings: &mut Findings) {
    let limits = [
        "contracts",
        "per_instrument",
        "positions",
        "allow",
        "deny",
        "opposite",
    ];
    if !limits.iter().any(|key| fields.has(key)) && !fields.has_unknown() {
        let wrong = Diagnostic::error(fields.whole_place(), "`position` needs a limit");
        findings.push(wrong.help("add `contracts: 4`, for instance"));
    }
    if let Some(ratio) = limit.micro_ratio {
        micro_ratio(ratio, fields, findings);
    }
    if let Some(most) = limit.contracts {
        out_of_reach(most, limit, fields, findings);
    }
    if let Some(both) = limit
        .deny
        .iter()
        .find(|denied| limit.allow.contains(denied))
    {
        let message = format!("{} is both allowed and denied", quoted(both.as_str()));
        findings.push(Diagnostic::error(fields.place("deny"), message).help("keep one of them"));
    }
}

fn micro_ratio(ratio: Decimal, fields: &Fields<'_, '_>, findings: &mut Findings) {
    let place = fields.place("micro_ratio");
    match (fields.has("contracts"), fields.has("per_instrument")) {
        (true, _) => {}
        (false, true) => {
            let message = "`micro_ratio` is for `contracts` alone: `per_instrument` counts micros \
                           as they are, so this does nothing";
            let help = "add `contracts:`, or leave it out";
            findings.push(Diagnostic::warning(place, message).help(help));
        }
        (false, false) => {
            let message = "`micro_ratio` counts contracts, and nothing here limits them";
            findings.push(Diagnostic::error(place, message).help("add `contracts:`"));
        }
    }
    if ratio < Decimal::ONE {
        let each = Decimal::ONE.checked_div(ratio).unwrap_or_default();
        let each = each.round_dp(2).normalize();
        let message = format!("this counts one micro contract as {each} contracts");
        let help = format!("write `{each}` where so many micros count as one contract");
        findings.push(Diagnostic::warning(place, message).help(help));
    }
}

/// Warns of limits of instruments that `contracts` does not let anybody reach.
fn out_of_reach(
    most: Decimal,
    limit: &PositionLimit,
    fields: &Fields<'_, '_>,
    findings: &mut Findings,
) {
    let entries = fields.get("per_instrument").and_then(|node| node.entries());
    let pairs = limit.per_instrument.iter().zip(entries.unwrap_or_default());
    for ((instrument, own), entry) in pairs {
        let is_micro = instrument.is_micro();
        let counted = match limit.micro_ratio.filter(|_| is_micro) {
            Some(ratio) => own.checked_div(ratio),
            None => Some(*own),
        };
        if counted.is_none_or(|counted| counted <= most) {
            continue;
        }
        let shown = |number: Decimal| number.normalize();
        let message = format!(
            "{} of {} are never reached: `contracts: {}` counts them too",
            shown(*own),
            quoted(&entry.key),
            shown(most)
        );
        let help = match (is_micro, limit.micro_ratio) {
            (true, None) => {
                "add `micro_ratio: 10` where ten micros count as one contract".to_owned()
            }
            _ => format!(
                "write {} or less, or a higher `contracts`",
                reachable(most, limit, is_micro)
            ),
        };
        findings.push(Diagnostic::warning(entry.value.place, message).help(help));
    }
}

/// Most contracts of one instrument that a limit of all contracts leaves.
fn reachable(most: Decimal, limit: &PositionLimit, is_micro: bool) -> Decimal {
    let ratio = limit
        .micro_ratio
        .filter(|_| is_micro)
        .unwrap_or(Decimal::ONE);
    most.saturating_mul(ratio).normalize()
}

fn per_instrument(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Vec<(Instrument, Decimal)>> {
    let Some(entries) = node.entries().filter(|entries| !entries.is_empty()) else {
        let message = format!(
            "expected instruments with their limits, found {}",
            node.describe()
        );
        findings.push(Diagnostic::error(node.place, message).help("write `{ ES: 2, NQ: 1 }`"));
        return None;
    };
    let mut limits: Vec<(Instrument, Decimal)> = Vec::new();
    for entry in entries {
        let limit = read::quantity(&entry.value, findings);
        let instrument = Instrument::of(&entry.key, scope.dialect());
        named(entry.key_place, &entry.key, &instrument, scope, findings);
        if limits.iter().any(|(known, _)| *known == instrument) {
            let message = format!("{} is a duplicate", quoted(&entry.key));
            findings.push(Diagnostic::error(entry.key_place, message));
        }
        limits.extend(limit.map(|limit| (instrument, limit)));
    }
    Some(limits)
}

/// What is to be said of an instrument that a rule names.
fn named(
    place: Place,
    text: &str,
    instrument: &Instrument,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    // Any text may be a symbol.
    if scope.dialect() == Dialect::Futures {
        spelling::warn(place, text, findings);
    }
    if let Some(expiry) = instrument.expiry() {
        findings.note_date(Dated::Contract {
            place,
            text: text.to_owned(),
            expiry,
        });
    }
}

/// A list of instruments, each once.
pub(super) fn instruments(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Vec<Instrument>> {
    let items = read::list(node, "a list of instruments", findings)?;
    let mut instruments: Vec<Instrument> = Vec::new();
    for item in items {
        let Some(text) = read::line_of_text(item, findings) else {
            continue;
        };
        let instrument = Instrument::of(text, scope.dialect());
        if text.len() > MAX_INSTRUMENT || text.contains(['*', '?']) {
            let message = format!("{} is not an instrument", quoted(text));
            let help = "write `ES` for every month of it, or one contract such as `ES 03-26`";
            findings.push(Diagnostic::error(item.place, message).help(help));
        } else if instruments.contains(&instrument) {
            let message = format!("{} is a duplicate", quoted(text));
            findings.push(Diagnostic::error(item.place, message));
        } else {
            named(item.place, text, &instrument, scope, findings);
            instruments.push(instrument);
        }
    }
    Some(instruments)
}

fn groups(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Vec<Vec<Instrument>>> {
    let items = read::list(node, "a list of groups of instruments", findings)?;
    let groups: Vec<Option<Vec<Instrument>>> = items
        .iter()
        .map(|item| match item.items() {
            Some(_) => instruments(item, scope, findings),
            None => {
                let message = "expected a group of instruments, which is a list";
                let help = "write lists in a list: `[[ES, MES], [NQ, MNQ]]`";
                findings.push(Diagnostic::error(item.place, message).help(help));
                None
            }
        })
        .collect();
    groups.into_iter().collect()
}

pub(super) fn orders(node: &Node<'_>, findings: &mut Findings) -> Option<OrderLimit> {
    let fields = Fields::open(node, &tables::ORDERS, findings)?;
    let before = findings.errors();
    let limit = OrderLimit {
        working: fields.read("working", findings, |node, findings| {
            read::whole(node, 0, MAX_COUNT, findings)
        }),
        quantity: fields
            .read("quantity", findings, read::positive_money)
            .map(|money| money.decimal()),
    };
    if !fields.has("working") && !fields.has("quantity") && !fields.has_unknown() {
        let wrong = Diagnostic::error(fields.whole_place(), "`orders` needs a limit");
        findings.push(wrong.help("add `working: 10` or `quantity: 5`"));
    }
    (findings.errors() == before).then_some(limit)
}
