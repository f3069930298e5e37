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
}

/// The first link of a chain: when it was begun, and over how many rows that
/// were there before.
pub(in crate::store::sqlite) const BEGAN: Change = Change {
    table: "chain",
    name: "began",
    columns: &["at", "rows"],
};

pub(in crate::store::sqlite) const RULE_SET_ADDED: Change = Change {
    table: "rule_sets",
    name: "added",
    columns: &["hash", "text", "loaded_at"],
};

pub(in crate::store::sqlite) const RULE_SET_LOADED: Change = Change {
    table: "rule_sets",
    name: "loaded",
    columns: &["hash", "last_loaded_at"],
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
};

pub(in crate::store::sqlite) const INTENT_ENDED: Change = Change {
    table: "intents",
    name: "ended",
    columns: &["id", "ended_at", "ended"],
};

/// `intents` is the rows of `request_intents`, as a JSON array in rising order.
pub(in crate::store::sqlite) const REQUEST_ADDED: Change = Change {
    table: "requests",
    name: "added",
    columns: &["id", "account", "write", "target", "round", "at", "intents"],
};

pub(in crate::store::sqlite) const REQUEST_SENT: Change = Change {
    table: "requests",
    name: "sent",
    columns: &["id", "sent_at", "unrecorded"],
};

pub(in crate::store::sqlite) const REQUEST_ANSWERED: Change = Change {
    table: "requests",
    name: "answered",
    columns: &["id", "answered_at", "outcome", "status", "words"],
};

pub(in crate::store::sqlite) const LOCK_ADDED: Change = Change {
    table: "locks",
    name: "added",
    columns: &[
        "id", "account", "kind", "since", "until", "reason", "firing",
    ],
};

pub(in crate::store::sqlite) const LOCK_REPLACED: Change = Change {
    table: "locks",
    name: "replaced",
    columns: &["id", "replaced_by"],
};

pub(in crate::store::sqlite) const LOCK_ENDED: Change = Change {
    table: "locks",
    name: "ended",
    columns: &["id", "ended_at", "ended_reason"],
};

pub(in crate::store::sqlite) const ENTRY_ADDED: Change = Change {
    table: "entries",
    name: "added",
    columns: &[
        "id", "at", "kind", "account", "rule", "firing", "message", "fields",
    ],
};
