//! How the venue is asked: signed, within the budget, and again once when its clock
//! and ours disagree.

use std::sync::Mutex;
use std::time::Duration;

use chrono::DateTime;
use reqwest::Url;
use reqwest::header::HeaderName;
use tokio::time::Instant;

use super::errors::{self, Said};
use super::routes::{self, Route};
use crate::domain::limits::Cost;
use crate::domain::observation::Timestamp;
use crate::locked::Locked;
use crate::secret::Credential;
use crate::venue::Permit;
use crate::venue::rest::Limits;
use crate::venue::rest::base_url::below;
use crate::venue::rest::client::{Http, Request};
use crate::venue::rest::error::RestError;
use crate::venue::rest::reply::Sent;
use crate::venue::rest::sign::{InQuery, QueryNames, Unsignable, ValuesSigned, part};

/// For how long a signed request is good (the venue's default).
const WINDOW: Duration = Duration::from_secs(5);
/// How often the venue's clock is read. Its answers say the second alone.
const CLOCK_EVERY: Duration = Duration::from_secs(600);
/// What a call of the least weight takes.
pub(super) const LEAST: Cost = Cost(&[("weight", 1)]);

/// Asks one host of the venue.
pub(super) struct Client {
    pub(super) base: Url,
    pub(super) http: Http,
    pub(super) limits: Limits,
    /// Where this host says what time it is, and when it is to be asked again.
    pub(super) clock: Option<Mutex<Option<Instant>>>,
}

/// What proves who asks.
///
/// # Errors
/// When a part is missing or cannot stand in a header.
pub(super) fn signer(credential: &Credential) -> Result<InQuery, Unsignable> {
    let names = QueryNames {
        key: HeaderName::from_static("x-mbx-apikey"),
        time: "timestamp",
        window: Some(("recvWindow", WINDOW)),
        signature: "signature",
        signs: ValuesSigned::Encoded,
    };
    InQuery::new(names, part(credential, "key")?, part(credential, "secret")?)
}

impl Client {
    /// Reads once, with a part of the time that a read may take.
    pub(super) async fn get(&self, permit: &Permit, route: &Route, timeout: Duration) -> Sent {
        // The rules of all symbols are as long as the longest poll.
        self.exchange(permit, route, timeout, self.limits.poll_bytes)
            .await
    }

    /// Sends a write.
    pub(super) async fn write(&self, permit: &Permit, route: &Route) -> Sent {
        self.exchange(permit, route, self.limits.write, self.limits.read_bytes)
            .await
    }

    /// Sends, and once more where nothing was done because of the time alone: by then
    /// the venue's is known.
    async fn exchange(
        &self,
        permit: &Permit,
        route: &Route,
        timeout: Duration,
        most: usize,
    ) -> Sent {
        let request = || Request {
            method: route.method.clone(),
            url: below(&self.base, route.path),
            query: route.query.clone(),
            body: None,
            timeout,
            most,
            access: route.access,
        };
        let sent = self.http.exchange(permit, request()).await;
        if !self.learn(&sent).is_off() {
            return sent;
        }
        // Without it the header of the answer has said what time it is.
        let _ = self.read_clock(permit).await;
        let permit = &self.http.beside(permit, permit.cost);
        let sent = self.http.exchange(permit, request()).await;
        self.learn(&sent);
        sent
    }

    /// Takes what an answer says beside what was asked for: until when the address is
    /// banned.
    fn learn(&self, sent: &Sent) -> Said {
        let Sent::Answered(reply) = sent else {
            return Said::default();
        };
        let said = Said::of(reply);
        if let Some(until) = said.banned_until() {
            self.http.ban_until(reply, until);
        }
        said
    }

    /// Reads the venue's clock when that is due.
    pub(super) async fn follow_clock(&self, permit: &Permit) {
        let Some(due) = &self.clock else {
            return;
        };
        let now = Instant::now();
        let is_due = due.locked().is_none_or(|due| due <= now);
        // One that cannot be read is asked again with the next poll.
        if is_due && self.read_clock(permit).await.is_ok() {
            *due.locked() = now.checked_add(CLOCK_EVERY);
        }
    }

    async fn read_clock(&self, permit: &Permit) -> Result<(), RestError> {
        if self.clock.is_none() {
            return Ok(());
        }
        let permit = self.http.beside(permit, LEAST);
        let route = routes::time();
        let request = Request {
            method: route.method,
            url: below(&self.base, route.path),
            query: route.query,
            body: None,
            timeout: self.limits.connect,
            most: self.limits.read_bytes,
            access: route.access,
        };
        let sent = self.http.exchange(&permit, request).await;
        let reply = sent.answered()?;
        let json = errors::read(&sent)?;
        let time = json.root().as_object()?.need("serverTime")?;
        let shown = DateTime::from_timestamp_millis(time.as_integer()?)
            .ok_or_else(|| time.unexpected("a time"))?;
        self.http.learn_time(reply, shown);
        Ok(())
    }

    /// What time it was at the venue, in milliseconds, when an answer was asked for:
    /// what it shows is no older.
    pub(super) fn stamp(&self, sent: &Sent) -> Option<i64> {
        let reply = sent.answered().ok()?;
        let at: Timestamp = self.http.venue_clock().at(reply.times.sent);
        Some(at.timestamp_millis())
    }
}
