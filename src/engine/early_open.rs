//! Sessions that a wall clock which was ahead has opened before their time.

use super::memory::{AccountMemory, SessionMemory};
use crate::domain::now::Now;
use crate::domain::observation::Timestamp;
use crate::domain::session::Session;
use crate::domain::venue::VenueDay;

impl AccountMemory {
    /// Notes that the wall clock shows a time before the open of the running
    /// session: one that was ahead has opened it.
    pub(super) fn note_early_open(&mut self, now: Now) {
        if let Some(session) = &mut self.session
            && now.wall < session.open
        {
            session.opened_early = true;
        }
    }

    /// Opens a session that was opened before its time anew, with the first
    /// observation since its true open: what was made until then is not made in it.
    /// Whether that is so. Where nothing was seen before that open, by a clock that
    /// is right, there is nothing to begin anew with.
    ///
    /// The session itself stays the running one: what has fired in it has fired.
    pub(super) fn open_anew(&mut self, at: Timestamp, day: Option<VenueDay>) -> bool {
        let (Some(session), Some(last)) = (&self.session, &self.last) else {
            return false;
        };
        let is_first = last.at < session.open && session.open <= at;
        if !is_first || !session.opened_early {
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
