//! Databases with a few rows on which any query is tried and undone. Shared with the fuzz target `query`.

use std::sync::Arc;

use atomicbase_core::{Caller, Limits, Problem, Scopes};
use db::{Database, DatabaseStore, EmbeddedStore, Mode, Statement, Workers, build_image};
use query::{Scope, Transaction, Verb};
use schema::{Template, create_statements};
use serde_json::Value;
use serde_json::value::RawValue;

/// Fails, so that a write is tried and nothing is kept.
const UNDO: &str = "SELECT abs(-9223372036854775808)";

const KEY: Caller = Caller::Key { id: None, scopes: Scopes::ALL, database: None };

/// One template's database.
pub struct Sandbox {
    runtime: tokio::runtime::Runtime,
    database: Arc<dyn Database>,
    template: Template,
    limits: Limits,
    _folder: tempfile::TempDir,
}

impl Sandbox {
    /// A database of this template with these rows by table: `{"users": [{…}]}`.
    pub fn new(template: &[u8], rows: &[u8]) -> Self {
        let template = Template::parse_json(template).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let image = build_image(&create_statements(&template), 1).unwrap();
        let database = runtime.block_on(async {
            let store = EmbeddedStore::open(folder.path(), Workers::start(8).unwrap()).unwrap();
            store.create("db_1", image).await.unwrap();
            store.open("db_1").await.unwrap()
        });
        let sandbox = Self { runtime, database, template, limits: Limits::default(), _folder: folder };
        let rows: serde_json::Map<String, Value> = serde_json::from_slice(rows).unwrap();
        for (table, rows) in rows {
            let body = serde_json::json!({ "data": rows }).to_string();
            let raw: &RawValue = serde_json::from_str(&body).unwrap();
            let query = sandbox.scope().compile(Verb::Insert, &table, raw, "").unwrap();
            let (_, batch) = Transaction::new(vec![query], &sandbox.limits);
            sandbox.runtime.block_on(sandbox.database.run(batch)).unwrap();
        }
        sandbox
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<&str> {
        self.template.tables.iter().map(|table| table.name.as_str()).collect()
    }

    /// Tries a body. Whatever compiles must run, and whatever is refused must be the client's fault.
    /// True where it was answered.
    pub fn try_query(&self, verb: Verb, table: &str, body: &[u8]) -> bool {
        let Ok(body) = serde_json::from_slice::<&RawValue>(body) else { return false };
        let query = match self.scope().compile(verb, table, body, "") {
            Ok(query) => query,
            Err(problem) => return is_refusal(&problem),
        };
        let (transaction, mut batch) = Transaction::new(vec![query], &self.limits);
        let last = batch.statements.len();
        if batch.mode == Mode::Write {
            batch.statements.push(Statement::query(UNDO, vec![]));
        }
        match self.runtime.block_on(self.database.run(batch)) {
            Ok(outcome) => match transaction.answer(&outcome) {
                Ok(answer) => {
                    serde_json::from_slice::<Value>(&answer).expect("an answer is JSON");
                    true
                }
                Err(problem) => is_refusal(&problem),
            },
            Err(error) if error.statement == Some(last) => true,
            Err(error) => is_refusal(&transaction.explain(error)),
        }
    }

    fn scope(&self) -> Scope<'_> {
        Scope::new(&self.template, &self.limits, &KEY, "db", &[7; 32]).bigint(true)
    }
}

/// False: refused, as it should be.
fn is_refusal(problem: &Problem) -> bool {
    assert!((400..500).contains(&problem.code().status()), "{problem:?}");
    assert!(!problem.detail().is_empty());
    false
}
