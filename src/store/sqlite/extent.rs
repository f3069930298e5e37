//! How large the record is.

use std::path::Path;

use super::instance::beside;
use super::read::Reader;
use super::sql;
use super::time::from_millis;
use crate::store::error::StoreError;
use crate::store::extent::Extent;

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
