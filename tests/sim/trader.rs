//! The trader, who does not care about riskd, and the person who talks to it.

use chrono::TimeDelta;
use riskd::domain::account::{AccountName, RuleName};
use riskd::engine::event::Command;
use riskd::rules::book::Until;
use riskd_paper::{PaperVenue, Side, Ticket};
use rust_decimal::Decimal;

use super::random::Random;
use super::rules::ACCOUNTS;

const INSTRUMENTS: [&str; 2] = ["ES 03-26", "NQ 03-26"];

/// One random deed of the trader: the account, and in words what it was.
pub fn trade(
    random: &mut Random,
    venue: &PaperVenue,
    tells: bool,
) -> Option<(&'static str, String)> {
    let account = random.of(&ACCOUNTS);
    let instrument = random.of(&INSTRUMENTS);
    let quantity = random.within(1, 4);
    let sign = random.of(&[1, -1]);
    let deed = random.within(0, 10);
    let away = random.within(2, 60);
    let size = u32::try_from(quantity).unwrap();
    let side = if sign > 0 { Side::Buy } else { Side::Sell };
    let price = venue.price(instrument)?;
    let done = match deed {
        0..=3 => venue.open(account, instrument, quantity * sign, None),
        4..=5 => venue.close(account),
        6..=7 => {
            let limit = price - Decimal::from(sign * away) / Decimal::from(4);
            venue
                .place(account, &Ticket::limit(instrument, side, size, limit))
                .map(drop)
        }
        8 => {
            let stop = price + Decimal::from(sign * away) / Decimal::from(4);
            venue
                .place(account, &Ticket::stop(instrument, side, size, stop))
                .map(drop)
        }
        _ => venue.cancel_orders(account),
    };
    let words = if tells {
        let done = if done.is_ok() { "done" } else { "refused" };
        format!("trader: {account} deed {deed} {side:?} {quantity} {instrument} {done}")
    } else {
        String::new()
    };
    Some((account, words))
}

/// One random command of the person who minds riskd.
pub fn command(random: &mut Random) -> Command {
    let account = AccountName::from(random.of(&ACCOUNTS));
    let reason = "by hand".to_owned();
    match random.within(0, 4) {
        0 => Command::Flatten { account, reason },
        1 => Command::Lock {
            account,
            until: random.of(&[
                Until::Manual,
                Until::SessionEnd,
                Until::For(TimeDelta::seconds(45)),
            ]),
            reason,
        },
        2 => Command::Unlock { account, reason },
        _ => Command::Rearm {
            account,
            rule: RuleName::from("daily loss"),
            reason,
        },
    }
}
