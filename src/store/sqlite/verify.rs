//! Whether the record is what was written: SQLite's own check, the chain of each
//! writer, and each row of evidence against them, in one snapshot.

mod told;
mod writers;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::chain::{
    BEGAN, Decoded, EVIDENCE, Evidence, Hash, Head, Ledger, RULE_SET_LOADED, Rows, Value,
    WRITER_ADDED, decode, hex, link_hash,
};
use super::fault::Fault;
use super::open::refuse_as_a_start;
use super::read::Reader;
use super::sql;
use crate::domain::ids::{Numbered, WriterId};
use crate::store::error::StoreError;
use crate::store::finding::{
    ChainHead, Finding, FindingKind, MOST_FINDINGS, Verification, WriterChain,
};
use told::{key_of, link, time_in, time_of, told};
use writers::Began;

impl Reader {
    /// Looks at the whole record as it is now. A daemon may go on writing to
    /// it meanwhile. With `noted`, the hash of a head that was noted before in
    /// lower-case hexadecimal, also whether that is still part of the chain.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading but [`StoreError::Corrupt`], which is a
    /// finding.
    pub async fn verify(&self, noted: Option<&str>) -> Result<Verification, StoreError> {
        let mut verification = Verification::default();
        let looked = self.look(noted, &mut verification).await;
        match looked.map_err(|fault| self.failed(fault)) {
            Err(StoreError::Corrupt { found, .. }) => {
                verification.add_plain(FindingKind::Damaged, None, found);
            }
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        // What is found already is told better than a start tells it.
        if verification.is_whole()
            && let Some(refusal) = self.refusal().await?
        {
            let what = format!("a start refuses it: {refusal}");
            verification.add_plain(FindingKind::Damaged, None, what);
        }
        Ok(verification)
    }

    /// Why a start refuses the record, if it does.
    async fn refusal(&self) -> Result<Option<String>, StoreError> {
        let snapshot = self.pool.begin().await;
        let mut snapshot = snapshot.map_err(|error| self.failed(error))?;
        match refuse_as_a_start(&mut snapshot, &self.path).await {
            Ok(()) => Ok(None),
            Err(StoreError::Corrupt { found, .. }) => Ok(Some(found)),
            Err(StoreError::Unreadable { what, .. }) => Ok(Some(what)),
            Err(error) => Err(error),
        }
    }

    async fn look(&self, noted: Option<&str>, found: &mut Verification) -> Result<(), Fault> {
        let mut snapshot = self.pool.begin().await?;
        let structure: Vec<String> = sqlx::query_scalar(sql::CHECK_WHOLE)
            .fetch_all(&mut *snapshot)
            .await?;
        for line in structure.into_iter().filter(|line| line != "ok") {
            found.add_plain(FindingKind::Damaged, None, line);
        }
        let mut walk = Walk {
            found,
            noted,
            ledger: Ledger::default(),
            last: Head::before_first(WriterId::FIRST),
            rule_set: None,
            writers: Vec::new(),
        };
        walk.links(&mut snapshot).await?;
        for evidence in EVIDENCE {
            walk.rows(&mut snapshot, evidence).await?;
        }
        walk.removed(&mut snapshot).await?;
        walk.writers(&mut snapshot).await?;
        walk.edges(&mut snapshot).await
    }
}

/// A walk over the chains, writer by writer, and then over the rows.
struct Walk<'v> {
    found: &'v mut Verification,
    noted: Option<&'v str>,
    ledger: Ledger,
    /// Number and hash of the last link, as they are in the file.
    last: Head,
    /// The rule set that was put into force last.
    rule_set: Option<String>,
    /// The writers of which links tell.
    writers: Vec<Began>,
}

impl Walk<'_> {
    async fn links(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let mut rows = Rows::of(connection, sql::LINKS);
        while let Some(row) = rows.next().await? {
            self.link(&row);
        }
        if let Some(newest) = self.found.chains.last() {
            self.found.head = Some(newest.head.clone());
            self.found.whole_from = newest.whole_from;
        }
        Ok(())
    }

    fn link(&mut self, row: &SqliteRow) {
        use sqlx::Row as _;
        let seq: i64 = row.try_get("seq").unwrap_or_default();
        let part: String = row.try_get("part").unwrap_or_default();
        let body: Vec<u8> = row.try_get("body").unwrap_or_default();
        let hash: Vec<u8> = row.try_get("hash").unwrap_or_default();
        let hash = Hash::try_from(hash.as_slice()).ok();
        let writer = WriterId::of(seq);
        if WriterId::of(self.last.seq) != writer {
            self.last = Head::before_first(writer);
        }
        let before = self.last;
        let is_next = before.seq.checked_add(1) == Some(seq);
        let fits = is_next && hash == Some(link_hash(&before.hash, seq, &body));
        let decoded = decode(&body).filter(|decoded| decoded.table == part);
        let is_known = decoded
            .as_ref()
            .is_some_and(|link| self.take_in(seq, &body, link));
        let is_whole = fits && is_known;
        if !is_whole {
            let (number, last) = (Numbered(seq), Numbered(before.seq));
            let what = match (is_next, fits) {
                (false, _) => format!(
                    "link {number} follows on link {last}: what was between them is gone, or it was put in"
                ),
                (true, false) => format!(
                    "link {number} does not follow from link {last}: one of them was changed"
                ),
                (true, true) => format!("link {number} says what riskd does not write"),
            };
            self.found.add(Finding {
                kind: FindingKind::Link,
                table: Some(part),
                id: decoded.as_ref().and_then(key_of),
                at: decoded.as_ref().and_then(time_of),
                link: Some(seq),
                what,
            });
        }
        let hash = hash.unwrap_or_default();
        if self.noted.is_some_and(|noted| noted == hex(&hash)) {
            self.found.noted = Some(seq);
        }
        self.last = Head { seq, hash };
        self.count(writer, is_whole);
    }

    /// Counts the last link to its writer's chain.
    fn count(&mut self, writer: WriterId, is_whole: bool) {
        self.found.links = self.found.links.saturating_add(1);
        let Head { seq, hash } = self.last;
        let head = ChainHead {
            seq,
            hash: hex(&hash),
        };
        let from = if is_whole { seq } else { seq.saturating_add(1) };
        match self.found.chains.last_mut() {
            Some(chain) if chain.writer == writer => {
                chain.links = chain.links.saturating_add(1);
                chain.head = head;
                if !is_whole {
                    chain.whole_from = from;
                }
            }
            _ => self.found.chains.push(WriterChain {
                writer,
                node: None,
                links: 1,
                head,
                whole_from: from,
            }),
        }
    }

    /// Notes what a link says; `false` when that makes no sense.
    fn take_in(&mut self, seq: i64, body: &[u8], link: &Decoded) -> bool {
        if link.table == BEGAN.table {
            self.found.began = time_of(link);
            if let Some(Value::Integer(rows)) = link.field("rows") {
                self.found.taken_over = *rows;
            }
            return seq == 1 && link.change == BEGAN.name;
        }
        if link.table == WRITER_ADDED.table {
            let began = Began::of(link).filter(|one| one.writer == WriterId::of(seq));
            let began = began.filter(|one| self.writers.iter().all(|o| o.writer != one.writer));
            let Some(began) = began else {
                return false;
            };
            self.writers.push(began);
        }
        if link.table == RULE_SET_LOADED.table && link.change == RULE_SET_LOADED.name {
            self.rule_set = key_of(link);
        }
        self.ledger.note(seq, body, link)
    }

    async fn rows(
        &mut self,
        connection: &mut SqliteConnection,
        evidence: &Evidence,
    ) -> Result<(), Fault> {
        let mut differing = Vec::new();
        let mut rows = Rows::of(connection, evidence.rows);
        while let Some(row) = rows.next().await? {
            self.found.rows = self.found.rows.saturating_add(1);
            let (key, found) = self.ledger.compare(evidence, &row);
            if found.is_empty() {
                continue;
            }
            if differing.len() < MOST_FINDINGS {
                differing.push((key, time_in(&row), found));
            } else {
                self.found.omitted = self.found.omitted.saturating_add(1);
            }
        }
        drop(rows);
        for (key, at, found) in differing {
            for mismatch in found {
                let finding = told(connection, evidence, &key, at, mismatch).await?;
                self.found.add(finding);
            }
        }
        Ok(())
    }

    /// Tells of rows that links speak of and that are not there.
    async fn removed(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        for (table, key, seq) in self.ledger.left() {
            if self.found.findings.len() >= MOST_FINDINGS {
                self.found.omitted = self.found.omitted.saturating_add(1);
                continue;
            }
            let link = link(connection, seq).await?;
            let words: Vec<String> = link
                .iter()
                .flat_map(|link| link.fields.iter().skip(1))
                .filter(|(_, value)| *value != Value::Null)
                .map(|(name, value)| format!("{name} {value}"))
                .collect();
            self.found.add(Finding {
                kind: FindingKind::Removed,
                table: Some(table.to_owned()),
                id: Some(key.to_string()),
                at: link.as_ref().and_then(time_of),
                link: Some(seq),
                what: format!("the row is gone; it had {}", words.join(", ")),
            });
        }
        Ok(())
    }

    /// What is at the ends: the first link, the last one, and what rows
    /// outside of the tables of evidence say about them.
    async fn edges(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        if self.found.began.is_none() {
            let what = "the first link is gone, which says when the chain was begun";
            self.found.add_plain(FindingKind::Cut, None, what);
        }
        if self.noted.is_some() && self.found.noted.is_none() {
            let what = "no link has the noted head: the end of the chain was cut off or \
                        written anew since it was noted, or it is of another record";
            self.found.add_plain(FindingKind::Cut, None, what);
        }
        let stray: Vec<(i64, i64)> = sqlx::query_as(sql::STRAY_REQUEST_INTENTS)
            .fetch_all(&mut *connection)
            .await?;
        for (intent, request) in stray {
            self.found.add(Finding {
                kind: FindingKind::Inserted,
                table: Some("request_intents".to_owned()),
                id: Some(format!("{intent}, {request}")),
                at: None,
                link: None,
                what: format!("it names request {request}, which is not there"),
            });
        }
        let in_force: Option<String> = sqlx::query_scalar(sql::RULES_HASH)
            .fetch_optional(&mut *connection)
            .await?;
        if in_force != self.rule_set {
            self.found.add(Finding {
                kind: FindingKind::Edited,
                table: Some("meta".to_owned()),
                id: Some("rules_hash".to_owned()),
                at: None,
                link: None,
                what: format!(
                    "it names rule set {}, and the chain says that {} was put into force last",
                    in_force.as_deref().unwrap_or("none"),
                    self.rule_set.as_deref().unwrap_or("none")
                ),
            });
        }
        Ok(())
    }
}
