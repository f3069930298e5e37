//! The trading day: its reset, and the session losses that are watched.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;
use rust_decimal::Decimal;
use serde::Serialize;

use super::Simulation;
use super::order::{OrderState, TimeInForce};
use super::trade::TradeError;

/// A session loss at which the moment is recorded.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    account: usize,
    loss: Decimal,
    crossed: bool,
}

/// A session loss that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing {
    /// The account.
    pub account: String,
    /// The watched loss, positive, in dollars.
    pub loss: Decimal,
    /// The day's result at that moment, realized and unrealized.
    pub pnl: Decimal,
    /// When a read would first have shown it.
    pub at: DateTime<Utc>,
}

impl Simulation {
    /// Records the moment at which the day's loss reaches `loss`.
    pub(crate) fn watch(&mut self, account: &str, loss: Decimal) -> Result<(), TradeError> {
        let account = self.account_index(account)?;
        self.watches.push(Watch {
            account,
            loss,
            crossed: false,
        });
        self.settle();
        Ok(())
    }

    /// Session losses reached so far.
    pub(crate) fn crossings(&self) -> &[Crossing] {
        &self.crossings
    }

    /// 18:00 New York: day figures start again and day orders end.
    pub(super) fn reset_day(&mut self) {
        self.next_reset = next_reset(self.now);
        for account in &mut self.accounts {
            account.reset_day(&self.market);
        }
        for watch in &mut self.watches {
            watch.crossed = false;
        }
        for order in &mut self.orders {
            if order.time_in_force == TimeInForce::Day && order.state.is_live() {
                order.state = OrderState::Cancelled;
            }
        }
        for contract in &mut self.market.contracts {
            (contract.open, contract.volume) = (contract.last, Decimal::ZERO);
            (contract.high, contract.low) = (contract.last, contract.last);
        }
    }

    pub(super) fn record_crossings(&mut self) {
        for watch in self.watches.iter_mut().filter(|watch| !watch.crossed) {
            let Some(account) = self.accounts.get(watch.account) else {
                continue;
            };
            let pnl = account.day_pnl(&self.market);
            if pnl <= -watch.loss {
                watch.crossed = true;
                self.crossings.push(Crossing {
                    account: account.name.clone(),
                    loss: watch.loss,
                    pnl,
                    at: self.now,
                });
            }
        }
    }
}

/// The first 18:00 New York after `now`.
pub(super) fn next_reset(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&New_York);
    let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default();
    [0, 1]
        .into_iter()
        .filter_map(|days| local.date_naive().checked_add_days(Days::new(days)))
        .filter_map(|date| New_York.from_local_datetime(&date.and_time(six)).single())
        .map(|reset| reset.with_timezone(&Utc))
        .find(|reset| *reset > now)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
