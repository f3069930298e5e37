//! Keeps one thing that happens again and again from flooding people.
//!
//! Of one kind, account and rule, a few messages in a short span pass as they
//! are. What follows is counted, and the latest of it is told at the end of the
//! span with the count, so that nothing is kept back for longer than that.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::account::{AccountName, RuleName};
use crate::engine::effect::Notice;
use crate::engine::record::EntryKind;

/// How many messages of a kind pass as they are.
const PASS: u32 = 3;
/// The span in which they are counted.
pub(super) const SPAN: Duration = Duration::from_secs(60);

type Key = (EntryKind, Option<AccountName>, Option<RuleName>);

/// What was sent lately.
#[derive(Debug, Default)]
pub(super) struct Storm(HashMap<Key, Lately>);

#[derive(Debug)]
struct Lately {
    since: Instant,
    passed: u32,
    held: u32,
    latest: Option<Notice>,
}

impl Storm {
    /// The notice, if it may pass; else it is kept.
    pub(super) fn pass(&mut self, notice: Notice, now: Instant) -> Option<Notice> {
        let key = (notice.kind, notice.account.clone(), notice.rule.clone());
        let lately = self.0.entry(key).or_insert(Lately {
            since: now,
            passed: 0,
            held: 0,
            latest: None,
        });
        if lately.passed < PASS {
            lately.passed = lately.passed.saturating_add(1);
            return Some(notice);
        }
        lately.held = lately.held.saturating_add(1);
        lately.latest = Some(notice);
        None
    }

    /// The notices whose span is over, each with the count of those that were
    /// kept back. While a storm goes on, one comes out each span.
    pub(super) fn over(&mut self, now: Instant) -> Vec<Notice> {
        let mut told = Vec::new();
        self.0.retain(|_, lately| {
            if now.saturating_duration_since(lately.since) < SPAN {
                return true;
            }
            let Some(notice) = lately.latest.take() else {
                return false;
            };
            told.push(counted(notice, lately.held));
            // Nothing of it passes at once until a span was quiet.
            lately.since = now;
            lately.passed = PASS;
            lately.held = 0;
            true
        });
        told
    }

    /// Everything that is still kept back, for the end.
    pub(super) fn rest(&mut self) -> Vec<Notice> {
        let lately = self.0.drain().map(|(_, lately)| lately);
        lately
            .filter_map(|lately| lately.latest.map(|notice| counted(notice, lately.held)))
            .collect()
    }
}

fn counted(mut notice: Notice, held: u32) -> Notice {
    if held > 1 {
        notice.text.push_str(&format!(
            " [the latest of {held} such messages within {} s]",
            SPAN.as_secs()
        ));
    }
    notice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::effect::{Audience, Severity};

    fn notice(text: &str) -> Notice {
        Notice {
            to: Audience::Everyone,
            severity: Severity::Warning,
            kind: EntryKind::LockViolated,
            account: Some(AccountName::from("a")),
            rule: None,
            text: text.to_owned(),
        }
    }

    fn texts(notices: Vec<Notice>) -> Vec<String> {
        notices.into_iter().map(|notice| notice.text).collect()
    }

    #[test]
    fn a_storm_is_told_once_a_span_and_what_follows_it_at_once() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut storm = Storm::default();
        for second in 0..3 {
            assert!(storm.pass(notice("early"), at(second)).is_some());
        }
        for second in 3..60 {
            assert!(
                storm
                    .pass(notice(&format!("at {second}")), at(second))
                    .is_none()
            );
            assert!(storm.over(at(second)).is_empty());
        }
        let told = texts(storm.over(at(60)));
        assert_eq!(told, ["at 59 [the latest of 57 such messages within 60 s]"]);
        // It goes on: nothing passes at once, one comes out at the end.
        assert!(storm.pass(notice("more"), at(61)).is_none());
        assert!(storm.over(at(119)).is_empty());
        assert_eq!(texts(storm.over(at(120))), ["more"]);
        // A span of silence, and the next one passes.
        assert!(storm.over(at(180)).is_empty());
        assert!(storm.0.is_empty());
        assert!(storm.pass(notice("anew"), at(181)).is_some());
    }

    #[test]
    fn other_accounts_rules_and_kinds_are_no_part_of_it() {
        let now = Instant::now();
        let mut storm = Storm::default();
        for _ in 0..4 {
            storm.pass(notice("x"), now);
        }
        assert!(storm.pass(notice("x"), now).is_none());
        let others = [
            Notice {
                account: Some(AccountName::from("b")),
                ..notice("x")
            },
            Notice {
                rule: Some(RuleName::from("r")),
                ..notice("x")
            },
            Notice {
                kind: EntryKind::Verified,
                ..notice("x")
            },
        ];
        for other in others {
            assert!(storm.pass(other, now).is_some());
        }
        assert_eq!(storm.rest().len(), 1);
        assert!(storm.rest().is_empty());
    }
}
