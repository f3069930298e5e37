//! How a request goes through Bybit: the address, the path, the key and its
//! signature, its rights, the limit, then the call with its faults.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::limits::Left;
use super::params::Params;
use super::reply::{self, Done, Pages, Refusal};
use super::routes::{self, Call, Route};
use super::{account, cancel, create, distort, logs, markets, orders, positions, sign};
use crate::config::KeyConfig;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::front::{self, Admitted};
use crate::faults::class::RequestClass;
use crate::http::message::{Incoming, Response};
use crate::venue::{PaperVenue, State};

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
    left: Option<Left>,
    /// What the venue says the time is.
    time: DateTime<Utc>,
}

/// What stops a request before it is carried out.
enum Stopped {
    /// By what stands in front of the venue.
    Forbidden(&'static str),
    /// By the venue.
    Refused(Refusal, Option<Left>),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Stopped {
        Stopped::Refused(refusal, None)
    }
}

impl PaperVenue {
    /// Notes a request; nothing is decided before its body is there.
    pub(crate) fn arrive_at_bybit(&self, request: &Incoming<'_>) -> (u64, Arrived) {
        let route = routes::find(request.method, request.path);
        let keys = &self.config().keys;
        let key = sign::key(keys, request);
        let class = route.map(|route| route.class);
        let signature = request.header("x-bapi-sign").map(str::to_owned);
        let number = self.note_arrival(request, class, key, signature);
        (number, Arrived { number, route })
    }

    /// Carries out a request, now with its body.
    pub(crate) fn carry_out_bybit(&self, arrived: &Arrived, request: &Incoming<'_>) -> Response {
        let time = self.shown_time();
        let mut state = self.state();
        match self.let_in(&mut state, arrived, request, time) {
            Ok(asked) => respond(&mut state, &asked, request),
            Err(Stopped::Forbidden(text)) => Response::at_once(reply::forbidden(text)),
            Err(Stopped::Refused(refusal, left)) => {
                let counters = &mut state.record.counters;
                match refusal.code {
                    10003 | 10004 => counters.unauthorized += 1,
                    10006 => counters.rate_limited += 1,
                    10017 => counters.unknown_paths += 1,
                    _ => {}
                }
                let body = reply::envelope(Err(refusal), time.timestamp_millis());
                Response::at_once(reply::page(&body, left))
            }
        }
    }

    fn let_in<'a>(
        &'a self,
        state: &mut State,
        arrived: &Arrived,
        request: &Incoming<'_>,
        time: DateTime<Utc>,
    ) -> Result<Asked<'a>, Stopped> {
        let now = state.sim.now();
        let counts = self.config().rate_limit;
        if state.faults.banned_until().is_some_and(|until| now < until) {
            return Err(Stopped::Forbidden("403, access too frequent"));
        }
        if counts && !state.bybit.visits.count_address(now) {
            return Err(Stopped::Forbidden("403, access too frequent"));
        }
        if request.method == "GET" && !request.body.is_empty() {
            return Err(Stopped::Forbidden("403, a GET has no body"));
        }
        let Some(route) = arrived.route else {
            return Err(Refusal::new(10017, "Route not found.").into());
        };
        let mut asked = Asked {
            number: arrived.number,
            route,
            class: route.class,
            key: None,
            params: Params::of_query(request.query),
            left: None,
            time,
        };
        if let Some(limit) = route.per_second {
            let key = self.authenticate(route, request, time)?;
            let index = state.sim.account_index(&key.account);
            let index = index.map_err(Refusal::from)?;
            asked.key = Some((key, index));
            if counts {
                let visits = &mut state.bybit.visits;
                let left = visits.count_account(&key.account, route.call, limit, now);
                asked.left = Some(left);
                if left.is_over {
                    let refusal = Refusal::new(10006, "Too many visits!");
                    return Err(Stopped::Refused(refusal, asked.left));
                }
            }
        }
        if route.is_write() {
            asked.params = Params::of_body(request.body)?;
        }
        if route.call == Call::CreateOrder && asked.params.flag("reduceOnly") {
            asked.class = RequestClass::Flatten;
            state.record.classify(arrived.number, asked.class);
        }
        Ok(asked)
    }

    fn authenticate(
        &self,
        route: &Route,
        request: &Incoming<'_>,
        time: DateTime<Utc>,
    ) -> Result<&KeyConfig, Refusal> {
        let key = sign::key(&self.config().keys, request);
        let key = key.ok_or_else(|| Refusal::new(10003, "API key is invalid."))?;
        sign::check(request, key, time.timestamp_millis())?;
        if route.is_write() && (key.read_only || !key.may_trade) {
            let text = "Permission denied, please check your API key permissions.";
            return Err(Refusal::new(10005, text));
        }
        Ok(key)
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
    // A refusal has the envelope of every reply.
    let perform = |state: &mut State, behaviour: &Behaviour| {
        let done = perform(state, asked, behaviour);
        Ok(reply::envelope(done, pages.time))
    };
    let page = |body: &Value| reply::page(body, asked.left);
    front::respond(state, &admitted, &pages, distort::distort, perform, page)
}

fn perform(state: &mut State, asked: &Asked<'_>, behaviour: &Behaviour) -> Done {
    let params = &asked.params;
    let Some((key, index)) = asked.key else {
        return match asked.route.call {
            Call::ServerTime => Ok(markets::server_time(asked.time)),
            _ => markets::instruments(&state.sim, params),
        };
    };
    let (sim, known) = (&state.sim, &state.bybit);
    match asked.route.call {
        Call::ServerTime => Ok(markets::server_time(asked.time)),
        Call::Instruments => markets::instruments(sim, params),
        Call::WalletBalance => account::wallet(sim, index, params),
        Call::AccountInfo => Ok(account::info(sim, index)),
        Call::KeyInfo => Ok(account::key_info(sim, key, index)),
        Call::Positions => positions::list(sim, index, params),
        Call::OpenOrders => orders::list(sim, known, index, params),
        Call::TransactionLog => logs::transactions(sim, known, index, params),
        Call::Executions => logs::executions(sim, known, index, params),
        Call::SwitchMode => positions::switch_mode(&mut state.sim, index, params),
        Call::CreateOrder => create::create(state, index, params, behaviour),
        Call::CancelAll => cancel::cancel_all(state, index, params, behaviour),
        Call::CancelOrder => cancel::cancel_one(state, index, params, behaviour),
    }
}
