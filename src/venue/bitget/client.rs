//! How the venue is asked: signed, within the budget, again once when its clock and ours
//! disagree or the account has come to speak the other API, and page by page.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::empties::Empties;
use super::errors::{self, Said};
use super::family::{Family, Spoken};
use super::routes::{self, Command, ROWS_A_PAGE, Read};
use crate::domain::limits::{Cost, LimitScope};
use crate::secret::Credential;
use crate::venue::rest::Limits;
use crate::venue::rest::base_url::below;
use crate::venue::rest::client::{Access, Http, Request};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Object, Unexpected};
use crate::venue::rest::query::Pairs;
use crate::venue::rest::reply::Sent;
use crate::venue::rest::sign::{HeaderNames, InHeaders, SignedText, Unsignable, part};
use crate::venue::{Lane, OutOfBudget, Permit};

/// What a request takes that is counted by no limit of a key that is kept here.
pub(super) const UNCOUNTED: Cost = Cost(&[("requests", 1)]);
/// The venue's limits of a key are those of a second.
const KEY_PAUSE: Duration = Duration::from_secs(1);
/// Most pages of one list: 5,000 rows.
const MOST_PAGES: usize = 50;

/// Asks the venue.
pub(super) struct Client {
    pub(super) base: Url,
    pub(super) http: Http,
    pub(super) limits: Limits,
    pub(super) spoken: Spoken,
    pub(super) empties: Empties,
}

/// A list, and how its next page is found.
pub(super) struct Listing {
    /// The first page.
    pub(super) read: Read,
    /// Where the rows stand in the answer's `data`; `None` where it is the list itself.
    pub(super) rows: Option<&'static str>,
    /// The field that says where the next page begins, and the parameter that it goes
    /// back in; `None` for a list without pages.
    pub(super) next: Option<(&'static str, &'static str)>,
    /// What another page takes of the limits.
    pub(super) cost: Cost,
    pub(super) null: Null,
}

/// What a list that says `null` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Null {
    /// That there is nothing, once it has said so twice.
    IsDoubted,
    /// That there is nothing.
    IsNothing,
}

/// What one answer of a list says.
enum Page {
    Null,
    Rows { next: Option<String> },
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

    /// The right to ask for a list once more: a read that could wait does not give up half
    /// done, and a poll does not wait at all.
    async fn once_more(&self, permit: &Permit, cost: Cost) -> Result<Permit, RestError> {
        if matches!(permit.lane, Lane::Poll | Lane::LatePoll) {
            return Ok(self.http.beside(permit, cost));
        }
        let lane = permit.lane.max(Lane::Verify);
        let again = self.http.budget().take_cost(lane, cost).await;
        again.map_err(|OutOfBudget| RestError::NoBudget)
    }

    /// Reads a whole list; `take` takes the rows of each page.
    ///
    /// # Errors
    /// What went wrong; then nothing of it counts.
    pub(super) async fn list(
        &self,
        permit: &Permit,
        listing: Listing,
        timeout: Duration,
        mut take: impl FnMut(&[Node<'_>]) -> Result<(), Unexpected>,
    ) -> Result<(), RestError> {
        let name = format!("{} {}", listing.read.path, listing.read.query.encoded());
        let mut is_believed = listing.null == Null::IsNothing || self.empties.is_known(&name);
        let mut second: Option<Permit> = None;
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let read = listing.page(cursor.as_deref());
            let permit = second.as_ref().unwrap_or(permit);
            let sent = self.get(permit, &read, timeout).await;
            let page = {
                let json = errors::read(&sent)?;
                listing.read(&json.root().as_object()?, &mut take)?
            };
            let is_first = cursor.is_none();
            let next = match page {
                Page::Null if is_first && !is_believed => {
                    is_believed = true;
                    second = Some(self.once_more(permit, listing.cost).await?);
                    continue;
                }
                Page::Null => {
                    if is_first && listing.null == Null::IsDoubted {
                        self.empties.learn(&name, true);
                    }
                    return Ok(());
                }
                Page::Rows { next } => {
                    self.empties.learn(&name, false);
                    next
                }
            };
            match next {
                None => return Ok(()),
                Some(next) if cursor.as_ref() == Some(&next) => break,
                Some(next) => cursor = Some(next),
            }
            self.http.budget().charge(permit.lane, listing.cost);
        }
        Err(RestError::NotJson("the list does not end"))
    }
}

/// Whether an answer says that the key lacks a right.
pub(super) fn lacks_right(sent: &Sent) -> bool {
    let reply = sent.answered().ok();
    reply.is_some_and(|reply| Said::of(reply).lacks_right())
}

impl Listing {
    fn page(&self, cursor: Option<&str>) -> Read {
        let read = self.read.clone();
        match (cursor, self.next) {
            (Some(cursor), Some((_, parameter))) => read.with(parameter, cursor),
            _ => read,
        }
    }

    fn read(
        &self,
        envelope: &Object<'_>,
        take: &mut impl FnMut(&[Node<'_>]) -> Result<(), Unexpected>,
    ) -> Result<Page, Unexpected> {
        let Some(name) = self.rows else {
            if envelope.says_null("data") {
                return Ok(Page::Null);
            }
            take(&envelope.need("data")?.as_list()?)?;
            return Ok(Page::Rows { next: None });
        };
        let data = envelope.need("data")?.as_object()?;
        let next = self.next.and_then(|(field, _)| data.member(field));
        let cursor = next.and_then(Node::label);
        if data.says_null(name) {
            return match next.filter(|_| cursor.is_some()) {
                Some(next) => Err(next.unexpected("nothing beside a list of nothing")),
                None => Ok(Page::Null),
            };
        }
        let list = data.need(name)?;
        let rows = list.as_list()?;
        take(&rows)?;
        // A page with fewer is the last one, though the venue says where it ends.
        let is_full = self.next.is_some() && rows.len() >= ROWS_A_PAGE;
        match (is_full, cursor) {
            (true, None) => Err(list.unexpected("a page that says where the next one begins")),
            (true, Some(next)) => Ok(Page::Rows { next: Some(next) }),
            (false, _) => Ok(Page::Rows { next: None }),
        }
    }
}
