//! The record of requests received, for tests and measurements.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::dialect::crosstrade::routes::CallKind;
use crate::faults::class::RequestClass;
use crate::sim::clock;

/// Requests kept; older ones are forgotten, their counts stay.
const MAX_RECORDS: usize = 100_000;

/// A request that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct RequestRecord {
    /// Counts from 1 in order of arrival.
    pub number: u64,
    /// When its head had been read. Differences between two such times are
    /// monotonic (see [`PaperClock`](crate::PaperClock)).
    pub at: DateTime<Utc>,
    /// The same in microseconds since the venue started.
    pub since_start_us: u64,
    /// The HTTP method.
    pub method: String,
    /// Path and query as they came.
    pub path: String,
    /// The call, when the venue is CrossTrade and has one of that path.
    pub call: Option<CallKind>,
    /// The class of the call.
    pub class: RequestClass,
    /// The account in the path, decoded, or that of the key.
    pub account: Option<String>,
    /// Which of the venue's keys it showed, by their order in its configuration.
    pub key: Option<usize>,
    /// What proves who asks, as it came: searched for where it must not be.
    #[serde(skip)]
    pub signature: Option<String>,
    /// The status of the response; `None` while or where there is none.
    pub status: Option<u16>,
    /// Microseconds until the head of the response was ready.
    pub latency_us: Option<u64>,
    /// When what a snapshot says was true: earlier than the request where the
    /// venue keeps its snapshots for a while.
    pub content_at: Option<DateTime<Utc>>,
    /// What the account held when a write to it was let in.
    pub found: Option<Found>,
}

impl RequestRecord {
    /// A flatten of an account that held nothing and had nothing working.
    pub fn is_needless_flatten(&self) -> bool {
        self.is_flatten() && self.found.is_some_and(Found::is_nothing)
    }

    /// Whether it is about flattening one account: CrossTrade's call for that, at
    /// other venues an order that only reduces.
    fn is_flatten(&self) -> bool {
        let is_close_call = self.call.is_some_and(|call| call != CallKind::Flatten);
        self.class == RequestClass::Flatten && !is_close_call
    }
}

/// What an account held when a write to it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Open positions.
    pub positions: usize,
    /// Orders that may still fill.
    pub working_orders: usize,
    /// Whether an earlier flatten or close was accepted and is not yet done.
    pub is_closing: bool,
}

impl Found {
    /// Whether there was neither a position nor a working order.
    pub fn is_nothing(self) -> bool {
        self.positions == 0 && self.working_orders == 0
    }
}

/// Sums over all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests received.
    pub requests: u64,
    /// The most requests within any 60 seconds.
    pub worst_minute: u64,
    /// Responses of 429 from the rate limit.
    pub rate_limited: u64,
    /// Responses of 401.
    pub unauthorized: u64,
    /// Requests to the endpoints that act on all accounts.
    pub all_accounts: u64,
    /// Requests to paths that do not exist.
    pub unknown_paths: u64,
    /// Flattens of an account that held nothing and had nothing working.
    pub needless_flattens: u64,
    /// Flattens and closes of an account while an earlier one was not yet done.
    pub overlapping_flattens: u64,
    /// Orders let in at an exchange that could open a position or add to one: neither
    /// reduce-only nor, in hedge mode, on the closing side of their position.
    pub opening_orders: u64,
}

/// What the first line of a request says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrival<'a> {
    pub(crate) method: &'a str,
    /// Path and query as they came.
    pub(crate) target: &'a str,
    pub(crate) call: Option<CallKind>,
    pub(crate) class: RequestClass,
    pub(crate) account: Option<String>,
    pub(crate) key: Option<usize>,
    pub(crate) signature: Option<String>,
}

/// The requests and their sums.
#[derive(Debug)]
pub(crate) struct Record {
    started: DateTime<Utc>,
    requests: VecDeque<RequestRecord>,
    minute: VecDeque<DateTime<Utc>>,
    pub(crate) counters: Counters,
}

impl Record {
    pub(crate) fn new(started: DateTime<Utc>) -> Record {
        Record {
            started,
            requests: VecDeque::new(),
            minute: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Notes a request and returns its number.
    pub(crate) fn arrived(&mut self, at: DateTime<Utc>, arrival: Arrival<'_>) -> u64 {
        self.count(at, arrival.call);
        if self.requests.len() >= MAX_RECORDS {
            self.requests.pop_front();
        }
        let number = self.counters.requests;
        self.requests.push_back(RequestRecord {
            number,
            at,
            since_start_us: clock::micros_between(self.started, at),
            method: arrival.method.to_owned(),
            path: arrival.target.to_owned(),
            call: arrival.call,
            class: arrival.class,
            account: arrival.account,
            key: arrival.key,
            signature: arrival.signature,
            status: None,
            latency_us: None,
            content_at: None,
            found: None,
        });
        number
    }

    fn count(&mut self, at: DateTime<Utc>, call: Option<CallKind>) {
        let counters = &mut self.counters;
        counters.requests = counters.requests.saturating_add(1);
        if call.is_some_and(CallKind::acts_on_all_accounts) {
            counters.all_accounts = counters.all_accounts.saturating_add(1);
        }
        let minute = TimeDelta::seconds(60);
        while self
            .minute
            .front()
            .is_some_and(|first| at.signed_duration_since(*first) >= minute)
        {
            self.minute.pop_front();
        }
        self.minute.push_back(at);
        let window = u64::try_from(self.minute.len()).unwrap_or(u64::MAX);
        counters.worst_minute = counters.worst_minute.max(window);
    }

    fn request(&mut self, number: u64) -> Option<&mut RequestRecord> {
        self.requests.iter_mut().rev().find(|r| r.number == number)
    }

    /// Notes the class of a request whose body says it.
    pub(crate) fn classify(&mut self, number: u64, class: RequestClass) {
        if let Some(request) = self.request(number) {
            request.class = class;
        }
    }

    /// Notes what the account held when a write to it was let in.
    pub(crate) fn found(&mut self, number: u64, found: Found) {
        let Some(request) = self.request(number) else {
            return;
        };
        request.found = Some(found);
        let needless = request.is_needless_flatten();
        let overlaps = request.class == RequestClass::Flatten && found.is_closing;
        let counters = &mut self.counters;
        counters.needless_flattens += u64::from(needless);
        counters.overlapping_flattens += u64::from(overlaps);
    }

    /// Notes when what a snapshot says was true.
    pub(crate) fn content(&mut self, number: u64, at: DateTime<Utc>) {
        if let Some(request) = self.request(number) {
            request.content_at = Some(at);
        }
    }

    /// Notes the response to a request.
    pub(crate) fn responded(&mut self, number: u64, at: DateTime<Utc>, status: u16) {
        if let Some(request) = self.request(number) {
            request.status = Some(status);
            request.latency_us = Some(clock::micros_between(request.at, at));
        }
    }

    /// The requests kept, oldest first.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &RequestRecord> {
        self.requests.iter()
    }

    /// The first flatten of an account at or after a time.
    pub(crate) fn first_flatten(
        &self,
        account: &str,
        after: DateTime<Utc>,
    ) -> Option<&RequestRecord> {
        self.requests.iter().find(|request| {
            let named = request.account.as_deref();
            request.at >= after
                && request.is_flatten()
                && named.is_some_and(|named| named.eq_ignore_ascii_case(account))
        })
    }

    /// Forgets requests and sums.
    pub(crate) fn clear(&mut self) {
        *self = Record::new(self.started);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_minute_is_a_rolling_one() {
        let start = DateTime::UNIX_EPOCH;
        let mut record = Record::new(start);
        let mut at = |ms| record.arrived(clock::after(start, ms), Arrival::default());
        for ms in [0, 1_000, 59_999, 60_000, 61_000, 200_000] {
            at(ms);
        }
        assert_eq!(record.counters.requests, 6);
        // From 1 s up to, and without, 61 s; and from 59.999 s on.
        assert_eq!(record.counters.worst_minute, 3);
    }
}
