//! When the sessions of a rule file close next.

use crate::cli::time::in_zone;
use crate::domain::observation::Timestamp;
use crate::domain::session::{Session, SessionCalendar};
use crate::rules::ruleset::RuleSet;

/// How many closes of each session are printed.
const CLOSES: usize = 3;

/// For each session that an account has: its name, and its next closes in its
/// zone and in UTC, each on a line.
pub(super) fn lines(rules: &RuleSet, now: Timestamp) -> Vec<String> {
    let mut calendars: Vec<&SessionCalendar> = Vec::new();
    for account in &rules.book.accounts {
        if calendars
            .iter()
            .all(|known| known.name() != account.session.name())
        {
            calendars.push(&account.session);
        }
    }
    let text = |calendar: &&SessionCalendar| {
        let mut lines = vec![format!("session {} closes next:", calendar.name())];
        let closes = next(calendar, now).map(|session| line(calendar, session));
        lines.extend(closes);
        if lines.len() == 1 {
            lines.push("  not within a year".to_owned());
        }
        lines
    };
    calendars.iter().flat_map(text).collect()
}

/// The sessions that close next.
fn next(calendar: &SessionCalendar, now: Timestamp) -> impl Iterator<Item = Session> {
    let first = calendar.session_at(now);
    let all = std::iter::successors(first, |session| calendar.session_at(session.next_open));
    all.filter(move |session| session.close > now).take(CLOSES)
}

fn line(calendar: &SessionCalendar, session: Session) -> String {
    let usual = calendar.usual_session(session.date);
    let early = if usual.is_some_and(|(_, close)| session.close < close) {
        ", early"
    } else {
        ""
    };
    let close = in_zone(session.close, calendar.timezone().name());
    format!("  {close}{early}")
}
