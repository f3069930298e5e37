//! What happens around every call: what the account held, and the faults of what a
//! read says.

use serde_json::Value;

use crate::faults::class::RequestClass;
use crate::faults::kind::{Fault, FaultLayer};
use crate::faults::rule::Triggered;
use crate::record::Found;
use crate::venue::State;

/// How a dialect applies a fault to the body of a call of a class.
pub(crate) type Distort = fn(&mut Value, &Fault, RequestClass);

/// Applies the faults of what a read says. Reads are told apart by `target`, their
/// path and query without what changes from one to the next.
pub(crate) fn spoil(
    state: &mut State,
    body: &mut Value,
    class: RequestClass,
    target: &str,
    triggered: &[Triggered],
    distort: Distort,
) {
    let now = state.sim.now();
    for one in triggered {
        let most = match one.fault {
            Fault::StaleEpoch => None,
            Fault::Cached { ms } => Some(ms),
            ref fault if fault.layer() == FaultLayer::Data => {
                distort(body, fault, class);
                continue;
            }
            Fault::StopsForgotten => {
                distort(body, &Fault::StopsMissing, class);
                continue;
            }
            _ => continue,
        };
        let fresh = body.take();
        *body = state.faults.remembered(one.rule, target, now, most, fresh);
    }
}

/// Notes what the account of a write holds.
pub(crate) fn note_what_is_there(state: &mut State, number: u64, index: usize) {
    let account = state.sim.accounts.get(index);
    let found = Found {
        positions: account.map_or(0, |account| account.positions.len()),
        working_orders: state.sim.count_live_orders(index),
        is_closing: state.sim.is_closing(index),
    };
    state.record.found(number, found);
}
