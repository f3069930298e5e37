//! How a venue is asked whose calls take everything in their query: signed, within the
//! budget, and again once when its clock and ours disagree. Its answers say the time by
//! the second alone, so that its clock is read by a call of its own.

use std::sync::Mutex;
use std::time::Duration;

use chrono::DateTime;
use reqwest::Url;
use tokio::time::Instant;

use super::route::Route;
use crate::domain::limits::Cost;
use crate::domain::observation::Timestamp;
use crate::locked::Locked;
use crate::venue::Permit;
use crate::venue::rest::Limits;
use crate::venue::rest::base_url::below;
use crate::venue::rest::client::{Http, Request};
use crate::venue::rest::error::RestError;
use crate::venue::rest::reply::{Reply, Sent};

/// How often the venue's clock is read.
const CLOCK_EVERY: Duration = Duration::from_secs(600);

/// Asks one host of a venue.
pub(in crate::venue) struct Client {
    pub(in crate::venue) base: Url,
    pub(in crate::venue) http: Http,
    pub(in crate::venue) limits: Limits,
    /// Where this host says what time it is.
    pub(in crate::venue) clock: Option<ReadClock>,
    /// Takes what an answer says beside what was asked for: whom it turns away, and
    /// whether nothing was done because of the time alone.
    pub(in crate::venue) learn: fn(&Http, &Reply, &Permit) -> bool,
}

/// How the clock of a host is read.
pub(in crate::venue) struct ReadClock {
    route: Route,
    /// What that takes of the limits.
    cost: Cost,
    /// Gives the time of an answer, in milliseconds.
    read: fn(&Sent) -> Result<i64, RestError>,
    /// When it is to be read again.
    due: Mutex<Option<Instant>>,
}

impl ReadClock {
    /// By this call, which takes this of the limits.
    pub(in crate::venue) fn new(
        route: Route,
        cost: Cost,
        read: fn(&Sent) -> Result<i64, RestError>,
    ) -> ReadClock {
        ReadClock {
            route,
            cost,
            read,
            due: Mutex::new(None),
        }
    }
}

impl Client {
    /// Reads once, with a part of the time that a read may take.
    pub(in crate::venue) async fn get(
        &self,
        permit: &Permit,
        route: &Route,
        timeout: Duration,
    ) -> Sent {
        // The rules of all symbols are as long as the longest poll.
        self.exchange(permit, route, timeout, self.limits.poll_bytes)
            .await
    }

    /// Sends a write.
    pub(in crate::venue) async fn write(&self, permit: &Permit, route: &Route) -> Sent {
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
        let sent = self
            .http
            .exchange(permit, self.request(route, timeout, most))
            .await;
        if !self.is_off(&sent, permit) {
            return sent;
        }
        // Without it the header of the answer has said what time it is.
        let _ = self.read_clock(permit).await;
        let permit = &self.http.beside(permit, permit.cost);
        let sent = self
            .http
            .exchange(permit, self.request(route, timeout, most))
            .await;
        self.is_off(&sent, permit);
        sent
    }

    fn request(&self, route: &Route, timeout: Duration, most: usize) -> Request {
        Request {
            method: route.method.clone(),
            url: below(&self.base, route.path),
            query: route.query.clone(),
            body: None,
            timeout,
            most,
            access: route.access,
        }
    }

    /// Takes what an answer says; whether it was refused for its time alone.
    fn is_off(&self, sent: &Sent, permit: &Permit) -> bool {
        match sent {
            Sent::Answered(reply) => (self.learn)(&self.http, reply, permit),
            Sent::NoBudget | Sent::Unsent(_) | Sent::Lost(_) => false,
        }
    }

    /// Reads the venue's clock when that is due.
    pub(in crate::venue) async fn follow_clock(&self, permit: &Permit) {
        let Some(clock) = &self.clock else {
            return;
        };
        let now = Instant::now();
        let is_due = clock.due.locked().is_none_or(|due| due <= now);
        // One that cannot be read is asked again with the next poll.
        if is_due && self.read_clock(permit).await.is_ok() {
            *clock.due.locked() = now.checked_add(CLOCK_EVERY);
        }
    }

    async fn read_clock(&self, permit: &Permit) -> Result<(), RestError> {
        let Some(clock) = &self.clock else {
            return Ok(());
        };
        let permit = self.http.beside(permit, clock.cost);
        let (timeout, most) = (self.limits.connect, self.limits.read_bytes);
        let request = self.request(&clock.route, timeout, most);
        let sent = self.http.exchange(&permit, request).await;
        let reply = sent.answered()?;
        let shown = DateTime::from_timestamp_millis((clock.read)(&sent)?)
            .ok_or(RestError::NotJson("the venue's time is none"))?;
        self.http.learn_time(reply, shown);
        Ok(())
    }

    /// What time it was at the venue, in milliseconds, when an answer was asked for:
    /// what it shows is no older.
    pub(in crate::venue) fn stamp(&self, sent: &Sent) -> Option<i64> {
        let reply = sent.answered().ok()?;
        let at: Timestamp = self.http.venue_clock().at(reply.times.sent);
        Some(at.timestamp_millis())
    }
}
