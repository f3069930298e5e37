//! Conditions in plain words.

use super::{is_schedule, same};
use crate::domain::duration;
use crate::domain::instrument::Instrument;
use crate::domain::money::{Fraction, Money};
use crate::rules::ruleset::{
    Account, Amount, Anchor, At, Breach, Condition, Leaf, Level, MaxLoss, MaxLossOf, Metric, Only,
    OrderLimit, Pnl, PnlOf, PnlOver, PnlPer, PositionLimit, ProfitFloor, Ratchet, Span,
    TrailingDrawdown, WindowSide, Windows,
};

/// A whole condition, with "when" in front unless it is a schedule alone.
pub(super) fn tree(condition: &Condition, accounts: &[&Account]) -> String {
    if is_schedule(condition) {
        part(condition, accounts)
    } else {
        format!("when {}", part(condition, accounts))
    }
}

fn part(condition: &Condition, accounts: &[&Account]) -> String {
    match condition {
        Condition::All(parts) => joined(parts, " and ", accounts),
        Condition::Any(parts) => joined(parts, " or ", accounts),
        Condition::Not(inner) => format!("not ({})", part(inner, accounts)),
        Condition::Is(leaf) => one(leaf, accounts),
    }
}

fn joined(parts: &[Condition], word: &str, accounts: &[&Account]) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|inner| match inner {
            Condition::All(_) | Condition::Any(_) => format!("({})", part(inner, accounts)),
            _ => part(inner, accounts),
        })
        .collect();
    texts.join(word)
}

fn one(leaf: &Leaf, accounts: &[&Account]) -> String {
    match leaf {
        Leaf::Pnl(leaf) => pnl(leaf, accounts),
        Leaf::ProfitFloor(leaf) => profit_floor(leaf),
        Leaf::TrailingDrawdown(leaf) => trailing_drawdown(leaf, accounts),
        Leaf::MaxLoss(leaf) => max_loss(leaf, accounts),
        Leaf::Windows(leaf) => windows(leaf),
        Leaf::At(leaf) => at(leaf),
        Leaf::Position(leaf) => position(leaf),
        Leaf::Orders(leaf) => orders(leaf),
        Leaf::NoData(leaf) => format!(
            "there is no trustworthy data for {}",
            duration::write(leaf.after)
        ),
        Leaf::Expr(leaf) => format!("`{}`", leaf.text),
    }
}

fn at_or_below(breach: Breach) -> &'static str {
    match breach {
        Breach::Touch => "at or below",
        Breach::Cross => "below",
    }
}

fn at_or_above(breach: Breach) -> &'static str {
    match breach {
        Breach::Touch => "at or above",
        Breach::Cross => "above",
    }
}

/// The starting balance of the accounts, where they have the same.
fn start(accounts: &[&Account]) -> Option<Money> {
    same(accounts, |account| account.starting_balance).flatten()
}

/// A share of the starting balance, with the amount where it is one.
fn share_of_start(share: Fraction, accounts: &[&Account]) -> String {
    match start(accounts).and_then(|start| start.share(share)) {
        Some(amount) => format!("{} ({share} of the starting balance)", amount.grouped()),
        None => format!("{share} of the starting balance"),
    }
}

fn amount(amount: Amount, accounts: &[&Account]) -> String {
    match amount {
        Amount::Money(money) => money.grouped(),
        Amount::Share(share) => share_of_start(share, accounts),
    }
}

fn pnl(pnl: &Pnl, accounts: &[&Account]) -> String {
    let what = match pnl.per {
        PnlPer::Position => "any one position's open P&L".to_owned(),
        PnlPer::Account => {
            let over = match pnl.over {
                PnlOver::Session => "session",
                PnlOver::Week => "the week's",
                PnlOver::Month => "the month's",
                PnlOver::Lifetime => "lifetime",
            };
            match pnl.of {
                PnlOf::Total => format!("{over} P&L (realized + unrealized)"),
                PnlOf::Realized => format!("{over} P&L (realized)"),
                PnlOf::Unrealized => "unrealized P&L".to_owned(),
            }
        }
    };
    let loss = pnl
        .loss
        .map(|loss| format!("{} -{}", at_or_below(pnl.breach), amount(loss, accounts)));
    let profit = pnl
        .profit
        .map(|profit| format!("{} {}", at_or_above(pnl.breach), amount(profit, accounts)));
    let limits: Vec<String> = loss.into_iter().chain(profit).collect();
    format!("{what} is {}", limits.join(" or "))
}

fn profit_floor(floor: &ProfitFloor) -> String {
    format!(
        "session P&L, after it has reached {}, is {} {}",
        floor.arm_at.grouped(),
        at_or_below(floor.breach),
        floor.floor.grouped()
    )
}

fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Pnl => "session P&L",
        Metric::Equity => "equity",
        Metric::Balance => "balance",
        Metric::Unrealized => "unrealized P&L",
    }
}

fn trailing_drawdown(drawdown: &TrailingDrawdown, accounts: &[&Account]) -> String {
    let trail = match drawdown.trail {
        Amount::Money(money) => money.grouped(),
        Amount::Share(share) => share.to_string(),
    };
    let mark = metric(drawdown.mark);
    let highest = match (drawdown.span, drawdown.ratchet) {
        (Span::Session, _) => format!("the highest {mark} of the session"),
        (Span::Lifetime, Ratchet::Tick) => format!("the highest {mark} ever reached"),
        (Span::Lifetime, Ratchet::SessionEnd) => {
            format!("the highest {mark} at the end of a session")
        }
    };
    let mut text = format!(
        "{} is {} a floor {trail} under {highest}",
        metric(drawdown.metric),
        at_or_below(drawdown.breach),
    );
    if drawdown.span == Span::Lifetime {
        match (drawdown.high_water, start(accounts)) {
            (Some(seed), _) => text.push_str(&format!(" (beginning at {})", seed.grouped())),
            (None, Some(start)) => text.push_str(&format!(" (beginning at {})", start.grouped())),
            (None, None) => text.push_str(" (beginning at the starting balance)"),
        }
    }
    if let Some(level) = drawdown.lock_at {
        text.push_str(&format!(
            ", which rises no further than {}",
            lock(level, accounts)
        ));
    }
    if let Some(arm_at) = drawdown.arm_at {
        let armed = arm_at.grouped();
        text.push_str(&format!(", once {mark} has reached {armed}"));
    }
    text
}

fn lock(level: Level, accounts: &[&Account]) -> String {
    match level {
        Level::Money(money) => money.grouped(),
        Level::StartPlus(more) => match start(accounts).and_then(|start| start.plus(more)) {
            Some(level) => level.grouped(),
            None if more.is_zero() => "the starting balance".to_owned(),
            None => format!("the starting balance + {}", more.grouped()),
        },
    }
}

fn max_loss(limit: &MaxLoss, accounts: &[&Account]) -> String {
    let of = match limit.of {
        MaxLossOf::Equity => "equity",
        MaxLossOf::Balance => "balance",
    };
    let anchor = match (limit.anchor, start(accounts)) {
        (Anchor::StartingBalance, Some(start)) => {
            format!("the starting balance of {}", start.grouped())
        }
        (Anchor::StartingBalance, None) => "the starting balance".to_owned(),
        (Anchor::SessionBalance, _) => "the balance at the session's open".to_owned(),
        (Anchor::SessionEquity, _) => "the equity at the session's open".to_owned(),
        (Anchor::SessionMax, _) => {
            "the higher of balance and equity at the session's open".to_owned()
        }
    };
    let below = at_or_below(limit.breach);
    let amount = amount(limit.amount, accounts);
    format!("{of} is {below} a floor {amount} under {anchor}")
}

fn names(instruments: &[Instrument]) -> String {
    let names: Vec<&str> = instruments.iter().map(Instrument::as_str).collect();
    names.join(", ")
}

fn windows(windows: &Windows) -> String {
    let what = match windows.only {
        None => "a position is held or an order is working",
        Some(Only::Positions) => "a position is held",
        Some(Only::Orders) => "an order is working",
    };
    let narrowed = if windows.instruments.is_empty() {
        String::new()
    } else {
        format!(" in {}", names(&windows.instruments))
    };
    let spans: Vec<String> = windows
        .windows
        .iter()
        .map(|window| format!("[{window}]"))
        .collect();
    let side = match windows.side {
        WindowSide::Outside => "outside",
        WindowSide::Inside => "inside",
    };
    format!("{what}{narrowed} {side} {}", spans.join(", "))
}

fn at(at: &At) -> String {
    format!(
        "at each time of `{}` {} (a missed one is caught up for {})",
        at.schedule.cron(),
        at.schedule.timezone(),
        duration::write(at.catch_up)
    )
}

fn position(limit: &PositionLimit) -> String {
    let mut texts = Vec::new();
    if let Some(contracts) = limit.contracts {
        texts.push(format!("more than {contracts} contracts are held"));
    }
    for (instrument, most) in &limit.per_instrument {
        texts.push(format!(
            "more than {most} contracts of {instrument} are held"
        ));
    }
    if let Some(positions) = limit.positions {
        texts.push(format!(
            "positions in more than {positions} instruments are held"
        ));
    }
    if !limit.allow.is_empty() {
        texts.push(format!("anything but {} is held", names(&limit.allow)));
    }
    if !limit.deny.is_empty() {
        texts.push(format!("any of {} is held", names(&limit.deny)));
    }
    for group in &limit.opposite {
        texts.push(format!(
            "long and short are held at once in {}",
            names(group)
        ));
    }
    let mut text = texts.join(" or ");
    if let Some(ratio) = limit.micro_ratio {
        text.push_str(&format!(" ({ratio} micro contracts counting as one)"));
    }
    text
}

fn orders(limit: &OrderLimit) -> String {
    let working = limit
        .working
        .map(|most| format!("more than {most} orders are working"));
    let quantity = limit
        .quantity
        .map(|most| format!("an order for more than {most} is working"));
    let texts: Vec<String> = working.into_iter().chain(quantity).collect();
    texts.join(" or ")
}
