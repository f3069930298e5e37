//! When a lock ends.

use super::claims::Asking;
use crate::domain::local_time;
use crate::domain::lock::LockEnd;
use crate::domain::observation::Timestamp;
use crate::domain::session::Session;
use crate::rules::book::{Account, Until};

/// When a lock ends that was asked for at this time. The session is the one by
/// the calendar; where the wall clock was set back over an open, it has the end
/// of the one that had begun.
pub(super) fn end_of(account: &Account, asking: &Asking, asked_at: Timestamp) -> LockEnd {
    let session = account.session.session_at(asked_at).map(|session| {
        let begun = asking.begun.filter(|(date, _)| *date > session.date);
        Session {
            next_open: begun.map_or(session.next_open, |(_, next_open)| next_open),
            ..session
        }
    });
    lock_end(asking.until, account, session.as_ref(), asked_at)
}

/// The same, where the session that it was asked for in is known. Until the end of a
/// session means until the next one opens: between close and next open the account belongs to the
/// session that closed. Without a session to come, only a person ends it.
fn lock_end(
    until: Until,
    account: &Account,
    session: Option<&Session>,
    asked_at: Timestamp,
) -> LockEnd {
    match until {
        Until::Manual => LockEnd::Manual,
        Until::SessionEnd => {
            session.map_or(LockEnd::Manual, |session| LockEnd::At(session.next_open))
        }
        Until::TimeOfDay(time) => LockEnd::At(local_time::next_at(
            account.session.timezone(),
            time,
            asked_at,
        )),
        Until::For(span) => asked_at
            .checked_add_signed(span)
            .map_or(LockEnd::Manual, LockEnd::At),
    }
}
