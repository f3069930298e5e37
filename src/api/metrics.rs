//! `GET /metrics`: the state in the Prometheus text format, version 0.0.4.
//!
//! Written by hand: a dozen families out of a snapshot that is already there
//! need no registry. Amounts of money are left out; they stand in `/status`.

use std::fmt::{Display, Write};

use super::status::{LATENCY_BOUNDS_US, RecordStatus, Status, VenueStatus};
use crate::engine::status::AccountStatus;

/// The metrics of this state.
pub(super) fn text(status: &Status) -> String {
    let mut page = Page::default();
    daemon(&mut page, status);
    venues(&mut page, &status.venues);
    accounts(&mut page, &status.accounts);
    rules(&mut page, &status.accounts);
    counts(&mut page, status);
    reaction(&mut page, status);
    page.0
}

fn daemon(page: &mut Page, status: &Status) {
    page.family("riskd_build_info", GAUGE, "The version that runs.")
        .line(&[("version", status.version)], 1);
    page.family(
        "riskd_ready",
        GAUGE,
        "1 once every account was observed since the start.",
    )
    .line(&[], u8::from(status.ready));
    page.family(
        "riskd_enforcing",
        GAUGE,
        "1 in mode enforce, 0 when riskd only observes.",
    )
    .line(&[], u8::from(status.mode == "enforce"));
    page.family("riskd_rules", GAUGE, "Enabled rules in force.")
        .line(&[], status.rules.enabled);
    page.family(
        "riskd_rules_refused",
        GAUGE,
        "1 while the rule file that was read last is refused.",
    )
    .line(&[], u8::from(status.rules.refused.is_some()));
    page.family(
        "riskd_record_good",
        GAUGE,
        "1 while the record can be written.",
    )
    .line(&[], u8::from(status.record.state == "good"));
    record(page, &status.record);
}

fn record(page: &mut Page, record: &RecordStatus) {
    let mut family = page.family("riskd_record_bytes", GAUGE, "Size of the record.");
    let sizes = [
        ("database", record.bytes),
        ("log", record.log_bytes),
        ("free", record.free_bytes),
    ];
    for (part, size) in sizes {
        if let Some(size) = size {
            family.line(&[("part", part)], size);
        }
    }
    let mut family = page.family(
        "riskd_record_full_since_seconds",
        GAUGE,
        "Time of the oldest sample from which on every sample is kept, as seconds since 1970.",
    );
    if let Some(since) = record.full_since {
        family.line(&[], since.timestamp());
    }
}

fn venues(page: &mut Page, venues: &[VenueStatus]) {
    let mut each = |name, kind, help, value: &dyn Fn(&VenueStatus) -> Option<String>| {
        let mut family = page.family(name, kind, help);
        for venue in venues {
            if let Some(value) = value(venue) {
                family.line(&[("venue", &venue.venue)], value);
            }
        }
    };
    each(
        "riskd_venue_up",
        GAUGE,
        "1 when the last poll succeeded for every account.",
        &|v| Some(u8::from(v.failure.is_none() && v.polls > 0).to_string()),
    );
    each("riskd_polls_total", COUNTER, "Polls of the venue.", &|v| {
        Some(v.polls.to_string())
    });
    each(
        "riskd_polls_failed_total",
        COUNTER,
        "Polls that failed for at least one account.",
        &|v| Some(v.failed_polls.to_string()),
    );
    each(
        "riskd_poll_age_seconds",
        GAUGE,
        "Time since the last poll ended.",
        &|v| v.last_poll_ms.map(|ms| seconds(ms.saturating_mul(1000))),
    );
    each(
        "riskd_budget_left",
        GAUGE,
        "Requests that could be sent at once.",
        &|v| Some(v.budget_left.to_string()),
    );
    each(
        "riskd_budget",
        GAUGE,
        "Requests that the venue allows at once after a rest.",
        &|v| Some(v.budget.to_string()),
    );
}

fn accounts(page: &mut Page, accounts: &[AccountStatus]) {
    let mut family = page.family(
        "riskd_data_age_seconds",
        GAUGE,
        "Age of the newest trustworthy observation; +Inf when there was none since the start.",
    );
    for account in accounts {
        let age = account.data_age_seconds;
        let age = age.map_or("+Inf".to_owned(), |age| age.to_string());
        family.line(&[("account", &account.account)], age);
    }
    let mut family = page.family("riskd_locked", GAUGE, "1 for each lock in force.");
    for account in accounts {
        for lock in &account.locks {
            family.line(&[("account", &account.account), ("lock", lock.kind)], 1);
        }
    }
    let mut family = page.family(
        "riskd_enforcement_round",
        GAUGE,
        "The round of enforcement that goes on; 0 when nothing is to be done.",
    );
    for account in accounts {
        let round = account.enforcement.as_ref().map_or(0, |e| e.round);
        family.line(&[("account", &account.account)], round);
    }
}

fn rules(page: &mut Page, accounts: &[AccountStatus]) {
    let mut family = page.family("riskd_rule_fired", GAUGE, "1 while the rule has fired.");
    for account in accounts {
        for rule in &account.rules {
            let labels = [("account", &*account.account), ("rule", &*rule.rule)];
            family.line(&labels, u8::from(rule.firing.is_some()));
        }
    }
    let mut family = page.family(
        "riskd_rule_used_ratio",
        GAUGE,
        "Share of the rule's limit that is used; left out while it is unknown.",
    );
    for account in accounts {
        for rule in &account.rules {
            if let Some(used) = rule.used {
                let labels = [("account", &*account.account), ("rule", &*rule.rule)];
                family.line(&labels, used.decimal());
            }
        }
    }
}

fn counts(page: &mut Page, status: &Status) {
    let counts = &status.counts;
    let mut family = page.family(
        "riskd_observations_total",
        COUNTER,
        "Observations by how far they can be trusted.",
    );
    for (account, count) in &counts.accounts {
        for (quality, seen) in &count.observations {
            family.line(&[("account", account), ("quality", quality)], seen);
        }
    }
    let mut family = page.family("riskd_evaluations_total", COUNTER, "Rules evaluated.");
    for (account, count) in &counts.accounts {
        family.line(&[("account", account)], count.evaluations);
    }
    let mut family = page.family("riskd_firings_total", COUNTER, "Firings of rules.");
    for (account, count) in &counts.accounts {
        for (rule, fired) in &count.firings {
            family.line(&[("account", account), ("rule", rule)], fired);
        }
    }
    let mut family = page.family(
        "riskd_enforcement_rounds_total",
        COUNTER,
        "Rounds of requests sent to reach a goal.",
    );
    for (account, count) in &counts.accounts {
        family.line(&[("account", account)], count.rounds);
    }
    let mut family = page.family("riskd_requests_total", COUNTER, "Requests that act.");
    for (account, count) in &counts.accounts {
        for (write, sent) in &count.requests {
            family.line(&[("account", account), ("request", write)], sent);
        }
    }
    let mut family = page.family(
        "riskd_answers_total",
        COUNTER,
        "What came of the requests that act.",
    );
    for (outcome, answered) in &counts.answers {
        family.line(&[("outcome", outcome)], answered);
    }
    page.family(
        "riskd_messages_undelivered_total",
        COUNTER,
        "Messages that no try could deliver.",
    )
    .line(&[], counts.undelivered);
}

fn reaction(page: &mut Page, status: &Status) {
    let name = "riskd_reaction_seconds";
    let help = "Time from a received observation to each request it led to.";
    let histogram = &status.reaction_histogram;
    page.family(name, "histogram", help);
    let mut below = 0_u64;
    for (bound, count) in LATENCY_BOUNDS_US.into_iter().zip(&histogram.counts) {
        below = below.saturating_add(*count);
        page.line(
            "riskd_reaction_seconds_bucket",
            &[("le", &seconds(bound))],
            below,
        );
    }
    page.line(
        "riskd_reaction_seconds_bucket",
        &[("le", "+Inf")],
        histogram.count,
    );
    page.line("riskd_reaction_seconds_sum", &[], seconds(histogram.sum_us));
    page.line("riskd_reaction_seconds_count", &[], histogram.count);
}

const GAUGE: &str = "gauge";
const COUNTER: &str = "counter";

/// The text as it grows.
#[derive(Default)]
struct Page(String);

/// One metric under its name.
struct Family<'p> {
    page: &'p mut Page,
    name: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { page: self, name }
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.write(format_args!("{name}"));
        for (index, (label, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let text = escaped(text);
            self.write(format_args!("{before}{label}=\"{text}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.write(format_args!("{end} {value}\n"));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
    }
}

impl Family<'_> {
    fn line(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.page.line(self.name, labels, value);
        self
    }
}

/// A label's value: backslash, quote and newline are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Microseconds as seconds.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
