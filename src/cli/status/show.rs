//! The daemon's state for people.

use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::{CellAlignment, Table, presets};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::view::{Account, Lock, Position, RecordState, Rule, Status, Venue};
use crate::cli::printer::{Paint, Printer};
use crate::cli::size::bytes;
use crate::cli::time;
use crate::domain::duration;
use crate::domain::holdings::worth_in_words;
use crate::domain::ids::Numbered;
use crate::domain::money::Money;
use crate::domain::plural::counted;

/// Width of the bar that shows how much of a limit is used.
const BAR: usize = 10;
/// Characters of a hash that tell two rule sets apart.
const HASH: usize = 12;

/// The whole state.
pub(super) fn status(status: &Status, out: &Printer) -> String {
    let mut lines = Vec::new();
    header(status, out, &mut lines);
    for account in &status.accounts {
        lines.push(String::new());
        account_lines(account, out, &mut lines);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn header(status: &Status, out: &Printer, lines: &mut Vec<String>) {
    let ready = if status.ready {
        out.paint(Paint::Green, "ready")
    } else {
        out.paint(Paint::Yellow, "not ready: waiting for every account")
    };
    let mode = match status.mode.as_str() {
        "observe" => out.paint(Paint::Yellow, "mode observe: nothing is sent"),
        mode => format!("mode {mode}"),
    };
    lines.push(format!(
        "{}, {mode}, {ready}, up {} (pid {})",
        out.paint(Paint::Bold, &format!("riskd {}", status.version)),
        up(status),
        status.pid
    ));
    let rules = &status.rules;
    lines.push(format!(
        "rules   {}: {} enabled, hash {}, in force since {}",
        rules.file,
        rules.enabled,
        rules.hash.get(..HASH).unwrap_or(&rules.hash),
        instant(&rules.loaded)
    ));
    if let Some(refused) = &rules.refused {
        let since = rules.refused_since.as_deref();
        let since = since.map_or_else(String::new, |at| format!(" since {}", instant(at)));
        let text =
            format!("rules   a later version of the file is REFUSED{since}, the old rules stay:");
        lines.push(out.paint(Paint::Red, &text));
        let indented = |line: &str| out.paint(Paint::Red, &format!("        {line}"));
        lines.extend(refused.lines().map(indented));
    }
    let record = &status.record;
    lines.push(match &record.reason {
        None => format!(
            "record  {}: {}{}",
            record.database,
            record.state,
            size(record)
        ),
        Some(reason) => {
            let text = format!("record  {}: {}: {reason}", record.database, record.state);
            out.paint(Paint::Red, &text)
        }
    });
    lines.extend(status.venues.iter().map(|found| venue(found, out)));
}

fn size(record: &RecordState) -> String {
    let Some(size) = record.bytes else {
        return String::new();
    };
    let log = record.log_bytes.unwrap_or_default();
    let free = match record.free_bytes.unwrap_or_default() {
        0 => String::new(),
        free => format!(" ({} of it free)", bytes(free)),
    };
    let since = match &record.full_since {
        Some(since) => format!(", full detail since {}", instant(since)),
        None => String::new(),
    };
    format!(", {}{free} and a log of {}{since}", bytes(size), bytes(log))
}

fn venue(venue: &Venue, out: &Printer) -> String {
    let last = match venue.last_poll_ms {
        Some(millis) => format!(
            "the last {} ago",
            time::took(TimeDelta::milliseconds(millis))
        ),
        None => "none ended yet".to_owned(),
    };
    let failed = match venue.failed_polls {
        0 => String::new(),
        count => format!(" ({count} failed)"),
    };
    let line = format!(
        "venue   {}: a poll each {}, {}{failed}, {last}; budget {} of {}",
        venue.venue,
        duration::write(TimeDelta::milliseconds(venue.poll_ms)),
        counted(venue.polls, "poll"),
        venue.budget_left,
        venue.budget
    );
    match &venue.failure {
        None => line,
        Some(failure) => format!("{line}\n        {}", out.paint(Paint::Red, failure)),
    }
}

fn account_lines(account: &Account, out: &Printer, lines: &mut Vec<String>) {
    let mut title = out.paint(Paint::Bold, &account.account);
    title.push_str(&format!(" ({} at {})", account.number, account.venue));
    lines.push(title);
    for found in &account.locks {
        lines.push(format!("  {}", out.paint(Paint::Yellow, &lock(found))));
    }
    if let Some(work) = &account.enforcement {
        let text = format!(
            "ENFORCING: {}; round {}, {} in a row",
            work.goals.join(", "),
            work.round,
            counted(
                usize::try_from(work.failed_reads).unwrap_or(usize::MAX),
                "failed read"
            )
        );
        lines.push(format!("  {}", out.paint(Paint::Red, &text)));
    }
    let exposed = account.rules.iter().filter(|rule| rule.exposed);
    let exposed: Vec<&str> = exposed.map(|rule| rule.rule.as_str()).collect();
    if !exposed.is_empty() {
        let text = format!(
            "BEYOND THE LIMIT of what has fired and does not act: {}",
            exposed.join(", ")
        );
        lines.push(format!("  {}", out.paint(Paint::Red, &text)));
    }
    lines.push(format!("  {}", figures(account)));
    lines.push(format!("  {}", holdings(account, out)));
    if !account.rules.is_empty() {
        rules(&account.rules, out, lines);
    }
}

fn lock(lock: &Lock) -> String {
    let word = match lock.kind.as_str() {
        "lock" => "LOCKED",
        "close_only" => "CLOSE ONLY",
        other => other,
    };
    let until = match lock.until.as_str() {
        "manual" => "until a person unlocks it".to_owned(),
        until => format!("until {}", instant(until)),
    };
    format!("{word} {until}: {}", lock.reason)
}

fn figures(account: &Account) -> String {
    let session = account.session.as_deref().unwrap_or("unknown");
    let from = match &account.session_pnl_from {
        Some(from) => format!(" ({from})"),
        None => String::new(),
    };
    let margin = account.maintenance_margin.map_or(String::new(), |margin| {
        format!(", maintenance margin {}", margin.grouped())
    });
    format!(
        "session {session}: P&L {}{from}, open {}, balance {}, equity {}{margin}",
        money(account.session_pnl),
        money(account.unrealized),
        money(account.balance),
        money(account.equity)
    )
}

fn holdings(account: &Account, out: &Printer) -> String {
    let positions = match &account.positions {
        None => "positions unknown".to_owned(),
        Some(held) if held.is_empty() => "no position".to_owned(),
        Some(held) => {
            let worth = account.position_figures.as_deref().unwrap_or_default();
            let held = held.iter().enumerate();
            let held: Vec<String> = held
                .map(|(place, held)| position(held, worth.get(place)))
                .collect();
            format!("holds {}", held.join(", "))
        }
    };
    let orders = match account.working_orders {
        None => "working orders not read".to_owned(),
        Some(0) => "no working order".to_owned(),
        Some(count) => counted(count, "working order"),
    };
    format!("{positions}, {orders}; {}", data(account, out))
}

fn position(held: &str, figures: Option<&Position>) -> String {
    let worth = figures.map_or(String::new(), |figures| {
        let (mark, liquidation) = (&figures.mark_price, &figures.liquidation_price);
        worth_in_words(mark.as_deref(), figures.notional, liquidation.as_deref())
    });
    format!("{held}{worth}")
}

fn data(account: &Account, out: &Printer) -> String {
    let age = account.data_age_seconds.map(TimeDelta::seconds);
    let age = age.map(duration::write);
    let (state, reason) = (account.data.as_str(), &account.data_reason);
    if let ("good", Some(age)) = (state, &age) {
        return format!("data {age} old");
    }
    let reason = reason
        .as_ref()
        .map_or(String::new(), |reason| format!(" ({reason})"));
    let last = age.map_or("never good since riskd started".to_owned(), |age| {
        format!("good {age} ago")
    });
    out.paint(Paint::Yellow, &format!("data {state}{reason}, {last}"))
}

fn rules(rules: &[Rule], out: &Printer, lines: &mut Vec<String>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "rule", "state", "value", "limit", "distance", "used", "firing",
    ]);
    for rule in rules {
        let name = if rule.held_back {
            format!("{} (a looser form waits)", rule.rule)
        } else {
            rule.rule.clone()
        };
        let state = if rule.spent {
            format!("{}, does not act", rule.state)
        } else {
            rule.state.clone()
        };
        table.add_row([
            name,
            state,
            blank(rule.value),
            blank(rule.limit),
            blank(rule.distance),
            rule.used.map_or(String::new(), |used| bar(used.decimal())),
            rule.firing
                .map_or(String::new(), |firing| Numbered(firing).to_string()),
        ]);
    }
    for column in [2, 3, 4, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text = table.trim_fmt();
    let mut rows = text.lines();
    if let Some(head) = rows.next() {
        lines.push(format!(" {}", out.paint(Paint::Dim, head)));
    }
    for (row, rule) in rows.zip(rules) {
        let row = match rule.state.as_str() {
            "fired" => out.paint(Paint::Red, row),
            "building" => out.paint(Paint::Yellow, row),
            "unknown" => out.paint(Paint::Dim, row),
            _ => row.to_owned(),
        };
        lines.push(format!(" {row}"));
    }
}

/// `██████░░░░  62%`; nothing is used below zero, all of it above one.
fn bar(used: Decimal) -> String {
    let percent = used
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|percent| percent.to_i64())
        .unwrap_or(0)
        .max(0);
    let filled = usize::try_from(percent).unwrap_or(0) * BAR / 100;
    let filled = filled.min(BAR);
    let empty = BAR.saturating_sub(filled);
    format!("{}{} {percent:>3}%", "█".repeat(filled), "░".repeat(empty))
}

fn money(amount: Option<Money>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), Money::grouped)
}

fn blank(amount: Option<Money>) -> String {
    amount.map_or_else(|| "-".to_owned(), Money::grouped)
}

fn parsed(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

/// A time of the wire for people; as it is when it cannot be read.
fn instant(text: &str) -> String {
    match parsed(text) {
        Some(at) => at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => text.to_owned(),
    }
}

fn up(status: &Status) -> String {
    match (parsed(&status.now), parsed(&status.started)) {
        (Some(now), Some(started)) => {
            let span = now.signed_duration_since(started);
            duration::write(TimeDelta::seconds(span.num_seconds()))
        }
        _ => "since an unknown time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_stays_within_its_width() {
        let cases = [
            ("-0.5", "░░░░░░░░░░   0%"),
            ("0", "░░░░░░░░░░   0%"),
            ("0.625", "██████░░░░  62%"),
            ("1", "██████████ 100%"),
            ("12.5", "██████████ 1250%"),
        ];
        for (used, expect) in cases {
            assert_eq!(bar(used.parse().unwrap()), expect);
        }
    }
}
