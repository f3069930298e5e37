//! What was made in a span of time, by the list of what moved money.

use std::collections::BTreeSet;

use super::ledger::{LONGEST_SPAN, Meaning, Row, Span};
use crate::domain::made::MadeSpan;
use crate::domain::money::Money;

/// The parts of a span that a venue lists at once.
pub(in crate::venue) fn parts(span: MadeSpan) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut since = span.since;
    while since <= span.until {
        let until = since.saturating_add(LONGEST_SPAN).min(span.until);
        parts.push(Span { since, until });
        since = until.saturating_add(1);
    }
    parts
}

/// The sum of what is no flow: results, fees and funding. A row may be listed twice, where the list has moved
/// between two pages.
pub(in crate::venue) fn made_by(rows: &[Row], span: MadeSpan) -> Option<Money> {
    let mut seen = BTreeSet::new();
    let mut made = Money::ZERO;
    for row in rows {
        let is_within = (span.since..=span.until).contains(&row.at);
        if is_within && row.meaning != Meaning::Flow && seen.insert(&row.id) {
            made = made.plus(Money::new(row.change.normalize()))?;
        }
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_long_span_is_read_in_parts_that_leave_nothing_out() {
        let span = |since, until| parts(MadeSpan { since, until });
        assert_eq!(span(5, 5), [Span { since: 5, until: 5 }]);
        assert_eq!(span(6, 5), []);
        let parts = span(0, 15 * DAY);
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].since, 0);
        assert_eq!(parts[2].until, 15 * DAY);
        assert!(parts.windows(2).all(|two| two[0].until + 1 == two[1].since));
        assert!(parts.iter().all(|part| part.until - part.since <= 7 * DAY));
    }

    #[test]
    fn what_is_no_flow_counts_once_and_inside_the_span_alone() {
        let row = |id: u32, meaning, change: &str, at| Row {
            id: id.to_string().into(),
            at,
            change: change.parse().unwrap(),
            kind: "any".to_owned(),
            meaning,
        };
        let rows = [
            row(1, Meaning::Result, "-100.25", 10),
            row(1, Meaning::Result, "-100.25", 10),
            row(2, Meaning::Unknown, "-1.5", 20),
            row(3, Meaning::Flow, "5000", 20),
            row(4, Meaning::Result, "-20", 30),
            row(5, Meaning::Result, "7", 31),
            row(6, Meaning::Result, "7", 9),
        ];
        let span = MadeSpan {
            since: 10,
            until: 30,
        };
        assert_eq!(made_by(&rows, span), Some("-121.75".parse().unwrap()));
    }
}
