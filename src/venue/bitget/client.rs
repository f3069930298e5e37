//! How the venue is asked: signed, within the budget, again once when its clock and ours
//! disagree or the account has come to speak the other API.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tokio::time::{Instant, sleep, timeout_at};

use super::empties::Empties;
use super::errors::{self, Said};
use super::family::{Family, Spoken};
use super::routes::{self, Command, Read};
use crate::domain::limits::{Cost, LimitScope};
use crate::secret::Credential;
use crate::venue::rest::Limits;
use crate::venue::rest::base_url::below;
use crate::venue::rest::client::{Access, Http, Request};
use crate::venue::rest::error::RestError;
use crate::venue::rest::query::Pairs;
use crate::venue::rest::reply::Sent;
use crate::venue::rest::sign::{HeaderNames, InHeaders, SignedText, Unsignable, part};
use crate::venue::{Lane, OutOfBudget, Permit};

/// What a request takes that is counted by no limit of a key that is kept here.
pub(super) const UNCOUNTED: Cost = Cost(&[("requests", 1)]);
/// The venue's limits of a key are those of a second.
const KEY_PAUSE: Duration = Duration::from_secs(1);

/// Asks the venue.
pub(super) struct Client {
    pub(super) base: Url,
    pub(super) http: Http,
    pub(super) limits: Limits,
    pub(super) spoken: Spoken,
    pub(super) empties: Empties,
}

/// What proves who asks.
///
/// # Errors
/// When a part is missing or cannot stand in a header.
pub(super) fn signer(credential: &Credential) -> Result<InHeaders, Unsignable> {
    let names = HeaderNames {
        key: HeaderName::from_static("access-key"),
        time: HeaderName::from_static("access-timestamp"),
        signature: HeaderName::from_static("access-sign"),
        text: SignedText::TimeMethodPath {
            passphrase: HeaderName::from_static("access-passphrase"),
        },
    };
    InHeaders::new(
        names,
        part(credential, "key")?,
        part(credential, "secret")?,
        Some(part(credential, "passphrase")?),
    )
}

/// The header by which the accounts of demo trading are meant.
pub(super) fn demo() -> (HeaderName, HeaderValue) {
    (
        HeaderName::from_static("paptrading"),
        HeaderValue::from_static("1"),
    )
}

impl Client {
    /// Reads once, with a part of the time that a read may take.
    pub(super) async fn get(&self, permit: &Permit, read: &Read, timeout: Duration) -> Sent {
        let request = || Request {
            method: Method::GET,
            url: below(&self.base, read.path),
            query: read.query.clone(),
            body: None,
            timeout,
            most: self.limits.poll_bytes,
            access: read.access,
        };
        self.exchange(permit, request).await
    }

    /// Reads, and where the venue says that too much was asked waits for its turn within
    /// the time that a read may take. Another program of the same user is counted with
    /// this one, and a look of several reads would hardly ever be whole if the one that
    /// was turned away took the others with it.
    pub(super) async fn get_in_turn(
        &self,
        permit: &Permit,
        read: &Read,
        cost: Cost,
        timeout: Duration,
    ) -> Sent {
        let deadline = Instant::now() + timeout;
        let mut second: Option<Permit> = None;
        loop {
            let permit = second.as_ref().unwrap_or(permit);
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = self.get(permit, read, left).await;
            if !errors::is_too_many(&sent) {
                return sent;
            }
            match timeout_at(deadline, self.next_turn(permit.lane, cost)).await {
                // Without time for an answer it would only be lost.
                Ok(Some(turn)) if Instant::now() < deadline => second = Some(turn),
                Ok(_) | Err(_) => return sent,
            }
        }
    }

    /// The right to ask again what was turned away, once the second is over of which the
    /// venue may count it: for a poll, and for what proves an account flat. Other reads
    /// come again by themselves.
    async fn next_turn(&self, lane: Lane, cost: Cost) -> Option<Permit> {
        let lane = match lane {
            // Without it every account is blind.
            Lane::Poll | Lane::PollOfAll | Lane::LatePoll => Lane::LatePoll,
            Lane::Positions | Lane::Verify => lane,
            Lane::Watch | Lane::Routine | Lane::Beside | Lane::Cancel | Lane::Close => return None,
        };
        sleep(KEY_PAUSE).await;
        self.http.budget().take_cost(lane, cost).await.ok()
    }

    /// The right to ask for a list once more: a read that could wait does not give up half
    /// done, and a poll does not wait at all.
    pub(super) async fn once_more(&self, permit: &Permit, cost: Cost) -> Result<Permit, RestError> {
        if matches!(permit.lane, Lane::Poll | Lane::PollOfAll | Lane::LatePoll) {
            return Ok(self.http.beside(permit, cost));
        }
        let lane = permit.lane.max(Lane::Verify);
        let again = self.http.budget().take_cost(lane, cost).await;
        again.map_err(|OutOfBudget| RestError::NoBudget)
    }

    /// Sends a write.
    pub(super) async fn post(&self, permit: &Permit, command: &Command) -> Sent {
        let request = || Request {
            method: Method::POST,
            url: below(&self.base, command.path),
            query: Pairs::default(),
            body: Some(command.body.clone()),
            timeout: self.limits.write,
            most: self.limits.read_bytes,
            access: Access::Private,
        };
        self.exchange(permit, request).await
    }

    /// Sends, and once more where nothing was done because of the time alone: by then
    /// the venue's is known.
    async fn exchange(&self, permit: &Permit, request: impl Fn() -> Request) -> Sent {
        let sent = self.http.exchange(permit, request()).await;
        if !self.learn(&sent, permit).is_off() {
            return sent;
        }
        let permit = &self.http.beside(permit, permit.cost);
        let sent = self.http.exchange(permit, request()).await;
        self.learn(&sent, permit);
        sent
    }

    /// Takes what every answer says beside what was asked for.
    fn learn(&self, sent: &Sent, permit: &Permit) -> Said {
        let Sent::Answered(reply) = sent else {
            return Said::default();
        };
        let said = Said::of(reply);
        if let Some(time) = said.time {
            self.http.learn_time(reply, time);
        }
        if let Some(family) = said.refused_family() {
            self.spoken.forget(family);
        }
        // A status of 429 has said so already.
        if said.is_too_many() && reply.status != 429 {
            let budget = self.http.budget();
            budget.turn_away(LimitScope::Credential, permit.lane, KEY_PAUSE);
        }
        said
    }

    /// The API that the account speaks.
    ///
    /// # Errors
    /// When it is not known, and the venue cannot be asked for it.
    pub(super) async fn family(&self, permit: &Permit) -> Result<Family, RestError> {
        if let Some(family) = self.spoken.known() {
            return Ok(family);
        }
        let permit = self.http.beside(permit, UNCOUNTED);
        let sent = self.get(&permit, &routes::probe(), self.limits.read).await;
        let refused = sent.answered().ok().and_then(|reply| {
            let said = Said::of(reply);
            said.refused_family()
        });
        let family = match refused {
            Some(Family::Unified) => Family::Classic,
            Some(Family::Classic) | None => {
                errors::read(&sent)?;
                Family::Unified
            }
        };
        self.spoken.learn(family);
        Ok(family)
    }

    /// Asks in the API that the account speaks; once more in the other one where it has
    /// come to speak that.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) async fn speak<T, F>(
        &self,
        permit: &Permit,
        ask: impl Fn(Family) -> F,
    ) -> Result<T, RestError>
    where
        F: Future<Output = Result<T, RestError>>,
    {
        let family = self.family(permit).await?;
        let answer = ask(family).await;
        if answer.is_ok() || self.spoken.known() == Some(family) {
            return answer;
        }
        let other = self.family(permit).await?;
        if other == family {
            return answer;
        }
        ask(other).await
    }
}

/// Whether an answer says that the key lacks a right.
pub(super) fn lacks_right(sent: &Sent) -> bool {
    let reply = sent.answered().ok();
    reply.is_some_and(|reply| Said::of(reply).lacks_right())
}
