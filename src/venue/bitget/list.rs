//! Lists: page by page, and what it means that one says `null`.

use std::time::Duration;

use super::client::Client;
use super::errors;
use super::routes::{ROWS_A_PAGE, Read};
use crate::domain::limits::Cost;
use crate::venue::Permit;
use crate::venue::rest::error::RestError;
use crate::venue::rest::json::{Node, Object, Unexpected};

/// Most pages of one list: 5,000 rows.
const MOST_PAGES: usize = 50;

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

impl Client {
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
            let cost = listing.cost;
            let sent = self.get_in_turn(permit, &read, cost, timeout).await;
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
