//! Reloads: the rule file is read and everything that it needs is set up away
//! from the dispatcher; the dispatcher puts it in force between two polls.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{error, info};

use super::dispatcher::{Dispatcher, in_force, short};
use super::input::{Input, Reloaded, Why};
use super::key_rights::{self, Running};
use super::rule_file::{Fingerprint, Reading, Refusal, Source};
use super::venues::Prepared;
use super::watch::Watch;
use crate::api::status::RulesStatus;
use crate::domain::account::VenueName;
use crate::domain::observation::Timestamp;
use crate::domain::plural::counted;
use crate::engine::effect::Severity;
use crate::engine::event::Event;
use crate::engine::record::EntryKind;
use crate::rules::ruleset::RuleSet;
use crate::rules::settings::Venue;
use crate::store::Reads;

/// The rule file: how it is read again, and what came of it.
pub(super) struct RulesFile {
    pub(super) source: Source,
    /// When the rules in force were put in force.
    pub(super) loaded: Timestamp,
    /// How long that kept the dispatcher, when it was a reload.
    pub(super) swap: Option<Duration>,
    pub(super) refused: Option<Refused>,
    /// Of what was read last, whatever came of it.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Whether it is being read.
    pub(super) is_being_read: bool,
    /// Why it is to be read once more after that.
    pub(super) again: Option<Why>,
    pub(super) watch: Watch,
}

/// A rule file that was refused.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) since: Timestamp,
}

impl RulesFile {
    /// The file as it was read at the start, and when its rules were put in force.
    pub(super) fn new(
        source: Source,
        fingerprint: Fingerprint,
        watch: Watch,
        loaded: Timestamp,
    ) -> RulesFile {
        RulesFile {
            source,
            loaded,
            swap: None,
            refused: None,
            fingerprint: Some(fingerprint),
            is_being_read: false,
            again: None,
            watch,
        }
    }

    pub(super) fn name(&self) -> String {
        self.source.path.display().to_string()
    }

    /// How the rules in force stand.
    pub(super) fn status(&self, rules: &RuleSet) -> RulesStatus {
        let refused = self.refused.as_ref();
        let place = refused.and_then(|refused| refused.refusal.place);
        RulesStatus {
            file: self.name(),
            hash: rules.book.hash.to_string(),
            loaded: self.loaded.to_rfc3339(),
            enabled: enabled(rules),
            swap_us: self
                .swap
                .map(|swap| u64::try_from(swap.as_micros()).unwrap_or(u64::MAX)),
            refused: refused.map(|refused| refused.refusal.text.clone()),
            refused_since: refused.map(|refused| refused.since.to_rfc3339()),
            refused_line: place.map(|(line, _)| line),
            refused_column: place.map(|(_, column)| column),
        }
    }
}

/// Watches the rule file and those that it names, for the dispatcher.
pub(super) fn watch(files: Vec<PathBuf>, inputs: mpsc::Sender<Input>) -> Watch {
    Watch::start(files, move || {
        inputs.blocking_send(Input::Reload(Why::Changed)).is_ok()
    })
}

fn enabled(rules: &RuleSet) -> usize {
    rules.book.rules.iter().filter(|rule| rule.enabled).count()
}

impl Dispatcher {
    /// Has the rule file read again, away from here: the disk may hang. One read
    /// at a time; what is asked for meanwhile is done after it.
    pub(super) fn prepare_reload(&mut self, why: Why) {
        let file = &mut self.rules_file;
        if file.is_being_read {
            if why == Why::Asked {
                info!("the rule file is still being read; it is read again after that");
            }
            file.again = file.again.max(Some(why));
            return;
        }
        file.is_being_read = true;
        if why == Why::Asked {
            self.lifecycle.reloading();
        }
        let known = match why {
            Why::Changed => file.fingerprint,
            // Secrets may have changed though the rules have not.
            Why::Asked => None,
        };
        let source = file.source.clone();
        let running = self.venues.configs();
        let (asked, record) = (self.venues.connected(), Arc::clone(&self.record));
        let inputs = self.inputs.clone();
        let reading =
            tokio::task::spawn_blocking(move || Some(prepare(source.read(known)?, &running)));
        tokio::spawn(async move {
            let mut reloaded = reading.await.unwrap_or_else(|error| {
                Some(Reloaded {
                    fingerprint: None,
                    files: Vec::new(),
                    outcome: Err(Refusal::from(format!("it could not be read: {error}"))),
                })
            });
            if let Some(reloaded) = &mut reloaded {
                refuse_keys(reloaded, &asked, record.as_ref()).await;
            }
            // The dispatcher is gone only when the process ends.
            let _ = inputs.send(Input::Reloaded(reloaded.map(Box::new))).await;
        });
    }

    /// Takes what was read, and begins with what was asked for meanwhile.
    pub(super) fn end_reload(&mut self, reloaded: Option<Box<Reloaded>>) {
        if let Some(reloaded) = reloaded {
            self.finish_reload(*reloaded);
        }
        self.lifecycle.reloaded();
        self.rules_file.is_being_read = false;
        if let Some(why) = self.rules_file.again.take() {
            self.prepare_reload(why);
        }
    }

    /// Puts the rules that were read in force, or keeps the old ones and says
    /// so.
    fn finish_reload(&mut self, reloaded: Reloaded) {
        let file = &mut self.rules_file;
        file.fingerprint = reloaded.fingerprint;
        if !reloaded.files.is_empty() {
            file.watch.files(reloaded.files);
        }
        let outcome = reloaded
            .outcome
            .and_then(|prepared| self.put_in_force(prepared));
        match outcome {
            Ok(text) => {
                info!("{text}");
                self.rules_file.refused = None;
                self.tell(EntryKind::RulesLoaded, text);
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Notes that the file is refused; everyone hears of it once.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let text = format!(
            "the rule file is refused, the old rules stay: {}",
            refusal.text
        );
        error!("{text}");
        let known = self.rules_file.refused.as_ref();
        if known.is_some_and(|known| known.refusal == refusal) {
            self.tell(EntryKind::RulesRefused, text);
            return;
        }
        self.rules_file.refused = Some(Refused {
            refusal,
            since: self.now().wall,
        });
        self.report_everyone(Severity::Warning, EntryKind::RulesRefused, text);
    }

    fn put_in_force(&mut self, prepared: Prepared) -> Result<String, Refusal> {
        let begun = tokio::time::Instant::now();
        let Prepared {
            rules,
            venues,
            credentials,
            channels,
            heart,
            awaiting_credential: _,
            silent: _,
        } = prepared;
        let has_changed = self.engine.rules().hash != rules.book.hash;
        if has_changed {
            self.object(&rules)?;
        }
        self.notifiers.replace(channels);
        self.heart.send_replace(heart);
        let renewed = self.venues.renew(&credentials);
        if !renewed.is_empty() {
            self.report_renewed(&renewed);
        }
        if !has_changed {
            return Ok("the rule file has not changed".to_owned());
        }
        let rules = Arc::new(rules);
        self.venues.change(&rules, venues);
        self.lifecycle.watch(&rules);
        let now = self.now();
        self.rules_file.loaded = now.wall;
        self.store.submit(in_force(&rules, now.wall));
        let text = format!(
            "now in force: {} for {} (hash {})",
            counted(enabled(&rules), "rule"),
            counted(rules.book.accounts.len(), "account"),
            short(&rules.book.hash)
        );
        let book = Arc::clone(&rules.book);
        self.rules = rules;
        self.step(Event::Reloaded(book), None);
        self.rules_file.swap = Some(begun.elapsed());
        Ok(text)
    }

    /// What speaks against putting these rules in force while riskd runs.
    fn object(&self, rules: &RuleSet) -> Result<(), Refusal> {
        let running = &self.rules.daemon;
        if running.mode != rules.daemon.mode {
            let text = "`mode` is read at the start: restart riskd to change it";
            return Err(Refusal::from(text.to_owned()));
        }
        let next = &rules.daemon;
        if (running.http, &running.database) != (next.http, &next.database) {
            let text = "`http` and `database` of `daemon` change with a restart only";
            return Err(Refusal::from(text.to_owned()));
        }
        Refusal::by(&self.engine, &self.rules, rules).map_or(Ok(()), Err)
    }

    /// Says that credentials were replaced, and never by what.
    pub(super) fn report_renewed(&mut self, venues: &[VenueName]) {
        let names: Vec<&str> = venues.iter().map(VenueName::as_str).collect();
        let text = format!(
            "the credential of {} was replaced; the new one is used from here on",
            names.join(", ")
        );
        info!("{text}");
        self.tell(EntryKind::CredentialRenewed, text);
    }
}

/// Sets up what the rules that were read need.
fn prepare(reading: Reading, running: &[Venue]) -> Reloaded {
    let outcome = reading.verdict.rules().and_then(|rules| {
        let prepared = Prepared::new(rules, running).and_then(Prepared::whole);
        prepared.map_err(|error| Refusal::from(error.to_string()))
    });
    Reloaded {
        fingerprint: Some(reading.fingerprint),
        files: reading.files,
        outcome,
    }
}

/// Refuses what was read when a key that it brings may withdraw.
async fn refuse_keys(reloaded: &mut Reloaded, asked: &Running, record: &dyn Reads) {
    let Ok(prepared) = &reloaded.outcome else {
        return;
    };
    if let Err(error) = key_rights::refuse_renewed(prepared, asked, record).await {
        let text = format!("{error}. The keys that are in use stay");
        reloaded.outcome = Err(Refusal::from(text));
    }
}
