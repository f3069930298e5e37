//! What a poll brings.

use chrono::TimeDelta;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{Dispatcher, Turn};
use crate::daemon::clock_skew::{ClockSkew, Finding};
use crate::daemon::input::Polled;
use crate::domain::account::VenueName;
use crate::domain::duration;
use crate::domain::observation::{Content, Missing, Observation};
use crate::engine::Data;
use crate::engine::effect::Severity;
use crate::engine::event::Event;
use crate::engine::record::EntryKind;
use crate::store::{Batch, Quality, Sample};

/// What became of the polls of one venue.
#[derive(Clone, Debug, Default)]
pub(in crate::daemon) struct PollCount {
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) last: Option<Instant>,
    pub(super) failure: Option<String>,
    clock_skew: ClockSkew,
}

impl Dispatcher {
    /// Takes a poll. What its accounts need leaves together, once the rows of all
    /// of it are handed to the record: one transaction, whoever fired.
    pub(super) fn take_poll(&mut self, polled: Polled) {
        self.count(&polled);
        let has_answered = polled.observations.iter().any(|o| o.learned().is_some());
        let mut turn = Turn::default();
        let mut seen = Vec::with_capacity(polled.observations.len());
        for observation in polled.observations {
            let is_news = observation.content != Content::Missing(Missing::Unchanged);
            let mut sample = self.sample(&observation);
            let account = observation.account.clone();
            let response = self.engine.step(self.now(), Event::Observed(observation));
            if let Some(Data::Suspect(doubt)) = self.engine.data(&account) {
                sample.quality = Quality::Suspect(doubt.name().to_owned());
            }
            seen.push((account, sample.quality.clone()));
            if is_news {
                self.keep_if_changed(sample, &mut turn.batch);
            }
            self.collect(response.effects, &mut turn);
        }
        self.carry_out_turn(turn, Some(polled.received));
        for (account, quality) in seen {
            let rules = self.engine.rules().rules_of(&account).count();
            self.counters.observed(&account, &quality, rules);
        }
        if has_answered {
            self.check_clock_skew(&polled.venue);
        }
        if self.lifecycle.round_done(&polled.venue) {
            self.report_alive();
        }
        self.tell_ready();
    }

    /// The sample of an observation, at wall time.
    fn sample(&self, observation: &Observation) -> Sample {
        let now = self.now();
        let wall = now
            .wall
            .checked_sub_signed(now.since(observation.at))
            .unwrap_or(now.wall);
        Sample {
            at: wall,
            ..Sample::of(observation)
        }
    }

    fn keep_if_changed(&mut self, sample: Sample, batch: &mut Batch) {
        let is_same = self.samples.get(&sample.account).is_some_and(|old| {
            Sample {
                at: old.at,
                ..sample.clone()
            } == *old
        });
        if !is_same {
            self.samples.insert(sample.account.clone(), sample.clone());
            batch.samples.push(sample);
        }
    }

    fn count(&mut self, polled: &Polled) {
        let count = self.polls.entry(polled.venue.clone()).or_default();
        count.done = count.done.saturating_add(1);
        count.last = Some(polled.received);
        let failure = polled.failure.as_ref().map(ToString::to_string);
        if failure.is_some() {
            count.failed = count.failed.saturating_add(1);
        }
        if failure != count.failure {
            let is_missing = |o: &&Observation| matches!(o.content, Content::Missing(_));
            let affected: Vec<&str> = polled
                .observations
                .iter()
                .filter(is_missing)
                .map(|o| o.account.as_str())
                .collect();
            match &failure {
                Some(failure) => {
                    warn!(venue = %polled.venue, accounts = affected.join(", "), "nothing is known of these accounts: {failure}");
                }
                None => info!(venue = %polled.venue, "the venue answers again"),
            }
            count.failure = failure;
        }
    }

    /// Compares the wall clock with that of a venue that has just answered, and
    /// tells of each change.
    fn check_clock_skew(&mut self, venue: &VenueName) {
        let Some(ahead) = self.venues.clock_error(venue) else {
            return;
        };
        let count = self.polls.entry(venue.clone()).or_default();
        let (severity, kind, text) = match count.clock_skew.hears(ahead) {
            None => return,
            Some(Finding::Off(ahead)) => {
                let by = duration::write(TimeDelta::seconds(ahead.num_seconds().abs()));
                let lies = if ahead > TimeDelta::zero() {
                    "ahead of"
                } else {
                    "behind"
                };
                let text = format!(
                    "the clock of this machine is {by} {lies} that of {venue}; sessions, windows and schedules go by it: see `timedatectl`"
                );
                (Severity::Warning, EntryKind::ClockOff, text)
            }
            Some(Finding::Right) => {
                let text = format!("the clock of this machine agrees with that of {venue} again");
                (Severity::Info, EntryKind::ClockRight, text)
            }
        };
        warn!("{text}");
        self.report_everyone(severity, kind, text);
    }
}
