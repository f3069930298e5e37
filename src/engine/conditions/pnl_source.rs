//! Where a P&L comes from: the figures that it is the sum or the difference of.

use super::Context;
use crate::domain::holdings::Position;
use crate::domain::money::Money;
use crate::engine::memory::{PnlSum, SessionAnchor, SpanSum, VenueFigure};
use crate::engine::record::Fields;
use crate::rules::book::{Pnl, PnlOf, PnlOver};

/// Puts the figures behind the P&L of an account into evidence, so that it can
/// be worked out again from them.
pub(super) fn describe(pnl: &Pnl, context: &Context<'_>, fields: &mut Fields) {
    let source = Source {
        realized_only: pnl.of == PnlOf::Realized,
        context,
    };
    match (pnl.of, pnl.over) {
        (PnlOf::Unrealized, _) => {}
        (_, PnlOver::Session) => source.session(fields),
        (_, PnlOver::Week) => source.span(&context.memory.week, "week", fields),
        (_, PnlOver::Month) => source.span(&context.memory.month, "month", fields),
        (_, PnlOver::Lifetime) => {
            let start = context.account.starting_balance;
            source.worth_now(fields);
            fields
                .put("anchor", "starting balance")
                .put_known("anchor_value", start);
        }
    }
    if let Some(held) = context.positions {
        let held: Vec<String> = held.iter().map(Position::with_worth).collect();
        let held = if held.is_empty() {
            "none".to_owned()
        } else {
            held.join(", ")
        };
        fields.put("holdings", held);
    }
}

struct Source<'a> {
    realized_only: bool,
    context: &'a Context<'a>,
}

impl Source<'_> {
    fn session(&self, fields: &mut Fields) {
        let figures = self.context.figures;
        if self.is_by_venue() {
            fields
                .put("basis", "venue")
                .put_known("realized", figures.realized)
                .put_known("unrealized", figures.unrealized);
            return;
        }
        fields.put("basis", "ledger");
        self.worth_now(fields);
        let session = self.context.memory.session.as_ref();
        if let Some(anchor) = session.and_then(|session| session.anchor.as_ref()) {
            self.anchor(anchor, fields);
        }
    }

    /// The realized part of the venue's figure stands by itself.
    fn is_by_venue(&self) -> bool {
        let figures = self.context.figures;
        let session = self.context.memory.session.as_ref();
        session.is_some_and(|session| {
            let is_trusted = session.venue_figure == VenueFigure::Trusted;
            let realized = self.realized_only && is_trusted && figures.realized.is_some();
            realized || session.is_by_venue(figures)
        })
    }

    fn anchor(&self, anchor: &SessionAnchor, fields: &mut Fields) {
        let (name, value, before) = if self.realized_only {
            (
                "balance at the session's open",
                anchor.balance_at_open(),
                anchor.made_before.realized,
            )
        } else {
            (
                "equity at the session's open",
                anchor.equity_at_open(),
                anchor.made_before.total,
            )
        };
        fields
            .put("anchor", name)
            .put_known("anchor_value", value)
            .put("anchor_source", anchor.source.name())
            .put("anchor_at", anchor.at.to_rfc3339())
            .put_known("made_before", before.filter(|before| !before.is_zero()));
    }

    /// A week or a month: its closed sessions and the running one, or worth now
    /// less worth when riskd first saw it.
    fn span(&self, span: &Option<SpanSum>, name: &str, fields: &mut Fields) {
        let only = |sum: PnlSum| self.part(sum.total, sum.realized);
        match span {
            Some(span) if !span.whole => {
                fields.put("basis", "ledger");
                self.worth_now(fields);
                fields
                    .put(
                        "anchor",
                        format!("{} when riskd first saw the {name}", self.worth_name()),
                    )
                    .put_known("anchor_value", only(span.worth))
                    .put("since", span.first);
            }
            Some(span) => {
                self.session(fields);
                fields
                    .put_known("closed_sessions", only(span.closed))
                    .put_known("this_session", only(self.context.pnl))
                    .put("since", span.first);
            }
            None => self.session(fields),
        }
    }

    const fn worth_name(&self) -> &'static str {
        if self.realized_only {
            "balance"
        } else {
            "equity"
        }
    }

    fn worth_now(&self, fields: &mut Fields) {
        let figures = self.context.figures;
        let worth = self.part(figures.equity, figures.balance);
        fields.put_known(self.worth_name(), worth);
    }

    const fn part(&self, total: Option<Money>, realized: Option<Money>) -> Option<Money> {
        if self.realized_only { realized } else { total }
    }
}
