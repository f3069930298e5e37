//! The `venues` section.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Declared, named_entries, secrets};
use crate::domain::account::VenueName;
use crate::domain::duration;
use crate::domain::venue::VenueProfile;
use crate::rules::budget::{Budget, budgets};
use crate::rules::diagnostic::{Diagnostic, Findings, Place, either, listed, quoted};
use crate::rules::keys::{Fields, Table, hide};
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::settings::{CredentialSource, Venue};
use crate::rules::suggest::did_you_mean;
use crate::rules::tables;

/// Time from one poll to the next unless the file says otherwise.
pub(crate) const DEFAULT_POLL: TimeDelta = TimeDelta::seconds(1);
/// Shortest time from one poll to the next.
pub(crate) const MIN_POLL: TimeDelta = TimeDelta::milliseconds(250);
/// Longest time from one poll to the next.
pub(crate) const MAX_POLL: TimeDelta = TimeDelta::hours(1);

/// Shortest time of a dead man's switch: it is set again at a third of it.
const MIN_DEAD_MAN: TimeDelta = TimeDelta::seconds(10);
/// Assets that stand for a dollar.
const DOLLARS: &[&str] = &[
    "USDT", "USDC", "USD", "FDUSD", "USDE", "BUSD", "TUSD", "USD1",
];

pub(super) fn venues(node: &Node<'_>, declared: &mut Declared, findings: &mut Findings) {
    for entry in named_entries(node, "venues", findings) {
        declared.venue_names.insert(entry.key.to_string());
        let name = VenueName::from(&*entry.key);
        declared.venues.extend(venue(name, &entry.value, findings));
    }
    budget(node, &declared.venues, findings);
}

/// Refuses polling that asks for more than the venues allow.
fn budget(node: &Node<'_>, venues: &[Venue], findings: &mut Findings) {
    for budget in budgets(venues) {
        if !budget.is_tight() {
            continue;
        }
        let names: Vec<&str> = budget.venues.iter().map(VenueName::as_str).collect();
        let place = poll_place(node, &names);
        let Budget {
            unit,
            planned,
            allowed,
            ..
        } = budget;
        let help = match budget.shortest_poll() {
            Some(poll) => format!("a poll of {} fits", duration::write(poll)),
            None => "use one venue for each credential".to_owned(),
        };
        let problem = if budget.fits() {
            let message = format!(
                "{planned} of {allowed} {unit} a minute are planned, which leaves little for \
                 protective calls"
            );
            Diagnostic::warning(place, message).help("poll less often; `1s` is usual")
        } else {
            let message = format!(
                "{} asks for {planned} {unit} a minute, polls and reads of working orders \
                 together, and {allowed} are allowed",
                listed(&names)
            );
            Diagnostic::error(place, message).help(help)
        };
        findings.push(problem);
    }
}

/// The poll of the last of these venues that has one, or else the venue.
fn poll_place(node: &Node<'_>, names: &[&str]) -> Place {
    let venues = names.iter().rev().filter_map(|name| node.get(name));
    let polls = venues.clone().find_map(|venue| venue.get("poll"));
    polls.or(venues.clone().next()).unwrap_or(node).place
}

fn venue(name: VenueName, node: &Node<'_>, findings: &mut Findings) -> Option<Venue> {
    let kind = kind(
        node,
        "a venue",
        tables::VENUE_KINDS.iter().map(|(name, _)| *name),
        &[],
        findings,
    )?;
    let profile = VenueProfile::named(kind)?;
    let (_, table) = tables::VENUE_KINDS.iter().find(|(name, _)| *name == kind)?;
    let fields = Fields::open(node, table, findings)?;
    let parts: Vec<Option<_>> = profile
        .credential
        .iter()
        .map(|part| Some((*part, fields.read(part, findings, secrets::source)?)))
        .collect();
    let poll = match fields.get("poll") {
        Some(node) => poll(node, findings),
        None => Some(DEFAULT_POLL),
    };
    let base_url = match fields.get("base_url") {
        Some(node) => secrets::base_url(node, findings),
        None => Some(profile.base_url.to_owned()),
    };
    let rights_url = match of_some(table, &fields, "rights_url") {
        Some(node) => secrets::base_url(node, findings).map(Some),
        // The usual address has the keys of the usual one alone.
        None => base_url.as_ref().map(|base| {
            let is_usual = base == profile.base_url;
            profile.rights_url.filter(|_| is_usual).map(str::to_owned)
        }),
    };
    let assets = match of_some(table, &fields, "assets") {
        Some(node) => assets(node, findings),
        None => Some(profile.assets.iter().map(ToString::to_string).collect()),
    };
    let allow_withdraw_right = match of_some(table, &fields, "allow_withdraw_right") {
        Some(node) => read::flag(node, findings),
        None => Some(false),
    };
    let demo = match of_some(table, &fields, "demo") {
        Some(node) => read::flag(node, findings),
        None => Some(false),
    };
    let dead_man = match of_some(table, &fields, "dead_man") {
        Some(node) => dead_man(node, profile, findings).map(Some),
        None => Some(None),
    };
    Some(Venue {
        name,
        profile,
        base_url: Arc::from(base_url?),
        rights_url: rights_url?.map(Arc::from),
        credential: CredentialSource(parts.into_iter().collect::<Option<_>>()?),
        assets: assets?,
        allow_withdraw_right: allow_withdraw_right?,
        demo: demo?,
        dead_man: dead_man?,
        poll: poll?,
    })
}

fn dead_man(node: &Node<'_>, profile: &VenueProfile, findings: &mut Findings) -> Option<TimeDelta> {
    let time = read::duration(node, findings)?;
    let longest = profile.longest_dead_man.unwrap_or(MIN_DEAD_MAN);
    if (MIN_DEAD_MAN..=longest).contains(&time) {
        return Some(time);
    }
    let message = format!(
        "the dead man's switch is set for {} to {}",
        duration::write(MIN_DEAD_MAN),
        duration::write(longest)
    );
    findings.push(Diagnostic::error(node.place, message).help("`60s` is usual"));
    None
}

/// The value of a key that not every kind has.
fn of_some<'n, 'a>(table: &Table, fields: &Fields<'n, 'a>, key: &str) -> Option<&'n Node<'a>> {
    table.key(key).and_then(|key| fields.get(key.name))
}

/// Names of dollars: what they are worth is added up as it is.
fn assets(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let items = read::list(node, "a list of assets", findings)?;
    let mut assets: Vec<String> = Vec::new();
    let mut is_right = true;
    for item in items {
        let name = read::scalar(item, "an asset", findings)?;
        let problem = if !DOLLARS.contains(&name) {
            let help = format!(
                "what is not a dollar has a price, and is told of as a blind spot; known are {}",
                either(DOLLARS)
            );
            let message = format!("{} is no dollar that is counted at par", quoted(name));
            Diagnostic::error(item.place, message).help(help)
        } else if assets.iter().any(|known| known == name) {
            Diagnostic::error(item.place, "this asset is a duplicate")
        } else {
            assets.push(name.to_owned());
            continue;
        };
        is_right = false;
        findings.push(problem);
    }
    is_right.then_some(assets)
}

/// The `kind` of a venue or a notifier, if it is a supported one. Those of
/// `later` are known words that are not supported yet.
pub(super) fn kind<'n>(
    node: &'n Node<'_>,
    what: &str,
    supported: impl Iterator<Item = &'static str> + Clone,
    later: &[&str],
    findings: &mut Findings,
) -> Option<&'n str> {
    let names: Vec<&str> = supported.clone().collect();
    let Some(kind) = node.get("kind") else {
        hide(node, findings);
        let message = format!("{what} needs the key `kind`");
        let help = format!("supported are {}", either(&names));
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    };
    let text = read::scalar(kind, "a kind", findings).filter(|text| names.contains(text));
    if text.is_none() {
        hide_all_but_kind(node, findings);
    }
    if let (None, Some(text)) = (text, kind.scalar()) {
        let problem = if later.contains(&text) {
            let message = format!("the kind {} is not supported yet", quoted(text));
            Diagnostic::error(kind.place, message)
        } else {
            Diagnostic::error(kind.place, format!("{what} has no kind {}", quoted(text)))
        };
        let help = did_you_mean(text, supported)
            .unwrap_or_else(|| format!("supported are {}", either(&names)));
        findings.push(problem.help(help));
    }
    text
}

fn hide_all_but_kind(node: &Node<'_>, findings: &mut Findings) {
    for entry in node.entries().unwrap_or_default() {
        if entry.key != "kind" {
            hide(&entry.value, findings);
        }
    }
}

fn poll(node: &Node<'_>, findings: &mut Findings) -> Option<TimeDelta> {
    let poll = read::duration(node, findings)?;
    let problem = if poll < MIN_POLL {
        Diagnostic::error(
            node.place,
            "polling faster than every 250ms is not possible",
        )
        .help("`1s` is usual")
    } else if poll > MAX_POLL {
        Diagnostic::error(
            node.place,
            "polling slower than every hour protects nothing",
        )
        .help("`1s` is usual")
    } else {
        return Some(poll);
    };
    findings.push(problem);
    None
}
