//! How long each part waits for the one below it, in one place: whoever waits for
//! something waits longer than that may take, so that the part that knows what
//! went wrong is the one that says so. The assertions hold the order.

use std::time::Duration;

use chrono::TimeDelta;

/// An adapter makes a connection, TLS included. Part of the three below.
pub const CONNECT: Duration = Duration::from_secs(2);
/// An adapter reads the whole answer to a poll.
pub const VENUE_POLL: Duration = Duration::from_secs(4);
/// An adapter reads the whole answer to any other read.
pub const VENUE_READ: Duration = Duration::from_secs(4);
/// An adapter reads the whole answer to a write.
pub const VENUE_WRITE: Duration = Duration::from_secs(5);

/// The poller goes on without a poll that has left.
pub const POLL: Duration = Duration::from_secs(6);
/// The poller goes on without what an account made before it was first seen, which may
/// be many pages long; it is read again soon.
pub const MADE_BEFORE: Duration = Duration::from_secs(60);
/// The poller goes on with the credential that it has while it reads a new one.
pub const CREDENTIAL: Duration = Duration::from_secs(2);

/// The executor answers a request that has left as lost.
pub const REQUEST: Duration = Duration::from_secs(14);
/// The second request of a read waits for the budget; the first has waited in the
/// queue.
pub const SECOND_PERMIT: Duration = Duration::from_secs(5);
/// A request waits for its row to be committed: a disk that fails or hangs does
/// not keep an account open.
pub const COMMIT: Duration = Duration::from_millis(20);

/// What enforcement asked for waits in riskd's own queue for the budget; it can be
/// withdrawn meanwhile. Two hundred accounts are closed and read in less.
pub const QUEUED: Duration = Duration::from_secs(300);

/// The engine goes on without the answer to a request that has left.
pub const ANSWER: TimeDelta = TimeDelta::seconds(15);
/// The engine goes on without something that waits in riskd's own queue.
pub const FORGOTTEN: TimeDelta = TimeDelta::seconds(330);

/// SQLite waits for another process that holds the database.
pub const DATABASE_BUSY: Duration = Duration::from_secs(5);
/// A command waits until what came of it has reached the disk.
pub const RECORD: Duration = Duration::from_secs(5);
/// The API waits for the daemon to show its state, before it says that the daemon
/// does not answer.
pub const STATE: Duration = Duration::from_secs(2);
/// The API waits for the daemon to carry out a command, the disk included.
pub const COMMAND: Duration = Duration::from_secs(8);
/// The API takes the request, its body included, and answers.
pub const API_REQUEST: Duration = Duration::from_secs(10);
/// A command of riskd waits for the answer of the daemon's API.
pub const API_CLIENT: Duration = Duration::from_secs(15);

/// By how much one waits longer than what it waits for.
const MARGIN_MS: u128 = 1000;

/// Whether `outer` is longer than `inner` by the margin.
const fn covers(outer: Duration, inner: Duration) -> bool {
    outer.as_millis() >= inner.as_millis() + MARGIN_MS
}

/// The same for a time of the engine.
const fn engine_covers(outer: TimeDelta, inner: Duration) -> bool {
    outer.num_milliseconds() as u128 >= inner.as_millis() + MARGIN_MS
}

const _: () = assert!(covers(VENUE_POLL, CONNECT));
const _: () = assert!(covers(VENUE_READ, CONNECT));
const _: () = assert!(covers(VENUE_WRITE, CONNECT));
const _: () = assert!(covers(POLL, VENUE_POLL));
// A read may be two requests, and the second may wait for its permit.
const READ_OF_TWO: Duration = VENUE_READ.saturating_mul(2).saturating_add(SECOND_PERMIT);
const _: () = assert!(covers(REQUEST, VENUE_WRITE) && covers(REQUEST, READ_OF_TWO));
const _: () = assert!(engine_covers(ANSWER, REQUEST));
const _: () = assert!(engine_covers(FORGOTTEN, QUEUED.saturating_add(REQUEST)));
const _: () = assert!(covers(COMMAND, RECORD) && covers(API_REQUEST, COMMAND));
const _: () = assert!(covers(API_CLIENT, API_REQUEST));
