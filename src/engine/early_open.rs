//! Sessions that a wall clock which was ahead has opened before their time.

use super::memory::{AccountMemory, SessionMemory};
use crate::domain::observation::Timestamp;
use crate::domain::session::Session;
use crate::domain::venue::VenueDay;

impl AccountMemory {
    /// Opens the session anew where this observation is the first one since its
    /// open, and it was anchored by a clock that was ahead: what was made until its
    /// true open is not made in it. Whether that is so.
    ///
    /// The session itself stays the running one: what has fired in it has fired.
    pub(super) fn open_anew(&mut self, at: Timestamp, day: Option<VenueDay>) -> bool {
        let (Some(session), Some(last)) = (&self.session, &self.last) else {
            return false;
        };
        let is_first = last.at < session.open && session.open <= at;
        // A session that opens in its time is anchored by the last observation
        // before that, or has no anchor yet.
        let is_early = session.anchor.is_some_and(|anchor| anchor.at != last.at);
        if !is_first || !is_early {
            return false;
        }
        let opens = Session {
            date: session.date,
            open: session.open,
            close: session.close,
            next_open: session.next_open,
        };
        self.session = Some(SessionMemory::opened(&opens, self.last, day));
        // What was made before belongs to the session that was closed too early.
        for span in [&mut self.week, &mut self.month].into_iter().flatten() {
            span.whole = false;
        }
        true
    }
}
