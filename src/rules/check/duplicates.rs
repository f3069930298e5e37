//! Accounts under keys that stand in the file again. They are an error, and no
//! part of the rules; but whoever acts by the name of an account must know that
//! it stands for two.

use std::collections::HashMap;
use std::rc::Rc;

use super::accounts::{Draft, account};
use super::{Declared, MAX_ACCOUNTS};
use crate::domain::account::AccountName;
use crate::rules::diagnostic::{Findings, Place};
use crate::rules::node::{KeyValue, Node, Value};
use crate::rules::read::is_name;
use crate::rules::tree;

/// What stands again, by the place of the key that stands first.
type DuplicateEntry<'n, 'a> = HashMap<Place, Vec<&'n KeyValue<'a>>>;

/// Reads what else the file says of accounts: under a second `accounts`, under
/// the name of an account that is there again, and under a number or a venue of
/// an account that is there again.
pub(crate) fn read_duplicates(
    root: &Node<'_>,
    again: &[tree::DuplicateEntry<'_>],
    declared: &mut Declared,
) {
    let entries = root.entries().unwrap_or_default();
    let section = entries.iter().find(|entry| entry.key == "accounts");
    let Some(section) = section.filter(|_| !again.is_empty()) else {
        return;
    };
    let mut by_place: DuplicateEntry<'_, '_> = HashMap::new();
    for other in again {
        by_place.entry(other.first).or_default().push(&other.entry);
    }
    let mut found: Vec<KeyValue<'_>> = Vec::new();
    look_through(&section.value, &by_place, &mut found);
    for more in again_at(section, &by_place) {
        let accounts = more.value.entries().unwrap_or_default();
        found.extend(accounts.iter().cloned());
        look_through(&more.value, &by_place, &mut found);
    }
    // What is wrong with them has been said, or does not matter any more.
    let mut ignored = Findings::default();
    let named = found.iter().filter(|entry| is_name(&entry.key));
    let drafts: Vec<Draft> = named
        .take(MAX_ACCOUNTS)
        .filter_map(|entry| {
            let name = AccountName::from(&*entry.key);
            account(name, entry.key_place, &entry.value, declared, &mut ignored)
        })
        .collect();
    declared.again = drafts;
}

/// The accounts of a section whose names, numbers or venues are there again.
fn look_through<'a>(
    section: &Node<'a>,
    again: &DuplicateEntry<'_, 'a>,
    found: &mut Vec<KeyValue<'a>>,
) {
    for first in section.entries().unwrap_or_default() {
        found.extend(again_at(first, again).cloned());
        for key in first.value.entries().unwrap_or_default() {
            if matches!(&*key.key, "number" | "venue") {
                found.extend(again_at(key, again).map(|other| with(first, other)));
            }
        }
    }
}

/// What stands again under the key of this entry.
fn again_at<'n, 'a>(
    entry: &KeyValue<'a>,
    again: &DuplicateEntry<'n, 'a>,
) -> impl Iterator<Item = &'n KeyValue<'a>> {
    let same = again.get(&entry.key_place);
    same.into_iter().flatten().copied()
}

/// The account with this entry in the place of the one of the same key.
fn with<'a>(account: &KeyValue<'a>, other: &KeyValue<'a>) -> KeyValue<'a> {
    let keys = account.value.entries().unwrap_or_default().iter();
    let keys: Rc<[KeyValue<'a>]> = keys
        .map(|key| {
            if key.key == other.key {
                other.clone()
            } else {
                key.clone()
            }
        })
        .collect();
    KeyValue {
        value: Node {
            value: Value::Map(keys),
            ..account.value.clone()
        },
        ..account.clone()
    }
}
