//! The `sessions` section.

use std::path::Path;
use std::sync::Arc;

use super::{Companions, Loader, from_domain, named_entries};
use crate::domain::session::{Closures, SessionCalendar};
use crate::rules::dated::Dated;
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::tables;

/// The declared sessions by name; `None` for one with a mistake in it.
pub(super) type Sessions = Vec<(String, Option<Arc<SessionCalendar>>)>;

/// Longest file of closures, in bytes.
pub(crate) const MAX_CLOSURES: usize = 1024 * 1024;

pub(super) fn sessions(
    node: &Node<'_>,
    loader: &Loader<'_>,
    companions: &mut Companions,
    findings: &mut Findings,
) -> Sessions {
    named_entries(node, "sessions", findings)
        .into_iter()
        .map(|entry| {
            let calendar = session(&entry.key, &entry.value, loader, companions, findings);
            let calendar = calendar.map(Arc::new);
            if let Some(calendar) = &calendar {
                note_closures(&entry.value, calendar, findings);
            }
            (entry.key.to_string(), calendar)
        })
        .collect()
}

fn session(
    name: &str,
    node: &Node<'_>,
    loader: &Loader<'_>,
    companions: &mut Companions,
    findings: &mut Findings,
) -> Option<SessionCalendar> {
    let fields = Fields::open(node, &tables::SESSION, findings)?;
    let timezone = fields.read("timezone", findings, read::timezone);
    let open = fields.read("open", findings, read::clock_time);
    let close = fields.read("close", findings, read::clock_time);
    let days = fields.read("days", findings, read::days);
    let closures = fields.get("closures");
    let list = match closures {
        Some(node) => closures_file(node, loader, companions, findings),
        None => Some(Closures::default()),
    };
    let calendar = SessionCalendar::new(name, timezone?, open?, close, days?, list?);
    match calendar {
        Ok(calendar) => Some(calendar),
        Err(error) => {
            let place = closures.unwrap_or(node).place;
            findings.push(from_domain(place, &error));
            None
        }
    }
}

/// Whether a list of closures goes on for long enough turns on the date.
fn note_closures(node: &Node<'_>, session: &Arc<SessionCalendar>, findings: &mut Findings) {
    let named = node.get("closures");
    if let Some((node, file)) = named.and_then(|node| Some((node, node.scalar()?))) {
        findings.note_date(Dated::Closures {
            place: node.place,
            file: file.to_owned(),
            session: Arc::clone(session),
        });
    }
}

fn closures_file(
    node: &Node<'_>,
    loader: &Loader<'_>,
    companions: &mut Companions,
    findings: &mut Findings,
) -> Option<Closures> {
    let path = read::line_of_text(node, findings)?;
    let shown = quoted(path);
    let text = match loader(Path::new(path)) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read {shown}: {error}");
            let help = "a relative path is relative to the rule file";
            findings.push(Diagnostic::error(node.place, message).help(help));
            return None;
        }
    };
    if text.len() > MAX_CLOSURES {
        let message = format!("{shown} has more than {MAX_CLOSURES} bytes");
        findings.push(Diagnostic::error(node.place, message));
        return None;
    }
    companions.add(path, &text);
    match Closures::parse(&text) {
        Ok(closures) => Some(closures),
        Err(errors) => {
            for error in errors {
                let wrong = from_domain(node.place, &error);
                let message = format!("{shown}, {}", wrong.message);
                findings.push(Diagnostic { message, ..wrong });
            }
            None
        }
    }
}
