//! The way between the real adapter and the paper venue: no sockets, no time
//! but the virtual one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use riskd::domain::account::AccountName;
use riskd::domain::holdings::WorkingOrders;
use riskd::domain::observation::{Observation, Timestamp};
use riskd::engine::event::Event;
use riskd::venue::Call;
use riskd::venue::rest::{Broken, Incoming, NoAnswer, Outgoing, Transport};
use riskd_paper::{Delivery as Answered, Page};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

tokio::task_local! {
    /// Which call of the engine or the poller a request belongs to.
    pub static CALL: u64;
}

/// What reaches the world from riskd's tasks.
pub enum Note {
    /// A request leaves.
    Out(Box<Outbound>),
    /// A poll by a desk ended.
    Polled(u64, usize, u64, Vec<Observation>),
    /// A write or a read that enforcement asked for has left.
    Left(u64, Event),
    /// It ended.
    Done(u64, u64, Event),
    /// Working orders were read by a desk.
    Orders(Box<OrdersRead>),
    /// A read of working orders by a desk learned nothing.
    NoOrders(u64, usize),
}

/// What a desk has read of the working orders of an account.
pub struct OrdersRead {
    pub generation: u64,
    pub desk: usize,
    pub call: u64,
    pub account: AccountName,
    /// When it was asked for.
    pub at: Timestamp,
    pub orders: WorkingOrders,
    /// Whether they were all read anew.
    pub are_all: bool,
}

/// A request on its way.
pub struct Outbound {
    /// By which desk.
    pub desk: usize,
    pub call: u64,
    pub asked: Outgoing,
    pub reply: oneshot::Sender<Result<Answered, NoAnswer>>,
}

/// The seam's other side.
pub struct Wire {
    notes: mpsc::UnboundedSender<Note>,
    desk: usize,
}

/// What adapters are made of: the way to the venue, and the wall clock as the machine
/// shows it.
#[derive(Clone)]
pub struct Wires {
    pub notes: mpsc::UnboundedSender<Note>,
    /// In milliseconds.
    pub shown: Arc<AtomicI64>,
}

impl Wires {
    /// The way of this desk.
    pub fn of(&self, desk: usize) -> Arc<dyn Transport> {
        Arc::new(Wire {
            notes: self.notes.clone(),
            desk,
        })
    }

    pub fn wall(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let shown = Arc::clone(&self.shown);
        move || DateTime::from_timestamp_millis(shown.load(Ordering::Relaxed)).unwrap()
    }
}

impl Transport for Wire {
    fn send(&self, asked: Outgoing) -> Call<'_, Result<Incoming, NoAnswer>> {
        let call = CALL.with(|call| *call);
        let deadline = Instant::now() + asked.timeout;
        let most = asked.most;
        let (reply, answer) = oneshot::channel();
        let outbound = Outbound {
            desk: self.desk,
            call,
            asked,
            reply,
        };
        let _ = self.notes.send(Note::Out(Box::new(outbound)));
        Box::pin(async move {
            match timeout_at(deadline, answer).await {
                Err(_) => Err(NoAnswer::Late),
                Ok(Err(_)) => Err(NoAnswer::Broke("the connection broke".to_owned())),
                Ok(Ok(answer)) => answer.map(|answered| incoming(answered, deadline, most)),
            }
        })
    }
}

fn incoming(answered: Answered, deadline: Instant, most: usize) -> Incoming {
    let (page, manner) = match answered {
        Answered::Whole(page) => (page, None),
        Answered::HalfWay(page) => (page, Some(Duration::ZERO)),
        Answered::Slowly(page, pause) => (page, Some(pause)),
        Answered::Closed | Answered::Never => unreachable!("there is no head"),
    };
    Incoming {
        status: page.status,
        headers: headers(&page),
        body: match manner {
            None => Box::pin(std::future::ready(whole(&page, most))),
            Some(Duration::ZERO) => {
                let words = "the answer broke off: connection reset".to_owned();
                Box::pin(std::future::ready(Err(Broken::Cut(words))))
            }
            Some(pause) => Box::pin(slow(page, pause, deadline, most)),
        },
    }
}

fn whole(page: &Page, most: usize) -> Result<Vec<u8>, Broken> {
    if page.body.len() > most {
        return Err(Broken::TooLong(most));
    }
    Ok(page.body.to_vec())
}

async fn slow(
    page: Page,
    pause: Duration,
    deadline: Instant,
    most: usize,
) -> Result<Vec<u8>, Broken> {
    let bytes = u32::try_from(page.body.len()).unwrap();
    let end = Instant::now() + pause.saturating_mul(bytes);
    sleep_until(end.min(deadline)).await;
    if end > deadline {
        return Err(Broken::Cut("the answer did not end in time".to_owned()));
    }
    whole(&page, most)
}

fn headers(page: &Page) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(kind) = page.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(location) = page.location {
        headers.insert(LOCATION, HeaderValue::from_static(location));
    }
    if let Some(seconds) = page.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, text) in &page.headers {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_str(text).unwrap());
    }
    headers
}

/// Milliseconds.
pub fn ms(milliseconds: i64) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds)
}
