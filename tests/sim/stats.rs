//! What the runs did, in numbers.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use riskd::domain::observation::Timestamp;

use super::faults::{Act, TABLE};

/// Sums over runs.
#[derive(Clone, Debug)]
pub struct Stats {
    pub runs: u64,
    pub on_sqlite: u64,
    pub at_exchanges: u64,
    pub passed: TimeDelta,
    pub steps: u64,
    pub polls: u64,
    pub requests: u64,
    pub crashes: u64,
    pub commits: u64,
    /// How often a true figure at its limit decided what must hold.
    pub decided: u64,
    /// By the place in the table: how often it began, and struck a request.
    pub begun: Vec<u64>,
    pub struck: Vec<u64>,
}

impl Default for Stats {
    fn default() -> Stats {
        Stats {
            runs: 0,
            on_sqlite: 0,
            at_exchanges: 0,
            passed: TimeDelta::zero(),
            steps: 0,
            polls: 0,
            requests: 0,
            crashes: 0,
            commits: 0,
            decided: 0,
            begun: vec![0; TABLE.len()],
            struck: vec![0; TABLE.len()],
        }
    }
}

impl Stats {
    /// An episode that begins just before the clocks change has met that.
    pub fn note_clock_change(&mut self, begin: Timestamp) {
        for (index, entry) in TABLE.iter().enumerate() {
            if let Act::ClockChange(at) = entry.act {
                let at: Timestamp = at.parse().unwrap();
                let ahead = at - begin;
                if ahead.abs() < TimeDelta::seconds(120) {
                    self.begun[index] += 1;
                }
            }
        }
    }

    pub fn add(&mut self, other: &Stats) {
        self.runs += other.runs;
        self.on_sqlite += other.on_sqlite;
        self.at_exchanges += other.at_exchanges;
        self.passed += other.passed;
        self.steps += other.steps;
        self.polls += other.polls;
        self.requests += other.requests;
        self.crashes += other.crashes;
        self.commits += other.commits;
        self.decided += other.decided;
        for (sum, one) in self.begun.iter_mut().zip(&other.begun) {
            *sum += one;
        }
        for (sum, one) in self.struck.iter_mut().zip(&other.struck) {
            *sum += one;
        }
    }

    /// The faults that were never met.
    pub fn unmet(&self) -> Vec<&'static str> {
        let unmet =
            |(entry, begun): (&super::faults::Entry, &u64)| (*begun == 0).then_some(entry.name);
        TABLE.iter().zip(&self.begun).filter_map(unmet).collect()
    }

    /// For people.
    pub fn report(&self, took: Duration, limit: Duration) -> String {
        let mut text = format!(
            "seeds       {}, of which {} with SQLite behind the record, and {} at exchanges\n\
             virtual     {} weeks and {} days\n\
             steps       {}\n\
             polls       {}\n\
             requests    {}\n\
             commits     {}\n\
             crashes     {}\n\
             decided     {} times a true figure at its limit\n\
             faults      {} of {} kinds\n",
            self.runs,
            self.on_sqlite,
            self.at_exchanges,
            self.passed.num_weeks(),
            self.passed.num_days() % 7,
            self.steps,
            self.polls,
            self.requests,
            self.commits,
            self.crashes,
            self.decided,
            TABLE.len() - self.unmet().len(),
            TABLE.len(),
        );
        for (entry, (begun, struck)) in TABLE.iter().zip(self.begun.iter().zip(&self.struck)) {
            let _ = match entry.act {
                Act::Venue(_) | Act::VenueOfOne(_) | Act::VenueOfAll(_) => writeln!(
                    text,
                    "  {:24} {begun:8} begun {struck:9} requests struck",
                    entry.name
                ),
                _ => writeln!(text, "  {:24} {begun:8} begun", entry.name),
            };
        }
        let _ = write!(
            text,
            "time        {:.1} s, of {} s",
            took.as_secs_f64(),
            limit.as_secs()
        );
        text
    }
}
