//! Conditions on profit and loss with a limit that does not move: `pnl`,
//! `profit_floor` and `max_loss`.

use super::condition::breach;
use super::rule::Scope;
use super::size;
use crate::rules::book::{Amount, Anchor, MaxLoss, Pnl, PnlOf, PnlOver, PnlPer, ProfitFloor};
use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::tables;

/// Largest share of a starting balance that can be lost.
const MAX_LOSS_PERCENT: u32 = 100;
/// Largest profit as a share of a starting balance.
const MAX_PROFIT_PERCENT: u32 = 10_000;

pub(super) fn pnl(node: &Node<'_>, scope: &Scope<'_>, findings: &mut Findings) -> Option<Pnl> {
    let fields = Fields::open(node, &tables::PNL, findings)?;
    let before = findings.errors();
    let loss = share_of_start(&fields, "loss", MAX_LOSS_PERCENT, scope, findings);
    let profit = share_of_start(&fields, "profit", MAX_PROFIT_PERCENT, scope, findings);
    let of = fields.read("of", findings, read::word::<PnlOf>);
    let over = fields.read("over", findings, read::word::<PnlOver>);
    let per = fields
        .read("per", findings, read::word::<PnlPer>)
        .unwrap_or_default();
    let breach = breach(&fields, findings);
    if !fields.has("loss") && !fields.has("profit") && !fields.has_unknown() {
        let wrong = Diagnostic::error(fields.whole_place(), "`pnl` needs a `loss` or a `profit`");
        findings.push(wrong.help("add `loss: 1000`"));
    }
    if let Some(loss) = loss {
        let (place, what) = (fields.place("loss"), ("a loss", loss));
        size::warn_of_whole(scope, place, what, findings);
        if per == PnlPer::Account {
            size::warn_of_tiny(scope, place, what, size::LEAST_LOSS, findings);
        }
    }
    let over = over.unwrap_or_default();
    match per {
        PnlPer::Position => position_result(&fields, of, over, findings),
        PnlPer::Account => span_of_result(&fields, of, over, scope, findings),
    }
    (findings.errors() == before).then_some(Pnl {
        loss,
        profit,
        // What a position has is its open result, whatever it is called.
        of: match per {
            PnlPer::Position => PnlOf::Unrealized,
            PnlPer::Account => of.unwrap_or_default(),
        },
        over,
        per,
        breach,
    })
}

/// An amount, or a share of the starting balance of every matched account.
fn share_of_start(
    fields: &Fields<'_, '_>,
    key: &str,
    most_percent: u32,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Amount> {
    let amount = fields.read(key, findings, |node, findings| {
        read::amount(node, most_percent, findings)
    });
    if let Some(Amount::Share(_)) = amount {
        scope.need_starting_balance(fields.place(key), "a percentage", findings);
    }
    amount
}

fn position_result(
    fields: &Fields<'_, '_>,
    of: Option<PnlOf>,
    over: PnlOver,
    findings: &mut Findings,
) {
    if of == Some(PnlOf::Realized) {
        let message = "a single position has an open result only";
        let wrong = Diagnostic::error(fields.place("of"), message);
        findings.push(wrong.help("leave `of` out, or test the account: `per: account`"));
    }
    if over != PnlOver::Session {
        let message = "a single position's result has no span";
        let wrong = Diagnostic::error(fields.place("over"), message);
        findings.push(wrong.help("leave `over` out, or test the account: `per: account`"));
    }
}

fn span_of_result(
    fields: &Fields<'_, '_>,
    of: Option<PnlOf>,
    over: PnlOver,
    scope: &Scope<'_>,
    findings: &mut Findings,
) {
    if of == Some(PnlOf::Unrealized) && over != PnlOver::Session {
        let message = "an open result has no span: it is what is open now";
        let wrong = Diagnostic::error(fields.place("over"), message);
        findings.push(wrong.help("leave `over` out, or use `of: total`"));
    } else if over == PnlOver::Lifetime {
        scope.need_starting_balance(fields.place("over"), "`over: lifetime`", findings);
    }
}

pub(super) fn profit_floor(node: &Node<'_>, findings: &mut Findings) -> Option<ProfitFloor> {
    let fields = Fields::open(node, &tables::PROFIT_FLOOR, findings)?;
    let arm_at = fields.read("arm_at", findings, read::positive_money);
    let floor = fields.read("floor", findings, read::money);
    let breach = breach(&fields, findings);
    let (arm_at, floor) = (arm_at?, floor?);
    if floor >= arm_at {
        let message = "the floor must be below `arm_at`, or it is reached the moment it is armed";
        let wrong = Diagnostic::error(fields.place("floor"), message);
        findings.push(wrong.help(format!("write a floor below {arm_at}")));
        return None;
    }
    Some(ProfitFloor {
        arm_at,
        floor,
        breach,
    })
}

pub(super) fn max_loss(
    node: &Node<'_>,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<MaxLoss> {
    let fields = Fields::open(node, &tables::MAX_LOSS, findings)?;
    let amount = share_of_start(&fields, "amount", MAX_LOSS_PERCENT, scope, findings);
    let anchor = fields.read("anchor", findings, read::word);
    let of = fields.read("of", findings, read::word).unwrap_or_default();
    let breach = breach(&fields, findings);
    if anchor == Some(Anchor::StartingBalance) {
        let why = "`anchor: starting_balance`";
        scope.need_starting_balance(fields.place("anchor"), why, findings);
    }
    if let Some(amount) = amount {
        let (place, what) = (fields.place("amount"), ("a loss", amount));
        size::warn_of_whole(scope, place, what, findings);
        size::warn_of_tiny(scope, place, what, size::LEAST_DISTANCE, findings);
    }
    Some(MaxLoss {
        amount: amount?,
        anchor: anchor?,
        of,
        breach,
    })
}
