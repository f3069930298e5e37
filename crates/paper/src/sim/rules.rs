//! What an instrument allows an order to be, and the terms of holding it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::MAX_PRICE;
use super::order::{MAX_QUANTITY, OrderType, Ticket};
use super::trade::TradeError;

/// The largest quantity that any instrument may allow.
pub const LARGEST_QUANTITY: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// What an order's quantity and prices must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Every quantity is a multiple of it.
    pub step: Decimal,
    /// The smallest quantity.
    pub minimum: Decimal,
    /// The largest quantity of one order.
    pub maximum: Decimal,
    /// The largest quantity of one market order; `maximum` when left out.
    pub market_maximum: Option<Decimal>,
    /// Every price of an order is a multiple of it; any price when left out.
    pub price_step: Option<Decimal>,
}

impl Default for Rules {
    /// Whole contracts, at any price.
    fn default() -> Rules {
        Rules {
            step: Decimal::ONE,
            minimum: Decimal::ONE,
            maximum: Decimal::from(MAX_QUANTITY),
            market_maximum: None,
            price_step: None,
        }
    }
}

impl Rules {
    /// Rules of an instrument that is traded in coins.
    pub fn coins(step: Decimal, maximum: impl Into<Decimal>) -> Rules {
        Rules {
            step,
            minimum: step,
            maximum: maximum.into(),
            ..Rules::default()
        }
    }

    /// Whether the rules can be kept at all.
    pub(crate) fn is_sound(&self) -> bool {
        let positive = |number: Decimal| number > Decimal::ZERO && number <= LARGEST_QUANTITY;
        let steps = [
            Some(self.step),
            Some(self.minimum),
            Some(self.maximum),
            self.market_maximum,
            self.price_step,
        ];
        steps.into_iter().flatten().all(positive) && self.minimum <= self.maximum
    }

    /// Whether an order may be placed.
    pub(crate) fn check(&self, ticket: &Ticket) -> Result<(), TradeError> {
        self.check_quantity(ticket)?;
        let (limit, stop) = match ticket.order_type {
            OrderType::Market => (None, None),
            OrderType::Limit => (Some(ticket.limit_price), None),
            OrderType::StopMarket | OrderType::TakeProfit => (None, Some(ticket.stop_price)),
            OrderType::StopLimit => (Some(ticket.limit_price), Some(ticket.stop_price)),
        };
        for price in limit.into_iter().chain(stop) {
            self.check_price(price)?;
        }
        Ok(())
    }

    fn check_quantity(&self, ticket: &Ticket) -> Result<(), TradeError> {
        let quantity = ticket.quantity;
        if quantity <= Decimal::ZERO || quantity > self.maximum {
            return Err(TradeError::BadQuantity(self.maximum));
        }
        if quantity < self.minimum {
            return Err(TradeError::BelowMinimum(self.minimum));
        }
        if !is_multiple(quantity, self.step) {
            return Err(TradeError::OffStep(self.step));
        }
        match self.market_maximum {
            Some(most) if ticket.order_type == OrderType::Market && quantity > most => {
                Err(TradeError::AboveMarketMaximum(most))
            }
            _ => Ok(()),
        }
    }

    fn check_price(&self, price: Option<Decimal>) -> Result<(), TradeError> {
        let price = in_range(price)?;
        match self.price_step {
            Some(step) if !is_multiple(price, step) => Err(TradeError::OffTick(step)),
            _ => Ok(()),
        }
    }

    /// The largest multiple of the step that is not above a size.
    pub(crate) fn round_down(&self, size: Decimal) -> Decimal {
        let steps = size.checked_div(self.step).unwrap_or_default();
        steps.trunc() * self.step
    }
}

/// A price that is there and in range.
pub(crate) fn in_range(price: Option<Decimal>) -> Result<Decimal, TradeError> {
    price
        .filter(|price| *price > Decimal::ZERO && *price <= MAX_PRICE)
        .ok_or(TradeError::BadPrice)
}

fn is_multiple(number: Decimal, step: Decimal) -> bool {
    number
        .checked_rem(step)
        .is_some_and(|remainder| remainder.is_zero())
}

/// What it costs and takes to hold an instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// The asset of its margin, results, fees and funding.
    pub asset: String,
    /// Fee of a fill that takes from the book, as a part of its value.
    pub taker_rate: Decimal,
    /// Fee of a fill of a resting limit order; negative is a rebate.
    pub maker_rate: Decimal,
    /// Maintenance margin as a part of a position's value.
    pub maintenance_rate: Decimal,
    /// Payments between longs and shorts.
    pub funding: Option<Funding>,
}

impl Default for Terms {
    /// Dollars, without fee, margin or funding.
    fn default() -> Terms {
        Terms {
            asset: "USD".to_owned(),
            taker_rate: Decimal::ZERO,
            maker_rate: Decimal::ZERO,
            maintenance_rate: Decimal::ZERO,
            funding: None,
        }
    }
}

impl Terms {
    /// Whether the terms are those of a market.
    pub(crate) fn is_sound(&self) -> bool {
        let fee = |rate: Decimal| rate.abs() <= Decimal::new(1, 1);
        let margin = self.maintenance_rate >= Decimal::ZERO && self.maintenance_rate < Decimal::ONE;
        let funding = self.funding.is_none_or(Funding::is_sound);
        let named = !self.asset.trim().is_empty();
        named && fee(self.taker_rate) && fee(self.maker_rate) && margin && funding
    }
}

/// A payment at every so many full hours of the day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funding {
    /// Part of a position's value; longs pay when it is positive.
    pub rate: Decimal,
    /// Hours between two payments: 1 to 24, counted from midnight.
    pub every_hours: u32,
}

impl Funding {
    fn is_sound(self) -> bool {
        (1..=24).contains(&self.every_hours) && is_funding_rate(self.rate)
    }
}

/// At most a tenth of a position's value either way.
pub(crate) fn is_funding_rate(rate: Decimal) -> bool {
    rate.abs() <= Decimal::new(1, 1)
}
