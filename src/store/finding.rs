//! What came of a look at the whole record.

use crate::domain::ids::WriterId;
use crate::domain::observation::Timestamp;

/// Most findings that are told one by one.
pub const MOST_FINDINGS: usize = 1_000;

/// What came of a look at the whole record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many links the chains have together.
    pub links: u64,
    /// How many rows of evidence there are.
    pub rows: u64,
    /// When the chain was begun.
    pub began: Option<Timestamp>,
    /// How many rows were there before it was begun: they are guarded since.
    pub taken_over: i64,
    /// The last link of the newest writer: all that earlier ones wrote is bound
    /// into its chain.
    pub head: Option<ChainHead>,
    /// The number of the link from which on that chain is whole to its end.
    pub whole_from: i64,
    /// The chain of each writer, the newest last.
    pub chains: Vec<WriterChain>,
    /// The number of the link that has the noted head; `None` when no head was
    /// given, or no link has it.
    pub noted: Option<i64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How many more findings there were.
    pub omitted: u64,
}

/// The chain of one writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterChain {
    /// The writer.
    pub writer: WriterId,
    /// Its node and which turn of the node it is; `None` when the record does not
    /// say.
    pub node: Option<(String, i64)>,
    /// How many links it has.
    pub links: u64,
    /// The last one.
    pub head: ChainHead,
    /// The number of the link from which on it is whole to its end.
    pub whole_from: i64,
}

/// The last link of a chain: who notes it elsewhere can tell later whether
/// the record still holds all that it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Its number.
    pub seq: i64,
    /// Its hash in hexadecimal.
    pub hash: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Of which kind.
    pub kind: FindingKind,
    /// The table, when it is about one.
    pub table: Option<String>,
    /// The key of the row, when it is about one.
    pub id: Option<String>,
    /// The time that the row or its link has.
    pub at: Option<Timestamp>,
    /// The link that it was found by.
    pub link: Option<i64>,
    /// What was found, in words.
    pub what: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// SQLite finds the file damaged.
    Damaged,
    /// A link does not fit its neighbours, or cannot be read.
    Link,
    /// A row was changed.
    Edited,
    /// A row was removed.
    Removed,
    /// A row was put in.
    Inserted,
    /// The end of the chain, or its beginning, is not there.
    Cut,
}

impl FindingKind {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::Damaged => "damaged",
            FindingKind::Link => "link",
            FindingKind::Edited => "edited",
            FindingKind::Removed => "removed",
            FindingKind::Inserted => "inserted",
            FindingKind::Cut => "cut",
        }
    }
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty() && self.omitted == 0
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
    }

    pub(super) fn add_plain(
        &mut self,
        kind: FindingKind,
        link: Option<i64>,
        what: impl Into<String>,
    ) {
        self.add(Finding {
            kind,
            table: None,
            id: None,
            at: None,
            link,
            what: what.into(),
        });
    }
}
