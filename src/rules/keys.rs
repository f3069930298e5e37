//! What may stand where in a rule file, as tables.
//!
//! The tables are the one place that knows the keys: the readers refuse what
//! is not in them, and the JSON Schema is made from them.

use super::diagnostic::{Diagnostic, Findings, Place, either, listed, quoted};
use super::node::{KeyValue, Node, Value};
use super::read::plain_spelling;
use super::suggest::{did_you_mean, nearest, odd_character, without_odd_characters};
use super::tables;

/// A mapping with known keys, or a choice of one of them.
#[derive(Debug)]
pub(crate) struct Table {
    /// What the mapping is, with its article: "a rule".
    pub(crate) what: &'static str,
    /// A sentence for people.
    pub(crate) doc: &'static str,
    /// The keys.
    pub(crate) keys: &'static [Key],
    /// Whether a value with an unknown key could be a secret.
    pub(crate) secretive: bool,
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// A sentence for people.
    pub(crate) doc: &'static str,
    /// The key with a value that is right.
    pub(crate) example: &'static str,
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A name: letters, digits, `-`, `_` and `.`.
    Name,
    /// This word.
    Constant(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number from the one to the other.
    Whole(u32, u32),
    /// A plain number, also below zero.
    Number,
    /// A plain number that is not below zero.
    Quantity,
    /// A plain number above zero.
    Positive,
    /// A plain number above zero, or a percentage.
    Amount,
    /// A percentage.
    Percent,
    /// A number, `start` or `start + N`.
    Level,
    /// Such as `1h30m`.
    Duration,
    /// Such as `"09:30"`.
    Time,
    /// A day of the week.
    Day,
    /// An IANA time zone.
    Timezone,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// One of these values, whichever it is.
    Either(&'static [Shape]),
    /// A list of at least one of these.
    List(&'static Shape),
    /// Names of the author's choice, each with one of these.
    Named(&'static Shape),
    /// Instruments, each with a number of contracts.
    PerInstrument,
    /// A mapping with these keys.
    Map(&'static Table),
    /// A mapping with exactly one of these keys.
    One(&'static Table),
    /// A mapping whose keys depend on its `kind`.
    ByKind(&'static [(&'static str, &'static Table)]),
}

impl Table {
    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of the keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|key| key.name)
    }
}

/// A mapping whose keys were checked against its table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'n, 'a> {
    node: &'n Node<'a>,
    table: &'static Table,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Checks that `node` is a mapping with keys of `table`, and that those
    /// that must be there are.
    pub(crate) fn open(
        node: &'n Node<'a>,
        table: &'static Table,
        findings: &mut Findings,
    ) -> Option<Fields<'n, 'a>> {
        let Some(entries) = node.entries() else {
            if table.secretive {
                hide(node, findings);
            }
            findings.push(not_a_mapping(node, table));
            return None;
        };
        for entry in entries {
            if table.key(&entry.key).is_none() {
                unknown_key(entry, entries, table, findings);
            }
        }
        let is_misspelt = |name| {
            let mut unknown = entries.iter().filter(|e| table.key(&e.key).is_none());
            unknown.any(|entry| meant_key(&entry.key, table) == Some(name))
        };
        for key in table.keys.iter().filter(|key| key.required) {
            // A key that was misspelt was told of as unknown, with this name.
            if node.get(key.name).is_none() && !is_misspelt(key.name) {
                let message = format!("{} needs the key `{}`", table.what, key.name);
                let help = format!("add `{}`", key.example);
                findings.push(Diagnostic::error(node.place, message).help(help));
            }
        }
        Some(Fields { node, table })
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node<'a>> {
        debug_assert!(self.table.key(key).is_some(), "{key} is not in its table");
        self.node.get(key)
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether there is a key that is not known, which was told of: what seems
    /// to be missing is most likely meant by it.
    pub(crate) fn has_unknown(&self) -> bool {
        let entries = self.node.entries().unwrap_or_default();
        let is_known = |entry: &KeyValue<'_>| self.table.key(&entry.key).is_some();
        !entries.iter().all(is_known)
    }

    /// Reads the value of a key, if it is there and right.
    pub(crate) fn read<T>(
        &self,
        key: &str,
        findings: &mut Findings,
        reader: impl FnOnce(&'n Node<'a>, &mut Findings) -> Option<T>,
    ) -> Option<T> {
        self.get(key).and_then(|node| reader(node, findings))
    }

    /// Where a key's value stands, or else the whole mapping.
    pub(crate) fn place(&self, key: &str) -> Place {
        self.get(key).map_or(self.node.place, |node| node.place)
    }

    /// Where the whole mapping stands.
    pub(crate) fn whole_place(&self) -> Place {
        self.node.place
    }
}

/// The one key of a mapping that is a choice, with its entry.
pub(crate) fn open_one<'n, 'a>(
    node: &'n Node<'a>,
    table: &'static Table,
    findings: &mut Findings,
) -> Option<(&'static Key, &'n KeyValue<'a>)> {
    let Some(entries) = node.entries() else {
        if table.secretive {
            hide(node, findings);
        }
        findings.push(not_a_mapping(node, table));
        return None;
    };
    match entries {
        [] => {
            let message = format!("{} is missing", table.what);
            let help = format!("known are {}", either(table.names()));
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
        [entry] => match table.key(&entry.key) {
            Some(key) => Some((key, entry)),
            None => {
                unknown_key(entry, entries, table, findings);
                None
            }
        },
        [_, second, ..] => {
            let mut known = true;
            for entry in entries {
                if table.key(&entry.key).is_none() {
                    known = false;
                    unknown_key(entry, entries, table, findings);
                }
            }
            if known {
                let names = listed(entries.iter().map(|entry| &entry.key));
                let message = format!("{} has one key; these are {names}", table.what);
                findings.push(Diagnostic::error(second.key_place, message).help(choose_one(table)));
            }
            None
        }
    }
}

fn choose_one(table: &Table) -> String {
    match table.key("all") {
        Some(_) => "combine conditions with `all: [...]` or `any: [...]`".to_owned(),
        None => format!("write exactly one of {}", either(table.names())),
    }
}

fn not_a_mapping(node: &Node<'_>, table: &Table) -> Diagnostic {
    let message = match &node.value {
        Value::Null => format!("{} is missing", table.what),
        _ => format!("{} is a mapping, not {}", table.what, node.describe()),
    };
    let key = table.keys.iter().find(|key| key.required);
    let example = key.or(table.keys.first()).map(|key| key.example);
    let help = format!("write it as `{{ {}, ... }}`", example.unwrap_or_default());
    Diagnostic::error(node.place, message).help(help)
}

fn unknown_key(
    entry: &KeyValue<'_>,
    among: &[KeyValue<'_>],
    table: &Table,
    findings: &mut Findings,
) {
    if table.secretive {
        hide(&entry.value, findings);
        // `token:abc`, which YAML reads as one word.
        if let Some((_, value)) = entry.key.split_once(':') {
            for text in [&*entry.key, value] {
                findings.secrets.add(entry.key_place, Some(text));
                let plain = without_odd_characters(text);
                findings.secrets.add(entry.key_place, Some(&plain));
            }
        }
    }
    if findings.is_full() {
        findings.push(Diagnostic::error(entry.key_place, "unknown key"));
        return;
    }
    if let Some(odd) = odd_character(&entry.key) {
        let message = format!(
            "the key {} has the character U+{:04X} in it, which looks like a space or like nothing",
            quoted(&without_odd_characters(&entry.key)),
            u32::from(odd)
        );
        let help = "delete it, and write a plain space where one is needed";
        findings.push(Diagnostic::error(entry.key_place, message).help(help));
        return;
    }
    let number = rest_of_number(entry, among).filter(|_| !table.secretive);
    let help = number
        .or_else(|| glued_value(&entry.key, table))
        .or_else(|| other_name(&entry.key, table).map(str::to_owned))
        .or_else(|| key_of_other_kind(&entry.key, table))
        .or_else(|| did_you_mean(&entry.key, table.names()))
        .unwrap_or_else(|| format!("{} may have {}", table.what, listed(table.names())));
    let message = format!("unknown key {} in {}", quoted(&entry.key), table.what);
    findings.push(Diagnostic::error(entry.key_place, message).help(help));
}

/// The known key that an unknown one most likely means.
fn meant_key(key: &str, table: &Table) -> Option<&'static str> {
    let key = without_odd_characters(key);
    let key = key.split(':').next().unwrap_or_default();
    nearest(key, table.names())
}

/// For `{ loss: 1,000 }`, which YAML reads as two keys.
fn rest_of_number(entry: &KeyValue<'_>, among: &[KeyValue<'_>]) -> Option<String> {
    let is_number = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    let index = among.iter().position(|other| other.key == entry.key)?;
    let before = among.get(index.checked_sub(1)?)?;
    let first = before.value.scalar()?;
    let both = is_number(first) && is_number(&entry.key) && entry.value.scalar().is_none();
    both.then(|| plain_spelling(&format!("{first},{}", entry.key)))?
}

/// For `{ loss:1000 }`, which YAML reads as one word.
fn glued_value(key: &str, table: &Table) -> Option<String> {
    let (name, value) = key.split_once(':')?;
    table.key(name)?;
    let value = if table.secretive { "..." } else { value.trim() };
    let whole = quoted(&format!("{name}: {value}"));
    Some(format!("put a space after the colon: {whole}"))
}

/// What riskd has for the names under which other programs and firms know a
/// condition.
fn other_name(key: &str, table: &Table) -> Option<&'static str> {
    table.key("all")?;
    Some(match key {
        "daily_loss" | "daily_loss_limit" | "max_daily_loss" | "loss" | "loss_limit" => {
            "write `pnl: { loss: 1000 }`, which counts from the session's open"
        }
        "profit" | "daily_profit" | "profit_target" => "write `pnl: { profit: 1000 }`",
        "drawdown" | "max_drawdown" | "daily_drawdown" => {
            "write `trailing_drawdown`, whose floor follows the highest value, or `max_loss`, whose \
             floor is fixed"
        }
        "max_contracts" | "max_position" | "contracts" | "size" => {
            "write `position: { contracts: 4 }`"
        }
        "time" | "hours" | "trading_hours" | "session" => {
            "write `outside` or `inside` with windows, or `at` with a cron schedule"
        }
        "losing_streak" | "consecutive_losses" | "trades" | "max_trades" | "trade_count" => {
            "riskd has no such condition: it sees accounts, not single trades"
        }
        "news" | "news_events" => {
            "riskd knows no news; write the times yourself, with `inside` or `at`"
        }
        _ => return None,
    })
}

/// For the key of another kind of venue.
fn key_of_other_kind(key: &str, table: &Table) -> Option<String> {
    let kinds = || tables::VENUE_KINDS.iter().map(|(_, table)| *table);
    kinds().find(|kind| std::ptr::eq(*kind, table))?;
    let other = kinds().find(|kind| kind.key(key).is_some())?;
    Some(format!(
        "`{key}` is a key of {}; {} may have {}",
        other.what,
        table.what,
        listed(table.names())
    ))
}

/// Keeps every text in a node out of messages: it may be a secret.
pub(crate) fn hide(node: &Node<'_>, findings: &mut Findings) {
    match &node.value {
        Value::Null => {}
        Value::Scalar { text } => {
            for place in std::iter::once(node.place).chain(node.origin.as_deref().copied()) {
                findings.secrets.add(place, Some(text));
            }
        }
        Value::List(items) => items.iter().for_each(|item| hide(item, findings)),
        Value::Map(entries) => {
            for entry in entries.iter() {
                findings.secrets.add(entry.key_place, Some(&entry.key));
                hide(&entry.value, findings);
            }
        }
    }
}
