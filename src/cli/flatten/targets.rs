//! The accounts that `riskd flatten` is to work on.

use anyhow::{Context, bail};

use super::Args;
use crate::rules::{Duplicate, Loaded, Target, suggest};

/// The accounts that are asked for, each once.
pub(super) fn targets(args: &Args, loaded: &Loaded) -> anyhow::Result<Vec<Target>> {
    if args.all {
        if loaded.targets.is_empty() {
            bail!("the rule file holds no account that can be acted on");
        }
        return Ok(loaded
            .targets
            .iter()
            .map(|one| told_apart(one, loaded))
            .collect());
    }
    let mut targets: Vec<Target> = Vec::new();
    for name in &args.accounts {
        if let Some(duplicate) = duplicate(name, loaded) {
            bail!("{}", ambiguous(duplicate));
        }
        let found = loaded
            .targets
            .iter()
            .find(|target| target.account.as_str() == name);
        let target = found.with_context(|| unknown(name, loaded))?;
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    Ok(targets)
}

fn duplicate<'l>(name: &str, loaded: &'l Loaded) -> Option<&'l Duplicate> {
    let mut duplicate = loaded.duplicate.iter();
    duplicate.find(|duplicate| duplicate.account.as_str() == name)
}

/// The account under a name that says which one it is, where its own does not:
/// each of them is worked on and told of by itself.
fn told_apart(target: &Target, loaded: &Loaded) -> Target {
    let mut target = target.clone();
    if duplicate(target.account.as_str(), loaded).is_some() {
        let name = format!(
            "{} ({} at {})",
            target.account, target.number, target.venue.name
        );
        target.account = name.as_str().into();
    }
    target
}

/// Why nothing is done to an account whose name stands for several.
fn ambiguous(duplicate: &Duplicate) -> String {
    let numbers = duplicate.numbers.iter().map(|number| match number {
        Some(number) => number.to_string(),
        None => "a number that cannot be read".to_owned(),
    });
    let numbers: Vec<String> = numbers.collect();
    let account = &duplicate.account;
    format!(
        "{account} stands in the rule file more than once, as {}; nothing is sent, because it is not known which one is meant. Correct the file, name another one with --rules, or take --all to act on each account of this one",
        numbers.join(" and as ")
    )
}

fn unknown(name: &str, loaded: &Loaded) -> String {
    let by_number = loaded.targets.iter().filter(|target| {
        // Venues match without case.
        target.number.as_str().eq_ignore_ascii_case(name)
    });
    let by_number: Vec<&Target> = by_number.collect();
    if !by_number.is_empty() {
        let told: Vec<String> = by_number
            .iter()
            .map(|target| {
                format!(
                    "{name} is the number of {0} at the venue: riskd flatten {0}",
                    target.account
                )
            })
            .collect();
        return told.join("; ");
    }
    let known: Vec<&str> = loaded
        .targets
        .iter()
        .map(|target| target.account.as_str())
        .collect();
    let mut text = format!("no account {name} that can be acted on in the rule file");
    if let Some(near) = suggest::did_you_mean(name, known.iter().copied()) {
        text.push_str(&format!(" ({near})"));
    }
    if known.is_empty() {
        text.push_str("; it holds none")
    } else {
        text.push_str(&format!("; it holds {}", known.join(", ")))
    }
    text
}
