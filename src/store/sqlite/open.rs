//! Opening the record.

use std::path::{Path, PathBuf};

use sqlx::SqliteConnection;
use sqlx::migrate::Migrator;

use super::ahead;
use super::aside::{Aside, may_be_the_disk};
use super::chain;
use super::connection::{Checkpoints, Connection, connect, first_read, use_wal};
use super::disk::{FilesOfRecord, Mover};
use super::fault::Fault;
use super::files::{Changed, Files};
use super::instance::Instance;
use super::layout::{self, MIGRATIONS};
use super::path::{create_if_missing, refuse_other_files, resolve};
use super::rescue;
use super::restore;
use super::write::Tail;
use super::writers::{self, last_numbers};
use crate::domain::ids::{Numbered, WriterId};
use crate::domain::observation::Timestamp;
use crate::store::error::StoreError;
use crate::store::node::NodeName;

/// The record, open for writing by this process alone.
#[derive(Debug)]
pub struct Store {
    pub(super) path: PathBuf,
    pub(super) files: Files,
    pub(super) mover: Mover,
    checkpoints: Checkpoints,
    /// `None` after a failure that a new connection may get over.
    pub(super) connection: Option<Connection>,
    /// Who writes.
    pub(super) node: NodeName,
    pub(super) writer: WriterId,
    /// The number that the next batch is written under.
    pub(super) next_batch: i64,
    /// The highest number under which a batch was tried.
    pub(super) tried: i64,
    /// There while the record itself could not be opened for writing: the
    /// connection leads to this copy, which is for reading what was in force.
    aside: Option<Aside>,
    pub(super) opened: Timestamp,
    _instance: Instance,
}

impl Store {
    /// [`Store::open_as`] the one node that there is.
    ///
    /// # Errors
    /// As there.
    pub async fn open(path: &Path, now: Timestamp) -> Result<Store, StoreError> {
        Store::open_as(path, now, &NodeName::default()).await
    }

    /// Opens the record at `path`, making it if there is none and bringing its
    /// layout up to date. `now` is noted for whoever tries to open it too. What is
    /// written is numbered as this node's: where another one wrote last, under a
    /// new writer.
    ///
    /// # Errors
    /// Every [`StoreError`]; in particular [`StoreError::InUse`] when another
    /// riskd has it, [`StoreError::Corrupt`] when it is damaged and
    /// [`StoreError::Newer`] when this program is too old for it. A disk that
    /// cannot be written is none where there is a record: what was in force can
    /// be restored, and writes fail until the disk is well again.
    pub async fn open_as(
        path: &Path,
        now: Timestamp,
        node: &NodeName,
    ) -> Result<Store, StoreError> {
        Store::open_with(path, now, node, &MIGRATIONS).await
    }

    /// [`Store::open_as`] with other migrations than the program's.
    pub(super) async fn open_with(
        path: &Path,
        now: Timestamp,
        node: &NodeName,
        migrations: &Migrator,
    ) -> Result<Store, StoreError> {
        let path = resolve(path)?;
        let instance = Instance::claim(&path, now)?;
        create_if_missing(&path)?;
        refuse_other_files(&path)?;
        let opened = prepared(&path, now, node, migrations).await;
        let (opened, aside) = match opened {
            Ok(opened) => (opened, None),
            Err(error) if may_be_the_disk(&error) => {
                match set_aside(&path, now, node, migrations, &error).await {
                    Some((opened, aside)) => (opened, Some(aside)),
                    None => return Err(rescue::with_locks(error, &path).await),
                }
            }
            Err(error) => return Err(rescue::with_locks(error, &path).await),
        };
        Ok(Store {
            files: Files::of(&path)?,
            path,
            mover: Mover::default(),
            checkpoints: Checkpoints::Itself,
            connection: Some(opened.connection),
            node: node.clone(),
            writer: opened.writer,
            next_batch: opened.last_batch.saturating_add(1),
            tried: opened.last_batch,
            aside,
            opened: now,
            _instance: instance,
        })
    }

    /// Goes on with the record itself, where a start had to read a copy of it.
    ///
    /// # Errors
    /// As [`Store::open`], as long as the disk cannot be written.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        if self.aside.is_none() {
            return Ok(());
        }
        let (path, opened, node) = (self.path.clone(), self.opened, self.node.clone());
        // A future of SQLx's migrations cannot go from thread to thread, and
        // the writer's may: it is driven where it stays.
        let runtime = tokio::runtime::Handle::current();
        let preparing = tokio::task::spawn_blocking(move || {
            runtime.block_on(prepared(&path, opened, &node, &MIGRATIONS))
        });
        let prepared = match preparing.await {
            Ok(prepared) => prepared?,
            Err(error) => {
                let source = std::io::Error::other(error);
                return Err(StoreError::io(&self.path, source));
            }
        };
        self.files.note()?;
        self.connection = Some(prepared.connection);
        self.aside = None;
        tracing::info!(path = %self.path.display(), "the record can be written after all");
        Ok(())
    }

    /// The file, with its folder resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the record in order: what the write-ahead log holds goes into
    /// the file, unless a reader is still there.
    ///
    /// # Errors
    /// When the last of it could not be moved; nothing is lost then, the next
    /// [`Store::open`] finds it in the log.
    pub async fn close(mut self) -> Result<(), StoreError> {
        use sqlx::Connection as _;
        let connection = self.connection.take();
        report_tail(connection.as_ref().and_then(|c| c.tail.as_ref()), "closed");
        match connection {
            Some(connection) => connection
                .raw
                .close()
                .await
                .map_err(|error| Fault::from(error).at(&self.path)),
            None => Ok(()),
        }
    }

    /// Leaves it to another connection to move the log into the database.
    pub(super) fn checkpoint_elsewhere(&mut self) -> FilesOfRecord {
        self.checkpoints = Checkpoints::Elsewhere;
        FilesOfRecord {
            files: self.files.clone(),
            mover: Mover::clone(&self.mover),
            is_doubtful: false,
        }
    }

    /// Takes the writing connection out, or makes a new one. It is put back by
    /// whoever took it once it is known to be good: one that is dropped on the
    /// way (a failure, a cancelled future) rolls back by itself.
    pub(super) async fn take_connection(&mut self) -> Result<Connection, StoreError> {
        self.look().await?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.reconnected().await?,
        };
        connection.set(self.checkpoints, &self.path).await?;
        Ok(connection)
    }

    /// Sees that the files are still those that are open. Where one beside the
    /// database is not, what only this process has is brought back to the disk.
    ///
    /// # Errors
    /// [`StoreError::Replaced`], and [`StoreError::ReplacedBeside`] also where
    /// nothing was lost: it is to be told.
    pub(super) async fn look(&mut self) -> Result<(), StoreError> {
        match self.files.changed() {
            None => Ok(()),
            Some(Changed::Database) => Err(StoreError::Replaced {
                path: self.path.clone(),
            }),
            Some(Changed::Beside(_)) if self.aside.is_some() => Ok(()),
            Some(Changed::Beside(path)) => match self.connection.take() {
                Some(connection) => Err(self.save(connection, path).await),
                // The next connection opens, or makes, what is there.
                None => Ok(()),
            },
        }
    }

    /// A connection to the record that was open before.
    pub(super) async fn reconnected(&self) -> Result<Connection, StoreError> {
        let mut connection = connect(&self.path, self.checkpoints).await?;
        first_read(&mut connection.raw, &self.path).await?;
        self.files.note()?;
        Ok(connection)
    }
}

/// The record from a copy, when it cannot be written where it is.
async fn set_aside(
    path: &Path,
    now: Timestamp,
    node: &NodeName,
    migrations: &Migrator,
    why: &StoreError,
) -> Option<(Prepared, Aside)> {
    if std::fs::metadata(path).ok()?.len() == 0 {
        // A start that made the file got no further: nothing is in it.
        return None;
    }
    let aside = Aside::copy(path).ok()?;
    let opened = prepared(aside.file(), now, node, migrations).await.ok()?;
    tracing::error!(
        reason = why.in_full(),
        "the record cannot be written; what was in force is read from a copy, and riskd protects from memory until the disk is well again. A restart before that forgets what happens now"
    );
    Some((opened, aside))
}

/// A record that is sound and up to date.
struct Prepared {
    connection: Connection,
    writer: WriterId,
    /// The number of the writer's last batch.
    last_batch: i64,
}

/// Makes a record ready to be written by this node.
async fn prepared(
    path: &Path,
    now: Timestamp,
    node: &NodeName,
    migrations: &Migrator,
) -> Result<Prepared, StoreError> {
    let mut connection = connect(path, Checkpoints::Itself).await?;
    let found = layout::inspect(&mut connection.raw, path).await?;
    layout::check(&mut connection.raw, path, found).await?;
    use_wal(&mut connection.raw, path).await?;
    layout::update(&mut connection.raw, path, found, migrations).await?;
    layout::compare(&mut connection.raw, path, migrations).await?;
    let at = |fault: Fault| fault.at(path);
    let raw = &mut connection.raw;
    chain::begin(raw, now).await.map_err(at)?;
    ahead::put_rows(raw).await.map_err(at)?;
    let writer = writers::take_up(raw, node, now).await.map_err(at)?;
    let (last_batch, tail) = known(raw, path, writer).await?;
    report_tail(Some(&tail), "opened");
    connection.tail = Some(tail);
    Ok(Prepared {
        connection,
        writer,
        last_batch,
    })
}

/// The number of the last batch of a writer, in a record whose locks are those that
/// were written, and what its rows end with.
async fn known(
    connection: &mut SqliteConnection,
    path: &Path,
    writer: WriterId,
) -> Result<(i64, Tail), StoreError> {
    let at = |fault: Fault| fault.at(path);
    if let Some(found) = chain::check_locks(connection).await.map_err(at)? {
        return Err(StoreError::Corrupt {
            path: path.to_owned(),
            found,
            locks: None,
        });
    }
    let (last, _) = last_numbers(connection, writer).await.map_err(at)?;
    let tail = Tail::read(connection, writer).await.map_err(at)?;
    Ok((last, tail))
}

/// Refuses what a start refuses once the structure of the file is sound: one
/// without its tables, with other locks than were written, or with rows that it
/// cannot go by.
pub(super) async fn refuse_as_a_start(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let expected = layout::expected(path).await?;
    layout::compare_with(connection, path, expected).await?;
    let writer = writers::newest(connection).await;
    let writer = writer.map_err(|fault| fault.at(path))?;
    known(connection, path, writer).await?;
    let restored = restore::restored(connection, writer, Timestamp::UNIX_EPOCH).await;
    restored.map(drop).map_err(|fault| fault.at(path))
}

/// Has the head of the chain in the log, which is another place than the record.
fn report_tail(tail: Option<&Tail>, what: &'static str) {
    if let Some(Tail { head, .. }) = tail {
        let hash = chain::hex(&head.hash);
        tracing::info!(
            link = %Numbered(head.seq),
            "the record is {what}; the head of its chain is {hash}"
        );
    }
}
