//! How much an address may ask, and how many orders an account may send.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::sim::clock;

/// What the requests of one address may weigh within a minute of the clock.
pub(crate) const MOST_WEIGHT: u32 = 2400;
/// Orders of one account within ten seconds, and within a minute.
pub(crate) const MOST_ORDERS: [(u64, usize); 2] = [(10, 300), (60, 1200)];

const MINUTE_MS: i64 = 60_000;
/// Refused requests within a minute after which an address is banned. The pages say
/// that it happens, not when.
const PATIENCE: u32 = 10;
/// The first ban; the next is twice as long, up to the longest.
const FIRST_BAN_MS: u64 = 120_000;
const LONGEST_BAN_MS: u64 = 3 * 24 * 3_600_000;

/// Who asked how much.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    minute: i64,
    used: u32,
    /// At the host of spot and wallet.
    used_in_wallet: u32,
    refused: u32,
    bans: u32,
    banned_until: Option<DateTime<Utc>>,
    orders: HashMap<String, VecDeque<DateTime<Utc>>>,
}

/// What the headers of a reply say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    weight: Option<u32>,
    wallet_weight: Option<u32>,
    orders: Option<[usize; 2]>,
}

/// Why an address is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Until the minute is over.
    Away {
        until: DateTime<Utc>,
    },
    Banned {
        until: DateTime<Utc>,
    },
}

impl Counts {
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let mut add = |name, value: Option<String>| {
            headers.extend(value.map(|value| (name, value)));
        };
        add("x-mbx-used-weight-1m", self.weight.map(|it| it.to_string()));
        let wallet = self.wallet_weight.map(|it| it.to_string());
        add("x-sapi-used-ip-weight-1m", wallet);
        let orders = |place: usize| {
            let counts = self.orders?;
            counts.get(place).map(usize::to_string)
        };
        add("x-mbx-order-count-10s", orders(0));
        add("x-mbx-order-count-1m", orders(1));
        headers
    }

    /// Without an account's order counts, which a refusal need not show.
    pub(crate) fn without_orders(self) -> Counts {
        Counts {
            orders: None,
            ..self
        }
    }

    /// With an account's order counts.
    pub(crate) fn with_orders(self, orders: [usize; 2]) -> Counts {
        Counts {
            orders: Some(orders),
            ..self
        }
    }
}

impl Limits {
    /// Counts a request of the machine's address; whether it may go on.
    pub(crate) fn count_weight(
        &mut self,
        weight: u32,
        is_wallet: bool,
        now: DateTime<Utc>,
    ) -> (Counts, Result<(), Turned>) {
        self.begin_minute(now);
        if is_wallet {
            self.used_in_wallet = self.used_in_wallet.saturating_add(weight);
            let counts = Counts {
                wallet_weight: Some(self.used_in_wallet),
                ..Counts::default()
            };
            return (counts, Ok(()));
        }
        if let Some(until) = self.banned_until.filter(|until| now < *until) {
            return (Counts::default(), Err(Turned::Banned { until }));
        }
        self.used = self.used.saturating_add(weight);
        let counts = Counts {
            weight: Some(self.used),
            ..Counts::default()
        };
        if self.used <= MOST_WEIGHT {
            return (counts, Ok(()));
        }
        self.refused = self.refused.saturating_add(1);
        if self.refused > PATIENCE {
            return (counts, Err(self.ban(now)));
        }
        let ends = self.minute.saturating_add(1).saturating_mul(MINUTE_MS);
        let until = DateTime::from_timestamp_millis(ends).unwrap_or(now);
        (counts, Err(Turned::Away { until }))
    }

    fn begin_minute(&mut self, now: DateTime<Utc>) {
        let minute = now.timestamp_millis().div_euclid(MINUTE_MS);
        if minute != self.minute {
            self.minute = minute;
            (self.used, self.used_in_wallet, self.refused) = (0, 0, 0);
        }
    }

    fn ban(&mut self, now: DateTime<Utc>) -> Turned {
        let length = FIRST_BAN_MS.saturating_mul(2_u64.saturating_pow(self.bans));
        let until = clock::after(now, length.min(LONGEST_BAN_MS));
        self.bans = self.bans.saturating_add(1);
        self.banned_until = Some(until);
        Turned::Banned { until }
    }

    /// Counts an order of an account, unless there were too many: then the limit that
    /// is reached and its seconds.
    pub(crate) fn count_order(
        &mut self,
        account: &str,
        now: DateTime<Utc>,
    ) -> Result<[usize; 2], (usize, u64)> {
        let sent = self.orders.entry(account.to_owned()).or_default();
        while sent
            .front()
            .is_some_and(|first| !is_within(*first, 60, now))
        {
            sent.pop_front();
        }
        for (seconds, most) in MOST_ORDERS {
            if within(sent, seconds, now) >= most {
                return Err((most, seconds));
            }
        }
        sent.push_back(now);
        Ok(MOST_ORDERS.map(|(seconds, _)| within(sent, seconds, now)))
    }
}

fn within(sent: &VecDeque<DateTime<Utc>>, seconds: u64, now: DateTime<Utc>) -> usize {
    let recent = sent.iter().rev();
    recent
        .take_while(|at| is_within(**at, seconds, now))
        .count()
}

fn is_within(at: DateTime<Utc>, seconds: u64, now: DateTime<Utc>) -> bool {
    clock::after(at, seconds.saturating_mul(1000)) > now
}
