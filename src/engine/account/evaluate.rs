//! Reading a rule against what is seen, and moving its state.

use super::log::{report_cleared, report_rearmed, warn, watch_unknown};
use super::{RuleRun, View};
use crate::domain::now::Now;
use crate::domain::position_key::PositionKey;
use crate::engine::conditions::{self, Context, Tree};
use crate::engine::output::Output;
use crate::engine::record::Fields;
use crate::engine::rule_state::{Answered, Change};
use crate::engine::truth::Truth;
use crate::rules::book::Rearm;

/// Reads a rule and moves its state; whether it is to fire.
pub(super) fn decide(
    run: &mut RuleRun,
    context: &Context<'_>,
    view: &View,
    observed: bool,
    out: &mut Output<'_>,
) -> bool {
    let now = context.now;
    let session = context.trade_date();
    if run.state.is_rearmed_by_time(run.rule.rearm, session, now) {
        run.state.rearm();
        report_rearmed(context, run, out);
    }
    let mut tree = Tree::new(&mut run.clocks, run.state.handled);
    run.last = tree.read(&run.rule.when, context);
    let truth = run.truth();
    // Not knowing ends the waiting only for a rule about not knowing.
    run.state.awaits_holdings &= match view.is_flat_and_quiet() {
        Some(is_flat_and_quiet) => is_flat_and_quiet,
        None => !run.nature.is_about_silence,
    };
    let change = if run.state.awaits_holdings {
        Change::None
    } else {
        let by_position = run.by_position(truth, context);
        let answered = Answered {
            truth,
            by_position: by_position.as_deref(),
            observed: observed
                && (truth != Truth::True || run.is_confirmed_by(view.orders_at(), context)),
        };
        run.state.answer(&run.rule, &answered, now)
    };
    if change == Change::Clears {
        report_cleared(context, run, out);
    }
    if run.state.fired.is_some() && change != Change::Fires {
        rearm_by_knowledge(run, context, view, out);
    }
    settle_schedule(run, truth, change, now);
    if run.nature.warns && change != Change::Fires {
        warn(context, run, session, out);
    }
    if truth == Truth::Unknown || run.unknown_since.is_some() {
        watch_unknown(context, run, view.data(), now, out);
    }
    change == Change::Fires
}

fn rearm_by_knowledge(run: &mut RuleRun, context: &Context<'_>, view: &View, out: &mut Output<'_>) {
    let fired_at = run.state.fired.map(|fired| fired.at);
    // What it fired on says nothing about what came of it.
    let flat_and_quiet = view
        .is_flat_and_quiet()
        .filter(|_| fired_at.is_some_and(|at| view.has_seen_holdings_since(at)));
    if run
        .state
        .is_rearmed_by(run.rule.rearm, run.truth(), flat_and_quiet)
    {
        run.state.rearm();
        run.state.awaits_holdings = run.rule.rearm == Rearm::Flat;
        report_rearmed(context, run, out);
    }
}

/// A scheduled time that was decided is not decided again. One that fires the
/// rule is settled by the firing, which puts it into evidence first.
fn settle_schedule(run: &mut RuleRun, truth: Truth, change: Change, now: Now) {
    let decided = truth == Truth::False || run.state.fired.is_some();
    if run.nature.is_scheduled && decided && change != Change::Fires && run.clocks.has_due_time() {
        run.state.handled = now.wall;
    }
}

/// The evidence behind a firing, and the positions that the rule objects to. The
/// scheduled time that it fires for is decided by it.
pub(super) fn describe_firing(
    run: &mut RuleRun,
    context: &Context<'_>,
) -> (Fields, Vec<PositionKey>) {
    let evidence =
        conditions::describe(&run.rule.when, &mut run.clocks, run.state.handled, context);
    let offending = conditions::offending(&run.rule.when, context)
        .into_iter()
        .map(|position| position.key.clone())
        .collect();
    if run.clocks.has_due_time() {
        run.state.handled = context.now.wall;
    }
    (evidence, offending)
}
