//! `riskd notify-test`.

use anyhow::bail;

use super::find::{self, RulesArg};
use super::printer::{Paint, Printer};
use super::{Exit, log, runtime};
use crate::daemon;
use crate::notify::{self, Message};
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Notifier;
use crate::rules::suggest;

/// Sends one test message through a notifier, from the rule file alone, and
/// prints what the service answered. The daemon need not run, and if it does it
/// is not disturbed. The message is sent once, whatever the notifier's
/// `severity`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  riskd notify-test phone\n  riskd notify-test --all --rules /etc/riskd/rules.yaml\n\nA secret that is a systemd credential is read from $CREDENTIALS_DIRECTORY; outside the service, set it\nto the folder that holds the credential's file.\n\nExit codes: 0 every message was taken, 1 not so."
)]
pub(super) struct Args {
    /// The notifier, by its name in the rule file
    #[arg(value_name = "NAME", required_unless_present = "all")]
    name: Option<String>,
    /// Every notifier of the rule file
    #[arg(long, conflicts_with = "name")]
    all: bool,
    #[command(flatten)]
    rules: RulesArg,
}

pub(super) fn run(args: &Args, out: &mut Printer) -> anyhow::Result<Exit> {
    let path = find::rules_file(&args.rules)?;
    let loaded = find::load(&path)?;
    let report = loaded.render(out.err);
    let Some(rules) = loaded.rules else {
        out.note(report.trim_end());
        bail!("the rule file {} is refused", path.display());
    };
    let notifiers = chosen(args, &rules)?;
    // What a `log` notifier writes is to be seen.
    let _log = log::start(log::Format::default(), out.err)?;
    runtime::short(async {
        let mut exit = Exit::Done;
        for notifier in notifiers {
            let message = Message::test(daemon::wall());
            match notify::try_once(notifier, &message).await {
                Ok(answer) => {
                    let text =
                        format!("{} ({}): {}", notifier.name, notifier.kind.name(), answer.0);
                    out.line(out.paint(Paint::Green, &text))?;
                }
                Err(problem) => {
                    exit = Exit::Failed;
                    let text = format!("{} ({}): {problem}", notifier.name, notifier.kind.name());
                    out.line(out.paint(Paint::Red, &text))?;
                }
            }
        }
        Ok(exit)
    })
}

fn chosen<'r>(args: &Args, rules: &'r RuleSet) -> anyhow::Result<Vec<&'r Notifier>> {
    let known: Vec<&str> = rules
        .notifiers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if known.is_empty() {
        bail!("the rule file declares no notifier; add one under `notify:`");
    }
    let Some(name) = &args.name else {
        return Ok(rules.notifiers.iter().collect());
    };
    let found = rules.notifiers.iter().find(|one| one.name.as_str() == name);
    let Some(found) = found else {
        let near = suggest::did_you_mean(name, known.iter().copied());
        let near = near.map_or(String::new(), |near| format!(" ({near})"));
        bail!(
            "no notifier {name} in the rule file{near}; it declares {}",
            known.join(", ")
        );
    };
    Ok(vec![found])
}
