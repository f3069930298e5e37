//! What is found, in words and with the values that differ.

use chrono::DateTime;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::domain::observation::Timestamp;
use crate::store::finding::{Finding, FindingKind};
use crate::store::sqlite::chain::{self, Decoded, Evidence, Key, Mismatch, Value, decode};
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::sql;

/// What is told of a row that is not as the chain says.
pub(super) async fn told(
    connection: &mut SqliteConnection,
    evidence: &Evidence,
    key: &Option<Key>,
    at: Option<Timestamp>,
    mismatch: Mismatch,
) -> Result<Finding, Fault> {
    let mut finding = Finding {
        kind: FindingKind::Edited,
        table: Some(evidence.table.to_owned()),
        id: key.as_ref().map(ToString::to_string),
        at,
        link: None,
        what: String::new(),
    };
    match mismatch {
        Mismatch::Inserted => {
            finding.kind = FindingKind::Inserted;
            finding.what = "no link says that it was added".to_owned();
        }
        Mismatch::Unsaid { values } => {
            let values = values.iter().skip(1);
            let words: Vec<String> = values.map(|(name, v)| format!("{name} is {v}")).collect();
            finding.what = format!("{}, of which no link speaks", words.join(", "));
        }
        Mismatch::Edited { seq, values } => {
            finding.link = Some(seq);
            let link = link(connection, seq).await?;
            let differing: Vec<String> = values
                .iter()
                .filter_map(|(name, value)| {
                    let was = link.as_ref()?.field(name)?;
                    (!value.is_what_was_encoded(was))
                        .then(|| format!("{name} is {value} and was {was}"))
                })
                .collect();
            finding.what = if differing.is_empty() {
                "it differs from its link".to_owned()
            } else {
                differing.join(", ")
            };
        }
    }
    Ok(finding)
}

pub(super) async fn link(
    connection: &mut SqliteConnection,
    seq: i64,
) -> Result<Option<Decoded>, Fault> {
    let body: Option<Vec<u8>> = sqlx::query_scalar(sql::LINK)
        .bind(seq)
        .fetch_optional(connection)
        .await?;
    Ok(body.as_deref().and_then(decode))
}

/// The columns that say when, in the order in which they are looked for.
const TIMES: [&str; 7] = [
    "at",
    "since",
    "loaded_at",
    "ended_at",
    "sent_at",
    "answered_at",
    "last_loaded_at",
];

pub(super) fn time_of(link: &Decoded) -> Option<Timestamp> {
    TIMES.iter().find_map(|name| match link.field(name)? {
        Value::Integer(millis) => DateTime::from_timestamp_millis(*millis),
        _ => None,
    })
}

pub(super) fn time_in(row: &SqliteRow) -> Option<Timestamp> {
    TIMES.iter().find_map(|name| match chain::value(row, name) {
        Value::Integer(millis) => DateTime::from_timestamp_millis(millis),
        _ => None,
    })
}

pub(super) fn key_of(link: &Decoded) -> Option<String> {
    match &link.fields.first()?.1 {
        Value::Integer(id) => Some(id.to_string()),
        Value::Text(name) => Some(name.clone()),
        _ => None,
    }
}
