//! Money that moves without a trade: transfers, and funding between longs and
//! shorts.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;

use super::Simulation;
use super::ledger::{EntryKind, LedgerEntry};
use super::rules::{Funding, is_funding_rate};
use super::trade::TradeError;

/// The largest transfer either way.
const MAX_TRANSFER: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

impl Simulation {
    /// Pays money into a wallet, or out of it when negative, and returns the id of
    /// its entry, which the venue may have a word of its own for. Like a real venue it
    /// lets no wallet fall below zero.
    pub(crate) fn transfer(
        &mut self,
        account: &str,
        asset: &str,
        amount: Decimal,
        word: Option<&str>,
    ) -> Result<u64, TradeError> {
        let index = self.account_index(account)?;
        if amount.is_zero() || amount.abs() > MAX_TRANSFER {
            return Err(TradeError::BadAmount);
        }
        let Some(account) = self.accounts.get_mut(index) else {
            return Err(TradeError::UnknownAccount(account.to_owned()));
        };
        let balance = account.balance(asset).unwrap_or_default();
        if balance + amount < Decimal::ZERO && amount < Decimal::ZERO {
            return Err(TradeError::TooLittle(asset.to_owned()));
        }
        account.pay(asset, amount);
        let id = self.ledger.take_id();
        let entry = LedgerEntry {
            id,
            at: self.now,
            kind: EntryKind::Transfer,
            asset: asset.to_owned(),
            amount,
            instrument: None,
            fill: None,
            word: word.map(str::to_owned),
        };
        self.ledger.enter(index, entry);
        self.settle();
        Ok(id)
    }

    /// Lets every position in an instrument pay or get funding now: `rate` of its
    /// value at the mark price. Longs pay when the rate is positive.
    pub(crate) fn pay_funding(
        &mut self,
        instrument: &str,
        rate: Decimal,
    ) -> Result<(), TradeError> {
        let contract = self.contract_index(instrument)?;
        if !is_funding_rate(rate) {
            return Err(TradeError::BadRate);
        }
        self.fund(contract, rate);
        self.settle();
        Ok(())
    }

    /// Carries out the funding that is due by the clock.
    pub(super) fn run_funding(&mut self) {
        let now = self.now;
        for index in 0..self.market.contracts.len() {
            let Some(contract) = self.market.contracts.get_mut(index) else {
                return;
            };
            let Some(funding) = contract.terms.funding else {
                continue;
            };
            if contract.next_funding.is_none_or(|due| due > now) {
                continue;
            }
            contract.next_funding = next_funding(funding, now);
            self.fund(index, funding.rate);
        }
    }

    fn fund(&mut self, index: usize, rate: Decimal) {
        let Some(contract) = self.market.contracts.get(index) else {
            return;
        };
        for (place, account) in self.accounts.iter_mut().enumerate() {
            let positions = account.positions.iter();
            let of_it = positions.filter(|position| position.key.contract == index);
            let value: Decimal = of_it
                .map(|position| contract.money(contract.mark() * position.quantity))
                .sum();
            let amount = -(value * rate);
            if amount.is_zero() {
                continue;
            }
            account.pay(&contract.terms.asset, amount);
            let entry = LedgerEntry {
                id: self.ledger.take_id(),
                at: self.now,
                kind: EntryKind::Funding,
                asset: contract.terms.asset.clone(),
                amount,
                instrument: Some(contract.symbol.as_str().to_owned()),
                fill: None,
                word: None,
            };
            self.ledger.enter(place, entry);
        }
    }
}

/// The first full hour after `now` that is a multiple of the interval since
/// midnight.
pub(crate) fn next_funding(funding: Funding, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let midnight = now.date_naive().and_hms_opt(0, 0, 0)?.and_utc();
    let passed = now.hour().checked_div(funding.every_hours)?;
    let next = passed.checked_add(1)?.checked_mul(funding.every_hours)?;
    // The day begins anew at midnight where the interval does not divide it.
    midnight.checked_add_signed(TimeDelta::hours(i64::from(next.min(24))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funding_falls_on_full_hours_since_midnight() {
        for (every_hours, now, expected) in [
            (8, "2026-03-05T00:00:00Z", "2026-03-05T08:00:00Z"),
            (8, "2026-03-05T07:59:59.999Z", "2026-03-05T08:00:00Z"),
            (8, "2026-03-05T16:00:00Z", "2026-03-06T00:00:00Z"),
            (1, "2026-03-05T22:30:00Z", "2026-03-05T23:00:00Z"),
            (5, "2026-03-05T21:00:00Z", "2026-03-06T00:00:00Z"),
            (24, "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"),
        ] {
            let funding = Funding {
                rate: Decimal::ZERO,
                every_hours,
            };
            let next = next_funding(funding, now.parse().unwrap());
            assert_eq!(next, expected.parse().ok(), "{every_hours} h from {now}");
        }
    }
}
