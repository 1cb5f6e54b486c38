//! Tenant databases as files of one folder: made from an image, opened, moved to the trash, listed.

use std::fs::{self, File};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::connection::{Connection, OpenOptions};
use super::database::EmbeddedDatabase;
use super::lanes::Lane;
use super::workers::{Workers, lock};
use crate::engine::{Database, DatabaseStore, Future, Image};
use crate::error::{DbError, ErrorKind};

/// Most files made durable by one sync.
const GROUP: usize = 256;

/// Files in a folder, owned by this process.
pub struct EmbeddedStore(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    trash: PathBuf,
    workers: Arc<Workers>,
    /// Files that are made, and files that are opened or dropped.
    making: Lane,
    moving: Lane,
    creations: Mutex<Creations>,
}

#[derive(Default)]
struct Creations {
    waiting: Vec<Creation>,
    drained: bool,
}

struct Creation {
    path: PathBuf,
    image: Image,
    reply: oneshot::Sender<Result<(), DbError>>,
}

impl EmbeddedStore {
    /// Keeps databases in `folder`, and dropped ones in its `trash`; makes both where missing.
    pub fn open(folder: &Path, workers: Arc<Workers>) -> Result<Self, DbError> {
        let trash = folder.join("trash");
        fs::create_dir_all(&trash).map_err(|error| of_io(&error))?;
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            trash,
            making: workers.writes.lane(),
            moving: workers.files.lane(),
            workers,
            creations: Mutex::new(Creations::default()),
        })))
    }

    /// Runs blocking work of the store on a thread for it.
    fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, DbError> + Send + 'static,
    ) -> Future<'_, Result<T, DbError>> {
        let (reply, answer) = oneshot::channel();
        let inner = Arc::clone(&self.0);
        self.0.moving.submit_always(move || drop(reply.send(work(&inner))));
        Box::pin(async { answer.await.unwrap_or_else(|_| Err(interrupted())) })
    }
}

impl DatabaseStore for EmbeddedStore {
    fn create(&self, name: &str, image: Image) -> Future<'_, Result<(), DbError>> {
        let (reply, answer) = oneshot::channel();
        let path = match self.0.path(name) {
            Ok(path) => path,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let mut creations = lock(&self.0.creations);
        creations.waiting.push(Creation { path, image, reply });
        if !std::mem::replace(&mut creations.drained, true) {
            let inner = Arc::clone(&self.0);
            self.0.making.submit_always(move || inner.create_waiting());
        }
        Box::pin(async { answer.await.unwrap_or_else(|_| Err(interrupted())) })
    }

    fn open(&self, name: &str) -> Future<'_, Result<Arc<dyn Database>, DbError>> {
        let name = name.to_owned();
        self.on_thread(move |inner| {
            let path = inner.path(&name)?;
            let database = EmbeddedDatabase::open(path, OpenOptions::TENANT, Arc::clone(&inner.workers))?;
            Ok(database as Arc<dyn Database>)
        })
    }

    fn drop_database(&self, name: &str) -> Future<'_, Result<(), DbError>> {
        let name = name.to_owned();
        self.on_thread(move |inner| inner.move_to_trash(&name))
    }

    fn list(&self) -> Future<'_, Result<Vec<String>, DbError>> {
        self.on_thread(|inner| {
            let mut names = Vec::new();
            for entry in fs::read_dir(&inner.folder).map_err(|error| of_io(&error))? {
                let entry = entry.map_err(|error| of_io(&error))?;
                if let Some(name) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".db")) {
                    names.push(name.to_owned());
                }
            }
            names.sort_unstable();
            Ok(names)
        })
    }
}

impl Inner {
    /// The file of a database. Names are ids, so a name that could leave the folder is no name.
    fn path(&self, name: &str) -> Result<PathBuf, DbError> {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain {
            return Err(DbError::new(ErrorKind::Missing, "there is no such database"));
        }
        Ok(self.folder.join(format!("{name}.db")))
    }

    /// Makes the files that wait, a group at a time.
    fn create_waiting(self: Arc<Self>) {
        let group = {
            let mut creations = lock(&self.creations);
            let count = creations.waiting.len().min(GROUP);
            creations.waiting.drain(..count).collect::<Vec<_>>()
        };
        let made = catch_unwind(AssertUnwindSafe(|| self.make(group)));
        // Also after a panic: those who wait behind it would wait for ever.
        let mut creations = lock(&self.creations);
        creations.drained = !creations.waiting.is_empty();
        if creations.drained {
            let inner = Arc::clone(&self);
            self.making.submit_always(move || inner.create_waiting());
        }
        drop(creations);
        made.unwrap_or_else(|panic| resume_unwind(panic));
    }

    /// Writes files and syncs them together: alone a file and its folder, many by one sync of the disk.
    fn make(&self, group: Vec<Creation>) {
        let written: Vec<Result<File, DbError>> = group.iter().map(write_image).collect();
        let synced = self.sync(&written);
        for (creation, written) in group.into_iter().zip(written) {
            let made = written.is_ok();
            let outcome = written.and(synced.clone());
            if outcome.is_err() && made {
                remove_leftover(&creation.path);
            }
            drop(creation.reply.send(outcome));
        }
    }

    fn sync(&self, written: &[Result<File, DbError>]) -> Result<(), DbError> {
        let files: Vec<&File> = written.iter().filter_map(|file| file.as_ref().ok()).collect();
        let folder = File::open(&self.folder).map_err(|error| of_io(&error))?;
        match files.as_slice() {
            [] => Ok(()),
            [file] => file.sync_all().and_then(|()| folder.sync_all()).map_err(|error| of_io(&error)),
            _ => rustix::fs::syncfs(&folder).map_err(|error| of_io(&error.into())),
        }
    }

    fn move_to_trash(&self, name: &str) -> Result<(), DbError> {
        let path = self.path(name)?;
        // The log goes into the file first: a file that moves without its log loses what was committed last.
        Connection::open(&path, OpenOptions::TENANT)?.fold_log()?;
        let log = path.with_extension("db-wal");
        let moved = fs::rename(&path, self.trash.join(format!("{name}.db")))
            .and_then(|()| if log.exists() { fs::remove_file(&log) } else { Ok(()) });
        let sync = |folder: &Path| File::open(folder).and_then(|folder| folder.sync_all());
        moved
            .and_then(|()| sync(&self.trash))
            .and_then(|()| sync(&self.folder))
            .map_err(|error| of_io(&error))
    }
}

fn write_image(creation: &Creation) -> Result<File, DbError> {
    let mut file = File::create_new(&creation.path).map_err(|error| of_io(&error))?;
    file.write_all(&creation.image.0).map_err(|error| {
        remove_leftover(&creation.path);
        of_io(&error)
    })?;
    Ok(file)
}

/// A file that was never acknowledged; if it cannot be removed it is a name that nobody knows.
fn remove_leftover(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::info!(%error, path = %path.display(), "an unfinished database stays behind");
    }
}

fn of_io(error: &std::io::Error) -> DbError {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::Missing,
        std::io::ErrorKind::StorageFull
        | std::io::ErrorKind::QuotaExceeded
        | std::io::ErrorKind::FileTooLarge => ErrorKind::Full,
        _ => ErrorKind::Unavailable,
    };
    DbError::new(kind, error.to_string())
}

fn interrupted() -> DbError {
    DbError::new(ErrorKind::Unavailable, "the work was interrupted")
}
