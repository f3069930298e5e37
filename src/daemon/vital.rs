//! Tasks without which no account is protected.
//!
//! A task that panics is lost, and a process that goes on without its poller or
//! its executor only looks alive. So it ends at once, as by `kill -9`: systemd
//! starts it again in half a second, and what was begun is taken up from the
//! record.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::error;

/// How long the log gets to say why the process ends.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Runs a task that ends the process when it panics.
pub(super) fn spawn(
    what: &'static str,
    task: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(watched(what, task))
}

/// The same where it is awaited.
pub(super) async fn watched<T>(what: &'static str, task: impl Future<Output = T>) -> T {
    let _vital = Vital(what);
    task.await
}

struct Vital(&'static str);

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            error!(
                "{} failed by a defect of riskd, which ends here to be started again",
                self.0
            );
            // The log has a thread of its own.
            #[expect(
                clippy::disallowed_methods,
                reason = "nothing waits for it: the process ends"
            )]
            std::thread::sleep(LAST_WORDS);
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_in_order_ends_nothing_else() {
        spawn("a task", async {}).await.unwrap();
        assert_eq!(watched("a sum", async { 1 + 1 }).await, 2);
    }

    #[test]
    fn a_task_that_panics_ends_the_process() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact"])
            .arg("daemon::vital::tests::child_whose_task_panics")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(child.signal(), Some(6), "SIGABRT: {child}");
    }

    #[tokio::test]
    #[ignore = "run by the test above, in a process of its own"]
    async fn child_whose_task_panics() {
        let _ = spawn("a task", async { panic!("a defect") }).await;
    }
}
