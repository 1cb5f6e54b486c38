//! SQLite in this process: files in a folder, one owner. Reads run where they are asked, writes of a database share a sync.

mod authorize;
mod classify;
mod connection;
mod connections;
mod database;
mod execute;
mod folder;
mod group_commit;
mod lanes;
mod store;
mod workers;

pub(crate) use authorize::{Use, authorize};
pub(crate) use classify::classify;
pub(crate) use connection::Connection;
pub use connection::OpenOptions;
pub(crate) use database::EmbeddedDatabase;
pub use folder::{FolderLock, lock_folder, raise_descriptor_limit};
pub use store::EmbeddedStore;
pub use workers::{WorkerLimits, Workers};
