//! The locks at a start: none may be missing or changed.
//!
//! SQLite sees that the structure of a file is damaged, not that a value in it
//! has changed. A lock is what a start must not lose, so each row is compared
//! with what the chain says of it.

use sqlx::SqliteConnection;

use super::encoding::{decode, link_hash};
use super::evidence::{LOCKS, Rows, value};
use super::ledger::{Key, Ledger};
use crate::domain::ids::Numbered;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::sql;

/// A link with the hash of the one before it.
type Linked = (i64, Option<Vec<u8>>, Vec<u8>, Vec<u8>);

/// Says what is wrong with the locks, if anything is.
pub(in crate::store::sqlite) async fn check_locks(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, Fault> {
    let links: Vec<Linked> = sqlx::query_as(sql::LINKS_OF_LOCKS)
        .fetch_all(&mut *connection)
        .await?;
    let mut ledger = Ledger::default();
    for (seq, before, body, hash) in &links {
        let before = before.as_deref().and_then(|hash| hash.try_into().ok());
        let is_whole = before.is_some_and(|before| link_hash(&before, *seq, body)[..] == **hash);
        let link = decode(body).filter(|link| is_whole && link.table == LOCKS.table);
        if !link.is_some_and(|link| ledger.note(*seq, body, &link)) {
            return Ok(Some(format!(
                "link {} of the chain, which is of a lock, is broken",
                Numbered(*seq)
            )));
        }
    }
    let mut rows = Rows::of(connection, LOCKS.rows);
    while let Some(row) = rows.next().await? {
        let (key, found) = ledger.compare(&LOCKS, &row);
        if !found.is_empty() {
            let account = value(&row, "account");
            let key = key.map_or_else(|| "without a number".to_owned(), |key| key.to_string());
            return Ok(Some(format!(
                "lock {key} of account {account} is not what was written"
            )));
        }
    }
    drop(rows);
    Ok(ledger.left().first().map(|(_, key, seq): &(_, Key, _)| {
        format!("lock {key} is gone, of which link {} tells", Numbered(*seq))
    }))
}
