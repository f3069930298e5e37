//! Flows: money that comes in or goes out and is no result. Everything that P&L is
//! measured from moves with it, so that a deposit is no profit.

use super::account::AccountRun;
use super::memory::{AccountMemory, Mark, PnlSum, sum};
use super::output::Output;
use super::record::{EntryKind, Fields};
use crate::domain::flow::{Flow, WalletChange};
use crate::domain::money::Money;
use crate::domain::observation::{Learned, Timestamp};
use crate::engine::effect::Severity;

/// Most ids of flows that are kept: more than a venue repeats at a start.
const MOST_IDS: usize = 200;

impl AccountRun {
    /// Takes the flows of an observation, whether its figures are believed or not:
    /// the venue's list hands each on once.
    pub(super) fn take_flows(&mut self, learned: &Learned, wall: Timestamp, out: &mut Output<'_>) {
        let Some(wallet) = &learned.wallet else {
            return;
        };
        for flow in self.ledger.take_flows(&wallet.flows, wall) {
            let message = format!(
                "{} of {} at {}: P&L goes on without it",
                flow.kind,
                flow.amount.grouped(),
                self.account.name
            );
            let mut fields = Fields::new();
            fields.put("amount", flow.amount);
            fields.put("kind", &flow.kind);
            fields.put("id", &flow.id);
            out.entry(EntryKind::Flow, Some(&self.account.name), message, fields);
        }
    }

    /// Tells of a change of the wallet that was taken for a result because nothing
    /// explained it.
    pub(super) fn report_unexplained(&mut self, learned: &Learned, out: &mut Output<'_>) {
        let change = learned.wallet.as_ref().map(|wallet| wallet.change);
        let Some(WalletChange::TakenForResult(amount)) = change else {
            return;
        };
        let message = format!(
            "the wallet of {} has changed by {} without a trade, and the venue lists no reason: it counts as a result",
            self.account.name,
            amount.grouped()
        );
        let mut fields = Fields::new();
        fields.put("amount", amount);
        out.entry(
            EntryKind::WalletUnexplained,
            Some(&self.account.name),
            message.clone(),
            fields,
        );
        out.notify(self.notice(Severity::Critical, EntryKind::WalletUnexplained, message));
    }
}

impl AccountMemory {
    /// Moves what P&L is measured from; false when the flow was taken before. Marks of
    /// the lifetime stay: a firm's floor does not follow a payout.
    pub(super) fn take_flow(&mut self, flow: &Flow) -> bool {
        if self.flows.iter().any(|known| **known == *flow.id) {
            return false;
        }
        if self.flows.len() >= MOST_IDS {
            self.flows.remove(0);
        }
        self.flows.push(flow.id.to_string());
        let by = flow.amount;
        if let Some(last) = &mut self.last {
            shift(&mut last.figures.balance, by);
            shift(&mut last.figures.equity, by);
        }
        if let Some(session) = &mut self.session {
            if let Some(anchor) = &mut session.anchor {
                shift(&mut anchor.balance, by);
                shift(&mut anchor.equity, by);
            }
            shift_mark(&mut session.marks.balance, by);
            shift_mark(&mut session.marks.equity, by);
        }
        for span in [&mut self.week, &mut self.month].into_iter().flatten() {
            let PnlSum { total, realized } = &mut span.worth;
            shift(total, by);
            shift(realized, by);
        }
        true
    }
}

fn shift(figure: &mut Option<Money>, by: Money) {
    *figure = sum(*figure, Some(by)).or(*figure);
}

fn shift_mark(mark: &mut Option<Mark>, by: Money) {
    if let Some(mark) = mark {
        mark.value = mark.value.plus(by).unwrap_or(mark.value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::observation::Figures;
    use crate::domain::trade_date::TradeDate;
    use crate::engine::memory::{LastTrusted, SpanSum};

    fn flow(id: &str, amount: i64) -> Flow {
        Flow {
            id: Arc::from(id),
            at: Timestamp::UNIX_EPOCH,
            amount: Money::from(amount),
            kind: Arc::from("transfer_in"),
        }
    }

    fn money(amount: i64) -> Option<Money> {
        Some(Money::from(amount))
    }

    #[test]
    fn what_results_are_measured_from_moves_with_each_flow_once() {
        let figures = Figures {
            unrealized: money(-50),
            balance: money(1000),
            equity: money(950),
            ..Figures::default()
        };
        let worth = PnlSum {
            total: money(900),
            realized: None,
        };
        let mut memory = AccountMemory {
            last: Some(LastTrusted {
                figures,
                ..LastTrusted::default()
            }),
            week: Some(SpanSum {
                first: TradeDate::new(Timestamp::UNIX_EPOCH.date_naive()),
                closed: PnlSum::ZERO,
                worth,
                whole: false,
            }),
            ..AccountMemory::default()
        };
        assert!(memory.take_flow(&flow("a", 300)));
        assert!(!memory.take_flow(&flow("a", 300)));
        assert!(memory.take_flow(&flow("b", -100)));
        let last = memory.last.unwrap().figures;
        assert_eq!((last.balance, last.equity), (money(1200), money(1150)));
        assert_eq!(last.unrealized, money(-50));
        let week = memory.week.as_ref().unwrap();
        assert_eq!((week.worth.total, week.worth.realized), (money(1100), None));
        for number in 0..MOST_IDS {
            assert!(memory.take_flow(&flow(&number.to_string(), 1)));
        }
        assert_eq!(memory.flows.len(), MOST_IDS);
    }
}
