//! I12: what the venue saw is on record after a kill.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use riskd::domain::ids::RequestId;
use riskd::domain::observation::Timestamp;

use crate::durable::Durable;
use crate::invariants::Violation;

/// How long a write waits for its row, as in the executor.
const COMMIT_WAIT: TimeDelta = TimeDelta::milliseconds(20);
/// Writes of a process that are remembered.
const REMEMBERED: usize = 100;

/// The writes of this process.
#[derive(Default)]
pub struct Rows {
    asked: BTreeMap<RequestId, Timestamp>,
    /// What has left, and whether it said that its row was not committed.
    left: VecDeque<(RequestId, bool)>,
}

/// A write that leaves.
pub struct Sent<'a> {
    pub request: RequestId,
    /// Why it left before its row was known to be on record.
    pub unrecorded: Option<&'a str>,
    /// Whether the last try to write the record failed.
    pub disk_fails: bool,
    pub now: Timestamp,
}

impl Rows {
    /// A write is handed over.
    pub fn asked(&mut self, request: RequestId, now: Timestamp) {
        self.asked.insert(request, now);
    }

    /// A write leaves.
    pub fn sent(&mut self, sent: &Sent<'_>, disk: &Durable) -> Result<(), Violation> {
        let request = sent.request;
        let waited = self.asked.remove(&request).map(|asked| sent.now - asked);
        match sent.unrecorded {
            None if !disk.requests.contains_key(&request) => {
                return Err(format!("I12: request {request} left before its row"));
            }
            Some(why) if !sent.disk_fails && waited.is_some_and(|span| span < COMMIT_WAIT) => {
                return Err(format!(
                    "I12: request {request} left without its row after {waited:?}: {why}"
                ));
            }
            _ => {}
        }
        if self.left.len() >= REMEMBERED {
            self.left.pop_front();
        }
        self.left.push_back((request, sent.unrecorded.is_some()));
        Ok(())
    }

    /// The process was killed: what has left must be on record, but for what said
    /// that it was not. The model of the record lets go of the oldest ones, also of
    /// those that were withdrawn and never left.
    pub fn killed(&mut self, disk: &Durable) -> Result<(), Violation> {
        let oldest = disk.requests.keys().next().copied();
        let lost = self.left.iter().find(|(request, is_said)| {
            let is_let_go = oldest.is_some_and(|oldest| *request < oldest);
            !is_said && !is_let_go && !disk.requests.contains_key(request)
        });
        if let Some((request, _)) = lost {
            return Err(format!("I12: request {request} left and is not on record"));
        }
        *self = Rows::default();
        Ok(())
    }
}
