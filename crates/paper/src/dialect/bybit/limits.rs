//! How often an account and an address may ask.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use super::routes::Call;
use crate::dialect::exchange::visits::forget;
use crate::sim::clock;

/// The window of an account's limits.
const ACCOUNT_WINDOW_MS: u64 = 1000;
/// Requests of one address within [`ADDRESS_WINDOW_MS`].
const ADDRESS_REQUESTS: usize = 600;
const ADDRESS_WINDOW_MS: u64 = 5000;
/// How long an address that asked too often is turned away.
const BAN_MS: u64 = 600_000;

/// Who asked when.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    of_accounts: HashMap<(String, Call), VecDeque<DateTime<Utc>>>,
    of_address: VecDeque<DateTime<Utc>>,
    banned_until: Option<DateTime<Utc>>,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) limit: usize,
    pub(crate) left: usize,
    /// When there is one again, in milliseconds; now where there is one left.
    pub(crate) reset_ms: i64,
    pub(crate) is_over: bool,
}

impl Visits {
    /// Counts a request of the machine's address; whether it may go on.
    pub(crate) fn count_address(&mut self, now: DateTime<Utc>) -> bool {
        if self.banned_until.is_some_and(|until| now < until) {
            return false;
        }
        forget(&mut self.of_address, now, ADDRESS_WINDOW_MS);
        if self.of_address.len() >= ADDRESS_REQUESTS {
            self.of_address.clear();
            self.banned_until = Some(clock::after(now, BAN_MS));
            return false;
        }
        self.of_address.push_back(now);
        true
    }

    /// Counts a request of an account, unless there were too many.
    pub(crate) fn count_account(
        &mut self,
        account: &str,
        call: Call,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Left {
        let visits = self.of_accounts.entry((account.to_owned(), call));
        let visits = visits.or_default();
        forget(visits, now, ACCOUNT_WINDOW_MS);
        let is_over = visits.len() >= limit;
        if !is_over {
            visits.push_back(now);
        }
        let left = limit.saturating_sub(visits.len());
        let oldest = visits.front().copied().filter(|_| left == 0);
        let reset = oldest.map_or(now, |oldest| clock::after(oldest, ACCOUNT_WINDOW_MS));
        Left {
            limit,
            left,
            reset_ms: reset.timestamp_millis(),
            is_over,
        }
    }
}
