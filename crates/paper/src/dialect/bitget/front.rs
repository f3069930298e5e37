//! How a request goes through Bitget: the address, the path, the key with its
//! signature, the family of its account, its rights, the limit, then the call with its
//! faults.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::params::Params;
use super::reply::{self, Done, Pages, Refusal};
use super::routes::{self, Call, Classic, Public, Route, Unified};
use super::{classic, distort, markets, sign, unified};
use crate::config::KeyConfig;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::front::{self, Admitted};
use crate::faults::class::RequestClass;
use crate::http::message::{Incoming, Response};
use crate::sim::Simulation;
use crate::venue::{PaperVenue, State};

/// What a classic account is told by calls of v3.
pub(crate) const CLASSIC_MODE: &str =
    "You are in Classic Account mode, and the Unified Account API is not supported at this time";
/// What a unified account is told by calls of v2.
pub(crate) const UNIFIED_MODE: &str =
    "You are in Unified Account mode, and the Classic Account API is not supported at this time";

/// A request whose head has been read.
pub(crate) type Arrived = front::Arrived<Route>;

/// A request that may be carried out.
struct Asked<'a> {
    number: u64,
    route: &'static Route,
    class: RequestClass,
    /// Its key, with the account's place; `None` for what anybody may ask.
    key: Option<(&'a KeyConfig, usize)>,
    params: Params,
    /// What the venue says the time is.
    time: DateTime<Utc>,
}

impl PaperVenue {
    /// Notes a request; nothing is decided before its body is there.
    pub(crate) fn arrive_at_bitget(&self, request: &Incoming<'_>) -> (u64, Arrived) {
        let route = routes::find(request.method, request.path);
        let key = sign::key(&self.config().keys, request);
        let class = route.map(|route| route.class);
        let signature = request.header("access-sign").map(str::to_owned);
        let number = self.note_arrival(request, class, key, signature);
        (number, Arrived { number, route })
    }

    /// Carries out a request, now with its body.
    pub(crate) fn carry_out_bitget(&self, arrived: &Arrived, request: &Incoming<'_>) -> Response {
        let time = self.shown_time();
        let mut state = self.state();
        match self.let_into_bitget(&mut state, arrived, request, time) {
            Ok(asked) => respond(&mut state, &asked, request),
            Err(refusal) => {
                let counters = &mut state.record.counters;
                match refusal.code.as_str() {
                    "40006" | "40009" | "40012" => counters.unauthorized += 1,
                    "429" => counters.rate_limited += 1,
                    "40404" => counters.unknown_paths += 1,
                    _ => {}
                }
                Response::at_once(reply::refused(&refusal, time.timestamp_millis()))
            }
        }
    }

    fn let_into_bitget<'a>(
        &'a self,
        state: &mut State,
        arrived: &Arrived,
        request: &Incoming<'_>,
        time: DateTime<Utc>,
    ) -> Result<Asked<'a>, Refusal> {
        let now = state.sim.now();
        let counts = self.config().rate_limit;
        let is_banned = state.faults.banned_until().is_some_and(|until| now < until);
        if is_banned || (counts && !state.bitget.limits.count_address(now)) {
            return Err(Refusal::too_many());
        }
        let route = arrived.route.ok_or_else(Refusal::not_found)?;
        let mut asked = Asked {
            number: arrived.number,
            route,
            class: route.class,
            key: None,
            params: Params::of_query(request.query),
            time,
        };
        let is_public = matches!(route.call, Call::Public(_));
        if !is_public {
            let keys = &self.config().keys;
            let key = sign::authenticate(keys, request, time.timestamp_millis())?;
            let index = state.sim.account_index(&key.account)?;
            check_family(&state.sim, index, route.call)?;
            check_rights(key, route)?;
            asked.key = Some((key, index));
        }
        let account = asked.key.map_or("", |(key, _)| key.account.as_str());
        let limits = &mut state.bitget.limits;
        if counts && !limits.count_call(account, route.call, route.per_second, now) {
            return Err(Refusal::too_many());
        }
        if route.is_write() {
            asked.params = Params::of_body(request.body)?;
        }
        if let Some((_, index)) = asked.key
            && closes(&state.sim, index, route.call, &asked.params)
        {
            asked.class = RequestClass::Flatten;
            state.record.classify(arrived.number, asked.class);
        }
        Ok(asked)
    }
}

/// Each kind of account has calls of its own (UTA introduction).
fn check_family(sim: &Simulation, index: usize, call: Call) -> Result<(), Refusal> {
    let is_unified = sim.accounts.get(index).is_some_and(|it| it.unified);
    match (call, is_unified) {
        (Call::Unified(_), false) => Err(Refusal::new("40084", CLASSIC_MODE)),
        (Call::Classic(_), true) => Err(Refusal::new("40085", UNIFIED_MODE)),
        _ => Ok(()),
    }
}

/// What a key may; every key of v3 may be asked for its rights, of v2 one that reads
/// the spot account.
fn check_rights(key: &KeyConfig, route: &Route) -> Result<(), Refusal> {
    let may_not_write = route.is_write() && (key.read_only || !key.may_trade);
    let asks_for_rights = route.call == Call::Classic(Classic::KeyRights);
    if may_not_write || (asks_for_rights && !key.may_read_spot) {
        let right = if may_not_write {
            "Contract trade"
        } else {
            "spot read"
        };
        let text = format!("Incorrect permissions, need {right} permissions");
        return Err(Refusal::new("40014", &text));
    }
    Ok(())
}

/// Whether an order can only make a position smaller.
fn closes(sim: &Simulation, index: usize, call: Call, params: &Params) -> bool {
    match call {
        Call::Classic(Classic::PlaceOrder) => classic::create::closes(sim, index, params),
        Call::Unified(Unified::PlaceOrder) => unified::create::closes(sim, index, params),
        _ => false,
    }
}

fn respond(state: &mut State, asked: &Asked<'_>, request: &Incoming<'_>) -> Response {
    let admitted = Admitted {
        number: asked.number,
        class: asked.class,
        key: asked.key,
        is_write: asked.route.is_write(),
        target: request.target(),
    };
    let pages = Pages {
        time: asked.time.timestamp_millis(),
    };
    let perform = |state: &mut State, behaviour: &Behaviour| {
        let done = perform(state, asked, behaviour);
        done.map(|data| reply::envelope(data, pages.time))
            .map_err(|refusal| reply::refused(&refusal, pages.time))
    };
    let page = |body: &Value| reply::page(body);
    front::respond(state, &admitted, &pages, distort::distort, perform, page)
}

fn perform(state: &mut State, asked: &Asked<'_>, behaviour: &Behaviour) -> Done {
    let params = &asked.params;
    match (asked.route.call, asked.key) {
        (Call::Public(Public::Contracts), _) => markets::contracts(&state.sim, params),
        (Call::Public(Public::Instruments), _) => markets::instruments(&state.sim, params),
        (Call::Classic(call), Some((key, index))) => {
            classic::perform(state, call, key, index, params, behaviour)
        }
        (Call::Unified(call), Some((key, index))) => {
            unified::perform(state, call, key, index, params, behaviour)
        }
        (Call::Public(Public::ServerTime), _) | (_, None) => Ok(markets::server_time(asked.time)),
    }
}
