//! What the chain holds: which columns of which tables, by what happens to them.

/// Something that happens to a row of evidence.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store::sqlite) struct Change {
    /// The table.
    pub(in crate::store::sqlite) table: &'static str,
    /// The stable name of what happens.
    pub(in crate::store::sqlite) name: &'static str,
    /// What it sets, in the order of the encoding; the first one is the key.
    pub(in crate::store::sqlite) columns: &'static [&'static str],
    /// How many of them the links of earlier versions have: columns are only added
    /// behind the others, and a link says by name which it has.
    pub(in crate::store::sqlite) earlier: Option<usize>,
}

impl Change {
    /// Whether a link of this change may have this many columns.
    pub(super) fn may_have(&self, columns: usize) -> bool {
        columns == self.columns.len() || Some(columns) == self.earlier
    }
}

/// The first link of the first writer's chain: when it was begun, and over how many
/// rows that were there before.
pub(in crate::store::sqlite) const BEGAN: Change = Change {
    table: "chain",
    name: "began",
    columns: &["at", "rows"],
    earlier: None,
};

/// That a writer began; the first link of every chain but the first writer's, which
/// may be older than this.
pub(in crate::store::sqlite) const WRITER_ADDED: Change = Change {
    table: "writers",
    name: "added",
    columns: &["id", "node", "epoch", "since", "after_link", "after_hash"],
    earlier: None,
};

pub(in crate::store::sqlite) const RULE_SET_ADDED: Change = Change {
    table: "rule_sets",
    name: "added",
    columns: &["hash", "text", "loaded_at", "files"],
    earlier: Some(3),
};

pub(in crate::store::sqlite) const RULE_SET_LOADED: Change = Change {
    table: "rule_sets",
    name: "loaded",
    columns: &["hash", "last_loaded_at"],
    earlier: None,
};

pub(in crate::store::sqlite) const FIRING_ADDED: Change = Change {
    table: "firings",
    name: "added",
    columns: &[
        "id",
        "account",
        "rule",
        "at",
        "actions",
        "evidence",
        "rules_hash",
    ],
    earlier: None,
};

pub(in crate::store::sqlite) const INTENT_ADDED: Change = Change {
    table: "intents",
    name: "added",
    columns: &[
        "id",
        "account",
        "goal",
        "instruments",
        "cause",
        "firing",
        "cause_words",
        "at",
    ],
    earlier: None,
};

pub(in crate::store::sqlite) const INTENT_ENDED: Change = Change {
    table: "intents",
    name: "ended",
    columns: &["id", "ended_at", "ended"],
    earlier: None,
};

/// `intents` is the rows of `request_intents`, as a JSON array in rising order.
pub(in crate::store::sqlite) const REQUEST_ADDED: Change = Change {
    table: "requests",
    name: "added",
    columns: &[
        "id",
        "account",
        "write",
        "target",
        "round",
        "at",
        "intents",
        "instrument",
        "position_side",
        "side",
        "quantity",
        "book",
        "order_id",
    ],
    earlier: Some(7),
};

pub(in crate::store::sqlite) const REQUEST_SENT: Change = Change {
    table: "requests",
    name: "sent",
    columns: &["id", "sent_at", "unrecorded"],
    earlier: None,
};

pub(in crate::store::sqlite) const REQUEST_ANSWERED: Change = Change {
    table: "requests",
    name: "answered",
    columns: &["id", "answered_at", "outcome", "status", "words"],
    earlier: None,
};

pub(in crate::store::sqlite) const LOCK_ADDED: Change = Change {
    table: "locks",
    name: "added",
    columns: &[
        "id", "account", "kind", "since", "until", "reason", "firing",
    ],
    earlier: None,
};

pub(in crate::store::sqlite) const LOCK_REPLACED: Change = Change {
    table: "locks",
    name: "replaced",
    columns: &["id", "replaced_by"],
    earlier: None,
};

pub(in crate::store::sqlite) const LOCK_ENDED: Change = Change {
    table: "locks",
    name: "ended",
    columns: &["id", "ended_at", "ended_reason"],
    earlier: None,
};

pub(in crate::store::sqlite) const ENTRY_ADDED: Change = Change {
    table: "entries",
    name: "added",
    columns: &[
        "id", "at", "kind", "account", "rule", "firing", "message", "fields",
    ],
    earlier: None,
};
