//! The data folder's lock, so that embedded files have one owning process, and the limit of open files.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::error::{DbError, ErrorKind};

/// Held for as long as this process owns the folder; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Makes `folder` this process's own, or says who has it.
pub fn lock_folder(folder: &Path) -> Result<FolderLock, DbError> {
    let path = folder.join("lock");
    let unavailable =
        |error: std::io::Error| DbError::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()));
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(unavailable)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(DbError::new(ErrorKind::Busy, format!("another process already serves {}", folder.display())))
        }
        Err(error) => Err(unavailable(error.into())),
    }
}

/// Raises the soft limit of open files to the hard one and answers it.
#[must_use]
pub fn raise_descriptor_limit() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    // Where the system refuses, the limit there was is the one to live with.
    if setrlimit(Resource::Nofile, limit).is_ok() { limit.current } else { before }.unwrap_or(u64::MAX)
}
