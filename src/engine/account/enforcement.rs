//! Enforcement of one account, as seen from the engine: its steps become
//! requests, reads and log entries.

use std::sync::Arc;

use super::AccountRun;
use super::reports::is_told;
use crate::domain::holdings::{Position, WorkingOrders};
use crate::domain::ids::RequestId;
use crate::domain::now::Now;
use crate::domain::observation::{Missing, Timestamp};
use crate::domain::request::Answer;
use crate::engine::effect::Effect;
use crate::engine::enforcement::plan::Planned;
use crate::engine::enforcement::{Intent, Shown, Step};
use crate::engine::event::{ReadFailure, ReadResult};
use crate::engine::output::Output;
use crate::engine::record::{AnswerRow, EntryKind, Fields, RecordRow, RequestRow};

impl AccountRun {
    /// A write was answered, or given up.
    pub(in crate::engine) fn answered(
        &mut self,
        request: RequestId,
        answer: &Answer,
        now: Now,
        out: &mut Output<'_>,
    ) {
        out.record(RecordRow::Answer(AnswerRow {
            request,
            at: now.wall,
            outcome: answer.outcome,
            status: answer.status,
            words: answer.words.to_string(),
        }));
        let is_told = is_told(self.guard.enforcement().round());
        let steps = self.guard.enforcement_mut().answered(request, answer, now);
        if is_told {
            self.report_answered(request, answer, out);
        }
        self.carry_out(steps, now, out);
    }

    /// A request has left riskd.
    pub(in crate::engine) fn sent(
        &mut self,
        request: RequestId,
        unrecorded: Option<Arc<str>>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        self.guard.enforcement_mut().left(request, now);
        out.record(RecordRow::Sent {
            request,
            at: now.wall,
            unrecorded: unrecorded.as_deref().map(str::to_owned),
        });
    }

    /// A read that enforcement asked for ended.
    pub(in crate::engine) fn read_ended(
        &mut self,
        read: u64,
        at: Timestamp,
        result: Result<ReadResult, ReadFailure>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        let is_watch = self.guard.enforcement().is_watching(read);
        if !self.guard.enforcement().awaits_read(read) {
            return;
        }
        let result = result.and_then(|seen| match self.view.doubt_of(&seen, at) {
            // Of an empty list of positions a watch takes nothing anyway.
            Some(failure) if !is_watch || matches!(seen, ReadResult::Orders(_)) => Err(failure),
            _ => Ok(seen),
        });
        let steps = match result {
            Err(failure) => {
                if !is_watch {
                    self.report_verify_failed(&failure, out);
                }
                let is_busy = failure.missing == Missing::RateLimited;
                self.guard.enforcement_mut().read_failed(is_busy, now)
            }
            Ok(seen) => {
                self.take_read(seen, is_watch, at);
                self.guard.enforcement_mut().read_ended(now)
            }
        };
        self.carry_out(steps, now, out);
        // A rule must see the moment in which its condition was false.
        self.look_again(now, out);
    }

    /// Takes what a read has shown, unless something newer is known.
    fn take_read(&mut self, seen: ReadResult, is_watch: bool, at: Timestamp) {
        match seen {
            ReadResult::Orders(orders) => {
                let shown = orders.clone();
                self.guard.enforcement_mut().saw(Shown::Orders {
                    orders: shown,
                    as_of: at,
                });
                self.view.take_orders(orders, at);
            }
            // That a watched account is flat was not verified.
            ReadResult::Positions(positions) if is_watch && positions.is_empty() => {}
            ReadResult::Positions(positions) => {
                let positions = self
                    .guard
                    .enforcement()
                    .closable(&positions)
                    .unwrap_or(positions);
                self.guard.enforcement_mut().saw(Shown::Positions {
                    positions: Arc::clone(&positions),
                    as_of: at,
                });
                self.view.take_read_positions(positions, at);
            }
        }
    }

    /// Shows enforcement what a poll has shown, where it is known since when
    /// that is so.
    pub(in crate::engine) fn show_positions(
        &mut self,
        positions: Option<&Arc<[Position]>>,
        as_of: Option<Timestamp>,
    ) {
        let (Some(positions), Some(as_of)) = (positions, as_of) else {
            return;
        };
        if positions.is_empty() && self.view.doubt_of_emptiness(as_of).is_some() {
            return;
        }
        self.guard.enforcement_mut().saw(Shown::Positions {
            positions: Arc::clone(positions),
            as_of,
        });
    }

    /// Shows enforcement working orders that were read for others.
    pub(in crate::engine) fn show_orders(&mut self, orders: &WorkingOrders, at: Timestamp) {
        if orders.count() == Some(0) && self.view.doubt_of_emptiness(at).is_some() {
            return;
        }
        self.guard.enforcement_mut().saw(Shown::Orders {
            orders: orders.clone(),
            as_of: at,
        });
    }

    pub(in crate::engine) fn advance_enforcement(&mut self, now: Now, out: &mut Output<'_>) {
        if !out.config.acts {
            return;
        }
        let steps = self.guard.advance(now);
        self.carry_out(steps, now, out);
    }

    pub(in crate::engine) fn carry_out(
        &mut self,
        steps: Vec<Step>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        for step in steps {
            match step {
                Step::Send { round, writes } => self.send(round, writes, now, out),
                Step::Withdraw { requests } => {
                    for request in requests {
                        out.effects.push(Effect::Withdraw {
                            account: self.account.name.clone(),
                            request,
                        });
                    }
                }
                Step::Read { read, what } => {
                    out.effects.push(Effect::Read {
                        account: self.account.name.clone(),
                        read,
                        what,
                    });
                }
                Step::WithdrawRead { read } => out.effects.push(Effect::WithdrawRead {
                    account: self.account.name.clone(),
                    read,
                }),
                Step::Reached {
                    intents,
                    rounds,
                    flat_at,
                } => self.end_reached(intents, rounds, flat_at, now, out),
                Step::NotYet { round } => self.report_not_yet(round, out),
                Step::Stuck { attempts } => self.report_stuck(attempts, out),
                Step::Slowed => self.report_slowed(out),
            }
        }
    }

    fn end_reached(
        &mut self,
        intents: Vec<Intent>,
        rounds: u32,
        flat_at: Option<Timestamp>,
        now: Now,
        out: &mut Output<'_>,
    ) {
        self.guard.note_proof(&intents, rounds, now);
        // The record's times are wall times.
        let flat_at = flat_at.and_then(|at| now.wall.checked_sub_signed(now.since(at)));
        self.report_reached(intents, rounds, flat_at, out);
    }

    fn send(&mut self, round: u32, writes: Vec<Planned>, now: Now, out: &mut Output<'_>) {
        let intents = self.guard.intent_ids();
        let mut requests = Vec::with_capacity(writes.len());
        for planned in writes {
            let id = out.request_id();
            let write = planned.write.clone();
            let urgency = planned.urgency;
            requests.push((id, planned));
            let row = RequestRow {
                id,
                account: self.account.name.clone(),
                write: write.clone(),
                round,
                at: now.wall,
                intents: intents.clone(),
            };
            let mut fields = Fields::new();
            fields
                .put("request", id)
                .put("write", write.name())
                .put_known("target", write.target())
                .put("round", round);
            let message = format!(
                "request {id} on {}: {write} (round {round})",
                self.account.name
            );
            out.effects.push(Effect::Send {
                account: self.account.name.clone(),
                request: id,
                write,
                urgency,
            });
            out.record(RecordRow::Request(row));
            if !is_told(round) {
                continue;
            }
            out.entry(
                EntryKind::RequestSent,
                Some(&self.account.name),
                message,
                fields,
            );
        }
        self.guard.enforcement_mut().queued(requests);
    }
}
