//! Adding to a chain. Each writer has one, whose links are numbered as its rows are.

use sqlx::SqliteConnection;

use super::change::{BEGAN, Change};
use super::encoding::{Hash, Value, encode, hex, link_hash};
use super::evidence::{EVIDENCE, Rows, values};
use crate::domain::ids::WriterId;
use crate::domain::observation::Timestamp;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::sql;
use crate::store::sqlite::time::to_millis;
use crate::store::sqlite::values::json;

/// Most links that one statement adds.
const AT_ONCE: usize = 1_000;

/// The last link of a writer's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::sqlite) struct Head {
    /// Its number; the one before the writer's first before there is one.
    pub(in crate::store::sqlite) seq: i64,
    /// Its hash; zeros before there is one.
    pub(in crate::store::sqlite) hash: Hash,
}

impl Head {
    /// Where a chain begins.
    pub(in crate::store::sqlite) const fn before_first(writer: WriterId) -> Head {
        Head {
            seq: writer.before_first(),
            hash: [0; 32],
        }
    }

    /// What it is once this link is added.
    fn next(&self, link: &Link) -> Head {
        let seq = self.seq.saturating_add(1);
        Head {
            seq,
            hash: link_hash(&self.hash, seq, &link.body),
        }
    }
}

/// A link that is still to be added.
#[derive(Debug)]
pub(in crate::store::sqlite) struct Link {
    part: &'static str,
    body: Vec<u8>,
}

impl Link {
    /// The link that says this; one value for each column.
    pub(in crate::store::sqlite) fn new(change: &Change, values: &[Value]) -> Link {
        debug_assert_eq!(change.columns.len(), values.len());
        Link {
            part: change.table,
            body: body(change, values),
        }
    }
}

/// The body of a link.
pub(super) fn body(change: &Change, values: &[Value]) -> Vec<u8> {
    let columns = change.columns.iter().copied();
    encode(change.table, change.name, columns.zip(values))
}

/// Reads the last link of a writer.
pub(in crate::store::sqlite) async fn head(
    connection: &mut SqliteConnection,
    writer: WriterId,
) -> Result<Head, Fault> {
    let last: Option<(i64, Vec<u8>)> = sqlx::query_as(sql::CHAIN_HEAD)
        .bind(writer.before_first())
        .bind(writer.last())
        .fetch_optional(connection)
        .await?;
    let Some((seq, hash)) = last else {
        return Ok(Head::before_first(writer));
    };
    let found = hash.len();
    let hash = Hash::try_from(hash).map_err(|_| {
        Fault::Unreadable(format!(
            "the hash of link {seq} is {found} bytes long, not 32"
        ))
    })?;
    Ok(Head { seq, hash })
}

/// Adds links behind the head and says what the head is then. It is part of the
/// transaction that is open.
pub(in crate::store::sqlite) async fn append(
    connection: &mut SqliteConnection,
    mut head: Head,
    links: impl IntoIterator<Item = Link>,
) -> Result<Head, Fault> {
    let mut links = links.into_iter().peekable();
    while links.peek().is_some() {
        let some = json(&numbered(&mut head, links.by_ref().take(AT_ONCE)))?;
        sqlx::query(sql::ADD_LINKS)
            .bind(some)
            .execute(&mut *connection)
            .await?;
    }
    Ok(head)
}

/// A link as JSON has it: number, table, body and hash, the bytes hexadecimal.
pub(in crate::store::sqlite) type NumberedLink = (i64, &'static str, String, String);

/// Numbers links behind the head, which is the last of them then.
pub(in crate::store::sqlite) fn numbered(
    head: &mut Head,
    links: impl Iterator<Item = Link>,
) -> Vec<NumberedLink> {
    links
        .map(|link| {
            *head = head.next(&link);
            (head.seq, link.part, hex(&link.body), hex(&head.hash))
        })
        .collect()
}

/// Begins the chain of a record that has none, over the rows that are there: they
/// are the first writer's.
pub(in crate::store::sqlite) async fn begin(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<(), Fault> {
    if head(connection, WriterId::FIRST).await?.seq > 0 {
        return Ok(());
    }
    // What is redacted must not stay in the free parts of the file.
    sqlx::query(sql::SECURE_DELETE)
        .execute(&mut *connection)
        .await?;
    sqlx::query(sql::BEGIN).execute(&mut *connection).await?;
    // After a failure the connection is dropped, which rolls back.
    all_that_is_there(connection, now).await?;
    sqlx::query(sql::COMMIT).execute(&mut *connection).await?;
    sqlx::query(sql::INSECURE_DELETE)
        .execute(connection)
        .await?;
    Ok(())
}

async fn all_that_is_there(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), Fault> {
    redact_rule_texts(connection).await?;
    let rows: i64 = sqlx::query_scalar(sql::COUNT_EVIDENCE)
        .fetch_one(&mut *connection)
        .await?;
    let began = [Value::Integer(to_millis(now)), Value::Integer(rows)];
    let links = [Link::new(&BEGAN, &began)];
    let first = Head::before_first(WriterId::FIRST);
    let mut head = append(connection, first, links).await?;
    for evidence in EVIDENCE {
        // Reading ends before adding begins: it is one connection. A table's
        // links are in memory meanwhile, which happens once in the life of a
        // record that is older than its chain.
        let mut links = Vec::new();
        let mut rows = Rows::of(connection, evidence.rows);
        while let Some(row) = rows.next().await? {
            for (index, change) in evidence.changes.iter().enumerate() {
                let values = values(&row, change);
                let is_said = values.iter().skip(1).any(|value| *value != Value::Null);
                if index == 0 || is_said {
                    links.push(Link::new(change, &values));
                }
            }
        }
        drop(rows);
        head = append(connection, head, links).await?;
    }
    if rows > 0 {
        tracing::info!(rows, "the chain was begun over the rows that were there");
    }
    Ok(())
}

/// Rule texts from before may hold addresses that are secrets.
async fn redact_rule_texts(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let texts: Vec<(String, String)> = sqlx::query_as(sql::RULE_TEXTS)
        .fetch_all(&mut *connection)
        .await?;
    for (hash, text) in texts {
        let redacted = crate::rules::redacted_text(&text);
        if redacted != text {
            sqlx::query(sql::SET_RULE_TEXT)
                .bind(hash)
                .bind(redacted)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}
