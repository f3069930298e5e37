//! Conditions on time: `outside`, `inside`, `at` and `no_data`.

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::rule::Scope;
use super::{from_domain, holdings, hours};
use crate::domain::schedule::Schedule;
use crate::domain::window::Window;
use crate::rules::book::{At, NoData, WindowSide, Windows};
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::tables;

/// How old a missed time may be and still be caught up, by default.
pub(crate) const DEFAULT_CATCH_UP: TimeDelta = TimeDelta::minutes(10);

pub(super) fn windows(
    node: &Node<'_>,
    side: WindowSide,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Windows> {
    let mut narrowed = Windows {
        side,
        windows: Vec::new(),
        only: None,
        instruments: Vec::new(),
    };
    // A list of windows, or a mapping that says what counts in them.
    let Value::Map(_) = node.value else {
        narrowed.windows = window_list(node, side, scope, findings)?;
        return Some(narrowed);
    };
    if node.get("from").is_some() {
        let message = "expected a list of windows, found one window";
        let help = "write it as a list: `[{ days: [...], from: ..., to: ... }]`";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let fields = Fields::open(node, &tables::NARROWED_WINDOWS, findings)?;
    let windows = fields.read("windows", findings, |node, findings| {
        window_list(node, side, scope, findings)
    });
    narrowed.only = fields.read("only", findings, read::word);
    let instruments = fields.read("instruments", findings, |node, findings| {
        holdings::instruments(node, scope, findings)
    });
    narrowed.instruments = instruments.unwrap_or_default();
    narrowed.windows = windows?;
    Some(narrowed)
}

fn window_list(
    node: &Node<'_>,
    side: WindowSide,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Vec<Window>> {
    let items = read::list(node, "a list of windows", findings)?;
    let windows: Vec<Option<Window>> = items
        .iter()
        .map(|item| window(item, scope, findings))
        .collect();
    let windows: Vec<Window> = windows.into_iter().collect::<Option<_>>()?;
    if side == WindowSide::Outside {
        hours::missed_session(&windows, node.place, scope, findings);
    }
    Some(windows)
}

fn window(node: &Node<'_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Window> {
    let fields = Fields::open(node, &tables::WINDOW, findings)?;
    let days = fields.read("days", findings, read::days);
    let from = fields.read("from", findings, read::time_of_day);
    let to = fields.read("to", findings, read::time_of_day);
    let timezone = timezone(&fields, scope, findings);
    match Window::new(days?, from?, to?, timezone?) {
        Ok(window) => Some(window),
        Err(error) => {
            findings.push(from_domain(fields.place("from"), &error));
            None
        }
    }
}

/// The zone that is written, or else the one of all the accounts' sessions.
fn timezone(fields: &Fields<'_, '_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Tz> {
    if let Some(node) = fields.get("timezone") {
        return read::timezone(node, findings);
    }
    let mut zones = scope.accounts.iter().map(|draft| draft.session.as_ref());
    // An account without a right session is reported where it stands.
    let first = zones.next()??.timezone();
    for session in zones {
        if session?.timezone() != first {
            let message = "a time zone is needed: the accounts' sessions have several";
            let help = format!("add `timezone: {first}`, or the one that is meant");
            findings.push(Diagnostic::error(fields.whole_place(), message).help(help));
            return None;
        }
    }
    Some(first)
}

pub(super) fn at(
    node: &Node<'_>,
    key_place: Place,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<At> {
    if let Some(patience) = scope.patience {
        let message =
            "`at` is true for a moment only, so `hold` or `confirm` would never let it fire";
        let help = format!("remove the `hold` or `confirm` on line {}", patience.line);
        findings.push(Diagnostic::error(key_place, message).help(help));
    }
    let fields = Fields::open(node, &tables::AT, findings)?;
    let cron = fields.read("cron", findings, read::line_of_text);
    let timezone = timezone(&fields, scope, findings);
    let catch_up = match fields.get("catch_up") {
        Some(node) => read::duration(node, findings),
        None => Some(DEFAULT_CATCH_UP),
    };
    let cron = cron?;
    // Wrong fields are reported even where the zone is not known.
    match Schedule::parse(cron, timezone.unwrap_or(Tz::UTC)) {
        Ok(schedule) => Some(At {
            schedule: timezone.map(|_| Arc::new(schedule))?,
            catch_up: catch_up?,
        }),
        Err(error) => {
            findings.push(from_domain(fields.place("cron"), &error));
            None
        }
    }
}

pub(super) fn no_data(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<NoData> {
    let after = read::duration(node, findings)?;
    let slowest = scope.accounts.iter().filter_map(|draft| draft.poll).max();
    if let Some(poll) = slowest.filter(|poll| after <= *poll) {
        let message = "this is no longer than the time from one poll to the next, so it would \
                       always be true";
        let help = format!(
            "write several times the poll of {}ms",
            poll.num_milliseconds()
        );
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    Some(NoData { after })
}
