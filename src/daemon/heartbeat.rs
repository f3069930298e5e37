//! Sends the heartbeat while all is well, by the judgement of `/healthz`, so
//! that silence is the alarm: of the daemon, of its machine, of its network.
//!
//! It asks the dispatcher as the API does, so a dispatcher that hangs is silent
//! too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::{ApiRequest, ProblemKind, problems};
use crate::notify::{BeatError, Pulse};

/// How long the dispatcher may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest wait between two looks while something is wrong.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The heartbeat in force, which a reload can change.
pub(super) type Heart = Option<Arc<Pulse>>;

/// Beats until it is stopped.
pub(super) async fn run(
    questions: mpsc::Sender<ApiRequest>,
    mut heart: watch::Receiver<Heart>,
    stop: CancellationToken,
) {
    let mut logged = LastLogged::default();
    loop {
        let pulse = heart.borrow_and_update().clone();
        tokio::select! {
            () = stop.cancelled() => return,
            changed = heart.changed() => if changed.is_err() {
                return;
            },
            () = beat_for_ever(pulse, &questions, &mut logged) => return,
        }
    }
}

async fn beat_for_ever(
    pulse: Heart,
    questions: &mpsc::Sender<ApiRequest>,
    logged: &mut LastLogged,
) {
    let Some(pulse) = pulse else {
        return std::future::pending().await;
    };
    let mut due = Instant::now();
    loop {
        sleep_until(due).await;
        let wrong = what_is_wrong(questions).await;
        let wait = if wrong.is_empty() {
            let sent = pulse.beat().await;
            logged.beaten(sent);
            pulse.every
        } else {
            logged.withheld(&wrong);
            pulse.every.min(LOOK_AGAIN)
        };
        // The schedule does not move by what a try takes, and nothing is made
        // up for.
        let next = due.checked_add(wait).unwrap_or(due);
        due = next.max(Instant::now());
    }
}

/// What is wrong; nothing when all is well.
async fn what_is_wrong(questions: &mpsc::Sender<ApiRequest>) -> Vec<String> {
    let ask = async {
        let (reply, answer) = oneshot::channel();
        questions.send(ApiRequest::Show(reply)).await.ok()?;
        answer.await.ok()
    };
    match timeout(ANSWER, ask).await {
        Ok(Some(status)) => problems(&status)
            .into_iter()
            .filter(|found| is_riskds_own(found.kind))
            .map(|found| found.text)
            .collect(),
        _ => vec!["the daemon does not answer itself".to_owned()],
    }
}

/// Whether riskd cannot do its work. A person who ended a lock and trades on beyond
/// the limit has been told of that, and must not take a heartbeat that stays away
/// for the rest of the session for a riskd that is down.
fn is_riskds_own(kind: ProblemKind) -> bool {
    kind != ProblemKind::BeyondFiredLimit
}

/// What was logged last: each change, not each beat.
#[derive(Default)]
struct LastLogged {
    has_beaten: bool,
    is_withheld: bool,
    is_lost: bool,
}

impl LastLogged {
    fn beaten(&mut self, sent: Result<(), BeatError>) {
        if std::mem::take(&mut self.is_withheld) {
            info!("all is well: the heartbeat goes on");
        }
        let was_lost = std::mem::replace(&mut self.is_lost, sent.is_err());
        match sent {
            Ok(()) if was_lost => info!("the heartbeat arrives again"),
            Ok(()) if !self.has_beaten => info!("the heartbeat arrives"),
            Ok(()) => {}
            Err(_) if was_lost => {}
            Err(error) => warn!("the heartbeat does not arrive: {error}"),
        }
        self.has_beaten |= !self.is_lost;
    }

    fn withheld(&mut self, wrong: &[String]) {
        // Before the first one it is plain that all is not well yet.
        let is_news = self.has_beaten && !self.is_withheld;
        if is_news {
            self.is_withheld = true;
            warn!("the heartbeat is withheld: {}", wrong.join("; "));
        }
    }
}
