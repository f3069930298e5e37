//! Lines of the story, and messages, about an account and its rules.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{AccountRun, Data, RuleRun};
use crate::domain::now::Now;
use crate::domain::observation::Figures;
use crate::engine::conditions::{self, Context};
use crate::engine::effect::{Audience, Notice, Severity};
use crate::engine::output::Output;
use crate::engine::quality::Suspicion;
use crate::engine::record::{EntryKind, Fields};
use crate::engine::truth::Truth;
use crate::engine::words;

/// How long a rule may be unknown, with data coming in, before that is reported.
const UNKNOWN_REPORTED_AFTER: TimeDelta = TimeDelta::seconds(60);

impl AccountRun {
    /// A notice about this account, to those who hear of any of its rules; to
    /// everyone when it is critical.
    pub(in crate::engine) fn notice(
        &self,
        severity: Severity,
        kind: EntryKind,
        text: String,
    ) -> Notice {
        let to = if severity == Severity::Critical {
            Audience::Everyone
        } else {
            Audience::Named(self.rules.notifiers())
        };
        Notice {
            to,
            severity,
            kind,
            account: Some(self.account.name.clone()),
            rule: None,
            text,
        }
    }

    pub(super) fn report_session_opened(&self, out: &mut Output<'_>) {
        let Some(session) = self.ledger.session() else {
            return;
        };
        let Some(anchor) = &session.anchor else {
            return;
        };
        let mut fields = Fields::new();
        fields
            .put("session", session.date)
            .put("open", session.open.to_rfc3339())
            .put("anchor_source", anchor.source.name())
            .put("anchor_at", anchor.at.to_rfc3339())
            .put_known("balance", anchor.balance)
            .put_known("equity", anchor.equity)
            .put_known("flat", anchor.flat);
        let message = format!(
            "session {} of {}: balance {}, equity {} at the open, by the {}",
            session.date,
            self.account.name,
            known(anchor.balance),
            known(anchor.equity),
            anchor.source.name()
        );
        out.entry(
            EntryKind::SessionOpened,
            Some(&self.account.name),
            message,
            fields,
        );
    }

    pub(super) fn report_suspect(&self, doubt: Suspicion, figures: &Figures, out: &mut Output<'_>) {
        let mut fields = Fields::new();
        fields
            .put("reason", doubt.name())
            .put_known("realized", figures.realized)
            .put_known("unrealized", figures.unrealized)
            .put_known("balance", figures.balance)
            .put_known("equity", figures.equity);
        let message = format!(
            "an observation of {} is not trusted: {}; the next one decides",
            self.account.name,
            doubt.words()
        );
        out.entry(
            EntryKind::DataSuspect,
            Some(&self.account.name),
            message,
            fields,
        );
    }
}

/// An amount for people, or the word for not knowing it.
fn known(amount: Option<crate::domain::money::Money>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |amount| amount.grouped())
}

pub(super) fn report_rearmed(context: &Context<'_>, run: &RuleRun, out: &mut Output<'_>) {
    let message = format!(
        "{} may fire again on {}",
        run.rule.name, context.account.name
    );
    out.rule_entry(
        EntryKind::Rearmed,
        context.account,
        run,
        message,
        Fields::new(),
    );
}

pub(super) fn report_cleared(context: &Context<'_>, run: &mut RuleRun, out: &mut Output<'_>) {
    let mut fields = Fields::new();
    run.reading().describe(&mut fields);
    let message = format!(
        "{} is clear again on {}",
        run.rule.name, context.account.name
    );
    out.rule_entry(EntryKind::Cleared, context.account, run, message, fields);
}

/// Sends the warnings whose share of the limit is reached, each once a session.
pub(super) fn warn(
    context: &Context<'_>,
    run: &mut RuleRun,
    session: Option<crate::domain::trade_date::TradeDate>,
    out: &mut Output<'_>,
) {
    if run.state.warned_in != session {
        run.state.warned = 0;
        run.state.warned_in = session;
    }
    if run.state.fired.is_some() {
        return;
    }
    let reading = *run.reading();
    let Some(used) = reading.used() else {
        return;
    };
    let is_due = match reading.truth {
        Truth::False => true,
        // It waits for its `hold` or `confirm`, and the whole limit is used. Less
        // of a limit says nothing where its condition stands under a `not`.
        Truth::True => used >= Decimal::ONE,
        Truth::Unknown => false,
    };
    if !is_due {
        return;
    }
    let reached = run
        .rule
        .warn_at
        .iter()
        .filter(|share| used >= share.decimal())
        .count();
    let reached = u32::try_from(reached).unwrap_or(u32::MAX);
    if reached <= run.state.warned {
        return;
    }
    run.state.warned = reached;
    let share = run.rule.warn_at.get(reached.saturating_sub(1) as usize);
    let mut fields = conditions::describe_near(
        &run.rule.when,
        &mut run.clocks,
        run.state.handled,
        context,
        &reading,
    );
    fields.put_known("warn_at", share);
    let message = format!(
        "{} warns on {}: {}",
        run.rule.name,
        context.account.name,
        words::evidence(&fields)
    );
    out.rule_entry(
        EntryKind::Warned,
        context.account,
        run,
        message.clone(),
        fields,
    );
    out.notify(Notice {
        to: Audience::Named(run.rule.notifiers()),
        severity: Severity::Warning,
        kind: EntryKind::Warned,
        account: Some(context.account.name.clone()),
        rule: Some(run.rule.name.clone()),
        text: message,
    });
}

/// Reports a rule that stays unknown although data comes in: it protects
/// nothing, and nobody would see it.
pub(super) fn watch_unknown(
    context: &Context<'_>,
    run: &mut RuleRun,
    data: Data,
    now: Now,
    out: &mut Output<'_>,
) {
    if run.truth() != Truth::Unknown {
        run.unknown_since = None;
        if std::mem::take(&mut run.unknown_reported) {
            let message = format!(
                "{} is known again on {}",
                run.rule.name, context.account.name
            );
            out.rule_entry(
                EntryKind::RuleKnown,
                context.account,
                run,
                message,
                Fields::new(),
            );
        }
        return;
    }
    if matches!(data, Data::None | Data::Missing(_)) {
        // Told of once for the account, not for each of its rules.
        return;
    }
    let since = *run.unknown_since.get_or_insert(now.steady);
    if run.unknown_reported || now.since(since) < UNKNOWN_REPORTED_AFTER {
        return;
    }
    run.unknown_reported = true;
    let fields = conditions::describe(&run.rule.when, &mut run.clocks, run.state.handled, context);
    let message = format!(
        "{} cannot be evaluated on {} and protects nothing: a value that it needs has been unknown for {} s",
        run.rule.name,
        context.account.name,
        now.since(since).num_seconds()
    );
    out.rule_entry(
        EntryKind::RuleUnknown,
        context.account,
        run,
        message.clone(),
        fields,
    );
    out.notify(Notice {
        to: Audience::Everyone,
        severity: Severity::Warning,
        kind: EntryKind::RuleUnknown,
        account: Some(context.account.name.clone()),
        rule: Some(run.rule.name.clone()),
        text: message,
    });
}
