//! What every implementation of the tenant SQL seam does, whatever it is made of. An implementation runs all of it with
//! [`database_store_conformance!`].

pub mod reads;
pub mod stores;
pub mod writes;

use std::any::Any;
use std::sync::Arc;

use db::{Batch, Database, DatabaseStore, Statement, build_image};

/// An empty store, and what must live as long as it.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn DatabaseStore>,
    /// A folder, a server: dropped after the test.
    pub keep: Box<dyn Any + Send>,
}

/// A store with one database `db_1`: `notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE)`, at version 1.
struct Fixture {
    store: Arc<dyn DatabaseStore>,
    database: Arc<dyn Database>,
    _keep: Box<dyn Any + Send>,
}

impl Subject {
    async fn fixture(self) -> Fixture {
        self.store.create("db_1", build_image(&[CREATE.to_owned()], 1).unwrap()).await.unwrap();
        let database = self.store.open("db_1").await.unwrap();
        Fixture { store: self.store, database, _keep: self.keep }
    }
}

const CREATE: &str = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT";
/// Never ends by itself; each of its steps is short, so that it can be stopped.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn insert(id: i64, text: &str) -> Batch {
    Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, ?2)", vec![id.into(), text.into()]))
}

async fn texts(database: &Arc<dyn Database>) -> Vec<String> {
    let batch = Batch::read().with(Statement::query("SELECT text FROM notes ORDER BY id", vec![]));
    let rows = database.run(batch).await.unwrap().into_values();
    rows.into_iter().map(|row| row[0].as_text().unwrap().to_owned()).collect()
}

async fn count(database: &Arc<dyn Database>) -> i64 {
    let batch = Batch::read().with(Statement::query("SELECT count(*) FROM notes", vec![]));
    database.run(batch).await.unwrap().into_values()[0][0].as_integer().unwrap()
}

/// Makes one test of each case. `$start` is an async function that answers a [`Subject`].
#[macro_export]
macro_rules! database_store_conformance {
    ($start:path) => {
        $crate::database_store_conformance! { @cases $start:
            writes a_thousand_writers_all_get_their_row;
            writes a_failing_write_fails_alone;
            writes a_write_too_large_to_answer_is_undone;
            writes an_interrupted_write_takes_nobody_with_it;
            writes several_statements_are_all_or_nothing;
            writes a_write_compiled_for_another_version_does_nothing;
            writes a_schema_change_moves_the_version_with_it_or_not_at_all;
            reads a_slow_read_moves_to_another_thread_and_answers;
            reads an_endless_read_ends_at_its_deadline_and_the_database_goes_on;
            reads a_read_cannot_write;
            reads rows_come_as_json_with_their_hidden_keys;
            reads an_answer_has_a_largest_size;
            reads statements_of_a_read_see_the_same_rows;
            stores what_was_written_is_there_after_the_last_handle_is_gone;
            stores many_databases_are_made_at_once_and_none_twice;
            stores names_cannot_leave_the_folder;
            stores a_dropped_database_is_gone;
        }
    };
    (@cases $start:path: $($part:ident $case:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::conformance::$part::$case($start().await).await;
        }
    )+};
}
