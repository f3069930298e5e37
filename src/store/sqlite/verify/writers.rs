//! What the writers are bound to.

use sqlx::SqliteConnection;

use super::Walk;
use crate::domain::ids::{Numbered, WriterId};
use crate::store::finding::FindingKind;
use crate::store::sqlite::chain::{Decoded, Value, hex};
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::sql;
use crate::store::sqlite::writers::last_numbers;

/// What a link says of a writer.
pub(super) struct Began {
    pub(super) writer: WriterId,
    node: String,
    epoch: i64,
    /// Number and hash of the link behind which it began.
    after: Option<(i64, String)>,
}

impl Began {
    pub(super) fn of(link: &Decoded) -> Option<Began> {
        let number = |name| match link.field(name) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        };
        let text = |name| match link.field(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        Some(Began {
            writer: WriterId::new(number("id")?)?,
            node: text("node")?,
            epoch: number("epoch")?,
            after: number("after_link").zip(text("after_hash")),
        })
    }
}

impl Walk<'_> {
    /// What the writers are bound to: the link behind which each began, and the last
    /// number that each gave to an entry.
    pub(super) async fn writers(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        for began in std::mem::take(&mut self.writers) {
            let writer = began.writer;
            if let Some((seq, hash)) = &began.after {
                let found: Option<Vec<u8>> = sqlx::query_scalar(sql::HASH_OF_LINK)
                    .bind(seq)
                    .fetch_optional(&mut *connection)
                    .await?;
                if found.map(|found| hex(&found)).as_ref() != Some(hash) {
                    let what = format!(
                        "writer {writer} began behind link {}, which is gone or is another one now",
                        Numbered(*seq)
                    );
                    self.found.add_plain(FindingKind::Cut, Some(*seq), what);
                }
            }
            let newest = match last_numbers(connection, writer).await {
                Ok((_, newest)) => newest,
                Err(Fault::Unreadable(what)) => {
                    self.found.add_plain(FindingKind::Removed, None, what);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let last: i64 = sqlx::query_scalar(sql::LAST_ENTRY_ID)
                .bind(writer.before_first())
                .bind(writer.last())
                .fetch_one(&mut *connection)
                .await?;
            if newest != last {
                let what = format!(
                    "numbers up to {} were given to entries, and the last one that is there is {}",
                    Numbered(newest),
                    Numbered(last)
                );
                self.found.add_plain(FindingKind::Cut, None, what);
            }
            let mut chains = self.found.chains.iter_mut();
            if let Some(chain) = chains.find(|chain| chain.writer == writer) {
                chain.node = Some((began.node, began.epoch));
            }
        }
        Ok(())
    }
}
