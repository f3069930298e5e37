//! What each write does: placing, cancelling, and which of the closes is meant.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::closes::{close, flatten};
use super::reads::{account, read};
use super::reply::{Done, Outcome, Reply, succeed};
use super::routes::{Call, CallKind};
use super::words;
use crate::sim::Simulation;
use crate::sim::account::{Account, ConnectionStatus};
use crate::sim::flatten::FlattenScope;
use crate::sim::order::{Side, Ticket};
use crate::sim::position::PositionSide;
use crate::sim::trade::TradeError;

/// Carries out a call at the simulation's present time.
pub(crate) fn perform(
    sim: &mut Simulation,
    call: &Call,
    body: &[u8],
    behaviour: &Behaviour,
) -> Outcome {
    let done = if call.kind.is_write() {
        match serde_json::from_slice(body) {
            Ok(body) => write(sim, call, &body, behaviour),
            Err(_) => Err(Reply::sentence("Invalid request")),
        }
    } else {
        read(sim, call, behaviour).map(Outcome::from)
    };
    done.unwrap_or_else(Outcome::from)
}

fn write(sim: &mut Simulation, call: &Call, body: &Value, behaviour: &Behaviour) -> Done<Outcome> {
    let object = body.as_object();
    let body = object.ok_or_else(|| Reply::sentence("Invalid request"))?;
    match call.kind {
        CallKind::PlaceOrder => {
            let name = account(sim, call)?.1.name.clone();
            let ticket = ticket(body).ok_or_else(|| Reply::sentence("Invalid request"))?;
            let order_id = sim.place(&name, &ticket)?;
            Ok(succeed(json!({"orderId": order_id})).into())
        }
        CallKind::Cancel => {
            let (index, _) = account(sim, call)?;
            let order_id = call.order_id.as_deref().unwrap_or_default();
            sim.cancel(index, order_id, behaviour.cancel)?;
            Ok(succeed(json!({"orderId": order_id})).into())
        }
        CallKind::CancelOrders => {
            let (index, _) = account(sim, call)?;
            let order_ids = sim.live_orders(index, instrument(sim, body)?);
            sim.cancel_each(&order_ids, behaviour.cancel);
            Ok(succeed(json!({"orderIds": order_ids})).into())
        }
        CallKind::CancelAllOrders => {
            let accounts = 0..sim.accounts.len();
            let order_ids: Vec<String> = accounts
                .flat_map(|account| sim.live_orders(account, None))
                .collect();
            sim.cancel_each(&order_ids, behaviour.cancel);
            Ok(succeed(json!({"orderIds": order_ids})).into())
        }
        CallKind::ClosePosition => close(sim, call, body, behaviour),
        CallKind::Flatten => {
            let (index, account) = account(sim, call)?;
            connected(account)?;
            let scope = FlattenScope {
                contract: instrument(sim, body)?,
                ..FlattenScope::account(index)
            };
            flatten(sim, scope, behaviour, false)
        }
        CallKind::FlattenEverything => {
            let scope = everything_scope(sim, body)?;
            flatten(sim, scope, behaviour, true)
        }
        _ => Err(Reply::sentence("Invalid request")),
    }
}

pub(crate) fn connected(account: &Account) -> Done<()> {
    if account.connection == ConnectionStatus::Connected {
        return Ok(());
    }
    Err(TradeError::Disconnected(account.name.clone()).into())
}

/// The contract that a body's `instrument` names; `None` without one.
fn instrument(sim: &Simulation, body: &Map<String, Value>) -> Done<Option<usize>> {
    match body.get("instrument") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(sim.contract_index(text)?)),
        Some(_) => Err(Reply::sentence("Invalid request")),
    }
}

/// The filters of the call that reaches every account. A key that is not one
/// of them is ignored, so a misspelt filter filters nothing.
fn everything_scope(sim: &Simulation, body: &Map<String, Value>) -> Done<FlattenScope> {
    let account = match body.get("account").and_then(Value::as_str) {
        Some(name) => Some(sim.account_index(name)?),
        None => None,
    };
    let side = body.get("marketPosition").and_then(Value::as_str);
    Ok(FlattenScope {
        account,
        contract: instrument(sim, body)?,
        side: side.map(|side| {
            let long = side.eq_ignore_ascii_case("long");
            if long { Side::Buy } else { Side::Sell }
        }),
    })
}

pub(crate) fn present<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    body.get(key).filter(|value| !value.is_null())
}

/// A JSON number, exact as it was written.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

fn ticket(body: &Map<String, Value>) -> Option<Ticket> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let quantity = body.get("quantity").and_then(Value::as_u64)?;
    Some(Ticket {
        instrument: text("instrument")?.to_owned(),
        side: words::read_side(text("action")?)?,
        quantity: Decimal::from(quantity),
        order_type: words::read_order_type(text("orderType")?)?,
        limit_price: present(body, "limitPrice").and_then(decimal),
        stop_price: present(body, "stopPrice").and_then(decimal),
        time_in_force: words::read_time_in_force(text("timeInForce")?)?,
        oco_id: text("ocoId").map(str::to_owned),
        name: None,
        position_side: PositionSide::Net,
        reduce_only: false,
    })
}
