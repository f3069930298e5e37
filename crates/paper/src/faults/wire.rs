//! Faults of the connection and of the HTTP response: what becomes of a response
//! on its way to the client.

use std::time::Duration;

use axum::body::Bytes;

use super::kind::{Fault, FaultLayer};
use super::rule::Triggered;
use crate::http::message::{Delivery, Page};

/// The size of a huge response.
const HUGE_BYTES: usize = 10 * 1024 * 1024;

/// How a venue words the pages that a fault puts in place of its own.
pub(crate) trait ErrorPages {
    /// An error of this status.
    fn status(&self, code: u16, retry_after: Option<u32>) -> Page;
    /// An error code of the venue's own.
    fn code(&self, code: i64) -> Page;
    /// The code of a venue that has too much to do.
    fn throttled(&self) -> Page;
    /// 200 that says that nothing was done.
    fn not_done(&self) -> Page;
    /// The web site instead of the API.
    fn site(&self) -> Page;
    /// A redirect to the web site's login.
    fn login(&self) -> Page;
}

/// The first fault of the wire but delays, and the delays together.
pub(crate) fn wire_fault(triggered: &[Triggered]) -> (Option<&Fault>, Duration) {
    let mut wire = None;
    let mut delay = Duration::ZERO;
    for one in triggered {
        match one.fault {
            Fault::Delay { ms } => delay = delay.saturating_add(Duration::from_millis(ms)),
            ref fault if wire.is_none() && fault.layer() == FaultLayer::Wire => wire = Some(fault),
            _ => {}
        }
    }
    (wire, delay)
}

/// What the client gets under a fault that lets nothing happen.
pub(crate) fn before_effect(fault: &Fault, pages: &impl ErrorPages) -> Option<Delivery> {
    Some(match fault {
        Fault::Hang => Delivery::Never,
        Fault::LostBeforeEffect => Delivery::Closed,
        Fault::Status {
            code,
            retry_after,
            after_effect: false,
        } => Delivery::Whole(pages.status(*code, *retry_after)),
        Fault::Code {
            code,
            after_effect: false,
        } => Delivery::Whole(pages.code(*code)),
        Fault::Throttled => Delivery::Whole(pages.throttled()),
        Fault::SuccessFalse => Delivery::Whole(pages.not_done()),
        Fault::Redirect => Delivery::Whole(pages.login()),
        _ => return None,
    })
}

/// What becomes of the response to something that was done.
pub(crate) fn after_effect(
    fault: Option<&Fault>,
    whole: Page,
    pages: &impl ErrorPages,
) -> Delivery {
    match fault {
        Some(Fault::HangAfterEffect) => Delivery::Never,
        Some(Fault::LostAfterEffect) => Delivery::Closed,
        Some(Fault::Status {
            code, retry_after, ..
        }) => Delivery::Whole(pages.status(*code, *retry_after)),
        Some(Fault::Code { code, .. }) => Delivery::Whole(pages.code(*code)),
        Some(Fault::HtmlBody) => Delivery::Whole(pages.site()),
        Some(Fault::EmptyBody) => Delivery::Whole(Page {
            body: Bytes::new(),
            ..whole
        }),
        Some(Fault::TruncatedJson) => Delivery::Whole(Page {
            body: whole.body.slice(..whole.body.len() / 2),
            ..whole
        }),
        Some(Fault::ResetMidBody) => Delivery::HalfWay(whole),
        Some(Fault::HugeBody) => {
            let mut body = whole.body.to_vec();
            body.resize(body.len().max(HUGE_BYTES), b' ');
            Delivery::Whole(Page {
                body: Bytes::from(body),
                ..whole
            })
        }
        Some(Fault::SlowLoris { interval_ms }) => {
            Delivery::Slowly(whole, Duration::from_millis(*interval_ms))
        }
        _ => Delivery::Whole(whole),
    }
}
