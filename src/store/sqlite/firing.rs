//! Reading one firing with all that came of it.

use super::columns::columns;
use super::fault::Fault;
use super::read::{MOST_ROWS, RawEntry, Reader};
use super::row::{Pairs, RawIntent, RawLock, RawRuleSet, from_json, from_name};
use super::sql;
use super::time::from_millis;
use crate::domain::ids::{FiringId, LockId, RequestId};
use crate::engine::record::AnswerRow;
use crate::store::batch::RuleSetRow;
use crate::store::error::StoreError;
use crate::store::report::{FiringReport, FiringView, IntentView, LockView, RequestView, SentView};

columns! {
    struct RawFiring {
        id: i64,
        account: String,
        rule: String,
        at: i64,
        actions: String,
        evidence: String,
        rules_hash: String,
    }
}

columns! {
    struct RawRequest {
        id: i64,
        account: String,
        write: String,
        target: Option<String>,
        round: u32,
        at: i64,
        sent_at: Option<i64>,
        unrecorded: Option<String>,
        answered_at: Option<i64>,
        outcome: Option<String>,
        status: Option<u16>,
        words: Option<String>,
        intents: String,
    }
}

impl Reader {
    /// The firing with this number and all that came of it; `None` when there
    /// is none.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn firing(&self, id: FiringId) -> Result<Option<FiringReport>, StoreError> {
        self.report(id).await.map_err(|fault| self.failed(fault))
    }

    async fn report(&self, id: FiringId) -> Result<Option<FiringReport>, Fault> {
        // One transaction, so that the parts fit together while a daemon writes.
        let mut snapshot = self.pool.begin().await?;
        let firing: Option<RawFiring> = sqlx::query_as(sql::FIRING)
            .bind(id.0)
            .fetch_optional(&mut *snapshot)
            .await?;
        let Some(firing) = firing.map(RawFiring::view).transpose()? else {
            return Ok(None);
        };
        let rule_set: Option<RawRuleSet> = sqlx::query_as(sql::RULE_SET)
            .bind(&firing.rules_hash)
            .fetch_optional(&mut *snapshot)
            .await?;
        let intents: Vec<RawIntent> = sqlx::query_as(sql::INTENTS_OF_FIRING)
            .bind(id.0)
            .fetch_all(&mut *snapshot)
            .await?;
        let requests: Vec<RawRequest> = sqlx::query_as(sql::REQUESTS_OF_FIRING)
            .bind(id.0)
            .bind(MOST_ROWS)
            .fetch_all(&mut *snapshot)
            .await?;
        let locks: Vec<RawLock> = sqlx::query_as(sql::LOCKS_OF_FIRING)
            .bind(id.0)
            .fetch_all(&mut *snapshot)
            .await?;
        let entries: Vec<RawEntry> = sqlx::query_as(sql::ENTRIES_OF_FIRING)
            .bind(id.0)
            .bind(MOST_ROWS)
            .fetch_all(&mut *snapshot)
            .await?;
        Ok(Some(FiringReport {
            firing,
            rule_set: rule_set.map(rule_set_row).transpose()?,
            intents: each(intents, intent_view)?,
            requests: each(requests, RawRequest::view)?,
            locks: each(locks, lock_view)?,
            entries: each(entries, RawEntry::entry)?,
        }))
    }
}

fn each<T, U>(rows: Vec<T>, read: impl Fn(T) -> Result<U, Fault>) -> Result<Vec<U>, Fault> {
    rows.into_iter().map(read).collect()
}

fn rule_set_row(raw: RawRuleSet) -> Result<RuleSetRow, Fault> {
    let kept = raw.kept()?;
    Ok(RuleSetRow {
        hash: kept.hash,
        text: kept.text,
        files: kept.files,
        loaded_at: kept.loaded_at,
    })
}

fn intent_view(raw: RawIntent) -> Result<IntentView, Fault> {
    let ended = match (raw.ended_at, raw.ended.as_deref()) {
        (Some(at), Some(end)) => Some((from_millis(at)?, from_name("end of an intent", end)?)),
        _ => None,
    };
    Ok(IntentView {
        intent: raw.intent()?,
        ended,
    })
}

fn lock_view(raw: RawLock) -> Result<LockView, Fault> {
    let lock = raw.lock()?;
    let ended = match raw.ended_at {
        Some(at) => Some((from_millis(at)?, raw.ended_reason.unwrap_or_default())),
        None => None,
    };
    Ok(LockView {
        id: LockId(raw.id),
        lock,
        replaced_by: raw.replaced_by.map(LockId),
        ended,
    })
}

impl RawFiring {
    fn view(self) -> Result<FiringView, Fault> {
        let Pairs(evidence) = from_json(&self.evidence)?;
        Ok(FiringView {
            id: FiringId(self.id),
            account: self.account,
            rule: self.rule,
            at: from_millis(self.at)?,
            actions: from_json(&self.actions)?,
            evidence,
            rules_hash: self.rules_hash,
        })
    }
}

impl RawRequest {
    fn view(self) -> Result<RequestView, Fault> {
        let id = RequestId(self.id);
        let answer = match (self.answered_at, self.outcome.as_deref()) {
            (Some(at), Some(outcome)) => Some(AnswerRow {
                request: id,
                at: from_millis(at)?,
                outcome: from_name("outcome of a request", outcome)?,
                status: self.status,
                words: self.words.unwrap_or_default(),
            }),
            _ => None,
        };
        let sent = match self.sent_at {
            Some(at) => Some(SentView {
                at: from_millis(at)?,
                unrecorded: self.unrecorded,
            }),
            None => None,
        };
        Ok(RequestView {
            id,
            account: self.account,
            write: self.write,
            target: self.target,
            round: self.round,
            at: from_millis(self.at)?,
            intents: from_json(&self.intents)?,
            sent,
            answer,
        })
    }
}
