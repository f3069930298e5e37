//! Bodies that break on the wire.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Time for the first part to leave before the connection is reset.
const BEFORE_RESET: Duration = Duration::from_millis(30);

/// A body sent in pieces with pauses between them, which may end in an error.
///
/// The HTTP server closes the connection on an error. When it is the first
/// thing that the body says, not even the head has left by then.
pub(crate) struct BrokenBody {
    pieces: VecDeque<Bytes>,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    ends_well: bool,
}

impl BrokenBody {
    /// The connection closes without a response.
    pub(crate) fn closed(stop: &CancellationToken) -> BrokenBody {
        BrokenBody::new(VecDeque::new(), Duration::ZERO, false, stop)
    }

    /// Half of the body, then a reset.
    pub(crate) fn reset_half_way(body: &Bytes, stop: &CancellationToken) -> BrokenBody {
        let half = body.slice(..body.len() / 2);
        BrokenBody::new(VecDeque::from([half]), BEFORE_RESET, false, stop)
    }

    /// One byte at a time.
    pub(crate) fn slow(body: &Bytes, pause: Duration, stop: &CancellationToken) -> BrokenBody {
        let bytes = (0..body.len()).map(|at| body.slice(at..=at)).collect();
        BrokenBody::new(bytes, pause, true, stop)
    }

    fn new(
        pieces: VecDeque<Bytes>,
        pause: Duration,
        ends_well: bool,
        stop: &CancellationToken,
    ) -> BrokenBody {
        BrokenBody {
            pieces,
            pause,
            timer: Box::pin(sleep(Duration::ZERO)),
            stopped: Box::pin(stop.clone().cancelled_owned()),
            ends_well,
        }
    }
}

impl Stream for BrokenBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let broken = || Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        if self.stopped.as_mut().poll(context).is_ready() {
            return broken();
        }
        if !self.pause.is_zero() && self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        match self.pieces.pop_front() {
            Some(piece) => {
                let next = Instant::now() + self.pause;
                self.timer.as_mut().reset(next);
                Poll::Ready(Some(Ok(piece)))
            }
            None if self.ends_well => Poll::Ready(None),
            None => broken(),
        }
    }
}
