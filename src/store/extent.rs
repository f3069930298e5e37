//! How large the record is.

use std::path::Path;

use super::error::StoreError;
use super::instance::beside;
use super::read::Reader;
use super::sql;
use super::time::from_millis;
use crate::domain::observation::Timestamp;

/// How large the record is, and how far back it has full detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The file, in bytes.
    pub bytes: u64,
    /// The write-ahead log beside it, in bytes.
    pub log_bytes: u64,
    /// What of the file is free and used again before it grows, in bytes.
    pub free_bytes: u64,
    /// The oldest sample from which on every sample is kept; `None` while there
    /// is none.
    pub full_since: Option<Timestamp>,
}

impl Reader {
    /// How large the record is now.
    ///
    /// # Errors
    /// Any [`StoreError`] of reading.
    pub async fn extent(&self) -> Result<Extent, StoreError> {
        let free: i64 = sqlx::query_scalar(sql::FREE_BYTES)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let since: Option<i64> = sqlx::query_scalar(sql::FULL_SINCE)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let since = since.map(from_millis).transpose();
        Ok(Extent {
            bytes: size(&self.path).map_err(|error| StoreError::io(&self.path, error))?,
            log_bytes: size(&beside(&self.path, "-wal")).unwrap_or(0),
            free_bytes: u64::try_from(free).unwrap_or(0),
            full_since: since.map_err(|fault| self.failed(fault))?,
        })
    }
}

fn size(path: &Path) -> std::io::Result<u64> {
    std::fs::metadata(path).map(|metadata| metadata.len())
}
