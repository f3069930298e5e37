//! Flattens and closes.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::reads::account;
use super::reply::{Done, Outcome, Reply, succeed};
use super::routes::Call;
use super::rows;
use super::style::Style;
use super::writes::{connected, decimal, present};
use crate::sim::Simulation;
use crate::sim::flatten::{FlattenScope, Held};
use crate::sim::position::PositionKey;

/// Flattens what a scope covers.
pub(crate) fn flatten(
    sim: &mut Simulation,
    scope: FlattenScope,
    behaviour: &Behaviour,
    everything: bool,
) -> Done<Outcome> {
    if let Some(error) = &behaviour.flatten_refused {
        return Err(Reply::sentence(error));
    }
    let held = sim.covered_positions(&scope);
    let closed = position_rows(sim, &held, &behaviour.style);
    let order_ids = sim.flatten(scope, behaviour.flatten);
    let nothing = held.is_empty() && order_ids.is_empty();
    if nothing && behaviour.flatten_when_flat_is_error {
        let detail = "Nothing to flatten";
        return Err(Reply::error(400, "nothing_to_flatten", detail));
    }
    let mut body = json!({"closedPositions": closed});
    if let Some(body) = body.as_object_mut() {
        if everything {
            body.insert("orderIds".to_owned(), json!(order_ids));
        }
        if nothing {
            body.insert("warning".to_owned(), json!("No open positions to flatten"));
        }
    }
    say_pending(&mut body, behaviour);
    Ok(Outcome {
        reply: succeed(body),
        flattened: held,
    })
}

/// What the newest pages add to the reply to a close that is under way.
fn say_pending(body: &mut Value, behaviour: &Behaviour) {
    if let Some(body) = body.as_object_mut().filter(|_| behaviour.says_pending) {
        body.insert("pending".to_owned(), json!(true));
        body.insert("verified".to_owned(), json!(false));
    }
}

/// The rows of positions as they are now.
fn position_rows(sim: &Simulation, held: &[Held], style: &Style) -> Value {
    let row = |held: &Held| {
        let account = sim.accounts.get(held.account)?;
        rows::position(sim, account, account.position(held.key)?, style)
    };
    json!(held.iter().filter_map(row).collect::<Vec<_>>())
}

/// A whole close flattens that instrument; a part is a market order.
pub(crate) fn close(
    sim: &mut Simulation,
    call: &Call,
    body: &Map<String, Value>,
    behaviour: &Behaviour,
) -> Done<Outcome> {
    let (index, account) = account(sim, call)?;
    connected(account)?;
    if let Some(error) = &behaviour.flatten_refused {
        return Err(Reply::sentence(error));
    }
    let wanted = body.get("instrument").and_then(Value::as_str);
    let wanted = wanted.ok_or_else(|| Reply::sentence("Invalid request"))?;
    let contract = sim.contract_index(wanted)?;
    let key = PositionKey::net(contract);
    let held = sim.held(index, key);
    if held.is_zero() {
        let error = format!("No positions found for instrument '{wanted}'");
        return Err(Reply::sentence(&error));
    }
    let scope = FlattenScope {
        contract: Some(contract),
        ..FlattenScope::account(index)
    };
    match closing_quantity(body, held.abs())? {
        Some(count) => {
            let whole = Held {
                account: index,
                key,
                quantity: held,
            };
            let closed = position_rows(sim, &[whole], &behaviour.style);
            sim.close_part(index, key, count, behaviour.flatten);
            let mut payload = json!({"closedPositions": closed});
            say_pending(&mut payload, behaviour);
            Ok(succeed(payload).into())
        }
        None => flatten(sim, scope, behaviour, false),
    }
}

/// How many contracts a close is about; `None` for all. `quantity` wins over
/// `percent`, which is 0 to 1 and rounds up.
fn closing_quantity(body: &Map<String, Value>, held: Decimal) -> Done<Option<Decimal>> {
    let invalid = || Reply::sentence("Invalid request");
    let wanted = match (present(body, "quantity"), present(body, "percent")) {
        (Some(quantity), _) => decimal(quantity).and_then(|q| q.to_u64()),
        (None, Some(percent)) => decimal(percent)
            .filter(|percent| *percent <= Decimal::ONE)
            .and_then(|percent| (percent * held).ceil().to_u64()),
        (None, None) => return Ok(None),
    };
    let wanted = wanted.filter(|wanted| *wanted > 0).ok_or_else(invalid)?;
    let wanted = Decimal::from(wanted);
    if wanted >= held {
        return Ok(None);
    }
    Ok(Some(wanted))
}
