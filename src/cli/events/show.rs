//! Lines of the record, for people and for other programs.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::cli::printer::{Paint, Printer};
use crate::cli::time;
use crate::store::EntryRow;

/// Width of the longest usual kind.
const KIND_WIDTH: usize = 19;

/// A line for people.
pub(in crate::cli) fn human(entry: &EntryRow, out: &Printer) -> String {
    let kind = format!("{:<KIND_WIDTH$}", entry.kind);
    let kind = match kind_paint(&entry.kind) {
        Some(paint) => out.paint(paint, &kind),
        None => kind,
    };
    let firing = match entry.firing {
        Some(firing) => format!(" [firing {firing}]"),
        None => String::new(),
    };
    let at = out.paint(Paint::Dim, &time::full(entry.at));
    format!("{at}  {kind} {}{firing}", entry.message)
}

/// The colour of a kind, for those that stand out.
pub(in crate::cli) fn kind_paint(kind: &str) -> Option<Paint> {
    match kind {
        "fired" | "enforcement_stuck" | "record_failed" => Some(Paint::Red),
        "verified" | "ready" | "record_back" | "data_back" | "unlocked" | "rearmed" => {
            Some(Paint::Green)
        }
        "warned" | "locked" | "lock_extended" | "lock_violated" | "enforcement_slowed"
        | "data_lost" | "data_suspect" | "rules_refused" | "rule_unknown" | "verify_failed"
        | "not_yet" | "notify_failed" | "would_send" | "clock_stepped" | "clock_off" => {
            Some(Paint::Yellow)
        }
        _ => None,
    }
}

/// A line as JSON: `{"id","time","kind","account","rule","firing","message",
/// "fields"}`, as `GET /events` gives it; `data` is the older name of `fields`
/// and stays for the programs that read it.
pub(in crate::cli) struct Json<'a>(pub(in crate::cli) &'a EntryRow);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &entry.id)?;
        map.serialize_entry("time", &time::rfc3339(entry.at))?;
        map.serialize_entry("kind", &entry.kind)?;
        map.serialize_entry("account", &entry.account)?;
        map.serialize_entry("rule", &entry.rule)?;
        map.serialize_entry("firing", &entry.firing)?;
        map.serialize_entry("message", &entry.message)?;
        map.serialize_entry("fields", &Pairs(&entry.fields))?;
        map.serialize_entry("data", &Pairs(&entry.fields))?;
        map.end()
    }
}

/// Named values as a JSON object, in the order in which they were written.
pub(in crate::cli) struct Pairs<'a>(pub(in crate::cli) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
