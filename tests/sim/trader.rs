//! The trader, who does not care about riskd, and the person who talks to it.

use chrono::TimeDelta;
use riskd::domain::account::{AccountName, RuleName};
use riskd::engine::event::Command;
use riskd::rules::book::Until;
use riskd_paper::{PaperVenue, PositionMode, PositionSide, Side, Ticket, TradeError};
use rust_decimal::Decimal;

use super::kind::{Kind, Traded};
use super::random::Random;
use super::rules::ACCOUNTS;

/// One random deed of the trader: the account, and in words what it was.
pub fn trade(
    random: &mut Random,
    venue: &PaperVenue,
    kind: Kind,
    tells: bool,
) -> Option<(&'static str, String)> {
    let account = random.of(&ACCOUNTS);
    let traded = &kind.traded()[random.of(&[0, 1])];
    let number = random.within(1, 4);
    let sign = random.of(&[1, -1]);
    let deed = random.within(0, 10);
    let away = random.within(2, 60);
    let name = traded.name;
    let size = traded.sized(number);
    let side = if sign > 0 { Side::Buy } else { Side::Sell };
    let price = venue.price(name)?;
    let away = traded.tick() * Decimal::from(sign * away);
    let done = match deed {
        0..=3 => open(venue, account, traded, size * Decimal::from(sign)),
        4..=5 => venue.close(account),
        6..=7 => {
            let ticket = Ticket::limit(name, side, size, price - away);
            place(random, venue, account, ticket)
        }
        8 => {
            let ticket = Ticket::stop(name, side, size, price + away);
            place(random, venue, account, ticket)
        }
        _ => venue.cancel_orders(account),
    };
    let words = if tells {
        let done = if done.is_ok() { "done" } else { "refused" };
        format!("trader: {account} deed {deed} {side:?} {size} {name} {done}")
    } else {
        String::new()
    };
    Some((account, words))
}

/// Opens a position by as many market orders as it takes.
pub fn open(
    venue: &PaperVenue,
    account: &str,
    traded: &Traded,
    quantity: Decimal,
) -> Result<(), TradeError> {
    let most = traded.largest().unwrap_or(quantity.abs());
    let mut left = quantity;
    while !left.is_zero() {
        let part = left.clamp(-most, most);
        venue.open(account, traded.name, part, None)?;
        left -= part;
    }
    Ok(())
}

/// Places an order; in hedge mode about either side.
fn place(
    random: &mut Random,
    venue: &PaperVenue,
    account: &str,
    ticket: Ticket,
) -> Result<(), TradeError> {
    let ticket = if is_hedged(venue, account) {
        ticket.about(random.of(&[PositionSide::Long, PositionSide::Short]))
    } else {
        ticket
    };
    venue.place(account, &ticket).map(drop)
}

/// Places an order that opens or adds: in hedge mode one to buy is about the long side.
pub fn place_to_open(venue: &PaperVenue, account: &str, ticket: Ticket) -> Result<(), TradeError> {
    let ticket = match (is_hedged(venue, account), ticket.side) {
        (false, _) => ticket,
        (true, Side::Buy) => ticket.about(PositionSide::Long),
        (true, Side::Sell) => ticket.about(PositionSide::Short),
    };
    venue.place(account, &ticket).map(drop)
}

fn is_hedged(venue: &PaperVenue, account: &str) -> bool {
    let mut accounts = venue.config().accounts.iter();
    accounts.any(|one| one.name == account && one.mode == PositionMode::Hedge)
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
