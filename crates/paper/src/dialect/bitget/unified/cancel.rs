//! Cancelling orders and closing positions: an entry for each, with a code where it
//! failed.

use serde_json::{Value, json};

use super::PRODUCT;
use super::create::refuse_classic;
use crate::dialect::bitget::cancel::cancel_book;
use crate::dialect::bitget::closing::close_positions;
use crate::dialect::bitget::find::Named;
use crate::dialect::bitget::params::{Params, Scope};
use crate::dialect::bitget::plans::partner;
use crate::dialect::bitget::reply::{Done, Refusal, wrong};
use crate::dialect::bitget::words::{made_up, order_id};
use crate::dialect::exchange::behaviour::Behaviour;
use crate::sim::position::PositionSide;
use crate::venue::State;

/// An entry that says that there is nothing of what was named.
fn not_there() -> Value {
    failed("24056", "notExisted")
}

fn failed(code: &str, text: &str) -> Value {
    json!({"orderId": "", "clientOid": "", "code": code, "msg": text})
}

/// `POST /api/v3/trade/cancel-symbol-order`: orders in the books of a category or of a
/// symbol; strategy orders stay.
pub(crate) fn symbol(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let mut done = cancel_book(state, account, &scope, behaviour);
    if done.is_empty() && scope.symbol.is_some() {
        done.push(not_there());
    }
    Ok(json!({"list": done}))
}

/// `POST /api/v3/trade/cancel-strategy-order`: one, by an id, with what it is paired
/// with. Done is null.
pub(crate) fn strategy(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    let named = Named::read(params)?;
    let sim = &state.sim;
    let mut orders = sim.orders.iter();
    let found = orders.find(|order| {
        let is_its_own = order.account == account && order.state.is_live();
        is_its_own && order.waits_for_trigger() && named.is(&state.bitget, order)
    });
    let found = found.filter(|_| !behaviour.forgets_stops);
    let found = found.ok_or_else(|| Refusal::new("25204", "Order does not exist"))?;
    let pair = [Some(found), partner(sim, found)];
    let pair = pair.into_iter().flatten();
    let ids: Vec<String> = pair.map(|order| order.order_id.clone()).collect();
    state.sim.cancel_each(&ids, behaviour.cancel);
    Ok(Value::Null)
}

/// `POST /api/v3/trade/close-positions`: at the market, and one answer for all.
pub(crate) fn close(
    state: &mut State,
    account: usize,
    params: &Params,
    behaviour: &Behaviour,
) -> Done {
    refuse_classic(params)?;
    let scope = Scope::read(&state.sim, params, PRODUCT)?;
    let side = match params.text("posSide") {
        None => None,
        Some("long") => Some(PositionSide::Long),
        Some("short") => Some(PositionSide::Short),
        Some(_) => return Err(wrong("posSide")),
    };
    let closings = close_positions(state, account, &scope, side, behaviour);
    if closings.is_empty() && scope.symbol.is_none() {
        return Err(Refusal::new("25227", "No position to close"));
    }
    let mut list: Vec<Value> = closings
        .iter()
        .map(|closing| match &closing.outcome {
            Ok(number) => json!({
                "orderId": order_id(*number),
                "clientOid": made_up(*number),
            }),
            Err(refusal) => failed(&refusal.code, &refusal.text),
        })
        .collect();
    if list.is_empty() {
        list.push(not_there());
    }
    Ok(json!({"list": list}))
}
