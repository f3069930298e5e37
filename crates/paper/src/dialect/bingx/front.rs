//! How a request goes through BingX: the address, the path, the key with its signature and
//! rights, the limits of the account, then the call with its faults.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::limits::{Left, Turned};
use super::params::Params;
use super::reply::{self, Done, Pages, Refusal};
use super::routes::{self, Call, Route};
use super::{
    account, cancel, close, create, distort, fills, income, key, markets, orders, positions, sign,
    twap,
};
use crate::config::KeyConfig;
use crate::dialect::exchange::behaviour::Behaviour;
use crate::dialect::exchange::front::{self, Admitted};
use crate::faults::class::RequestClass;
use crate::http::message::{Incoming, Page, Response};
use crate::sim::Simulation;
use crate::sim::position::PositionMode;
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
    /// Whether refusals are counted.
    counts: bool,
    /// What the venue says the time is.
    time: DateTime<Utc>,
}

/// What stops a request before it is carried out.
enum Stopped {
    Banned,
    /// With its HTTP status.
    Refused(u16, Refusal, Option<Left>),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Stopped {
        Stopped::Refused(200, refusal, None)
    }
}

impl Stopped {
    fn page(&self, time: DateTime<Utc>) -> Page {
        match self {
            Stopped::Banned => reply::banned(),
            Stopped::Refused(status, refusal, left) => {
                reply::gate(*status, refusal, time.timestamp_millis(), *left)
            }
        }
    }
}

impl PaperVenue {
    /// Notes a request; nothing is decided before its body is there.
    pub(crate) fn arrive_at_bingx(&self, request: &Incoming<'_>) -> (u64, Arrived) {
        let route = routes::find(request.method, request.path);
        let key = sign::key(&self.config().keys, request);
        let class = route.map(|route| route.class);
        let signature = Params::of(request).ok();
        let signature = signature.and_then(|it| it.text("signature").map(str::to_owned));
        let number = self.note_arrival(request, class, key, signature);
        (number, Arrived { number, route })
    }

    /// Carries out a request, now with its body.
    pub(crate) fn carry_out_bingx(&self, arrived: &Arrived, request: &Incoming<'_>) -> Response {
        let time = self.shown_time();
        let mut state = self.state();
        match self.let_into_bingx(&mut state, arrived, request, time) {
            Ok(asked) => respond(&mut state, &asked, request),
            Err(stopped) => {
                let counters = &mut state.record.counters;
                match &stopped {
                    Stopped::Banned => counters.rate_limited += 1,
                    Stopped::Refused(_, refusal, _) => match refusal.code {
                        100_001 | 100_412 | 100_413 => counters.unauthorized += 1,
                        100_404 => counters.unknown_paths += 1,
                        100_410 => counters.rate_limited += 1,
                        _ => {}
                    },
                }
                Response::at_once(stopped.page(time))
            }
        }
    }

    fn let_into_bingx<'a>(
        &'a self,
        state: &mut State,
        arrived: &Arrived,
        request: &Incoming<'_>,
        time: DateTime<Utc>,
    ) -> Result<Asked<'a>, Stopped> {
        let now = state.sim.now();
        let counts = self.config().rate_limit;
        let is_banned = state.faults.banned_until().is_some_and(|until| now < until);
        if is_banned || (counts && state.bingx.limits.is_banned(now)) {
            return Err(Stopped::Banned);
        }
        let Some(route) = arrived.route else {
            let text = "The requested API path does not exist or the request method is incorrect";
            return Err(Stopped::Refused(404, Refusal::new(100_404, text), None));
        };
        if counts {
            let limits = &mut state.bingx.limits;
            let turned = limits.count_address(route.call, route.per_address, now);
            turned.map_err(over_address)?;
        }
        let mut asked = Asked {
            number: arrived.number,
            route,
            class: route.class,
            key: None,
            params: Params::of(request)?,
            left: None,
            counts,
            time,
        };
        if let Some(limit) = route.per_user {
            let key = authenticate(&self.config().keys, route, request, &asked.params, time)?;
            let index = state.sim.account_index(&key.account);
            let index = index.map_err(Refusal::from)?;
            asked.key = Some((key, index));
            if counts {
                asked.left = Some(count_user(state, &key.account, route.call, limit)?);
            }
            if route.call == Call::CreateOrder && closes(&state.sim, index, &asked.params) {
                asked.class = RequestClass::Flatten;
                state.record.classify(arrived.number, asked.class);
            }
        }
        Ok(asked)
    }
}

fn over_address(turned: Turned) -> Stopped {
    match turned {
        Turned::Banned => Stopped::Banned,
        turned => Stopped::Refused(429, Refusal::new(100_410, &turned.text()), None),
    }
}

fn count_user(state: &mut State, account: &str, call: Call, limit: usize) -> Result<Left, Stopped> {
    let now = state.sim.now();
    let limits = &mut state.bingx.limits;
    let (left, turned) = limits.count_user(account, call, limit, now);
    let turned = turned.and_then(|()| limits.check_errors(account, call, now));
    let refusal = |turned: Turned| Refusal::new(100_410, &turned.text());
    match turned {
        Ok(()) => Ok(left),
        Err(turned) => Err(Stopped::Refused(200, refusal(turned), Some(left))),
    }
}

fn authenticate<'a>(
    keys: &'a [KeyConfig],
    route: &Route,
    request: &Incoming<'_>,
    params: &Params,
    time: DateTime<Utc>,
) -> Result<&'a KeyConfig, Refusal> {
    let key = sign::key(keys, request).ok_or_else(|| {
        let place = "please check your valid api key in https://bingx.com/en/account/api";
        Refusal::new(100_413, &format!("Incorrect apiKey, {place}"))
    })?;
    sign::check(key, params, time.timestamp_millis())?;
    if route.trades() && (key.read_only || !key.may_trade) {
        let text = "Permission denied as the API key was created without the permission";
        return Err(Refusal::new(100_004, text));
    }
    Ok(key)
}

/// Whether an order can only make a position smaller.
fn closes(sim: &Simulation, index: usize, params: &Params) -> bool {
    match sim.mode(index) {
        PositionMode::OneWay => params.text("reduceOnly") == Some("true"),
        PositionMode::Hedge => {
            let asked = (params.text("positionSide"), params.text("side"));
            matches!(
                asked,
                (Some("LONG") | None, Some("SELL")) | (Some("SHORT"), Some("BUY"))
            )
        }
    }
}

fn respond(state: &mut State, asked: &Asked<'_>, request: &Incoming<'_>) -> Response {
    let account = asked.key.map(|(key, _)| key.account.as_str());
    let account = account.unwrap_or_default();
    let admitted = Admitted {
        number: asked.number,
        class: asked.class,
        key: asked.key,
        is_write: asked.route.is_write(),
        target: format!("{} {} {account}", request.path, asked.params.subject()),
    };
    let pages = Pages {
        time_ms: asked.time.timestamp_millis(),
    };
    // A refusal has the envelope of every reply.
    let perform = |state: &mut State, behaviour: &Behaviour| {
        let done = perform(state, asked, behaviour);
        if let Err(refusal) = &done
            && asked.counts
            && asked.key.is_some()
        {
            let (now, call) = (state.sim.now(), asked.route.call);
            let limits = &mut state.bingx.limits;
            limits.count_error(account, call, refusal.code, now);
        }
        Ok(reply::envelope(done, asked.route.call, pages.time_ms))
    };
    let page = |body: &Value| reply::page(body, asked.left);
    front::respond(state, &admitted, &pages, distort::distort, perform, page)
}

fn perform(state: &mut State, asked: &Asked<'_>, behaviour: &Behaviour) -> Done {
    let params = &asked.params;
    let Some((key, index)) = asked.key else {
        return match asked.route.call {
            Call::ServerTime => Ok(markets::server_time(asked.time)),
            Call::Contracts => markets::list(&state.sim, params),
            _ => Ok(json!({})),
        };
    };
    let (sim, known) = (&state.sim, &state.bingx);
    let forgets = behaviour.forgets_stops;
    match asked.route.call {
        Call::ServerTime => Ok(markets::server_time(asked.time)),
        Call::Contracts => markets::list(sim, params),
        Call::Balance => Ok(account::balance(sim, index)),
        Call::Positions => positions::list(sim, index, params),
        Call::PositionMode => Ok(account::position_mode(sim, index)),
        Call::SetPositionMode => account::set_position_mode(&mut state.sim, index, params),
        Call::AssetMode => Ok(account::asset_mode(sim, index)),
        Call::KeyRights => Ok(key::rights(key, asked.time)),
        Call::KeyInfo => Ok(key::info(key, asked.time)),
        Call::OpenOrders => orders::list(sim, known, index, params),
        Call::OpenOrder => orders::open(sim, known, index, params, forgets),
        Call::Order => orders::one(sim, known, index, params, forgets),
        Call::CreateOrder => create::create(state, index, params, behaviour),
        Call::TestOrder => create::test(sim, known, index, params),
        Call::CancelOrder => cancel::one(state, index, params, behaviour),
        Call::CancelBatch => cancel::batch(state, index, params, behaviour),
        Call::CancelAll => cancel::all(state, index, params, behaviour),
        Call::CancelAllAfter => cancel::after(state, index, params, behaviour),
        Call::CloseAll => close::all(state, index, params, behaviour),
        Call::ClosePosition => close::one(state, index, params, behaviour),
        Call::CreateTwap => twap::create(&mut state.sim, index, params),
        Call::OpenTwaps => twap::list(sim, index, params),
        Call::Twap => twap::one(sim, index, params),
        Call::CancelTwap => twap::cancel(&mut state.sim, index, params, behaviour),
        Call::Income => income::list(sim, index, params),
        Call::AllFills => fills::all(sim, known, index, params),
        Call::FillHistory => fills::history(sim, index, params),
    }
}
