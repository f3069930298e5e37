//! What is handed to the store in one go.

use crate::domain::account::AccountName;
use crate::domain::observation::{Content, Figures, Learned, Missing, Observation, Timestamp};
use crate::engine::record::RecordRow;
use crate::rules::ruleset::RuleFile;

/// Rows that belong together: they are written in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rule sets that were put into force.
    pub rule_sets: Vec<RuleSetRow>,
    /// What accounts showed.
    pub samples: Vec<Sample>,
    /// What the engine decided, in order.
    pub records: Vec<RecordRow>,
}

impl Batch {
    /// Whether a row in it must survive a loss of power.
    pub fn is_vital(&self) -> bool {
        !self.rule_sets.is_empty() || self.records.iter().any(RecordRow::is_vital)
    }

    /// Whether a request waits until it is committed.
    pub fn is_awaited(&self) -> bool {
        let mut records = self.records.iter();
        records.any(|record| matches!(record, RecordRow::Request(_)))
    }

    /// How many rows are in it.
    pub fn rows(&self) -> usize {
        self.rule_sets
            .len()
            .saturating_add(self.samples.len())
            .saturating_add(self.records.len())
    }
}

impl From<Vec<RecordRow>> for Batch {
    fn from(records: Vec<RecordRow>) -> Batch {
        Batch {
            records,
            ..Batch::default()
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many of its rows are in the record.
    pub rows: usize,
    /// Rows that SQLite refused for what is in them. The others are written:
    /// one bad row must not hold up the record.
    pub refused: Vec<Refused>,
    /// Endings and answers whose beginning is not in the record.
    pub unmatched: usize,
}

/// A row that could not be written whenever it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which row.
    pub row: String,
    /// Why.
    pub reason: String,
}

/// A rule set with all that it was made of, so that firings can be explained by it,
/// and so that it can go on when a file that it names is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetRow {
    /// Its hash.
    pub hash: String,
    /// Its text.
    pub text: String,
    /// The files that it names, in the order in which they were read; `None` when
    /// they are not on record, because an earlier version wrote the row.
    pub files: Option<Vec<RuleFile>>,
    /// When it was put into force.
    pub loaded_at: Timestamp,
}

/// What an account showed at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The account.
    pub account: AccountName,
    /// When it was true.
    pub at: Timestamp,
    /// Whether it can be trusted.
    pub quality: Quality,
    /// The figures, as far as they are known.
    pub figures: Figures,
    /// The positions as in a history file, `;` between; empty when flat,
    /// `None` when unknown.
    pub positions: Option<String>,
    /// How many orders work; `None` when unknown.
    pub orders: Option<u32>,
}

/// Whether a sample can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quality {
    /// It can.
    Good,
    /// It cannot, for this reason.
    Suspect(String),
    /// Nothing was learned.
    Missing(Missing),
}

impl Quality {
    /// The stable name, as in the record.
    pub const fn name(&self) -> &'static str {
        match self {
            Quality::Good => "good",
            Quality::Suspect(_) => "suspect",
            Quality::Missing(_) => "missing",
        }
    }

    /// Why it is not good.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Quality::Good => None,
            Quality::Suspect(reason) => Some(reason),
            Quality::Missing(missing) => Some(missing.name()),
        }
    }
}

impl Sample {
    /// The sample that an observation makes; it is good unless nothing was
    /// learned.
    pub fn of(observation: &Observation) -> Sample {
        let (quality, learned) = match &observation.content {
            Content::Learned(learned) => (Quality::Good, Some(learned)),
            Content::Missing(missing) => (Quality::Missing(*missing), None),
        };
        Sample {
            account: observation.account.clone(),
            at: observation.at,
            quality,
            figures: learned.map(|learned| learned.figures).unwrap_or_default(),
            positions: learned.and_then(positions_text),
            orders: learned
                .and_then(|learned| learned.orders.count())
                .and_then(|count| u32::try_from(count).ok()),
        }
    }
}

fn positions_text(learned: &Learned) -> Option<String> {
    let positions = learned.positions.as_ref()?;
    let texts: Vec<String> = positions.iter().map(ToString::to_string).collect();
    Some(texts.join(";"))
}
