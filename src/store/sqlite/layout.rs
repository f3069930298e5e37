//! The layout of the file: what is there, whether it is sound, and bringing it
//! up to date.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};

use super::fault::{Fault, migration};
use super::instance::beside;
use super::sql;
use crate::store::error::StoreError;

/// The migrations of this program: version, name, text. The tests hold that these
/// are the files of the folder.
const MIGRATION_FILES: [(i64, &str, &str); 4] = [
    (
        1,
        "record",
        include_str!("../../../migrations/0001_record.sql"),
    ),
    (
        2,
        "chain and spans",
        include_str!("../../../migrations/0002_chain_and_spans.sql"),
    ),
    (3, "sent", include_str!("../../../migrations/0003_sent.sql")),
    (
        4,
        "writers",
        include_str!("../../../migrations/0004_writers.sql"),
    ),
];

/// The migrations of this program, as sqlx runs them.
pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(version, name, text): (i64, &'static str, &'static str)| {
        let (name, text) = (name.into(), text.into_sql_str());
        Migration::new(version, name, MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(MIGRATION_FILES.map(migration).to_vec())
});

/// Files up to this size, in bytes, are checked whole when they are opened,
/// which takes less than 0.1 s; of larger ones only the tables that decide what
/// riskd does.
const CHECKED_WHOLE: u64 = 8 << 20;

/// What marks a file as riskd's: "risk" in ASCII.
const APPLICATION_ID: i64 = 0x7269_736b;

/// The layout of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nothing is in it yet.
    Empty,
    /// The number of the newest migration that was applied.
    Version(i64),
}

/// The newest layout that `migrations` lead to.
pub(super) fn newest(migrations: &Migrator) -> i64 {
    migrations
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// What layout the file has.
pub(super) async fn inspect(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<Layout, StoreError> {
    let objects: i64 = one(connection, path, sql::COUNT_OBJECTS).await?;
    if objects == 0 {
        return Ok(Layout::Empty);
    }
    let application: i64 = one(connection, path, sql::APPLICATION_ID).await?;
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    one(connection, path, sql::NEWEST_MIGRATION)
        .await
        .map(Layout::Version)
}

/// Refuses a damaged file.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    path: &Path,
    found: Layout,
) -> Result<(), StoreError> {
    let size = std::fs::metadata(path)
        .map_err(|error| StoreError::io(path, error))?
        .len();
    // A large file in which nothing is found may be one whose first page is
    // damaged.
    let is_checked_whole = size <= CHECKED_WHOLE || found == Layout::Empty;
    if is_checked_whole {
        ask(connection, path, sql::CHECK_ALL).await?;
    } else {
        for check in sql::CHECK_VITAL {
            ask(connection, path, check).await?;
        }
    }
    if found != Layout::Empty {
        for check in sql::CHECK_INDEXED {
            ask(connection, path, check).await?;
        }
    }
    Ok(())
}

async fn ask(
    connection: &mut SqliteConnection,
    path: &Path,
    check: &'static str,
) -> Result<(), StoreError> {
    let found: String = one(connection, path, check).await?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(corrupt(path, found)),
    }
}

/// Refuses a file whose tables and indexes are not those that the migrations
/// make. What else is in it does no harm.
pub(super) async fn compare(
    connection: &mut SqliteConnection,
    path: &Path,
    migrations: &Migrator,
) -> Result<(), StoreError> {
    let expected = schema_of(migrations)
        .await
        .map_err(|error| migration(path, error))?;
    compare_with(connection, path, expected).await
}

/// What the program's migrations make.
pub(super) async fn expected(path: &Path) -> Result<Vec<Object>, StoreError> {
    // A future of SQLx's migrations cannot go from thread to thread: it is
    // driven where it stays.
    let runtime = tokio::runtime::Handle::current();
    let made = tokio::task::spawn_blocking(move || runtime.block_on(schema_of(&MIGRATIONS)));
    match made.await {
        Ok(schema) => schema.map_err(|error| migration(path, error)),
        Err(error) => Err(StoreError::io(path, std::io::Error::other(error))),
    }
}

/// [`compare`] with what was made before.
pub(super) async fn compare_with(
    connection: &mut SqliteConnection,
    path: &Path,
    expected: Vec<Object>,
) -> Result<(), StoreError> {
    let found = objects(connection)
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    for object in expected {
        if !found.contains(&object) {
            let (kind, name, _) = object;
            let what = format!("its {kind} {name} is not as riskd makes it");
            return Err(corrupt(path, what));
        }
    }
    Ok(())
}

/// Kind, name and text.
pub(super) type Object = (String, String, Option<String>);

async fn schema_of(migrations: &Migrator) -> Result<Vec<Object>, MigrateError> {
    let mut memory = SqliteConnection::connect("sqlite::memory:").await?;
    migrations.run(&mut memory).await?;
    let objects = objects(&mut memory).await?;
    memory.close().await?;
    Ok(objects)
}

async fn objects(connection: &mut SqliteConnection) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query_as(sql::OBJECTS).fetch_all(connection).await
}

fn corrupt(path: &Path, found: String) -> StoreError {
    StoreError::Corrupt {
        path: path.to_owned(),
        found,
        locks: None,
    }
}

/// Brings the file to the newest layout, after a copy of it if anything is in it.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    path: &Path,
    found: Layout,
    migrations: &Migrator,
) -> Result<(), StoreError> {
    let known = newest(migrations);
    match found {
        Layout::Version(found) if found > known => {
            return Err(StoreError::Newer {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Layout::Version(found) if found < known => copy(connection, path, known).await?,
        Layout::Version(_) | Layout::Empty => {}
    }
    migrations
        .run(connection)
        .await
        .map_err(|error| migration(path, error))
}

/// Copies the record to `<path>.before-<version>`. The copy is made under
/// another name first, so that one that was cut short is never taken for whole.
async fn copy(
    connection: &mut SqliteConnection,
    path: &Path,
    version: i64,
) -> Result<(), StoreError> {
    let whole = beside(path, &format!(".before-{version}"));
    let part = beside(path, &format!(".before-{version}.part"));
    // SQLite writes into an empty file that is there, and so keeps its mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(|error| StoreError::io(&part, error))?;
    sqlx::query(sql::COPY_INTO)
        .bind(part.to_string_lossy())
        .execute(&mut *connection)
        .await
        .map_err(|error| Fault::from(error).at(path))?;
    keep(&part, &whole).map_err(|error| StoreError::io(&whole, error))?;
    tracing::info!(copy = %whole.display(), "the record was copied before its layout changes");
    Ok(())
}

fn keep(part: &Path, whole: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    std::fs::rename(part, whole)?;
    sync_folder(whole)
}

/// Makes a new name in a folder survive a loss of power.
pub(super) fn sync_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

async fn one<T>(
    connection: &mut SqliteConnection,
    path: &Path,
    query: &'static str,
) -> Result<T, StoreError>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    sqlx::query_scalar(query)
        .fetch_one(connection)
        .await
        .map_err(|error| Fault::from(error).at(path))
}
