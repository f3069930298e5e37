//! The machine on which the real binary runs in a test. Its wall clock is the
//! test's own, so that no answer depends on the hour at which the tests run.
//!
//! The binary knows nothing of it: a library that is loaded with the process
//! (`tests/clock/clock.c`) says what time it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};

/// When nobody says another time: a Wednesday, 10:00 in New York, with no clock
/// change, holiday or end of a session near.
pub const WEDNESDAY: &str = "2026-01-14T15:00:00Z";

/// A wall clock that a test sets and that goes on by itself.
#[derive(Clone, Debug)]
pub struct WallClock {
    /// The nanoseconds by which it is ahead of the clock since boot.
    ahead: Arc<AtomicI64>,
}

impl WallClock {
    /// A clock that is at this time now.
    pub fn at(time: DateTime<Utc>) -> WallClock {
        let clock = WallClock {
            ahead: Arc::new(AtomicI64::new(0)),
        };
        clock.set(time);
        clock
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(since_boot() + self.ahead())
    }

    pub fn set(&self, time: DateTime<Utc>) {
        let ahead = time.timestamp_nanos_opt().unwrap() - since_boot();
        self.ahead.store(ahead, Ordering::SeqCst);
    }

    /// The clock that is so far ahead of this one.
    pub fn plus(&self, by: TimeDelta) -> WallClock {
        let ahead = self.ahead() + by.num_nanoseconds().unwrap();
        WallClock {
            ahead: Arc::new(AtomicI64::new(ahead)),
        }
    }

    /// Sets this clock as that one is set.
    pub fn follow(&self, other: &WallClock) {
        self.ahead.store(other.ahead(), Ordering::SeqCst);
    }

    /// Writes the clock where processes read it that were started with
    /// [`with_clock_file`]. It is written whole under another name, so that no
    /// reader sees half of it.
    pub fn write(&self, file: &Path) {
        let made = file.with_extension("new");
        fs::write(&made, self.ahead().to_string()).unwrap();
        fs::rename(made, file).unwrap();
    }

    fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::SeqCst)
    }
}

/// Nanoseconds since the machine was started.
fn since_boot() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What this thread has taken of a processor so far: on a busy machine it says
/// more than the time that has passed.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

/// The present of every process of [`riskd`]: a Wednesday, from the first that
/// asks on.
pub fn wednesday() -> &'static WallClock {
    static CLOCK: LazyLock<WallClock> = LazyLock::new(|| WallClock::at(WEDNESDAY.parse().unwrap()));
    &CLOCK
}

/// What places a process on a Wednesday.
pub fn on_wednesday() -> [(&'static str, String); 2] {
    with_clock(wednesday())
}

/// What gives a process this clock, as it is set now.
pub fn with_clock(clock: &WallClock) -> [(&'static str, String); 2] {
    [
        ("LD_PRELOAD", library().to_owned()),
        ("WALL_CLOCK_AHEAD", clock.ahead().to_string()),
    ]
}

/// What gives a process the clock that is written to this file.
pub fn with_clock_file(file: &Path) -> [(&'static str, String); 2] {
    [
        ("LD_PRELOAD", library().to_owned()),
        ("WALL_CLOCK_FILE", file.to_str().unwrap().to_owned()),
    ]
}

/// The real binary on a Wednesday, with nothing of this machine's settings.
pub fn riskd() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("riskd"));
    command.env_clear().envs(on_wednesday());
    command
}

/// The library that sets the clock, built once.
pub fn library() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| build_library("tests/clock/clock.c"))
}

/// Builds a library that is loaded with a process from this C file.
pub fn build_library(source: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let name = source.file_stem().unwrap().to_str().unwrap();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    // Other runs of the tests may build it at this moment.
    let made = folder.join(format!("{name}-{}.so", std::process::id()));
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(&made)
        .arg(&source)
        .arg("-ldl")
        .output()
        .expect("a C compiler, as SQLite needs one");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let library = folder.join(format!("{name}.so"));
    fs::rename(made, &library).unwrap();
    library.to_str().unwrap().to_owned()
}

#[test]
fn processes_have_the_clock_of_the_test_and_go_on_with_it() {
    let said = |environment: [(&'static str, String); 2]| -> DateTime<Utc> {
        let mut date = Command::new("date");
        let output = date
            .args(["-u", "+%FT%T.%NZ"])
            .envs(environment)
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    for time in ["1999-12-31T23:59:59Z", WEDNESDAY, "2031-11-02T05:59:59Z"] {
        let clock = WallClock::at(time.parse().unwrap());
        clock.write(&file);
        for environment in [with_clock(&clock), with_clock_file(&file)] {
            let before = clock.now();
            let between = said(environment);
            assert!(before <= between && between <= clock.now(), "{between}");
        }
    }
}
