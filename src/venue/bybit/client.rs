//! How the venue is asked: signed, within the budget, again once when its clock and
//! ours disagree, and page by page.

use std::time::Duration;

use reqwest::header::HeaderName;
use reqwest::{Method, Url};

use super::category::Category;
use super::errors::{self, Said, TurnedAway};
use super::positions;
use super::routes::{Command, Read};
use crate::domain::limits::{Cost, LimitScope};
use crate::secret::Credential;
use crate::venue::Permit;
use crate::venue::rest::Limits;
use crate::venue::rest::base_url::below;
use crate::venue::rest::client::{Access, Http, Request};
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Unexpected};
use crate::venue::rest::query::Pairs;
use crate::venue::rest::reply::Sent;
use crate::venue::rest::sign::{HeaderNames, InHeaders, SignedText, Unsignable, part};

/// For how long a signed request is good (the venue's default).
const WINDOW: Duration = Duration::from_secs(5);
/// The venue's limits of a key are those of a second.
const KEY_PAUSE: Duration = Duration::from_secs(1);
/// Most pages of one list: 5,000 orders.
const MOST_PAGES: usize = 100;

/// Asks the venue.
pub(super) struct Client {
    pub(super) base: Url,
    pub(super) http: Http,
    pub(super) limits: Limits,
}

/// A list that is read page by page.
pub(super) struct Pages {
    /// The first page.
    pub(super) read: Read,
    /// The category that its rows are of, where there is one.
    pub(super) category: Option<Category>,
    /// How many rows a full page has. A page with fewer is the last one, though the
    /// venue gives a cursor with it.
    pub(super) full: usize,
    /// What another page takes of the limits.
    pub(super) cost: Cost,
}

/// What proves who asks.
///
/// # Errors
/// When a part is missing or cannot stand in a header.
pub(super) fn signer(credential: &Credential) -> Result<InHeaders, Unsignable> {
    let names = HeaderNames {
        key: HeaderName::from_static("x-bapi-api-key"),
        time: HeaderName::from_static("x-bapi-timestamp"),
        signature: HeaderName::from_static("x-bapi-sign"),
        text: SignedText::TimeKeyWindow {
            name: HeaderName::from_static("x-bapi-recv-window"),
            window: WINDOW,
        },
    };
    InHeaders::new(
        names,
        part(credential, "key")?,
        part(credential, "secret")?,
        None,
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
            access: Access::Private,
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
        let budget = self.http.budget();
        match said.turned_away() {
            Some(TurnedAway::Key) => {
                budget.turn_away(LimitScope::Credential, permit.lane, KEY_PAUSE);
            }
            Some(TurnedAway::Address) => budget.ban(LimitScope::Address, None),
            None => {}
        }
        said
    }

    /// Reads a whole list; `take` takes the rows of each page.
    ///
    /// # Errors
    /// What went wrong; then nothing of it counts.
    pub(super) async fn pages(
        &self,
        permit: &Permit,
        pages: Pages,
        timeout: Duration,
        mut take: impl FnMut(&[Node<'_>]) -> Result<(), Unexpected>,
    ) -> Result<(), RestError> {
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = match &cursor {
                Some(cursor) => pages.read.page(cursor),
                None => pages.read.clone(),
            };
            let sent = self.get(permit, &page, timeout).await;
            let next = {
                let json = errors::read(&sent)?;
                let result = json.root().as_object()?.need("result")?.as_object()?;
                let (rows, next) = positions::page(&result, pages.category)?;
                take(&rows)?;
                next.filter(|_| rows.len() >= pages.full)
            };
            match next {
                None => return Ok(()),
                Some(next) if cursor.as_ref() == Some(&next) => break,
                Some(next) => cursor = Some(next),
            }
            self.http.budget().charge(permit.lane, pages.cost);
        }
        Err(RestError::NotJson("the list does not end"))
    }
}
