//! Write points: each call by which bytes leave the daemon for its database or
//! for a socket. A library that is loaded with the real binary counts them,
//! ends the process at one of them, or lets the disk fail there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};

use super::rig::Rig;

/// The library, built once.
fn library() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(&folder).unwrap();
        let made = folder.join(format!("points-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/e2e/points.c");
        let built = Command::new("cc")
            .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&made)
            .args([source, "-ldl"])
            .output()
            .expect("a C compiler, as SQLite needs one");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let library = folder.join("points.so");
        fs::rename(made, &library).unwrap();
        library.to_str().unwrap().to_owned()
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
            ("LD_PRELOAD", library().to_owned()),
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

    /// Sets the wall clock of the daemon, and the venue's with it, so that it
    /// is this time now. Works for a daemon that runs, once it was started so.
    pub fn set_clock(&mut self, time: &str) {
        let time: DateTime<Utc> = time.parse().unwrap();
        self.set_clock_by((time - Utc::now()).num_seconds());
    }

    /// The same by so many seconds.
    pub fn set_clock_by(&mut self, seconds: i64) {
        self.set_by.store(seconds, Ordering::SeqCst);
        self.set_daemon_clock(seconds);
    }

    /// Sets the wall clock of the daemon alone by so many seconds.
    pub fn set_daemon_clock(&mut self, seconds: i64) {
        // Written whole under another name, so that no reader sees half of it.
        let made = self.clock_file().with_extension("new");
        fs::write(&made, seconds.to_string()).unwrap();
        fs::rename(made, self.clock_file()).unwrap();
        let file = self.clock_file().to_str().unwrap().to_owned();
        self.environment
            .retain(|(name, _)| *name != "LD_PRELOAD" && *name != "POINTS_CLOCK");
        self.environment.push(("LD_PRELOAD", library().to_owned()));
        self.environment.push(("POINTS_CLOCK", file));
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

    fn clock_file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    fn switch_file(&self) -> PathBuf {
        self.folder.path().join("disk-fails")
    }
}
