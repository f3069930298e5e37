//! How the venue is asked: who asks, what time it is there, and what its answers say
//! beside that.

use std::time::Duration;

use reqwest::header::HeaderName;

use super::errors::{self, Said};
use super::routes;
use crate::domain::limits::Cost;
use crate::secret::Credential;
use crate::venue::Permit;
use crate::venue::exchange::client::ReadClock;
use crate::venue::rest::client::Http;
use crate::venue::rest::error::RestError;
use crate::venue::rest::reply::{Reply, Sent};
use crate::venue::rest::sign::{InQuery, QueryNames, Unsignable, ValuesSigned, part};

/// For how long a signed request is good (the venue's default).
const WINDOW: Duration = Duration::from_secs(5);
/// What a call of the least weight takes.
pub(super) const LEAST: Cost = Cost(&[("weight", 1)]);

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

/// How the venue's clock is read.
pub(super) fn clock() -> ReadClock {
    ReadClock::new(routes::time(), LEAST, server_time)
}

fn server_time(sent: &Sent) -> Result<i64, RestError> {
    let json = errors::read(sent)?;
    let time = json.root().as_object()?.need("serverTime")?;
    Ok(time.as_integer()?)
}

/// Takes until when the address is banned, as far as an answer says it; whether nothing
/// was done because of the time alone.
pub(super) fn learn(http: &Http, reply: &Reply, _permit: &Permit) -> bool {
    let said = Said::of(reply);
    if let Some(until) = said.banned_until() {
        http.ban_until(reply, until);
    }
    said.is_off()
}
