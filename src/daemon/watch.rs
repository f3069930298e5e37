//! Watching the rule file and the files that it names.
//!
//! A thread of its own, since every call here may wait for a disk. What is
//! watched are the folders, by name, up to the root: editors write by renaming,
//! and a folder or a symbolic link on the way may be replaced as well. A slow
//! look at size, time and inode finds what no watch tells, on a network file
//! system for example. Whether anything really changed is decided by whoever
//! reads the files.

mod links;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::{debug, warn};

use crate::locked::Locked;
use links::Links;

/// How long nothing may happen before what happened is looked at: an editor
/// writes in several steps.
const QUIET: Duration = Duration::from_millis(500);
/// The longest wait for that.
const MOST_PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks while everything is watched.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// Time between two looks while something cannot be watched.
const FAST_LOOK: Duration = Duration::from_secs(2);

/// A watch over some files; it ends when it is dropped.
pub(super) struct Watch {
    files: Arc<Mutex<Vec<PathBuf>>>,
    nudge: SyncSender<()>,
}

impl Watch {
    /// Begins to watch. `changed` is called when something may have changed, and
    /// once at the beginning; it ends the watch with `false`.
    pub(super) fn start(files: Vec<PathBuf>, changed: impl Fn() -> bool + Send + 'static) -> Watch {
        // One waiting nudge is enough: it says to look, not at what.
        let (nudge, nudges) = sync_channel(1);
        let files = Arc::new(Mutex::new(files));
        let watching = Watching {
            files: Arc::clone(&files),
            nudge: nudge.clone(),
            armed: None,
            has_told: false,
        };
        let started = std::thread::Builder::new()
            .name("rules-watch".to_owned())
            .spawn(move || watching.run(&nudges, &changed));
        if let Err(error) = started {
            warn!("the rule file is not watched: {error}; reload it by hand after an edit");
        }
        Watch { files, nudge }
    }

    /// Watches these files from now on.
    pub(super) fn files(&self, files: Vec<PathBuf>) {
        let mut watched = self.files.locked();
        if *watched != files {
            *watched = files;
            drop(watched);
            self.look();
        }
    }

    fn look(&self) {
        // One that waits already, or a thread that has ended, needs no other.
        let _ = self.nudge.try_send(());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.look();
    }
}

/// The state of the thread.
struct Watching {
    files: Arc<Mutex<Vec<PathBuf>>>,
    nudge: SyncSender<()>,
    armed: Option<Armed>,
    has_told: bool,
}

/// A watcher, and what it was set to watch.
struct Armed {
    links: Links,
    is_complete: bool,
    _watcher: Option<RecommendedWatcher>,
}

impl Watching {
    fn run(mut self, nudges: &Receiver<()>, changed: &impl Fn() -> bool) {
        let mut seen: Option<Vec<Signature>> = None;
        let mut was_nudged = false;
        loop {
            let files = self.files();
            self.arm(&files, false);
            let now = signatures(&files);
            if was_nudged || seen.as_ref() != Some(&now) {
                let settled = settle(&files, now, nudges);
                self.arm(&files, true);
                seen = Some(settled);
                if !changed() {
                    return;
                }
            }
            was_nudged = match nudges.recv_timeout(self.pause()) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.locked().clone()
    }

    fn pause(&self) -> Duration {
        match &self.armed {
            Some(armed) if armed.is_complete => SLOW_LOOK,
            _ => FAST_LOOK,
        }
    }

    /// Watches what the files depend on now, unless that is watched already. A
    /// watch is bound to a folder, not to its name: after a change it is made
    /// anew.
    fn arm(&mut self, files: &[PathBuf], anew: bool) {
        let links = Links::of(files);
        if !anew && self.armed.as_ref().is_some_and(|a| a.links == links) {
            return;
        }
        let (watcher, problem) = self.watcher(&links);
        let is_complete = problem.is_none();
        if let Some(problem) = problem
            && !self.has_told
        {
            self.has_told = true;
            warn!(
                "not everything on the way to the rule file can be watched ({problem}); it is looked at every {} s instead, and a reload by hand reads it at once",
                FAST_LOOK.as_secs()
            );
        }
        self.armed = Some(Armed {
            links,
            is_complete,
            _watcher: watcher,
        });
    }

    fn watcher(&self, links: &Links) -> (Option<RecommendedWatcher>, Option<String>) {
        let nudge = self.nudge.clone();
        let names = links.names.clone();
        let handler = move |event: notify::Result<Event>| {
            let is_ours = match &event {
                Ok(event) => is_change(event, |path| names.contains(path)),
                Err(_) => true,
            };
            if is_ours {
                let _ = nudge.try_send(());
            }
        };
        let mut watcher = match notify::recommended_watcher(handler) {
            Ok(watcher) => watcher,
            Err(error) => return (None, Some(error.to_string())),
        };
        let mut problem = None;
        for (folder, identity) in &links.folders {
            if identity.is_none() {
                // Its own folder is watched, and tells when it comes.
                continue;
            }
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                problem = Some(format!("{}: {error}", folder.display()));
            }
        }
        debug!(folders = links.folders.len(), "the rule file is watched");
        (Some(watcher), problem)
    }
}

/// Whether one of these names may mean something else now. Reading is no change.
fn is_change(event: &Event, is_ours: impl Fn(&Path) -> bool) -> bool {
    let is_read = matches!(
        event.kind,
        EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)
    );
    event.need_rescan() || (!is_read && event.paths.iter().any(|path| is_ours(path)))
}

/// Waits until nothing has happened for a while, or for as long as patience
/// lasts.
fn settle(files: &[PathBuf], begun: Vec<Signature>, nudges: &Receiver<()>) -> Vec<Signature> {
    let start = Instant::now();
    let mut last = begun;
    loop {
        let was_nudged = match nudges.recv_timeout(QUIET) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return last,
        };
        let now = signatures(files);
        let is_quiet = !was_nudged && now == last;
        last = now;
        if is_quiet || start.elapsed() >= MOST_PATIENCE {
            return last;
        }
    }
}

/// What changes when a file does, without reading it: device, inode, size, and
/// the times of its content and of its entry.
type Signature = Option<(u64, u64, u64, (i64, i64), (i64, i64))>;

fn signatures(files: &[PathBuf]) -> Vec<Signature> {
    let signature = |file: &PathBuf| {
        let found = fs::metadata(file).ok()?;
        Some((
            found.dev(),
            found.ino(),
            found.size(),
            (found.mtime(), found.mtime_nsec()),
            (found.ctime(), found.ctime_nsec()),
        ))
    };
    files.iter().map(signature).collect()
}
