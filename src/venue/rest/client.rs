//! The HTTP client of one venue: what it sends, how long it waits, and what it knows
//! when an answer does not come.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tracing::debug;

use super::Limits;
use super::clock::{AnswerTimes, Clock, VenueClock};
use super::query::{Pairs, Query};
use super::reply::{Reply, Sent};
use super::retry_after;
use super::sign::{Sign, Signed, Unsignable, Unsigned};
use super::transport::{Incoming, NoAnswer, Outgoing, Transport};
use crate::domain::limits::{Cost, LimitScope};
use crate::domain::observation::Timestamp;
use crate::locked::Locked;
use crate::venue::Permit;
use crate::venue::budget::RequestBudget;

/// One request, ready to be signed and sent.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address without its query.
    pub url: Url,
    /// The query, in order.
    pub query: Pairs,
    /// JSON text of a write.
    pub body: Option<String>,
    /// For connecting, sending and the whole answer together.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub most: usize,
    /// Who may ask.
    pub access: Access,
}

/// Who may ask for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever has the credential, which signs it.
    Private,
    /// Everybody: nothing of the credential is sent with it.
    Public,
}

/// Sends requests with one credential, within one budget.
pub struct Http {
    transport: Arc<dyn Transport>,
    signer: Mutex<Arc<dyn Sign>>,
    budget: RequestBudget,
    clock: Clock,
    venue_clock: VenueClock,
    jitter: Duration,
    /// What stands in the head of every request.
    always: HeaderMap,
}

impl Http {
    /// A client over this way to the venue, signing like this.
    pub fn new(
        transport: Arc<dyn Transport>,
        signer: Arc<dyn Sign>,
        limits: &Limits,
        budget: RequestBudget,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Http {
        Http {
            transport,
            signer: Mutex::new(signer),
            budget,
            clock,
            venue_clock: VenueClock::default(),
            jitter: limits.jitter,
            always: HeaderMap::new(),
        }
    }

    /// The same with a header that every request has, whoever may ask: which part of the
    /// venue is meant, say.
    #[must_use]
    pub(crate) fn always(mut self, name: HeaderName, value: HeaderValue) -> Http {
        self.always.insert(name, value);
        self
    }

    /// The right to another request of a call: it takes this of the limits, whose
    /// headers its answer speaks of.
    pub(crate) fn beside(&self, permit: &Permit, cost: Cost) -> Permit {
        let lane = permit.lane;
        self.budget.charge(lane, cost);
        Permit { lane, cost }
    }

    /// What may be asked.
    pub fn budget(&self) -> &RequestBudget {
        &self.budget
    }

    /// What is known of the venue's clock.
    pub fn venue_clock(&self) -> &VenueClock {
        &self.venue_clock
    }

    /// How far the clock of this machine is ahead, by the last answer with a
    /// date.
    pub fn clock_error(&self) -> Option<TimeDelta> {
        self.venue_clock.error()
    }

    /// Signs like this from the next request on.
    pub fn sign_with(&self, signer: Arc<dyn Sign>) {
        *self.signer.locked() = signer;
    }

    /// The venue answers nothing before this time of its clock, as an answer's body
    /// says. Where its head said for how long, that counts: it does not depend on what
    /// is known of that clock.
    pub fn ban_until(&self, reply: &Reply, until: Timestamp) {
        if reply.tells_pause {
            return;
        }
        let now = self.venue_clock.at((self.clock)());
        let lasts = until.signed_duration_since(now).to_std();
        let lasts = lasts.unwrap_or_default();
        self.budget.ban(LimitScope::Address, Some(lasts));
    }

    /// Learns from the time that the venue says in an answer's body.
    pub fn learn_time(&self, reply: &Reply, venue: Timestamp) {
        self.venue_clock.learn(reply.times, venue);
    }

    /// Sends the request once, and reads the answer. Never repeats anything. A call of
    /// several requests has one permit, whose cost is that of all of them.
    pub async fn exchange(&self, permit: &Permit, request: Request) -> Sent {
        let method = request.method.clone();
        let path = request.url.path().to_owned();
        let sent = self.send(permit, request).await;
        match &sent {
            Sent::Answered(reply) => {
                debug!(%method, path, status = reply.status, "the venue answered");
            }
            Sent::NoBudget => debug!(%method, path, "not sent: no permit in time"),
            Sent::Unsent(words) | Sent::Lost(words) => debug!(%method, path, words, "no answer"),
        }
        sent
    }

    async fn send(&self, permit: &Permit, request: Request) -> Sent {
        let timeout = request.timeout;
        let sent = (self.clock)();
        let signed = match self.signed(&request, sent) {
            Ok(signed) => signed,
            Err(error) => return Sent::Unsent(error.to_string()),
        };
        let outgoing = Outgoing {
            method: request.method,
            url: request.url,
            query: signed.query,
            headers: {
                let mut headers = self.always.clone();
                headers.extend(signed.headers);
                headers
            },
            body: request.body,
            timeout,
            most: request.most,
        };
        let answer = self.transport.send(outgoing).await;
        let received = (self.clock)();
        let times = AnswerTimes { sent, received };
        match answer {
            Ok(incoming) => Sent::Answered(self.received(permit, incoming, times).await),
            Err(NoAnswer::NotSent(words)) => Sent::Unsent(words),
            Err(NoAnswer::Late) => Sent::Lost(format!("no answer within {timeout:?}")),
            Err(NoAnswer::Broke(words)) => Sent::Lost(words),
        }
    }

    fn signed(&self, request: &Request, wall: Timestamp) -> Result<Signed, Unsignable> {
        if request.access == Access::Public {
            return Ok(Signed {
                headers: HeaderMap::new(),
                query: Query::new(request.query.encoded()),
            });
        }
        let signer = Arc::clone(&self.signer.locked());
        signer.sign(&Unsigned {
            method: &request.method,
            path: request.url.path(),
            query: &request.query,
            body: request.body.as_deref().unwrap_or_default(),
            time: self.venue_clock.at(wall),
        })
    }

    async fn received(&self, permit: &Permit, incoming: Incoming, times: AnswerTimes) -> Reply {
        if let Some((date, age)) = retry_after::date_and_age(&incoming.headers) {
            self.venue_clock.learn_date(times, date, age);
        }
        let status = incoming.status;
        let limits = self.budget.limits();
        let (scope, lane) = (limits.turned_away, permit.lane);
        let is_limited = status == 429;
        let is_banned = limits.ban_statuses.contains(&status);
        let told = (is_limited || is_banned)
            .then(|| retry_after::told_by_header(&incoming.headers, &self.clock))
            .flatten();
        // Before the body is read, so that nothing else goes out meanwhile.
        if is_banned {
            self.budget.ban(LimitScope::Address, told);
        } else {
            let shown = self.venue_clock.at(times.received);
            self.budget
                .answered(permit, shown, |name| number(&incoming.headers, name));
        }
        if is_limited {
            self.budget.turn_away(scope, lane, told.unwrap_or_default());
        }
        let html = is_html(&incoming.headers);
        let body = incoming.body.await;
        let mut reply = Reply::new(status, html, body, times);
        reply.tells_pause = told.is_some();
        if is_limited && told.is_none() {
            let pause = retry_after::told_by_body(&reply)
                .unwrap_or_else(|| retry_after::untold(self.jitter));
            self.budget.turn_away(scope, lane, pause);
        }
        reply
    }
}

#[cfg(test)]
impl Http {
    /// The headers with which a request is signed now.
    pub(crate) fn headers(&self) -> HeaderMap {
        let request = Request {
            method: Method::GET,
            url: Url::parse("https://venue.test/a").unwrap(),
            query: Pairs::default(),
            body: None,
            timeout: Duration::ZERO,
            most: 0,
            access: Access::Private,
        };
        self.signed(&request, (self.clock)()).unwrap().headers
    }
}

/// The number in a header.
fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("html"))
}

#[cfg(test)]
mod tests;
