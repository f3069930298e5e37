//! What is right or wrong with a rule file by the date: contracts whose month is
//! past, lists of closures that end.
//!
//! Reading a file takes no time as an argument, so that the same text is read
//! to the same rules whenever that is. What turns on the date is noted there,
//! and judged here by whoever asks with a time.

use std::sync::Arc;

use chrono::{Datelike, TimeDelta};

use super::diagnostic::{Diagnostic, Place, quoted};
use crate::domain::instrument::{Expiry, Instrument};
use crate::domain::local_time::wall_time;
use crate::domain::observation::Timestamp;
use crate::domain::session::SessionCalendar;

/// How long a list of closures must go on at least.
const CLOSURES_AHEAD: TimeDelta = TimeDelta::days(60);

/// Something in a rule file that turns on the date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dated {
    /// An instrument with its month.
    Contract {
        /// Where it stands.
        place: Place,
        /// How it is written.
        text: String,
        /// Its month.
        expiry: Expiry,
    },
    /// A list of closures.
    Closures {
        /// Where the file names it.
        place: Place,
        /// The name of its file.
        file: String,
        /// The session that has them.
        session: Arc<SessionCalendar>,
    },
}

impl Dated {
    /// What is to be said of it at this time, if anything is.
    pub(super) fn warning(&self, now: Timestamp) -> Option<Diagnostic> {
        match self {
            Dated::Contract {
                place,
                text,
                expiry,
            } => contract(*place, text, *expiry, now),
            Dated::Closures {
                place,
                file,
                session,
            } => closures(*place, file, session, now),
        }
    }
}

/// A contract is traded until its month at the latest; the end of that month is
/// over everywhere a day later.
fn contract(place: Place, text: &str, expiry: Expiry, now: Timestamp) -> Option<Diagnostic> {
    let yesterday = now.checked_sub_signed(TimeDelta::days(1))?.date_naive();
    let month = (yesterday.year(), yesterday.month());
    if (i32::from(expiry.year), u32::from(expiry.month)) >= month {
        return None;
    }
    let message = format!(
        "the month of {} is past, so that nobody holds it any more",
        quoted(text)
    );
    let instrument = Instrument::new(text);
    let help = format!(
        "write `{}` for all months, or the contract that is traded now",
        instrument.root()
    );
    Some(Diagnostic::warning(place, message).help(help))
}

fn closures(
    place: Place,
    file: &str,
    session: &SessionCalendar,
    now: Timestamp,
) -> Option<Diagnostic> {
    let (last, _) = session.closures().iter().last()?;
    let today = wall_time(session.timezone(), now).date();
    let enough = today.checked_add_signed(CLOSURES_AHEAD)?;
    if last.as_date() >= enough {
        return None;
    }
    let ended = if last.as_date() < today {
        "ended"
    } else {
        "end"
    };
    let message = format!(
        "the closures of `{}` {ended} on {last}: no holiday and no early close after that is known",
        session.name()
    );
    let help = format!(
        "add those of the coming months to {}, as the exchange publishes them",
        quoted(file)
    );
    Some(Diagnostic::warning(place, message).help(help))
}
