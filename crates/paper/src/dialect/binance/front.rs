//! How a request goes through Binance: the address and its weight, the path, the key
//! with its signature and rights, the count of orders, then the call with its faults.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::limits::{Counts, MOST_WEIGHT, Turned};
use super::params::Params;
use super::reply::{self, Done, Pages, Refusal};
use super::routes::{self, Call, Route, Weight};
use super::{
    account, algo, book, cancel, conditional, create, distort, key, logs, markets, orders,
    positions, sign,
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
    counts: Counts,
    /// What the venue says the time is.
    time: DateTime<Utc>,
}

/// What stops a request before it is carried out.
struct Stopped {
    page: Page,
    status: u16,
}

impl From<Page> for Stopped {
    fn from(page: Page) -> Stopped {
        Stopped {
            status: page.status,
            page,
        }
    }
}

impl PaperVenue {
    /// Notes a request; nothing is decided before its body is there.
    pub(crate) fn arrive_at_binance(&self, request: &Incoming<'_>) -> (u64, Arrived) {
        let route = routes::find(request.method, request.path);
        let keys = &self.config().keys;
        let key = sign::key(keys, request);
        let (class, signature) = (route.map(|route| route.class), signature(request.query));
        let number = self.note_arrival(request, class, key, signature);
        (number, Arrived { number, route })
    }

    /// Carries out a request, now with its body.
    pub(crate) fn carry_out_binance(&self, arrived: &Arrived, request: &Incoming<'_>) -> Response {
        let time = self.shown_time();
        let mut state = self.state();
        match self.let_into_binance(&mut state, arrived, request, time) {
            Ok(asked) => respond(&mut state, &asked, request),
            Err(stopped) => {
                let counters = &mut state.record.counters;
                match stopped.status {
                    401 => counters.unauthorized += 1,
                    404 => counters.unknown_paths += 1,
                    418 | 429 => counters.rate_limited += 1,
                    _ => {}
                }
                Response::at_once(stopped.page)
            }
        }
    }

    fn let_into_binance<'a>(
        &'a self,
        state: &mut State,
        arrived: &Arrived,
        request: &Incoming<'_>,
        time: DateTime<Utc>,
    ) -> Result<Asked<'a>, Stopped> {
        let params = Params::of(request);
        let counts = self.weigh(state, arrived.route, &params, time)?;
        let Some(route) = arrived.route else {
            return Err(reply::not_found(&counts).into());
        };
        let mut asked = Asked {
            number: arrived.number,
            route,
            class: route.class,
            key: None,
            params,
            counts,
            time,
        };
        let refused = |refusal: Refusal| Stopped::from(reply::page(Err(&refusal), &counts));
        if route.is_signed {
            let keys = &self.config().keys;
            let key = authenticate(keys, route, request, &asked.params, time);
            let key = key.map_err(refused)?;
            let index = state.sim.account_index(&key.account);
            let index = index.map_err(Refusal::from).map_err(refused)?;
            let may_trade = state.sim.accounts.get(index).is_some_and(|it| it.may_trade);
            if route.is_order() && !may_trade {
                let text = "User can not place order currently.";
                return Err(refused(Refusal::new(-4088, text)));
            }
            asked.key = Some((key, index));
            if route.is_order() && self.config().rate_limit {
                let now = state.sim.now();
                match state.binance.limits.count_order(&key.account, now) {
                    Ok(orders) => asked.counts = counts.with_orders(orders),
                    Err((most, seconds)) => return Err(refused(too_many_orders(most, seconds))),
                }
            }
            if route.call == Call::CreateOrder && closes(&state.sim, index, &asked.params) {
                asked.class = RequestClass::Flatten;
                state.record.classify(arrived.number, asked.class);
            }
        }
        Ok(asked)
    }

    /// Counts what a request weighs, where limits apply.
    fn weigh(
        &self,
        state: &mut State,
        route: Option<&Route>,
        params: &Params,
        time: DateTime<Utc>,
    ) -> Result<Counts, Stopped> {
        let now = state.sim.now();
        let turned = match state.faults.banned_until() {
            Some(until) if now < until => Err(Turned::Banned { until }),
            _ => Ok(()),
        };
        let (counts, turned) = match turned {
            Ok(()) if self.config().rate_limit => {
                let weight = match route.map(|route| route.weight) {
                    None => 1,
                    Some(Weight::Always(weight)) => weight,
                    Some(Weight::BySymbol(with, _)) if params.text("symbol").is_some() => with,
                    Some(Weight::BySymbol(_, without)) => without,
                };
                let is_wallet = route.is_some_and(Route::is_wallet);
                state.binance.limits.count_weight(weight, is_wallet, now)
            }
            turned => (Counts::default(), turned),
        };
        let seconds = |until: DateTime<Utc>| {
            let ms = until.signed_duration_since(now).num_milliseconds();
            u64::try_from(ms).unwrap_or_default().div_ceil(1000)
        };
        match turned {
            Ok(()) => Ok(counts),
            Err(Turned::Away { until }) => {
                Err(reply::too_many(MOST_WEIGHT, seconds(until), &counts).into())
            }
            Err(Turned::Banned { until }) => {
                // By the venue's clock, as everything that it says.
                let shown = time + until.signed_duration_since(now);
                let page = reply::banned(shown.timestamp_millis(), seconds(until), &counts);
                Err(page.into())
            }
        }
    }
}

fn authenticate<'a>(
    keys: &'a [KeyConfig],
    route: &Route,
    request: &Incoming<'_>,
    params: &Params,
    time: DateTime<Utc>,
) -> Result<&'a KeyConfig, Refusal> {
    if request.header("x-mbx-apikey").is_none_or(str::is_empty) {
        return Err(Refusal::new(-2014, "API-key format invalid."));
    }
    let not_allowed = || Refusal::new(-2015, "Invalid API-key, IP, or permissions for action.");
    let key = sign::key(keys, request).ok_or_else(not_allowed)?;
    sign::check(request, key, params, time.timestamp_millis())?;
    if route.is_write() && (key.read_only || !key.may_trade) {
        return Err(not_allowed());
    }
    Ok(key)
}

fn too_many_orders(most: usize, seconds: u64) -> Refusal {
    let interval = match seconds {
        60 => "1 MINUTE".to_owned(),
        seconds => format!("{seconds} SECOND"),
    };
    let text = format!("Too many new orders; current limit is {most} orders per {interval}.");
    Refusal::new(-1015, &text)
}

/// Whether an order can only make a position smaller.
fn closes(sim: &Simulation, index: usize, params: &Params) -> bool {
    match sim.mode(index) {
        PositionMode::OneWay => params.text("reduceOnly") == Some("true"),
        PositionMode::Hedge => {
            let asked = (params.text("positionSide"), params.text("side"));
            matches!(
                asked,
                (Some("LONG"), Some("SELL")) | (Some("SHORT"), Some("BUY"))
            )
        }
    }
}

fn respond(state: &mut State, asked: &Asked<'_>, request: &Incoming<'_>) -> Response {
    let account = asked.key.map(|(key, _)| key.account.as_str());
    // The time and the signature of a request are new each time.
    let symbol = asked.params.text("symbol").unwrap_or_default();
    let admitted = Admitted {
        number: asked.number,
        class: asked.class,
        key: asked.key,
        is_write: asked.route.is_write(),
        target: format!("{} {symbol} {}", request.path, account.unwrap_or_default()),
    };
    let pages = Pages {
        time_ms: asked.time.timestamp_millis(),
        path: request.path,
    };
    let perform = |state: &mut State, behaviour: &Behaviour| {
        let done = perform(state, asked, behaviour);
        done.map_err(|refusal| reply::page(Err(&refusal), &asked.counts.without_orders()))
    };
    let page = |body: &Value| reply::page(Ok(body), &asked.counts);
    front::respond(state, &admitted, &pages, distort::distort, perform, page)
}

fn perform(state: &mut State, asked: &Asked<'_>, behaviour: &Behaviour) -> Done {
    let params = &asked.params;
    let Some((key, index)) = asked.key else {
        return Ok(match asked.route.call {
            Call::ServerTime => markets::server_time(asked.time),
            Call::ExchangeInfo => markets::exchange_info(&state.sim, asked.time),
            _ => serde_json::json!({}),
        });
    };
    let (sim, known) = (&state.sim, &state.binance);
    match asked.route.call {
        Call::Ping | Call::ServerTime => Ok(markets::server_time(asked.time)),
        Call::ExchangeInfo => Ok(markets::exchange_info(sim, asked.time)),
        Call::Account => Ok(account::account(sim, index)),
        Call::Balance => Ok(account::balance(sim, index)),
        Call::AccountConfig => Ok(account::config(sim, index)),
        Call::PositionMode => Ok(account::position_mode(sim, index)),
        Call::SetPositionMode => account::set_position_mode(&mut state.sim, index, params),
        Call::AssetMode => Ok(account::asset_mode(sim, index)),
        Call::KeyRights => Ok(key::rights(key, asked.time)),
        Call::Positions => positions::list(sim, index, params),
        Call::OpenOrders => orders::list(sim, known, index, params),
        Call::OpenAlgoOrders => algo::list(sim, known, index, params),
        Call::Order => orders::one(sim, known, index, params),
        Call::AlgoOrder if behaviour.forgets_stops => Err(book::not_there()),
        Call::AlgoOrder => algo::one(sim, known, index, params),
        Call::Income => logs::income(sim, index, params),
        Call::Trades => logs::trades(sim, known, index, params),
        Call::OrderLimits => Ok(markets::order_limits().into()),
        Call::CreateOrder => create::create(state, index, params, behaviour),
        Call::CreateAlgoOrder => conditional::create(state, index, params, behaviour),
        Call::CancelOrder => cancel::one(state, index, params, behaviour),
        Call::CancelAlgoOrder => cancel::one_algo(state, index, params, behaviour),
        Call::CancelBook => cancel::book(state, index, params, behaviour),
        Call::CancelAlgoBook => cancel::algo_book(state, index, params, behaviour),
        Call::Countdown => cancel::countdown(state, index, params, behaviour),
    }
}

/// The signature in a query, as it came.
fn signature(query: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(name, _)| *name == "signature");
    found.map(|(_, signature)| signature.to_owned())
}
