//! What each call does to the simulation and what it answers.

use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::flatten::{FlattenManner, FlattenScope, Held};
use super::order::{OrderType, Side, Ticket, TimeInForce};
use super::routes::{Call, CallKind};
use super::sim::Simulation;
use super::trade::{CancelManner, TradeError};
use super::wire::{self, PositionRow, Style};

/// The JSON of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// As it is sent. Snapshots are asked for every second, and a tree of one
    /// costs many times what its text does.
    Text(String),
    /// For those who change it before it is sent.
    Tree(Value),
}

impl Body {
    /// The same for those who change it.
    pub(crate) fn into_tree(self) -> Body {
        match self {
            // What was made here is JSON.
            Body::Text(text) => Body::Tree(serde_json::from_str(&text).unwrap_or_default()),
            Body::Tree(tree) => Body::Tree(tree),
        }
    }
}

/// A status with a JSON body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// Seconds for a `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Reply {
        Reply {
            status,
            body: Body::Tree(body),
            retry_after: None,
        }
    }

    /// 200 with this, in the form in which the answer is wanted.
    fn of(body: &impl Serialize, manner: &Manner) -> Reply {
        let made = if manner.distorts {
            serde_json::to_value(body).map(Body::Tree)
        } else {
            serde_json::to_string(body).map(Body::Text)
        };
        Reply {
            status: 200,
            // Nothing that is answered here cannot be JSON.
            body: made.unwrap_or(Body::Tree(Value::Null)),
            retry_after: None,
        }
    }

    fn ok(body: Value) -> Reply {
        Reply::new(200, body)
    }

    /// An error with a code and a sentence.
    pub(crate) fn error(status: u16, code: &str, detail: &str) -> Reply {
        let body = json!({"success": false, "error": code, "detail": detail});
        Reply::new(status, body)
    }

    /// Puts one more member into an object that is still a tree.
    pub(crate) fn put(&mut self, key: &str, value: Value) {
        if let Body::Tree(Value::Object(object)) = &mut self.body {
            object.insert(key.to_owned(), value);
        }
    }

    /// 400 as the older pages show it: a sentence, and no `success`.
    fn sentence(error: &str) -> Reply {
        Reply::new(400, json!({ "error": error }))
    }

    /// 429 with the seconds to wait, in the body and as a header.
    pub(crate) fn rate_limited(seconds: u64) -> Reply {
        let body = json!({"success": false, "error": "rate_limited", "retryAfter": seconds});
        Reply {
            retry_after: Some(seconds),
            ..Reply::new(429, body)
        }
    }
}

/// How calls are answered, settings and faults together.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) style: Style,
    /// Whether a fault changes what a read says.
    pub(crate) distorts: bool,
    pub(crate) flatten_when_flat_is_error: bool,
    pub(crate) flatten: FlattenManner,
    /// Whether a flatten's answer says that it is still under way.
    pub(crate) says_pending: bool,
    /// The sentence with which a flatten is refused.
    pub(crate) flatten_refused: Option<String>,
    pub(crate) cancel: CancelManner,
}

/// An answer, and the positions that a flatten was about.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) flattened: Vec<Held>,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome {
            reply,
            flattened: Vec::new(),
        }
    }
}

/// Carries out a call at the simulation's present time.
pub(crate) fn perform(sim: &mut Simulation, call: &Call, body: &[u8], manner: &Manner) -> Outcome {
    let done = if call.kind.is_write() {
        match serde_json::from_slice(body) {
            Ok(body) => write(sim, call, &body, manner),
            Err(_) => Err(Reply::sentence("Invalid request")),
        }
    } else {
        read(sim, call, manner).map(Outcome::from)
    };
    done.unwrap_or_else(Outcome::from)
}

/// Expected refusals end a call early with their reply.
type Answer<T> = Result<T, Reply>;

impl From<TradeError> for Reply {
    fn from(error: TradeError) -> Reply {
        let detail = error.to_string();
        match error {
            // The reference gives no status for an unknown account; 400 goes
            // with its example body.
            TradeError::UnknownAccount(_) => Reply::error(400, "invalid_account", &detail),
            TradeError::Disconnected(_) => Reply::error(400, "account_disconnected", &detail),
            TradeError::NoLiveOrder(_) => Reply::sentence(&detail),
            TradeError::UnknownInstrument(_)
            | TradeError::BadQuantity
            | TradeError::BadPrice
            | TradeError::BadMotion => Reply::sentence("Invalid request"),
        }
    }
}

fn account<'a>(sim: &'a Simulation, call: &Call) -> Answer<(usize, &'a Account)> {
    let name = call.account.as_deref().unwrap_or_default();
    let index = sim.account_index(name)?;
    let missing = || Reply::from(TradeError::UnknownAccount(name.to_owned()));
    Ok((index, sim.accounts.get(index).ok_or_else(missing)?))
}

/// The payload with `success: true`.
fn succeed(mut payload: Value) -> Reply {
    if let Some(object) = payload.as_object_mut() {
        object.insert("success".to_owned(), json!(true));
    }
    Reply::ok(payload)
}

/// `GET accounts/{account}/positions`.
#[derive(Serialize)]
struct Positions<'a> {
    positions: Vec<PositionRow<'a>>,
    success: bool,
}

/// `GET accounts/{account}/orders`.
#[derive(Serialize)]
struct Orders {
    orders: Vec<Value>,
    success: bool,
}

fn read(sim: &Simulation, call: &Call, manner: &Manner) -> Answer<Reply> {
    let style = &manner.style;
    Ok(match call.kind {
        CallKind::ListAccounts => {
            let rows = sim.accounts.iter().map(|a| wire::account(sim, a, style));
            let accounts: Vec<_> = rows.collect();
            succeed(json!({ "accounts": accounts }))
        }
        CallKind::GetAccount => {
            let mut row = wire::account(sim, account(sim, call)?.1, style);
            row.success = Some(true);
            Reply::of(&row, manner)
        }
        CallKind::AccountsSummary => Reply::of(&wire::snapshot(sim, style), manner),
        CallKind::GetWatermarks => Reply::ok(wire::watermarks(sim, account(sim, call)?.1, style)),
        CallKind::ListPositions => {
            let (_, account) = account(sim, call)?;
            let positions = wire::positions(sim, account, style);
            Reply::of(
                &Positions {
                    positions,
                    success: true,
                },
                manner,
            )
        }
        CallKind::GetPosition => position(sim, call, style)?,
        CallKind::GetAllPositions => all_positions(sim, call, style),
        CallKind::ListOrders => orders(sim, call, manner)?,
        CallKind::GetOrder => succeed(order(sim, call, style)?),
        CallKind::GetOrderStatus => {
            let row = order(sim, call, style)?;
            succeed(json!({"status": row.get("orderState")}))
        }
        CallKind::GetQuote => quote(sim, call, style)?,
        _ => Reply::sentence("Invalid request"),
    })
}

/// What is answered without a position is not documented; this is the sentence
/// of the neighbouring calls.
fn position(sim: &Simulation, call: &Call, style: &Style) -> Answer<Reply> {
    let (_, account) = account(sim, call)?;
    let asked = call.parameter("instrument").unwrap_or_default();
    let contract = sim.contract_index(asked)?;
    let held = account.position(contract);
    let row = held.and_then(|held| wire::position(sim, account, held, style));
    row.map(|row| succeed(json!(row)))
        .ok_or_else(|| no_position(asked, &account.name))
}

fn no_position(instrument: &str, account: &str) -> Reply {
    Reply::sentence(&format!(
        "No position found for instrument '{instrument}' in account '{account}'"
    ))
}

fn all_positions(sim: &Simulation, call: &Call, style: &Style) -> Reply {
    let include_flat = call.flag("includeFlat");
    let mut rows = Vec::new();
    for account in &sim.accounts {
        rows.extend(wire::positions(sim, account, style));
        if include_flat {
            let flat = (0..sim.market.contracts.len())
                .filter(|contract| account.quantity(*contract) == 0)
                .filter_map(|contract| wire::flat_position(sim, account, contract));
            rows.extend(flat);
        }
    }
    let count = rows.len();
    succeed(json!({"positions": rows, "count": count}))
}

/// The default of `activeOnly` is not documented; here it is false.
fn orders(sim: &Simulation, call: &Call, manner: &Manner) -> Answer<Reply> {
    let (index, _) = account(sim, call)?;
    let active_only = call.flag("activeOnly");
    let orders: Vec<Value> = sim
        .orders
        .iter()
        .filter(|order| order.account == index && (!active_only || order.state.is_live()))
        .filter_map(|order| wire::order(sim, order, &manner.style))
        .collect();
    Ok(Reply::of(
        &Orders {
            orders,
            success: true,
        },
        manner,
    ))
}

fn order(sim: &Simulation, call: &Call, style: &Style) -> Answer<Value> {
    let (index, _) = account(sim, call)?;
    let id = call.order_id.as_deref().unwrap_or_default();
    let wanted = |order: &&super::order::Order| {
        order.account == index && order.order_id.eq_ignore_ascii_case(id)
    };
    let found = sim.orders.iter().find(wanted);
    found
        .and_then(|order| wire::order(sim, order, style))
        .ok_or_else(|| Reply::error(400, "order_not_found", &format!("Order {id} not found")))
}

/// One symbol gives an object, several a bare list.
fn quote(sim: &Simulation, call: &Call, style: &Style) -> Answer<Reply> {
    let asked = call.parameter("instrument").unwrap_or_default();
    let mut quotes = Vec::new();
    for symbol in asked.split(',') {
        let index = sim.contract_index(symbol.trim())?;
        if let Some(contract) = sim.market.contracts.get(index) {
            quotes.push(wire::quote(sim, contract, style));
        }
    }
    let single = quotes.len() == 1;
    let first = quotes.first().cloned().unwrap_or_default();
    Ok(Reply::ok(if single { first } else { json!(quotes) }))
}

fn write(sim: &mut Simulation, call: &Call, body: &Value, manner: &Manner) -> Answer<Outcome> {
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
            sim.cancel(index, order_id, manner.cancel)?;
            Ok(succeed(json!({"orderId": order_id})).into())
        }
        CallKind::CancelOrders => {
            let (index, _) = account(sim, call)?;
            let order_ids = sim.live_orders(index, instrument(sim, body)?);
            sim.cancel_each(&order_ids, manner.cancel);
            Ok(succeed(json!({"orderIds": order_ids})).into())
        }
        CallKind::CancelAllOrders => {
            let accounts = 0..sim.accounts.len();
            let order_ids: Vec<String> = accounts
                .flat_map(|account| sim.live_orders(account, None))
                .collect();
            sim.cancel_each(&order_ids, manner.cancel);
            Ok(succeed(json!({"orderIds": order_ids})).into())
        }
        CallKind::ClosePosition => close(sim, call, body, manner),
        CallKind::Flatten => {
            let (index, account) = account(sim, call)?;
            connected(account)?;
            let scope = FlattenScope {
                contract: instrument(sim, body)?,
                ..FlattenScope::account(index)
            };
            flatten(sim, scope, manner, false)
        }
        CallKind::FlattenEverything => {
            let scope = everything_scope(sim, body)?;
            flatten(sim, scope, manner, true)
        }
        _ => Err(Reply::sentence("Invalid request")),
    }
}

fn connected(account: &Account) -> Answer<()> {
    if account.connection == super::account::ConnectionStatus::Connected {
        return Ok(());
    }
    Err(TradeError::Disconnected(account.name.clone()).into())
}

/// The contract that a body's `instrument` names; `None` without one.
fn instrument(sim: &Simulation, body: &Map<String, Value>) -> Answer<Option<usize>> {
    match body.get("instrument") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(sim.contract_index(text)?)),
        Some(_) => Err(Reply::sentence("Invalid request")),
    }
}

/// The filters of the call that reaches every account. A key that is not one
/// of them is ignored, so a misspelt filter filters nothing.
fn everything_scope(sim: &Simulation, body: &Map<String, Value>) -> Answer<FlattenScope> {
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

fn flatten(
    sim: &mut Simulation,
    scope: FlattenScope,
    manner: &Manner,
    everything: bool,
) -> Answer<Outcome> {
    if let Some(error) = &manner.flatten_refused {
        return Err(Reply::sentence(error));
    }
    let held = sim.covered_positions(&scope);
    let closed = rows(sim, &held, &manner.style);
    let order_ids = sim.flatten(scope, manner.flatten);
    let nothing = held.is_empty() && order_ids.is_empty();
    if nothing && manner.flatten_when_flat_is_error {
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
    say_pending(&mut body, manner);
    Ok(Outcome {
        reply: succeed(body),
        flattened: held,
    })
}

/// What the newest pages add to the answer of a close that is under way.
fn say_pending(body: &mut Value, manner: &Manner) {
    if let Some(body) = body.as_object_mut().filter(|_| manner.says_pending) {
        body.insert("pending".to_owned(), json!(true));
        body.insert("verified".to_owned(), json!(false));
    }
}

/// The rows of positions as they are now.
fn rows(sim: &Simulation, held: &[Held], style: &Style) -> Value {
    let row = |(account, contract, _): &Held| {
        let account = sim.accounts.get(*account)?;
        wire::position(sim, account, account.position(*contract)?, style)
    };
    json!(held.iter().filter_map(row).collect::<Vec<_>>())
}

/// A whole close flattens that instrument; a part is a market order.
fn close(
    sim: &mut Simulation,
    call: &Call,
    body: &Map<String, Value>,
    manner: &Manner,
) -> Answer<Outcome> {
    let (index, account) = account(sim, call)?;
    connected(account)?;
    if let Some(error) = &manner.flatten_refused {
        return Err(Reply::sentence(error));
    }
    let asked = body.get("instrument").and_then(Value::as_str);
    let asked = asked.ok_or_else(|| Reply::sentence("Invalid request"))?;
    let contract = sim.contract_index(asked)?;
    let held = sim.held(index, contract);
    if held == 0 {
        let error = format!("No positions found for instrument '{asked}'");
        return Err(Reply::sentence(&error));
    }
    let scope = FlattenScope {
        contract: Some(contract),
        ..FlattenScope::account(index)
    };
    match closing_quantity(body, held.unsigned_abs())? {
        Some(count) => {
            let closed = rows(sim, &[(index, contract, held)], &manner.style);
            sim.close_part(index, contract, count, manner.flatten);
            let mut answer = json!({"closedPositions": closed});
            say_pending(&mut answer, manner);
            Ok(succeed(answer).into())
        }
        None => flatten(sim, scope, manner, false),
    }
}

/// How many contracts a close is about; `None` for all. `quantity` wins over
/// `percent`, which is 0 to 1 and rounds up.
fn closing_quantity(body: &Map<String, Value>, held: u64) -> Answer<Option<u32>> {
    let invalid = || Reply::sentence("Invalid request");
    let wanted = match (present(body, "quantity"), present(body, "percent")) {
        (Some(quantity), _) => decimal(quantity).and_then(|q| q.to_u64()),
        (None, Some(percent)) => decimal(percent)
            .filter(|percent| *percent <= Decimal::ONE)
            .and_then(|percent| (percent * Decimal::from(held)).ceil().to_u64()),
        (None, None) => Some(held),
    };
    let wanted = wanted.filter(|wanted| *wanted > 0).ok_or_else(invalid)?;
    if wanted >= held {
        return Ok(None);
    }
    u32::try_from(wanted).map(Some).map_err(|_| invalid())
}

fn present<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    body.get(key).filter(|value| !value.is_null())
}

/// A JSON number, exact as it was written.
fn decimal(value: &Value) -> Option<Decimal> {
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
        side: Side::parse(text("action")?)?,
        quantity: u32::try_from(quantity).ok()?,
        order_type: OrderType::parse(text("orderType")?)?,
        limit_price: present(body, "limitPrice").and_then(decimal),
        stop_price: present(body, "stopPrice").and_then(decimal),
        time_in_force: TimeInForce::parse(text("timeInForce")?)?,
        oco_id: text("ocoId").map(str::to_owned),
        name: None,
    })
}
