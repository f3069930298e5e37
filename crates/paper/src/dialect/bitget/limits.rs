//! How often an account and an address may ask. Nothing says how much is left.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use super::routes::Call;
use crate::dialect::exchange::visits::count;

/// The window of a call's limit.
const SECOND_MS: u64 = 1000;
/// Requests of one address within [`MINUTE_MS`], as third parties quote it.
const ADDRESS_REQUESTS: usize = 6000;
const MINUTE_MS: u64 = 60_000;

/// Who asked when.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    of_calls: HashMap<(String, Call), VecDeque<DateTime<Utc>>>,
    of_address: VecDeque<DateTime<Utc>>,
}

impl Limits {
    /// Counts a request of the machine's address; whether it may go on.
    pub(crate) fn count_address(&mut self, now: DateTime<Utc>) -> bool {
        count(&mut self.of_address, now, ADDRESS_REQUESTS, MINUTE_MS)
    }

    /// Counts a call of an account, or of nobody in particular; whether it may go on.
    pub(crate) fn count_call(
        &mut self,
        account: &str,
        call: Call,
        per_second: usize,
        now: DateTime<Utc>,
    ) -> bool {
        let visits = self.of_calls.entry((account.to_owned(), call));
        count(visits.or_default(), now, per_second, SECOND_MS)
    }
}
