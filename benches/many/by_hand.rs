//! A person who flattens everything while the daemon does the same.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::rig::Rig;

/// `riskd flatten --all` beside the daemon.
pub struct ByHand {
    child: Child,
    begun: Instant,
    ended: Option<(ExitStatus, Duration)>,
}

impl ByHand {
    /// Starts it, to go on for this long.
    pub fn start(rig: &Rig, patience: Duration) -> ByHand {
        let mut command = rig.riskd("by-hand");
        command.args(["flatten", "--all", "--timeout"]);
        command.arg(format!("{}s", patience.as_secs()));
        ByHand {
            child: command.spawn().unwrap(),
            begun: Instant::now(),
            ended: None,
        }
    }

    /// Notes its end.
    pub fn look(&mut self) {
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            self.ended = Some((status, self.begun.elapsed()));
        }
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// What became of it; it is ended when it has not ended yet.
    pub fn say(mut self, rig: &Rig) -> String {
        let printed = rig.printed("by-hand");
        let verified = printed
            .lines()
            .find(|line| line.contains(" of "))
            .or(printed.lines().last())
            .unwrap_or_default()
            .to_owned();
        match self.ended {
            Some((status, took)) => format!(
                "by hand: exit {} after {:.1} s, {verified}",
                status.code().unwrap_or(-1),
                took.as_secs_f64()
            ),
            None => {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                format!("by hand: not ended, {verified}")
            }
        }
    }
}
