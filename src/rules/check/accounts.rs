//! The `accounts` section.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{Declared, MAX_ACCOUNTS, named_entries, unknown_name};
use crate::domain::account::{AccountName, AccountNumber, GroupName, VenueName};
use crate::domain::money::Money;
use crate::domain::session::SessionCalendar;
use crate::domain::venue::VenueProfile;
use crate::rules::book::Account;
use crate::rules::diagnostic::{Diagnostic, Findings, Place, either};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::settings::Venue;
use crate::rules::tables;

/// An account as far as it is right.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: AccountName,
    pub(crate) place: Place,
    pub(crate) groups: Vec<GroupName>,
    pub(crate) venue: Option<VenueName>,
    pub(crate) profile: Option<&'static VenueProfile>,
    pub(crate) number: Option<AccountNumber>,
    pub(crate) session: Option<Arc<SessionCalendar>>,
    pub(crate) starting_balance: Balance,
    /// Time from one poll of its venue to the next.
    pub(crate) poll: Option<TimeDelta>,
    /// Whether the text went on to the end of the account.
    pub(crate) whole: bool,
}

/// A starting balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Balance {
    Known(Money),
    NotGiven,
    /// It is there and wrong, which is reported where it stands.
    Wrong,
}

impl Balance {
    /// The balance, where it is known.
    pub(crate) fn known(self) -> Option<Money> {
        match self {
            Balance::Known(money) => Some(money),
            Balance::NotGiven | Balance::Wrong => None,
        }
    }
}

impl Draft {
    /// The checked account, if all of it is right.
    pub(super) fn finish(&self) -> Option<Account> {
        let starting_balance = match self.starting_balance {
            Balance::Known(money) => Some(money),
            Balance::NotGiven => None,
            Balance::Wrong => return None,
        };
        Some(Account {
            name: self.name.clone(),
            venue: self.venue.clone()?,
            profile: self.profile?,
            number: self.number.clone()?,
            session: Arc::clone(self.session.as_ref()?),
            starting_balance,
            groups: self.groups.clone(),
        })
    }
}

pub(super) fn accounts(node: &Node<'_>, declared: &mut Declared, findings: &mut Findings) {
    let entries = named_entries(node, "accounts", findings);
    if entries.len() > MAX_ACCOUNTS {
        let message = format!("{} accounts; {MAX_ACCOUNTS} is the most", entries.len());
        findings.push(Diagnostic::error(node.place, message));
        return;
    }
    let total = node.entries().map_or(0, <[_]>::len);
    declared.accounts_complete = total > 0 && entries.len() == total;
    let mut numbers: HashMap<(VenueName, AccountNumber), AccountName> = HashMap::new();
    for entry in entries {
        let name = AccountName::from(&*entry.key);
        let Some(draft) = account(name, entry.key_place, &entry.value, declared, findings) else {
            declared.accounts_complete = false;
            continue;
        };
        if let (Some(venue), Some(number)) = (&draft.venue, &draft.number) {
            let key = (venue.clone(), number.clone());
            if let Some(first) = numbers.insert(key, draft.name.clone()) {
                let place = entry
                    .value
                    .get("number")
                    .map_or(draft.place, |node| node.place);
                let (message, help) = twice(&first, &draft);
                findings.push(Diagnostic::error(place, message).help(help));
            }
        }
        declared.accounts.push(draft);
    }
}

/// What is said of an account that another entry has already.
fn twice(first: &AccountName, draft: &Draft) -> (String, &'static str) {
    if draft.profile.is_some_and(|profile| !profile.has_numbers) {
        let message = format!("`{first}` is the account of this venue already");
        return (
            message,
            "a key is one account: give this one an entry under `venues` with a key of its own",
        );
    }
    (
        format!("`{first}` is this account already"),
        "one account has one entry; give it groups instead of more names",
    )
}

pub(super) fn account(
    name: AccountName,
    place: Place,
    node: &Node<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Draft> {
    let fields = Fields::open(node, &tables::ACCOUNT, findings)?;
    let groups = fields.read("groups", findings, groups).unwrap_or_default();
    let starting_balance = match fields.get("starting_balance") {
        None => Balance::NotGiven,
        Some(node) => read::positive_money(node, findings).map_or(Balance::Wrong, Balance::Known),
    };
    let venue = venue(&fields, declared, findings);
    let at_venue = declared
        .venues
        .iter()
        .find(|known| Some(&known.name) == venue.as_ref());
    Some(Draft {
        name,
        place,
        groups,
        poll: at_venue.map(|venue| venue.poll),
        profile: at_venue.map(|venue| venue.profile),
        // A venue that was told of as wrong may be one without numbers.
        number: match (&venue, at_venue) {
            (Some(_), None) => fields.read("number", findings, number),
            _ => number_at(at_venue, &fields, findings),
        },
        venue,
        session: session(&fields, declared, findings),
        starting_balance,
        whole: node.whole,
    })
}

/// The account's number at this venue: where a key is one account, the name of the
/// venue stands for it.
fn number_at(
    venue: Option<&Venue>,
    fields: &Fields<'_, '_>,
    findings: &mut Findings,
) -> Option<AccountNumber> {
    let keyed = venue.filter(|venue| !venue.profile.has_numbers);
    match (fields.get("number"), keyed) {
        (Some(node), None) => number(node, findings),
        (None, Some(venue)) => AccountNumber::parse(venue.name.as_str()).ok(),
        (Some(node), Some(venue)) => {
            let kind = venue.profile.name;
            let message = format!("an account at a {kind} venue has no number");
            let help = "leave `number` out: the key of the venue is the account";
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
        (None, None) => {
            // One that was misspelt was told of as unknown.
            if !fields.has_unknown() {
                let message = "an account needs the key `number`";
                let help = "add `number: APEX-1234-01`";
                findings.push(Diagnostic::error(fields.whole_place(), message).help(help));
            }
            None
        }
    }
}

fn number(node: &Node<'_>, findings: &mut Findings) -> Option<AccountNumber> {
    let text = read::scalar(node, "an account number", findings)?;
    match AccountNumber::parse(text) {
        Ok(number) => {
            read::warn_of_variable(node.place, text, findings);
            Some(number)
        }
        Err(error) => {
            let help = "write the account's name exactly as the venue shows it";
            findings.push(Diagnostic::error(node.place, error.to_string()).help(help));
            None
        }
    }
}

fn groups(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<GroupName>> {
    let items = read::list(node, "a list of groups", findings)?;
    let mut groups: Vec<GroupName> = Vec::new();
    for item in items {
        let Some(name) = read::name(item, findings).map(GroupName::from) else {
            continue;
        };
        if groups.contains(&name) {
            findings.push(Diagnostic::error(item.place, "this group is a duplicate"));
        } else {
            groups.push(name);
        }
    }
    Some(groups)
}

fn venue(
    fields: &Fields<'_, '_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<VenueName> {
    let mut names: Vec<&str> = declared.venue_names.iter().map(String::as_str).collect();
    names.sort_unstable();
    let Some(node) = fields.get("venue") else {
        return only_one(fields, "venue", &names, findings).map(VenueName::from);
    };
    let text = read::scalar(node, "a venue", findings)?;
    if declared.venue_names.contains(text) {
        return Some(VenueName::from(text));
    }
    // A file without venues is reported once.
    if !names.is_empty() {
        findings.push(unknown_name(
            node.place,
            "venue",
            text,
            names.iter().copied(),
        ));
    }
    None
}

fn session(
    fields: &Fields<'_, '_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Arc<SessionCalendar>> {
    let names: Vec<&str> = declared
        .sessions
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let name = match fields.get("session") {
        None => only_one(fields, "session", &names, findings)?,
        Some(node) => {
            let text = read::scalar(node, "a session", findings)?;
            if names.is_empty() {
                return None;
            }
            if !names.contains(&text) {
                findings.push(unknown_name(
                    node.place,
                    "session",
                    text,
                    names.iter().copied(),
                ));
                return None;
            }
            text
        }
    };
    let found = declared.sessions.iter().find(|(known, _)| known == name)?;
    found.1.clone()
}

/// The only declared name, for an account that leaves it out.
fn only_one<'k>(
    fields: &Fields<'_, '_>,
    key: &str,
    names: &[&'k str],
    findings: &mut Findings,
) -> Option<&'k str> {
    match names {
        [only] => Some(only),
        // That there is none is reported for the whole file.
        [] => None,
        _ => {
            let message = format!("an account needs the key `{key}` where there are several");
            let help = format!("add `{key}:` with {}", either(names));
            findings.push(Diagnostic::error(fields.whole_place(), message).help(help));
            None
        }
    }
}
