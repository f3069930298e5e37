//! What an input may take: time for one, memory for all.

use std::process::abort;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// One input may take this long, also in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// Most memory of the whole process, in megabytes.
const MOST_MEMORY: u64 = 768;

/// Watches over the inputs of one test.
pub struct Limits {
    name: &'static str,
    began: Instant,
    input: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    accepted: u64,
    read: u64,
    slowest: (Duration, u64),
}

impl Limits {
    pub fn start(name: &'static str) -> Limits {
        let input = Arc::new(AtomicU64::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let (seen, over) = (Arc::clone(&input), Arc::clone(&done));
        thread::spawn(move || {
            let mut last = (u64::MAX, Instant::now());
            while !over.load(Ordering::Relaxed) {
                let now = seen.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                } else if last.1.elapsed() > LONGEST {
                    eprintln!(
                        "{name}: input {now} takes longer than {LONGEST:?}; RISKD_FUZZ_INPUT={now} reads it alone"
                    );
                    abort();
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        Limits {
            name,
            began: Instant::now(),
            input,
            done,
            accepted: 0,
            read: 0,
            slowest: (Duration::ZERO, 0),
        }
    }

    /// Reads one input; `read` says whether it was taken for good.
    pub fn read(&mut self, input: u64, read: impl FnOnce() -> bool) {
        self.input.store(input, Ordering::Relaxed);
        let began = Instant::now();
        let accepted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        let Ok(accepted) = accepted else {
            panic!(
                "{}: input {input} crashes; RISKD_FUZZ_INPUT={input} reads it alone",
                self.name
            );
        };
        self.slowest = self.slowest.max((began.elapsed(), input));
        self.read += 1;
        self.accepted += u64::from(accepted);
    }

    /// Prints what was read, and fails when it took too much memory.
    pub fn end(self) {
        self.done.store(true, Ordering::Relaxed);
        let peak = peak_memory();
        println!(
            "{}: {} inputs in {:.1?}, {} of them good; 0 crashes, 0 hangs, the slowest took {:.1?} (input {}), peak memory of the process {peak} MB (limit {MOST_MEMORY} MB)",
            self.name,
            self.read,
            self.began.elapsed(),
            self.accepted,
            self.slowest.0,
            self.slowest.1,
        );
        assert!(peak <= MOST_MEMORY, "{peak} MB");
    }
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kilobytes / 1_024
}
