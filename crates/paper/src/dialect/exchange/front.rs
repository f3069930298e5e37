//! How a request comes to an exchange and is carried out there, as far as all do it
//! alike.

use std::time::Duration;

use serde_json::Value;

use super::behaviour::Behaviour;
use super::request::{Distort, note_what_is_there, spoil};
use crate::config::KeyConfig;
use crate::faults::class::RequestClass;
use crate::faults::wire::{self, ErrorPages};
use crate::http::message::{Incoming, Page, Response};
use crate::record::Arrival;
use crate::venue::{PaperVenue, State};

/// A request whose head has been read.
pub(crate) struct Arrived<R: 'static> {
    pub(crate) number: u64,
    pub(crate) route: Option<&'static R>,
}

/// A request that may be carried out.
pub(crate) struct Admitted<'a> {
    pub(crate) number: u64,
    pub(crate) class: RequestClass,
    /// Its key, with the account's place; `None` for what anybody may ask.
    pub(crate) key: Option<(&'a KeyConfig, usize)>,
    pub(crate) is_write: bool,
    /// What it asks for, without what changes from one request to the next.
    pub(crate) target: String,
}

impl Admitted<'_> {
    fn account(&self) -> Option<&str> {
        self.key.map(|(key, _)| key.account.as_str())
    }
}

impl PaperVenue {
    /// Notes a request with the key that it shows and its signature; nothing is decided
    /// before its body is there.
    pub(crate) fn note_arrival(
        &self,
        request: &Incoming<'_>,
        class: Option<RequestClass>,
        key: Option<&KeyConfig>,
        signature: Option<String>,
    ) -> u64 {
        let is_shown = |known: &KeyConfig| key.is_some_and(|key| key.key == known.key);
        let arrival = Arrival {
            method: request.method,
            target: &request.target(),
            call: None,
            class: class.unwrap_or_default(),
            account: key.map(|key| key.account.clone()),
            key: self.config().keys.iter().position(is_shown),
            signature,
        };
        let now = self.now();
        self.state().record.arrived(now, arrival)
    }
}

/// Carries out what was let in, with the faults that it triggers: `perform` does it and
/// gives the body, or a page that no fault of a read touches, and `page` sends a body.
pub(crate) fn respond(
    state: &mut State,
    admitted: &Admitted<'_>,
    pages: &impl ErrorPages,
    distort: Distort,
    perform: impl FnOnce(&mut State, &Behaviour) -> Result<Value, Page>,
    page: impl FnOnce(&Value) -> Page,
) -> Response {
    let triggered = state.faults.trigger(admitted.class, admitted.account());
    if let Some((_, index)) = admitted.key.filter(|_| admitted.is_write) {
        note_what_is_there(state, admitted.number, index);
    }
    let (fault, delay) = wire::wire_fault(&triggered);
    if let Some(delivery) = fault.and_then(|fault| wire::before_effect(fault, pages)) {
        return Response {
            after: Duration::ZERO,
            delivery,
        };
    }
    let page = match perform(state, &Behaviour::new(&triggered)) {
        Ok(mut body) => {
            let (class, target) = (admitted.class, &admitted.target);
            spoil(state, &mut body, class, target, &triggered, distort);
            page(&body)
        }
        Err(page) => page,
    };
    Response {
        after: delay,
        delivery: wire::after_effect(fault, page, pages),
    }
}
