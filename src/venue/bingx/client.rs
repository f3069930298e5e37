//! How the venue is asked: who asks, what time it is there, and whom its answers turn
//! away.

use reqwest::header::HeaderName;

use super::errors::{self, Said};
use super::routes;
use crate::domain::limits::{Cost, LimitScope};
use crate::secret::Credential;
use crate::venue::Permit;
use crate::venue::exchange::client::ReadClock;
use crate::venue::rest::client::Http;
use crate::venue::rest::error::RestError;
use crate::venue::rest::reply::{Reply, Sent};
use crate::venue::rest::sign::{InQuery, QueryNames, Unsignable, ValuesSigned, part};

/// What is asked for beside polls, proofs and writes: each call has a limit of its own, and
/// that this one is used up holds nothing else back.
const ASIDE: [&str; 5] = ["ledgers", "symbols", "modes", "rights", "timers"];

/// Writes: where one call is closed to the account, what is left is asked of the others.
const WRITES: [&str; 4] = ["flattens", "closes", "cancels", "single cancels"];

/// What proves who asks. For how long a request is good is left to the venue: five
/// seconds, which is the most too (base-info page).
///
/// # Errors
/// When a part is missing or cannot stand in a header.
pub(super) fn signer(credential: &Credential) -> Result<InQuery, Unsignable> {
    let names = QueryNames {
        key: HeaderName::from_static("x-bx-apikey"),
        time: "timestamp",
        window: None,
        signature: "signature",
        signs: ValuesSigned::PlainAndSorted,
    };
    InQuery::new(names, part(credential, "key")?, part(credential, "secret")?)
}

/// How the venue's clock is read. That is limited to far more than anybody asks.
pub(super) fn clock() -> ReadClock {
    ReadClock::new(routes::time(), Cost::NOTHING, server_time)
}

fn server_time(sent: &Sent) -> Result<i64, RestError> {
    let json = errors::read(sent)?;
    let data = errors::data(json.root())?.as_object()?;
    Ok(data.need("serverTime")?.as_integer()?)
}

/// Takes for how long an answer turns the account away; whether nothing was done because
/// of the time alone.
pub(super) fn learn(http: &Http, reply: &Reply, permit: &Permit) -> bool {
    let said = Said::of(reply);
    let now = http.venue_clock().at(reply.times.received);
    let is_one_of = |names: &[&str]| names.iter().any(|counts| permit.cost.of(counts) > 0);
    let is_alone = is_one_of(&ASIDE) || (said.closes_call() && is_one_of(&WRITES));
    if let Some(pause) = said.pause(now).filter(|_| !is_alone) {
        http.budget()
            .turn_away(LimitScope::Credential, permit.lane, pause);
    }
    said.is_off()
}
