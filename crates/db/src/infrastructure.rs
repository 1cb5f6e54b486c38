//! Databases of the product itself: opened, brought to the newest numbered migration, refused when newer than this program.

use std::path::Path;
use std::sync::Arc;

use crate::embedded::{Connection, EmbeddedDatabase, OpenOptions, Workers, classify};
use crate::engine::Database;
use crate::error::{DbError, ErrorKind};

/// One step of an infrastructure database. Forward only; never edited once released.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3, …
    pub number: u32,
    /// What it brings.
    pub name: &'static str,
    /// SQL statements.
    pub sql: &'static str,
}

/// Opens an infrastructure database and brings it to the last migration. Blocks.
///
/// Two processes may do this at once: each migration runs under the write lock, after a look at what is there.
pub fn open_infrastructure(
    workers: &Arc<Workers>,
    path: &Path,
    migrations: &[Migration],
) -> Result<Arc<dyn Database>, DbError> {
    let connection = Connection::open(path, OpenOptions::INFRASTRUCTURE)?;
    let migrated = migrate(connection.sqlite(), migrations);
    if migrated.is_err() {
        connection.roll_back();
    }
    connection.close();
    migrated?;
    let database = EmbeddedDatabase::open(path.to_owned(), OpenOptions::INFRASTRUCTURE, Arc::clone(workers))?;
    Ok(database)
}

fn migrate(sqlite: &rusqlite::Connection, migrations: &[Migration]) -> Result<(), DbError> {
    let sql = |error: rusqlite::Error| classify(&error);
    sqlite.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
    let applied: u32 = sqlite.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sql)?;
    let newest = migrations.last().map_or(0, |migration| migration.number);
    if applied > newest {
        let message =
            format!("it is at migration {applied}, newer than this program's {newest}: use a newer program");
        return Err(DbError::new(ErrorKind::Unavailable, message));
    }
    for migration in migrations.iter().filter(|migration| migration.number > applied) {
        sqlite.execute_batch(migration.sql).map_err(|error| {
            let error = classify(&error);
            DbError::new(
                error.kind,
                format!("migration {} ({}): {}", migration.number, migration.name, error.message),
            )
        })?;
        sqlite.pragma_update(None, "user_version", migration.number).map_err(sql)?;
    }
    sqlite.execute_batch("COMMIT").map_err(sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, Statement, Value};

    const FIRST: Migration =
        Migration { number: 1, name: "notes", sql: "CREATE TABLE notes(text TEXT) STRICT" };
    const SECOND: Migration =
        Migration { number: 2, name: "more", sql: "INSERT INTO notes VALUES ('second')" };

    #[tokio::test]
    async fn migrations_run_once_and_never_backwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenants.db");
        let workers = Workers::start(100).unwrap();
        drop(open_infrastructure(&workers, &path, &[FIRST]).unwrap());
        for _ in 0..2 {
            let database = open_infrastructure(&workers, &path, &[FIRST, SECOND]).unwrap();
            let count = Batch::read().with(Statement::query("SELECT count(*) FROM notes", vec![]));
            assert_eq!(database.run(count).await.unwrap().into_values(), [[Value::Integer(1)]]);
        }
        let error = open_infrastructure(&workers, &path, &[FIRST]).err().unwrap();
        assert!(error.message.contains("newer than this program"), "{error}");
    }

    #[test]
    fn eight_processes_may_start_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenants.db");
        let workers = Workers::start(100).unwrap();
        std::thread::scope(|scope| {
            let open = || open_infrastructure(&workers, &path, &[FIRST, SECOND]).map(drop);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        });
    }

    #[test]
    fn a_broken_migration_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenants.db");
        let workers = Workers::start(100).unwrap();
        let broken = Migration { number: 2, name: "broken", sql: "CREATE TABLE a(x); CREATE TABLE a(x)" };
        assert!(open_infrastructure(&workers, &path, &[FIRST, broken]).is_err());
        assert!(open_infrastructure(&workers, &path, &[FIRST, SECOND]).is_ok());
    }
}
