//! The control API: what a person with curl can do to a paper venue.
//!
//! It asks for no token and serves loopback peers only.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::json::Json;
use crate::dialect::VenueKind;
use crate::faults::list::{FaultKind, bingx_fault_kinds, exchange_fault_kinds, fault_kinds};
use crate::faults::rule::{FaultRule, FaultStatus};
use crate::record::{Counters, RequestRecord};
use crate::sim::account::ConnectionStatus;
use crate::sim::market::Motion;
use crate::sim::order::Ticket;
use crate::sim::session::Crossing;
use crate::venue::{PaperState, PaperVenue};

/// Its routes, without their `/paper`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(venue: PaperVenue) -> Router<S> {
    Router::new()
        .route("/state", get(state))
        .route("/price", post(price))
        .route("/motion", post(motion))
        .route("/open", post(open))
        .route("/close", post(close))
        .route("/order", post(order))
        .route("/connection", post(connection))
        .route("/unified", post(unified))
        .route("/addon", post(addon))
        .route("/watch", post(watch))
        .route("/crossings", get(crossings))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/kinds", get(kinds))
        .route("/faults/{id}", delete(clear_fault))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/counters", get(counters))
        .route("/flattens", get(flattens))
        .layer(middleware::from_fn(loopback_only))
        .with_state(venue)
}

async fn loopback_only(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if peer.ip().to_canonical().is_loopback() {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

/// What went wrong, as JSON with 400.
struct Refused(String);

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Refused {
        Refused(error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": self.0}));
        (StatusCode::BAD_REQUEST, body).into_response()
    }
}

type Done = Result<Json<Value>, Refused>;

fn done() -> Done {
    Ok(Json(json!({"done": true})))
}

async fn state(State(venue): State<PaperVenue>) -> Json<PaperState> {
    Json(venue.snapshot())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    instrument: String,
    price: Decimal,
}

async fn price(State(venue): State<PaperVenue>, Json(body): Json<Price>) -> Done {
    venue.set_price(&body.instrument, body.price)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMotion {
    instrument: String,
    motion: Motion,
}

async fn motion(State(venue): State<PaperVenue>, Json(body): Json<NewMotion>) -> Done {
    venue.set_motion(&body.instrument, &body.motion)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    account: String,
    instrument: String,
    quantity: Decimal,
    #[serde(default)]
    price: Option<Decimal>,
}

async fn open(State(venue): State<PaperVenue>, Json(body): Json<Open>) -> Done {
    venue.open(&body.account, &body.instrument, body.quantity, body.price)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Close {
    account: String,
}

async fn close(State(venue): State<PaperVenue>, Json(body): Json<Close>) -> Done {
    venue.close(&body.account)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    account: String,
    ticket: Ticket,
}

async fn order(State(venue): State<PaperVenue>, Json(body): Json<NewOrder>) -> Done {
    let order_id = venue.place(&body.account, &body.ticket)?;
    Ok(Json(json!({"order_id": order_id})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    account: String,
    status: ConnectionStatus,
}

async fn connection(State(venue): State<PaperVenue>, Json(body): Json<Connection>) -> Done {
    venue.set_connection(&body.account, body.status)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unified {
    account: String,
    unified: bool,
}

async fn unified(State(venue): State<PaperVenue>, Json(body): Json<Unified>) -> Done {
    venue.set_unified(&body.account, body.unified)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addon {
    connected: bool,
}

async fn addon(State(venue): State<PaperVenue>, Json(body): Json<Addon>) -> Done {
    venue.set_addon(body.connected);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watch {
    account: String,
    loss: Decimal,
}

async fn watch(State(venue): State<PaperVenue>, Json(body): Json<Watch>) -> Done {
    venue.watch(&body.account, body.loss)?;
    done()
}

/// A crossing with the flatten that followed it.
#[derive(Serialize)]
struct Followed {
    crossing: Crossing,
    flatten: Option<RequestRecord>,
    /// From the crossing to the arrival of the flatten.
    latency_us: Option<i64>,
}

async fn crossings(State(venue): State<PaperVenue>) -> Json<Vec<Followed>> {
    let followed = venue.crossings().into_iter().map(|crossing| {
        let flatten = venue.first_flatten(&crossing.account, crossing.at);
        let latency_us = flatten.as_ref().and_then(|flatten| {
            let latency = flatten.at.signed_duration_since(crossing.at);
            latency.num_microseconds()
        });
        Followed {
            crossing,
            flatten,
            latency_us,
        }
    });
    Json(followed.collect())
}

async fn faults(State(venue): State<PaperVenue>) -> Json<Vec<FaultStatus>> {
    Json(venue.faults())
}

async fn add_fault(State(venue): State<PaperVenue>, Json(rule): Json<FaultRule>) -> Done {
    let id = venue.set_fault(rule)?;
    Ok(Json(json!({"id": id})))
}

async fn clear_faults(State(venue): State<PaperVenue>) -> Done {
    venue.clear_faults();
    done()
}

async fn clear_fault(State(venue): State<PaperVenue>, Path(id): Path<u64>) -> Response {
    if venue.clear_fault(id) {
        done().into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn kinds(State(venue): State<PaperVenue>) -> Json<Vec<FaultKind>> {
    let mut kinds = fault_kinds();
    if venue.config().kind != VenueKind::CrossTrade {
        kinds.extend(exchange_fault_kinds());
    }
    if venue.config().kind == VenueKind::BingX {
        kinds.extend(bingx_fault_kinds());
    }
    Json(kinds)
}

async fn requests(State(venue): State<PaperVenue>) -> Json<Vec<RequestRecord>> {
    Json(venue.requests())
}

async fn clear_requests(State(venue): State<PaperVenue>) -> Done {
    venue.clear_requests();
    done()
}

async fn counters(State(venue): State<PaperVenue>) -> Json<Counters> {
    Json(venue.counters())
}

#[derive(Deserialize)]
struct Since {
    after: Option<DateTime<Utc>>,
}

/// For every account the first flatten at or after a time; without one, ever.
async fn flattens(
    State(venue): State<PaperVenue>,
    Query(since): Query<Since>,
) -> Json<Vec<(String, Option<RequestRecord>)>> {
    let after = since.after.unwrap_or(DateTime::<Utc>::MIN_UTC);
    let accounts = venue.config().accounts.iter();
    let found = accounts.map(|account| {
        let flatten = venue.first_flatten(&account.name, after);
        (account.name.clone(), flatten)
    });
    Json(found.collect())
}
