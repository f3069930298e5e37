//! How a request goes through CrossTrade: the web site, the token, the rate
//! limit, the path, the add-on, then the call with its faults.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::behaviour::Behaviour;
use super::pages::{Pages, json, web_site};
use super::reply::{Body, Form, Outcome, Reply};
use super::routes::{self, Call, CallKind, NoCall};
use super::{distort, writes};
use crate::faults::kind::{Fault, FaultLayer};
use crate::faults::rule::Triggered;
use crate::faults::wire;
use crate::http::message::{Delivery, Incoming, Response};
use crate::record::{Arrival, Found};
use crate::sim::Simulation;
use crate::venue::{PaperVenue, State};

/// What is decided about a request.
pub(crate) enum Admission {
    /// For the web site, not the API.
    WebSite,
    /// Refused without reaching an account.
    Refused(Reply),
    /// It goes on, with the faults that it triggers.
    Proceed {
        /// Its number in the record.
        number: u64,
        call: Call,
        triggered: Vec<Triggered>,
        /// The add-on is away; the platform waits so many milliseconds.
        away_ms: Option<u64>,
    },
}

impl PaperVenue {
    /// Carries out an admitted request.
    pub(crate) fn carry_out_crosstrade(
        &self,
        admission: Admission,
        request: &Incoming<'_>,
    ) -> Response {
        let (number, call, triggered, away_ms) = match admission {
            Admission::WebSite => return Response::at_once(web_site(request.path)),
            Admission::Refused(reply) => return Response::at_once(json(reply)),
            Admission::Proceed {
                number,
                call,
                triggered,
                away_ms,
            } => (number, call, triggered, away_ms),
        };
        let (fault, delay) = wire::wire_fault(&triggered);
        if let Some(delivery) = fault.and_then(|fault| wire::before_effect(fault, &Pages)) {
            return Response {
                after: Duration::ZERO,
                delivery,
            };
        }
        if let Some(ms) = away_ms {
            let detail = "NinjaTrader add-on is not connected";
            let reply = Reply::error(408, "addon_disconnected", detail);
            return Response {
                after: Duration::from_millis(ms),
                delivery: Delivery::Whole(json(reply)),
            };
        }
        let reply = self.perform(number, &call, request, &triggered);
        Response {
            after: delay,
            delivery: wire::after_effect(fault, json(reply), &Pages),
        }
    }

    /// Notes a request and decides whether it goes on.
    pub(crate) fn admit_to_crosstrade(&self, request: &Incoming<'_>) -> (u64, Admission) {
        let call = routes::route(request.method, request.path, request.query);
        let authorization = request.header("authorization");
        let now = self.now();
        let mut state = self.state();
        let known = call.as_ref().ok();
        let arrival = Arrival {
            method: request.method,
            target: &request.target(),
            call: known.map(|call| call.kind),
            class: known.map(|call| call.kind.class()).unwrap_or_default(),
            account: known.and_then(|call| call.account.clone()),
            ..Arrival::default()
        };
        let number = state.record.arrived(now, arrival);
        let admission = self.decide(&mut state, now, number, call, authorization);
        if let Admission::Proceed { call, .. } = &admission
            && let Some(found) = found(&state.sim, call)
        {
            state.record.found(number, found);
        }
        (number, admission)
    }

    fn decide(
        &self,
        state: &mut State,
        now: DateTime<Utc>,
        number: u64,
        call: Result<Call, NoCall>,
        authorization: Option<&str>,
    ) -> Admission {
        if call == Err(NoCall::WebSite) {
            return Admission::WebSite;
        }
        let counters = &mut state.record.counters;
        if !self.is_authorized(authorization) {
            counters.unauthorized = counters.unauthorized.saturating_add(1);
            let detail = "Missing or invalid bearer token";
            return Admission::Refused(Reply::error(401, "unauthorized", detail));
        }
        if self.config().rate_limit
            && let Err(seconds) = state.bucket.take(now)
        {
            counters.rate_limited = counters.rate_limited.saturating_add(1);
            return Admission::Refused(Reply::rate_limited(seconds));
        }
        let call = match call {
            Ok(call) => call,
            Err(no_call) => {
                counters.unknown_paths = counters.unknown_paths.saturating_add(1);
                return Admission::Refused(not_found(no_call));
            }
        };
        let account = call.account.as_deref();
        let triggered = state.faults.trigger(call.kind.class(), account);
        // The platform itself serves the watermarks.
        let away = !state.addon_connected && call.kind != CallKind::GetWatermarks;
        Admission::Proceed {
            number,
            call,
            triggered,
            away_ms: away.then_some(self.config().addon_timeout_ms),
        }
    }

    /// `Bearer` in any casing and exactly the token.
    fn is_authorized(&self, authorization: Option<&str>) -> bool {
        authorization
            .and_then(|text| text.split_once(' '))
            .is_some_and(|(scheme, token)| {
                scheme.eq_ignore_ascii_case("bearer") && token.trim() == self.config().token
            })
    }

    /// Carries out a call with the faults that it has triggered.
    fn perform(
        &self,
        number: u64,
        call: &Call,
        request: &Incoming<'_>,
        triggered: &[Triggered],
    ) -> Reply {
        let mut state = self.state();
        let behaviour = Behaviour::new(self.config(), triggered);
        let Outcome {
            mut reply,
            flattened,
        } = match call.kind {
            CallKind::AccountsSummary => state.snapshot(number, call, &behaviour).into(),
            _ => writes::perform(&mut state.sim, call, request.body, &behaviour),
        };
        for one in triggered {
            if let Fault::Reenters { after_ms } = one.fault
                && !flattened.is_empty()
            {
                state.faults.spend(one.rule);
                state.sim.enter_again(&flattened, after_ms);
            }
        }
        if reply.status == 200 {
            distort_reply(&mut state, &mut reply, &request.target(), triggered);
        }
        reply
    }
}

impl State {
    /// The snapshot of all accounts: one that is kept, or a new one.
    fn snapshot(&mut self, number: u64, call: &Call, behaviour: &Behaviour) -> Reply {
        let now = self.sim.now();
        let (made, mut reply) = match self.snapshots.kept(now) {
            Some((made, reply)) => (made, reply),
            None => {
                let made = writes::perform(&mut self.sim, call, &[], behaviour).reply;
                self.snapshots.keep(now, &made);
                (now, made)
            }
        };
        self.record.content(number, made);
        if behaviour.form == Form::Tree {
            reply.body = reply.body.into_tree();
        }
        reply
    }
}

fn distort_reply(state: &mut State, reply: &mut Reply, path: &str, triggered: &[Triggered]) {
    // What no fault changes has become text already.
    let Body::Tree(body) = &mut reply.body else {
        return;
    };
    let now = state.sim.now();
    for one in triggered {
        let max_age_ms = match one.fault {
            Fault::StaleEpoch => None,
            Fault::Cached { ms } => Some(ms),
            _ if one.fault.layer() == FaultLayer::Data => {
                distort::distort(body, &one.fault, one.account.as_deref());
                continue;
            }
            _ => continue,
        };
        let fresh = body.take();
        let faults = &mut state.faults;
        *body = faults.remembered(one.rule, path, now, max_age_ms, fresh);
    }
}

fn not_found(no_call: NoCall) -> Reply {
    let mut reply = Reply::error(404, "not_found", "No such endpoint");
    if let NoCall::Unknown { did_you_mean } = no_call {
        reply.put("did_you_mean", Value::String(did_you_mean));
    }
    reply
}

/// What the account of a write holds; `None` for a read, and for a write that
/// names no account that is there.
fn found(sim: &Simulation, call: &Call) -> Option<Found> {
    let name = call.account.as_deref().filter(|_| call.kind.is_write())?;
    let index = sim.account_index(name).ok()?;
    Some(Found {
        positions: sim.accounts.get(index)?.positions.len(),
        working_orders: sim.count_live_orders(index),
        is_closing: sim.is_closing(index),
    })
}
