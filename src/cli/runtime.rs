//! The runtimes that commands run on.

use std::future::Future;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

/// Threads of the daemon: one for the dispatcher, one so that nothing that
/// keeps a task busy keeps it waiting.
const DAEMON_THREADS: usize = 2;

/// Runs a short command to its end.
pub(super) fn short<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    finish(Builder::new_current_thread().enable_all().build(), work)
}

/// Runs what serves for long.
pub(super) fn long<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let built = Builder::new_multi_thread()
        .worker_threads(DAEMON_THREADS)
        .enable_all()
        .build();
    finish(built, work)
}

fn finish<T>(
    runtime: std::io::Result<Runtime>,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let runtime = runtime.context("cannot start the runtime")?;
    let result = runtime.block_on(work);
    // What hangs in a system call must not hold up the end.
    runtime.shutdown_background();
    result
}
