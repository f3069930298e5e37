//! `riskd check --secrets --online`: what each venue says of its key, now.

use std::time::Duration;

use tokio::time::timeout;

use crate::cli::runtime;
use crate::daemon::{connect, excess};
use crate::domain::observation::Missing;
use crate::engine::effect::Severity;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Venue;

/// How long a venue may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a venue says of its key.
pub(super) struct KeyAnswer {
    /// What it may do, or why that is not known.
    pub(super) line: String,
    /// What makes it of no use, or more than a guard should hold.
    pub(super) problems: Vec<String>,
    /// What it should not have.
    pub(super) warnings: Vec<String>,
}

/// Asks each venue of these rules.
pub(super) fn of(rules: &RuleSet) -> Vec<KeyAnswer> {
    let asked = runtime::short(async {
        let mut answers = Vec::new();
        for venue in &rules.venues {
            answers.push(ask(venue).await);
        }
        Ok(answers)
    });
    asked.unwrap_or_else(|error| vec![KeyAnswer::failed(format!("{error:#}"))])
}

async fn ask(config: &Venue) -> KeyAnswer {
    let name = &config.name;
    let venue = match connect(config) {
        Ok(venue) => venue,
        Err(error) => return KeyAnswer::failed(format!("key of venue {name}: {error}")),
    };
    let rights = match timeout(PATIENCE, venue.key_rights()).await {
        Ok(Some(rights)) => rights,
        // Then it is asked for what the credential is for.
        Ok(None) => return listed(config, timeout(PATIENCE, venue.list()).await),
        Err(_) => return KeyAnswer::failed(format!("key of venue {name}: no answer in time")),
    };
    let rights = match rights {
        Ok(rights) => rights,
        // There is nobody to ask what it may do; whether it works can be tried.
        Err(failure) if failure.missing == Missing::Stated => {
            let mut answer = listed(config, timeout(PATIENCE, venue.list()).await);
            let warning = format!(
                "what the key of {name} may do is not known: {}",
                failure.words
            );
            answer.warnings.push(warning);
            return answer;
        }
        Err(failure) => return KeyAnswer::failed(format!("key of venue {name}: {failure}")),
    };
    let mut answer = KeyAnswer {
        line: format!("key of venue {name}: {}", rights.words()),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    for (severity, _, text) in excess(config, &rights) {
        let text = format!("the key of {name} {text}");
        match severity {
            Severity::Critical => answer.problems.push(text),
            _ => answer.warnings.push(text),
        }
    }
    answer
}

type Listed = Result<Result<Vec<String>, crate::venue::Failure>, tokio::time::error::Elapsed>;

fn listed(config: &Venue, listed: Listed) -> KeyAnswer {
    let name = &config.name;
    match listed {
        Ok(Ok(accounts)) => KeyAnswer {
            line: format!("venue {name} answers, with {} accounts", accounts.len()),
            problems: Vec::new(),
            warnings: Vec::new(),
        },
        Ok(Err(failure)) => KeyAnswer::failed(format!("venue {name}: {failure}")),
        Err(_) => KeyAnswer::failed(format!("venue {name}: no answer in time")),
    }
}

impl KeyAnswer {
    fn failed(line: String) -> KeyAnswer {
        KeyAnswer {
            problems: vec![line.clone()],
            line,
            warnings: Vec::new(),
        }
    }
}
