//! How often an account and an address may ask, and how often an account may ask for what
//! is refused.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use super::routes::Call;
use crate::sim::clock;

/// The window of all limits.
const WINDOW_MS: u64 = 1000;
/// Requests over a limit within a minute after which more than those are turned away: a
/// call of the account, or the address. The pages say that it happens, not when.
const PATIENCE: usize = 10;
const PATIENCE_MS: u64 = 60_000;
/// How long a call is disabled then, and an address banned: "recover after 5 minutes".
const DISABLED_MS: u64 = 300_000;
/// Refusals with one code that one call may give an account within [`ERRORS_MS`]; after
/// those it is blocked (the errors of every call's page).
const MOST_ERRORS: usize = 20;
const ERRORS_MS: u64 = 480_000;

type Times = VecDeque<DateTime<Utc>>;

/// Who asked when.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    of_users: HashMap<(String, Call), Visits>,
    of_address: HashMap<Call, Times>,
    refused: Times,
    banned_until: Option<DateTime<Utc>>,
    errors: HashMap<(String, Call), HashMap<i64, Times>>,
}

/// Requests of one account for one call.
#[derive(Debug, Default)]
struct Visits {
    let_in: Times,
    refused: Times,
    disabled_until: Option<DateTime<Utc>>,
}

/// What the headers of a reply say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) remain: usize,
    /// When the window ends, in milliseconds.
    pub(crate) expires_ms: i64,
}

/// Why a request goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Too many within a second.
    Limited,
    /// The call is closed to the account until then.
    Disabled { until: DateTime<Utc> },
    /// Too many that were refused with one code.
    Wrong { code: i64, until: DateTime<Utc> },
    /// The address is not heard.
    Banned,
}

impl Turned {
    /// The sentence beside code 100410.
    pub(crate) fn text(self) -> String {
        match self {
            Turned::Limited | Turned::Banned => super::reply::LIMITED.to_owned(),
            Turned::Disabled { until } => format!(
                "code:100410:The endpoint trigger frequency limit rule is currently in the \
                 disabled period and will be unblocked after {}",
                until.timestamp_millis()
            ),
            Turned::Wrong { code, until } => format!(
                "over {MOST_ERRORS} error code:{code} requests within {ERRORS_MS} ms for this \
                 api, please verify and fix it ,can retry after time: {}",
                until.timestamp_millis()
            ),
        }
    }
}

impl Limits {
    /// Counts a request of the machine's address; whether it may go on.
    pub(crate) fn count_address(
        &mut self,
        call: Call,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<(), Turned> {
        if self.is_banned(now) {
            return Err(Turned::Banned);
        }
        let visits = self.of_address.entry(call).or_default();
        if admit(visits, limit, now) {
            return Ok(());
        }
        note(&mut self.refused, now, PATIENCE_MS);
        if self.refused.len() > PATIENCE {
            self.refused.clear();
            self.banned_until = Some(clock::after(now, DISABLED_MS));
            return Err(Turned::Banned);
        }
        Err(Turned::Limited)
    }

    /// Whether the address is banned.
    pub(crate) fn is_banned(&self, now: DateTime<Utc>) -> bool {
        self.banned_until.is_some_and(|until| now < until)
    }

    /// Counts a request of an account; what is left, and whether it may go on.
    pub(crate) fn count_user(
        &mut self,
        account: &str,
        call: Call,
        limit: usize,
        now: DateTime<Utc>,
    ) -> (Left, Result<(), Turned>) {
        let visits = self.of_users.entry((account.to_owned(), call));
        let visits = visits.or_default();
        let turned = visits.count(limit, now);
        let first = visits.let_in.front().copied().unwrap_or(now);
        let left = Left {
            remain: limit.saturating_sub(visits.let_in.len()),
            expires_ms: clock::after(first, WINDOW_MS).timestamp_millis(),
        };
        (left, turned)
    }

    /// Counts a refusal of a call that an account was let into.
    pub(crate) fn count_error(&mut self, account: &str, call: Call, code: i64, now: DateTime<Utc>) {
        let errors = self.errors.entry((account.to_owned(), call)).or_default();
        note(errors.entry(code).or_default(), now, ERRORS_MS);
    }

    /// Whether an account was refused too often by a call.
    pub(crate) fn check_errors(
        &self,
        account: &str,
        call: Call,
        now: DateTime<Utc>,
    ) -> Result<(), Turned> {
        let errors = self.errors.get(&(account.to_owned(), call));
        for (code, times) in errors.into_iter().flatten() {
            let ends = |at: &DateTime<Utc>| clock::after(*at, ERRORS_MS);
            let recent = times.iter().filter(|at| ends(at) > now);
            let oldest = recent.clone().next();
            if let Some(oldest) = oldest.filter(|_| recent.count() >= MOST_ERRORS) {
                return Err(Turned::Wrong {
                    code: *code,
                    until: ends(oldest),
                });
            }
        }
        Ok(())
    }
}

impl Visits {
    fn count(&mut self, limit: usize, now: DateTime<Utc>) -> Result<(), Turned> {
        if let Some(until) = self.disabled_until.filter(|until| now < *until) {
            return Err(Turned::Disabled { until });
        }
        if admit(&mut self.let_in, limit, now) {
            return Ok(());
        }
        note(&mut self.refused, now, PATIENCE_MS);
        if self.refused.len() > PATIENCE {
            self.refused.clear();
            let until = clock::after(now, DISABLED_MS);
            self.disabled_until = Some(until);
            return Err(Turned::Disabled { until });
        }
        Err(Turned::Limited)
    }
}

/// Lets a request in unless there were too many within a second.
fn admit(times: &mut Times, limit: usize, now: DateTime<Utc>) -> bool {
    forget(times, now, WINDOW_MS);
    let is_free = times.len() < limit;
    if is_free {
        times.push_back(now);
    }
    is_free
}

fn note(times: &mut Times, now: DateTime<Utc>, window_ms: u64) {
    forget(times, now, window_ms);
    times.push_back(now);
}

fn forget(times: &mut Times, now: DateTime<Utc>, window_ms: u64) {
    while let Some(first) = times.front()
        && clock::after(*first, window_ms) <= now
    {
        times.pop_front();
    }
}
