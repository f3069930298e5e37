//! Conditions on what is held: `position` and `orders`.

use rust_decimal::Decimal;

use crate::domain::instrument::Instrument;
use crate::rules::diagnostic::{Diagnostic, Findings, Place, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::ruleset::{OrderLimit, PositionLimit};
use crate::rules::tables::{self, MAX_COUNT};

/// Longest spelling of an instrument, in bytes.
const MAX_INSTRUMENT: usize = 64;

pub(super) fn position(node: &Node<'_>, findings: &mut Findings) -> Option<PositionLimit> {
    let fields = Fields::open(node, &tables::POSITION, findings)?;
    let before = findings.errors();
    let limit = PositionLimit {
        contracts: fields.read("contracts", findings, read::quantity),
        per_instrument: fields
            .read("per_instrument", findings, per_instrument)
            .unwrap_or_default(),
        positions: fields.read("positions", findings, |node, findings| {
            read::whole(node, 0, MAX_COUNT, findings)
        }),
        allow: fields
            .read("allow", findings, instruments)
            .unwrap_or_default(),
        deny: fields
            .read("deny", findings, instruments)
            .unwrap_or_default(),
        micro_ratio: fields
            .read("micro_ratio", findings, read::positive_money)
            .map(|money| money.decimal()),
        opposite: fields
            .read("opposite", findings, groups)
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
    if fields.has("micro_ratio") && !fields.has("contracts") && !fields.has("per_instrument") {
        let message = "`micro_ratio` counts contracts, and nothing here limits them";
        let wrong = Diagnostic::error(fields.place("micro_ratio"), message);
        findings.push(wrong.help("add `contracts:` or `per_instrument:`"));
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

fn per_instrument(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<(Instrument, Decimal)>> {
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
        let instrument = Instrument::new(&entry.key);
        warn_of_spelling(entry.key_place, &entry.key, findings);
        if limits.iter().any(|(known, _)| *known == instrument) {
            let message = format!("{} is there twice", quoted(&entry.key));
            findings.push(Diagnostic::error(entry.key_place, message));
        }
        limits.extend(limit.map(|limit| (instrument, limit)));
    }
    Some(limits)
}

/// A list of instruments, each once.
pub(super) fn instruments(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Instrument>> {
    let items = read::list(node, "a list of instruments", findings)?;
    let mut instruments: Vec<Instrument> = Vec::new();
    for item in items {
        let Some(text) = read::line_of_text(item, findings) else {
            continue;
        };
        let instrument = Instrument::new(text);
        if text.len() > MAX_INSTRUMENT || text.contains(['*', '?']) {
            let message = format!("{} is not an instrument", quoted(text));
            let help = "write `ES` for every month of it, or one contract such as `ES 03-26`";
            findings.push(Diagnostic::error(item.place, message).help(help));
        } else if instruments.contains(&instrument) {
            let message = format!("{} is there twice", quoted(text));
            findings.push(Diagnostic::error(item.place, message));
        } else {
            warn_of_spelling(item.place, text, findings);
            instruments.push(instrument);
        }
    }
    Some(instruments)
}

/// Warns of a spelling that nothing at a venue has, so that it matches nothing:
/// those of charts and of other brokers, such as `/ES`, `CME:ES` or `ES Z6`.
fn warn_of_spelling(place: Place, text: &str, findings: &mut Findings) {
    let instrument = Instrument::new(text);
    let has_space = instrument.root().contains(char::is_whitespace);
    let is_foreign = text.starts_with(['/', '@', '$', '#']) || text.contains([':', '=']);
    let is_dashed = instrument.expiry().is_none() && text.matches('-').count() >= 2;
    if !has_space && !is_foreign && !is_dashed {
        return;
    }
    let (root, month) = meant(text);
    let message = format!(
        "{} is not how NinjaTrader writes an instrument, so it matches nothing",
        quoted(text)
    );
    let help = format!("write `{root}` for all months, or one contract such as `{root} {month}`");
    findings.push(Diagnostic::warning(place, message).help(help));
}

/// The root and the month that a foreign spelling most likely means.
fn meant(text: &str) -> (String, String) {
    let plain = text.rsplit(':').next().unwrap_or(text);
    let plain = plain.split('=').next().unwrap_or(plain);
    let plain = plain.trim_start_matches(['/', '@', '$', '#', '.']).trim();
    let (first, rest) = plain.split_once([' ', '-', '\t']).unwrap_or((plain, ""));
    let rest: String = rest.split_whitespace().collect();
    // A month's code stands behind the root, a month in digits apart from it.
    let spellings = [format!("{first} {rest}"), format!("{first}{rest}")];
    let known = spellings.iter().map(|spelling| Instrument::new(spelling));
    let known = known
        .filter(|instrument| !instrument.root().contains(' '))
        .find_map(|instrument| Some((instrument.root().to_owned(), instrument.expiry()?)));
    match known {
        Some((root, expiry)) => {
            let month = format!("{:02}-{:02}", expiry.month, expiry.year % 100);
            (root, month)
        }
        None => (first.to_owned(), "12-26".to_owned()),
    }
}

fn groups(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<Vec<Instrument>>> {
    let items = read::list(node, "a list of groups of instruments", findings)?;
    let groups: Vec<Option<Vec<Instrument>>> = items
        .iter()
        .map(|item| match item.items() {
            Some(_) => instruments(item, findings),
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
