//! Warnings about hours: windows that leave out a whole session, and those that
//! take no notice of an early close.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};

use super::Declared;
use super::accounts::Draft;
use super::rule::Scope;
use crate::domain::account::AccountName;
use crate::domain::local_time::wall_time;
use crate::domain::observation::Timestamp;
use crate::domain::session::{Closure, SessionCalendar, TradeDate};
use crate::domain::window::{Window, read_any};
use crate::rules::book::{Action, At, Condition, Leaf, Rule, WindowSide, Windows};
use crate::rules::diagnostic::{Diagnostic, Findings, Place};
use crate::rules::expression::Variable;
use crate::rules::keys::Fields;
use crate::rules::node::{Node, Value};

/// Most early closes that a message names.
const MOST_NAMED: usize = 3;

/// Most early closes that are looked at for all rules together, so that a large
/// file does not take long to check.
const MOST_LOOKED_AT: usize = 100_000;

/// How long before an early close a scheduled time still sees to it.
const BEFORE_CLOSE: TimeDelta = TimeDelta::hours(1);

/// A Monday of a week in which no zone changes its clocks.
const ANY_MONDAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 1, 12);

/// Warns of a whole session outside of windows that cover others: most likely
/// `days` were taken for trade dates, where they are the days on which a window
/// begins.
pub(super) fn missed_session(
    windows: &[Window],
    place: Place,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    let mut names = HashSet::new();
    let calendars = scope
        .accounts
        .iter()
        .filter_map(|draft| draft.session.as_ref());
    let missed = calendars
        .filter(|calendar| names.insert(calendar.name()))
        .find_map(|calendar| missed_of(windows, calendar));
    let Some(missed) = missed else {
        return;
    };
    let message = format!(
        "the session that opens on {} lies outside of these windows for all of its {}; days are \
         the days on which a window begins",
        missed.opens, missed.lasts
    );
    let help = format!("add `{}`", missed.day);
    findings.push(Diagnostic::warning(place, message).help(help));
}

/// A session that is left out.
struct Missed {
    opens: String,
    lasts: String,
    day: String,
}

fn missed_of(windows: &[Window], calendar: &SessionCalendar) -> Option<Missed> {
    let week = ANY_MONDAY?.iter_days().take(7);
    let sessions = week.filter_map(|date| calendar.usual_session(TradeDate::new(date)));
    let (covered, left_out): (Vec<_>, Vec<_>) =
        sessions.partition(|session| is_covered(windows, *session));
    if covered.is_empty() {
        return None;
    }
    left_out
        .into_iter()
        .find_map(|(open, close)| missed_by_a_day(windows, calendar, open, close))
}

/// The session, when a window over midnight would cover it that began on the
/// day on which it opens.
fn missed_by_a_day(
    windows: &[Window],
    calendar: &SessionCalendar,
    open: Timestamp,
    close: Timestamp,
) -> Option<Missed> {
    let day = |window: &Window| wall_time(window.timezone, open).weekday();
    let meant = windows.iter().find(|window| {
        let is_over_midnight = window.to <= window.from && window.to != NaiveTime::MIN;
        let more = Window {
            days: window.days.with(day(window)),
            ..**window
        };
        is_over_midnight && is_covered(&[more], (open, close))
    })?;
    let minutes = close.signed_duration_since(open).num_minutes();
    let (hours, minutes) = (minutes / 60, minutes % 60);
    Some(Missed {
        opens: wall_time(calendar.timezone(), open)
            .format("%A %H:%M")
            .to_string(),
        lasts: match minutes {
            0 => format!("{hours} h"),
            _ => format!("{hours} h {minutes} m"),
        },
        day: day(meant).to_string().to_lowercase(),
    })
}

/// Whether any of a session lies in a window.
fn is_covered(windows: &[Window], (open, close): (Timestamp, Timestamp)) -> bool {
    let reading = read_any(windows, open);
    reading.inside || reading.until < close
}

/// Warns of rules that close what is held by the usual close of a session and
/// let an early one pass. An account with a rule on `minutes_to_close` has what
/// the warning asks for.
pub(super) fn early_closes(
    fields: &Fields<'_, '_>,
    declared: &Declared,
    rules: &[Arc<Rule>],
    findings: &mut Findings,
) {
    let enabled = || rules.iter().filter(|rule| rule.enabled);
    let follows_close = |leaf: &Leaf| match leaf {
        Leaf::Expr(expr) => expr.checked.reads().contains(&Variable::MinutesToClose),
        _ => false,
    };
    let safe: HashSet<&AccountName> = enabled()
        .filter(|rule| rule.when.has_leaf(follows_close))
        .flat_map(|rule| &rule.accounts)
        .collect();
    let mut looks = MOST_LOOKED_AT;
    let nodes = fields.get("rules").and_then(|node| node.items());
    for (rule, node) in rules.iter().zip(nodes.unwrap_or_default()) {
        let acts = |action: &Action| !matches!(action, Action::Notify(_));
        if !rule.enabled || !rule.then.iter().any(acts) {
            continue;
        }
        let is_at_risk =
            |draft: &&Draft| rule.accounts.contains(&draft.name) && !safe.contains(&draft.name);
        let mut names = HashSet::new();
        let calendars = declared.accounts.iter().filter(is_at_risk);
        let passed = calendars
            .filter_map(|draft| draft.session.as_deref())
            .filter(|calendar| !calendar.closures().is_empty() && names.insert(calendar.name()))
            .find_map(|calendar| passed_by(&rule.when, calendar, &mut looks));
        if let Some((leaf, calendar, dates)) = passed {
            let place = place_of(node, leaf.key()).unwrap_or(node.place);
            findings.push(let_pass(place, leaf, calendar, &dates));
        }
    }
}

/// The first kind that lets early closes of a calendar pass, with those.
fn passed_by<'r, 'c>(
    condition: &'r Condition,
    calendar: &'c SessionCalendar,
    looks: &mut usize,
) -> Option<(&'r Leaf, &'c SessionCalendar, Vec<String>)> {
    let mut found = None;
    for_each_plain_leaf(condition, &mut |leaf| {
        if found.is_some() || !matches!(leaf, Leaf::Windows(_) | Leaf::At(_)) {
            return;
        }
        let mut dates = Vec::new();
        for (date, closure) in calendar.closures().iter().take(*looks) {
            *looks = looks.saturating_sub(1);
            if let Closure::Early(time) = closure
                && lets_pass(leaf, calendar, date, time) == Some(true)
            {
                dates.push(format!("{date} {}", time.format("%H:%M")));
            }
        }
        if !dates.is_empty() {
            found = Some((leaf, calendar, dates));
        }
    });
    found
}

/// Whether a kind is about the usual close of this date and not about its early
/// one. `None` where the date has no session, or for kinds without hours.
fn lets_pass(
    leaf: &Leaf,
    calendar: &SessionCalendar,
    date: TradeDate,
    time: NaiveTime,
) -> Option<bool> {
    let (_, usual) = calendar.usual_session(date)?;
    let early = calendar.close_at(date, time);
    match leaf {
        Leaf::Windows(windows) => {
            let just_before = usual.checked_sub_signed(TimeDelta::minutes(1))?;
            let closes = is_wrong(windows, just_before) || is_wrong(windows, usual);
            Some(early < usual && closes && !is_wrong(windows, early))
        }
        Leaf::At(At { schedule, .. }) => {
            let from = early.checked_sub_signed(BEFORE_CLOSE)?;
            let is_late = schedule.next(early).is_some_and(|next| next <= usual);
            Some(is_late && schedule.latest(early, from).is_none())
        }
        _ => None,
    }
}

fn is_wrong(windows: &Windows, at: Timestamp) -> bool {
    let inside = read_any(&windows.windows, at).inside;
    inside == (windows.side == WindowSide::Inside)
}

fn let_pass(place: Place, leaf: &Leaf, calendar: &SessionCalendar, dates: &[String]) -> Diagnostic {
    let named = dates.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>();
    let more = match dates.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "`{}` knows no closures and does nothing when `{}` closes early: {}{more}",
        leaf.key(),
        calendar.name(),
        named.join(", ")
    );
    let help = "add a rule with `expr: \"(not is_flat or working_orders > 0) and \
                minutes_to_close <= 5\"`";
    Diagnostic::warning(place, message).help(help)
}

/// Calls `visit` for each kind that does not stand under a `not`.
fn for_each_plain_leaf<'r>(condition: &'r Condition, visit: &mut impl FnMut(&'r Leaf)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                for_each_plain_leaf(part, visit);
            }
        }
        Condition::Not(_) => {}
        Condition::Is(leaf) => visit(leaf),
    }
}

/// Where a key first stands in a tree of nodes.
fn place_of(node: &Node<'_>, key: &str) -> Option<Place> {
    match &node.value {
        Value::Map(entries) => entries.iter().find_map(|entry| {
            if entry.key == key {
                Some(entry.key_place)
            } else {
                place_of(&entry.value, key)
            }
        }),
        Value::List(items) => items.iter().find_map(|item| place_of(item, key)),
        Value::Null | Value::Scalar { .. } => None,
    }
}
