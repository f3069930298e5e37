//! Write points: each call by which bytes leave the daemon for its database or
//! for a socket. A library that is loaded with the real binary counts them,
//! ends the process at one of them, or lets the disk fail there.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::rig::Rig;
use crate::machine;

/// The library, built once, behind the one that sets the clock.
fn libraries() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        let points = machine::build_library("tests/it/e2e/points.c");
        format!("{}:{points}", machine::library())
    })
}

/// A point, as it was passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// From 1.
    pub number: usize,
    /// The call, where to, and the number of bytes.
    pub what: String,
}

/// How a disk call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// EIO.
    Broken = 5,
    /// ENOSPC.
    Full = 28,
    /// EROFS.
    ReadOnly = 30,
}

impl Rig {
    /// Lets the next starts of the daemon pass write points.
    pub fn count_points(&mut self) {
        let log = self.points_file().to_str().unwrap().to_owned();
        let database = self.database().to_str().unwrap().to_owned();
        self.environment = vec![
            ("LD_PRELOAD", libraries().to_owned()),
            ("POINTS_DATABASE", database),
            ("POINTS_LOG", log),
        ];
    }

    /// Ends the next start of the daemon with point `number`, half of which is
    /// written before when it is `torn`.
    pub fn end_at_point(&mut self, number: usize, torn: bool) {
        self.count_points();
        self.environment.push(("POINTS_KILL", number.to_string()));
        if torn {
            self.environment.push(("POINTS_TORN", "1".to_owned()));
        }
    }

    /// Lets disk call `number` of the next starts fail.
    pub fn fail_at_call(&mut self, failure: Failure, number: usize) {
        self.count_points();
        self.environment
            .push(("POINTS_FAIL", (failure as i32).to_string()));
        self.environment
            .push(("POINTS_FAIL_AT", number.to_string()));
    }

    /// Lets disk calls of the next starts fail while [`Rig::disk_fails`] says so.
    pub fn fail_while_told(&mut self, failure: Failure) {
        self.count_points();
        let switch = self.switch_file().to_str().unwrap().to_owned();
        self.environment
            .push(("POINTS_FAIL", (failure as i32).to_string()));
        self.environment.push(("POINTS_FAIL_WHILE", switch));
    }

    /// Lets syncs of the next starts wait while [`Rig::disk_fails`] says so.
    pub fn hang_while_told(&mut self) {
        self.count_points();
        let switch = self.switch_file().to_str().unwrap().to_owned();
        self.environment.push(("POINTS_HANG_WHILE", switch));
    }

    /// Switches the failure of the disk on or off.
    pub fn disk_fails(&self, on: bool) {
        if on {
            fs::write(self.switch_file(), "").unwrap();
        } else {
            fs::remove_file(self.switch_file()).unwrap();
        }
    }

    /// No more points from the next start on.
    pub fn no_points(&mut self) {
        self.environment.clear();
        let _ = fs::remove_file(self.points_file());
    }

    /// The points that were passed.
    pub fn points(&self) -> Vec<Point> {
        let text = fs::read_to_string(self.points_file()).unwrap_or_default();
        let mut points: Vec<Point> = text
            .lines()
            .filter_map(|line| {
                let (number, what) = line.split_once(' ')?;
                Some(Point {
                    number: number.parse().ok()?,
                    what: what.to_owned(),
                })
            })
            .collect();
        points.sort_by_key(|point| point.number);
        points
    }

    fn points_file(&self) -> PathBuf {
        self.folder.path().join("points")
    }

    fn switch_file(&self) -> PathBuf {
        self.folder.path().join("disk-fails")
    }
}
