//! The log is written by a thread of its own: a terminal that is stopped, a pipe that
//! nobody reads or a journal that hangs holds up nobody who logs.
//!
//! What is logged is copied and handed over; the thread gives it to the layer that
//! writes it, with the time at which it happened. What finds no room is counted, and
//! told of once there is room again.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use chrono::SecondsFormat;
use tracing::field::{DisplayValue, Field, Value, Visit, display};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Context, Layer};

use crate::daemon;
use crate::domain::observation::Timestamp;

/// Most lines that wait to be written; a few megabytes.
const MOST_LINES: usize = 8_192;
/// Most fields of a line, its message among them.
const MOST_FIELDS: usize = 16;
/// How long the end waits for lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

thread_local! {
    /// When that happened which is written just now.
    static HAPPENED: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// The layer of those who log.
pub(super) struct Aside {
    lines: Sender<Option<Line>>,
    queue: Arc<Queue>,
}

/// Keeps the log going; the lines that wait are written when it is dropped, as far
/// as that can be done soon.
#[must_use = "the log ends with it"]
pub struct Log {
    last: Option<Sender<Option<Line>>>,
    ended: Receiver<()>,
}

#[derive(Default)]
struct Queue {
    waiting: AtomicUsize,
    lost: AtomicU64,
}

/// What was logged.
struct Line {
    at: Timestamp,
    metadata: &'static Metadata<'static>,
    fields: Vec<(Field, Logged)>,
}

/// The value of a field. What is not kept as it is, is kept as its text.
enum Logged {
    Text(String),
    Unsigned(u64),
    Signed(i64),
    Truth(bool),
    Shown(DisplayValue<String>),
}

/// The time of a line: when it happened, not when it is written.
pub(super) struct Happened;

/// Begins to write what is logged with this subscriber, on a thread of its own.
pub(super) fn start(writer: Dispatch) -> anyhow::Result<(Aside, Log)> {
    let (lines, waiting) = channel();
    let (end, ended) = channel();
    let queue = Arc::new(Queue::default());
    let aside = Aside {
        lines: lines.clone(),
        queue: Arc::clone(&queue),
    };
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            write(&writer, &waiting, &queue);
            drop(end);
        })
        .context("the log has no thread")?;
    let last = Some(lines);
    Ok((aside, Log { last, ended }))
}

fn write(writer: &Dispatch, lines: &Receiver<Option<Line>>, queue: &Queue) {
    // Nothing is the end.
    while let Ok(Some(line)) = lines.recv() {
        queue.waiting.fetch_sub(1, Ordering::Relaxed);
        line.write(writer);
        let lost = queue.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::dispatcher::with_default(writer, || {
                HAPPENED.set(Some(daemon::wall()));
                tracing::warn!(
                    "the log could not be written for a while: {lost} lines are missing"
                );
            });
        }
    }
}

impl<S: Subscriber> Layer<S> for Aside {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if self.queue.waiting.load(Ordering::Relaxed) >= MOST_LINES {
            self.queue.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = Line {
            at: daemon::wall(),
            metadata: event.metadata(),
            fields: fields.0,
        };
        self.queue.waiting.fetch_add(1, Ordering::Relaxed);
        // Without its thread there is no log.
        let _ = self.lines.send(Some(line));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(lines) = self.last.take() {
            let _ = lines.send(None);
        }
        // The thread lets go of its end when it is done.
        let _: Result<(), RecvTimeoutError> = self.ended.recv_timeout(LAST_LINES);
    }
}

impl Line {
    fn write(&self, writer: &Dispatch) {
        let Some((any, _)) = self.fields.first() else {
            return;
        };
        HAPPENED.set(Some(self.at));
        let values: [(&Field, Option<&dyn Value>); MOST_FIELDS] = std::array::from_fn(|place| {
            self.fields
                .get(place)
                .map_or((any, None), |(field, value)| (field, Some(value.value())))
        });
        let values = self.metadata.fields().value_set(&values);
        writer.event(&Event::new(self.metadata, &values));
    }
}

impl Logged {
    fn value(&self) -> &dyn Value {
        match self {
            Logged::Text(text) => text,
            Logged::Unsigned(number) => number,
            Logged::Signed(number) => number,
            Logged::Truth(is_so) => is_so,
            Logged::Shown(shown) => shown,
        }
    }
}

#[derive(Default)]
struct Fields(Vec<(Field, Logged)>);

impl Fields {
    fn add(&mut self, field: &Field, value: Logged) {
        if self.0.len() < MOST_FIELDS {
            self.0.push((field.clone(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Logged::Text(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Logged::Unsigned(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Logged::Signed(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Logged::Truth(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Logged::Shown(display(format!("{value:?}"))));
    }
}

impl FormatTime for Happened {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let at = HAPPENED.get().unwrap_or_else(daemon::wall);
        write!(
            writer,
            "{}",
            at.to_rfc3339_opts(SecondsFormat::Micros, true)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Mutex, MutexGuard};

    use tracing_subscriber::Registry;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::locked::Locked as _;

    /// Where a test looks at what was written; who holds it holds up the writer.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.locked().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Page {
        type Writer = Page;

        fn make_writer(&'a self) -> Page {
            self.clone()
        }
    }

    impl Page {
        fn held(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.locked()
        }

        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.held().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    fn page() -> (Page, impl Subscriber, Log) {
        let page = Page::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(page.clone())
            .with_timer(Happened)
            .with_ansi(false)
            .with_target(false);
        let (aside, log) = start(Dispatch::new(Registry::default().with(layer))).unwrap();
        (page, Registry::default().with(aside), log)
    }

    #[test]
    fn a_line_is_written_as_it_was_logged() {
        let (page, subscriber, log) = page();
        let before = daemon::wall();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(account = %"a", event = "fired", count = 3_u64, is_so = true, "a limit, {}", 1 + 1);
            tracing::info!("next");
        });
        drop(log);
        let lines = page.lines();
        let [first, second] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        let (time, rest) = first.split_once(' ').unwrap();
        assert_eq!(
            rest,
            " WARN a limit, 2 account=a event=\"fired\" count=3 is_so=true"
        );
        assert!(time.parse::<Timestamp>().unwrap() >= before - chrono::TimeDelta::milliseconds(1));
        assert!(second.ends_with(" INFO next"), "{second}");
    }

    #[test]
    fn a_writer_that_hangs_holds_up_nobody_and_what_is_lost_is_told() {
        let (page, subscriber, log) = page();
        let held = page.held();
        tracing::subscriber::with_default(subscriber, || {
            for line in 0..MOST_LINES + 10 {
                tracing::info!(line, "logged");
            }
        });
        drop(held);
        drop(log);
        let lines = page.lines();
        let told = lines
            .iter()
            .filter(|line| line.contains("lines are missing"));
        let lost: usize = told
            .map(|line| {
                let (_, rest) = line.split_once("for a while: ").unwrap();
                rest.split(' ').next().unwrap().parse::<usize>().unwrap()
            })
            .sum();
        let written = lines.iter().filter(|line| line.contains("logged")).count();
        assert!(lost > 0);
        assert_eq!(written + lost, MOST_LINES + 10);
    }
}
