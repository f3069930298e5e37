//! The way to a venue that lets reads pass alone, and notes what came back.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::Shape;
use crate::locked::Locked;
use crate::venue::Call;
use crate::venue::rest::transport::{Incoming, NoAnswer, Outgoing, Transport};

/// Names of a query whose values tell which list is meant, and no secret.
const TOLD: [&str; 6] = [
    "category",
    "settleCoin",
    "productType",
    "planType",
    "accountType",
    "incomeType",
];
/// What is in the name of a header that speaks of limits.
const OF_LIMITS: [&str; 4] = ["limit", "weight", "order-count", "retry-after"];
/// The longest value of such a header that is shown, in bytes.
const LONGEST_VALUE: usize = 32;

/// How far apart two requests are. A daemon asks with the same key each second, and what
/// a venue allows in a second may be little more than that.
const APART: Duration = Duration::from_millis(300);

/// An answer, or why there is none; no value of it but such as name a limit or a mode.
#[derive(Clone, Debug, Serialize)]
pub struct Heard {
    /// The path, and of the query what names a list.
    pub path: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What went wrong on the way.
    pub trouble: Option<String>,
    /// Headers that speak of limits, with their values.
    pub limits: Vec<(String, String)>,
    /// The shape of the body; `None` when it is not JSON.
    pub shape: Option<Shape>,
}

/// Everything that is heard on the ways to one venue.
#[derive(Clone, Debug, Default)]
pub struct Wire(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    heard: Vec<Heard>,
    /// When the next request may leave.
    next: Option<Instant>,
}

impl Wire {
    /// The same way, for reads alone, heard here.
    pub fn over(&self, way: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(ReadsOnly {
            way,
            wire: self.clone(),
        })
    }

    /// What was heard since this was asked last.
    pub(super) fn take_heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.0.locked().heard)
    }

    fn note(&self, heard: Heard) {
        self.0.locked().heard.push(heard);
    }

    /// When a request that is made now may leave.
    fn turn(&self) -> Instant {
        let now = Instant::now();
        let mut log = self.0.locked();
        let turn = log.next.map_or(now, |next| next.max(now));
        log.next = turn.checked_add(APART);
        turn
    }
}

/// Carries reads, and nothing else.
struct ReadsOnly {
    way: Arc<dyn Transport>,
    wire: Wire,
}

impl Transport for ReadsOnly {
    fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        if request.method != Method::GET || request.body.is_some() {
            let words = "a probe sends nothing but reads".to_owned();
            return Box::pin(ready(Err(NoAnswer::NotSent(words))));
        }
        let path = shown(&request);
        let wire = self.wire.clone();
        Box::pin(async move {
            sleep_until(wire.turn()).await;
            match self.way.send(request).await {
                Ok(incoming) => Ok(heard(incoming, path, wire)),
                Err(none) => {
                    wire.note(Heard {
                        path,
                        status: None,
                        trouble: Some(words(&none)),
                        limits: Vec::new(),
                        shape: None,
                    });
                    Err(none)
                }
            }
        })
    }
}

/// The same answer, noted once its body was read.
fn heard(incoming: Incoming, path: String, wire: Wire) -> Incoming {
    let Incoming {
        status,
        headers,
        body,
    } = incoming;
    let limits = of_limits(&headers);
    let body = async move {
        let body = body.await;
        wire.note(Heard {
            path,
            status: Some(status),
            trouble: body
                .as_ref()
                .err()
                .map(|_| "the answer broke off".to_owned()),
            limits,
            shape: body.as_deref().ok().and_then(Shape::of),
        });
        body
    };
    Incoming {
        status,
        headers,
        body: Box::pin(body),
    }
}

fn words(none: &NoAnswer) -> String {
    match none {
        NoAnswer::NotSent(words) | NoAnswer::Broke(words) => words.clone(),
        NoAnswer::Late => "no answer in time".to_owned(),
    }
}

/// Path and query of a request, without what is signed and what names an account.
fn shown(request: &Outgoing) -> String {
    let mut path = String::new();
    let mut is_account = false;
    for segment in request.url.path().split('/').skip(1) {
        path.push('/');
        let is_named = is_account && segment != "snapshot";
        path.push_str(if is_named { "ACCOUNT" } else { segment });
        is_account = segment == "accounts";
    }
    let query = request.query.expose().unwrap_or_default();
    let is_told = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        TOLD.contains(&name)
    };
    let told: Vec<&str> = query.split('&').filter(is_told).collect();
    if !told.is_empty() {
        path.push('?');
        path.push_str(&told.join("&"));
    }
    path
}

fn of_limits(headers: &HeaderMap) -> Vec<(String, String)> {
    let speaks = headers.iter().filter_map(|(name, value)| {
        let is_limit = OF_LIMITS.iter().any(|part| name.as_str().contains(part));
        let value = value.to_str().ok().filter(|_| is_limit)?;
        let value = value.get(..LONGEST_VALUE).unwrap_or(value);
        Some((name.to_string(), value.to_owned()))
    });
    speaks.collect()
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::*;
    use crate::venue::rest::query::Query;

    /// Fails the test when anything reaches it.
    struct Nothing;

    impl Transport for Nothing {
        fn send(&self, request: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
            panic!("{} was sent", request.method);
        }
    }

    fn outgoing(method: Method, address: &str, query: &str) -> Outgoing {
        Outgoing {
            method,
            url: Url::parse(address).unwrap(),
            query: Query::new(query.to_owned()),
            headers: HeaderMap::new(),
            body: None,
            timeout: std::time::Duration::ZERO,
            most: 0,
        }
    }

    #[tokio::test]
    async fn nothing_but_a_read_passes() {
        let wire = Wire::default();
        let way = wire.over(Arc::new(Nothing));
        for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH] {
            let sent = way
                .send(outgoing(method, "https://venue.test/order", ""))
                .await;
            assert!(matches!(sent, Err(NoAnswer::NotSent(_))));
        }
        let mut with_body = outgoing(Method::GET, "https://venue.test/order", "");
        with_body.body = Some("{}".to_owned());
        let sent = way.send(with_body).await;
        assert!(matches!(sent, Err(NoAnswer::NotSent(_))));
        assert!(wire.take_heard().is_empty());
    }

    #[test]
    fn what_is_signed_and_whose_it_is_is_not_shown() {
        let query = "category=linear&timestamp=1&settleCoin=USDT&signature=00ff";
        let read = outgoing(Method::GET, "https://venue.test/v5/position/list", query);
        let expected = "/v5/position/list?category=linear&settleCoin=USDT";
        assert_eq!(shown(&read), expected);
        for (path, expected) in [
            (
                "v1/api/accounts/APEX-1/orders",
                "/v1/api/accounts/ACCOUNT/orders",
            ),
            ("v1/api/accounts/snapshot", "/v1/api/accounts/snapshot"),
            ("v1/api/accounts", "/v1/api/accounts"),
        ] {
            let address = format!("https://venue.test/{path}");
            assert_eq!(shown(&outgoing(Method::GET, &address, "")), expected);
        }
    }
}
