//! A database of its own for each world, and the compiler under test.

use std::sync::{Arc, LazyLock};

use atomicbase_core::{Caller, Code, Limits, Problem};
use db::{Batch, Database, DatabaseStore, DbError, EmbeddedStore, Mode, Statement, Workers, build_image};
use query::{Query, Scope, Transaction, Verb, compile_batch, parse_batch};
use schema::{Table, Template, create_statements};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::world::Rows;

/// What runs the databases of one test.
static RUNTIME: LazyLock<(Runtime, Arc<Workers>)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (runtime, Workers::start(100).unwrap())
});

/// A database, and what compiles for it.
pub(crate) struct Bench {
    pub template: Template,
    pub limits: Limits,
    database: Arc<dyn Database>,
    /// Goes with the world: a thousand of them fill a disk.
    _folder: tempfile::TempDir,
}

impl Bench {
    /// A database of this template with these rows.
    pub(crate) fn new(template: Template, rows: &Rows, limits: Limits) -> Self {
        let image = build_image(&create_statements(&template), 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (runtime, workers) = &*RUNTIME;
        let store = EmbeddedStore::open(folder.path(), Arc::clone(workers)).unwrap();
        let database = runtime.block_on(async {
            store.create("db_1", image).await.unwrap();
            store.open("db_1").await.unwrap()
        });
        let bench = Self { template, limits, database, _folder: folder };
        bench.fill(rows);
        bench
    }

    fn fill(&self, rows: &Rows) {
        let inserts = self.template.tables.iter().map(|table| {
            let given = |row: &Value| -> Value {
                let columns = table.columns.iter().filter(|column| column.generated.is_none());
                columns.map(|column| (column.name.clone(), row[&column.name].clone())).collect()
            };
            let rows: Vec<Value> = rows[&table.name].iter().map(given).collect();
            json!({"operation": "insert", "table": table.name, "body": {"data": rows}})
        });
        self.ask_batch(&key(), &json!({"operations": inserts.collect::<Vec<_>>()}), None).unwrap();
    }

    fn scope<'a>(&'a self, caller: &'a Caller) -> Scope<'a> {
        Scope::new(&self.template, &self.limits, caller, "db_1", &[7; 32])
    }

    fn run(&self, batch: Batch) -> Result<db::Outcome, DbError> {
        RUNTIME.0.block_on(self.database.run(batch))
    }

    /// The answer of one operation, or why it is refused.
    pub(crate) fn ask(
        &self,
        caller: &Caller,
        verb: Verb,
        table: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        self.ask_at_most(caller, verb, table, body, None)
    }

    /// The same, of a write that may reach so many rows.
    pub(crate) fn ask_at_most(
        &self,
        caller: &Caller,
        verb: Verb,
        table: &str,
        body: &Value,
        most: Option<usize>,
    ) -> Result<Value, Refusal> {
        let scope = self.scope(caller).max_affected(most.map(|most| most.try_into().unwrap()));
        let query = scope.compile(verb, table, &raw(body), "")?;
        self.answer(vec![query], Transaction::answer)
    }

    /// The answer of a batch, each of whose writes may reach so many rows, or why it is refused.
    pub(crate) fn ask_batch(
        &self,
        caller: &Caller,
        body: &Value,
        most: Option<usize>,
    ) -> Result<Value, Refusal> {
        let body = raw(body);
        let operations = parse_batch(&body, &self.limits)?;
        let scope = self.scope(caller).max_affected(most.map(|most| most.try_into().unwrap()));
        let queries = compile_batch(&scope, &operations, true)?;
        self.answer(queries, Transaction::batch_answer)
    }

    fn answer(
        &self,
        queries: Vec<Query>,
        answer: fn(&Transaction, &db::Outcome) -> Result<Vec<u8>, Problem>,
    ) -> Result<Value, Refusal> {
        let (transaction, batch) = Transaction::new(queries, &self.limits);
        let said = format!("{batch:?}");
        let outcome = self.run(batch).map_err(|error| {
            let problem = transaction.explain(error);
            assert!(problem.code().status() < 500, "{problem:?}\n{said}");
            problem
        })?;
        let answer = String::from_utf8(answer(&transaction, &outcome)?).unwrap();
        let found: Value = serde_json::from_str(&answer).unwrap();
        // A name that stands twice would be lost here; digits may be, as far as floats go.
        let but_digits = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "");
        assert_eq!(but_digits(&found.to_string()), but_digits(&answer));
        Ok(found)
    }

    /// The template as it is pushed.
    pub(crate) fn template(&self) -> String {
        serde_json::to_string(&self.template).unwrap()
    }

    /// Every row of every table, in the order of their keys.
    pub(crate) fn rows(&self) -> Rows {
        let tables = self.template.tables.iter();
        let limit = json!({"limit": self.limits.max_rows});
        let read = |table: &Table| {
            let answer = self.ask(&key(), Verb::Select { count: false }, &table.name, &limit).unwrap();
            (table.name.clone(), answer["data"].as_array().unwrap().clone())
        };
        tables.map(read).collect()
    }

    /// Every full-text index holds what its table holds.
    pub(crate) fn check_searches(&self) {
        for table in self.template.tables.iter().filter(|table| table.fts.is_some()) {
            let name = schema::quote(&schema::fts_table_name(&table.name));
            let check = format!("INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)");
            self.run(Batch::new(Mode::Schema).with(Statement::new(check, Vec::new()))).unwrap();
        }
    }
}

fn raw(body: &Value) -> Box<RawValue> {
    RawValue::from_string(body.to_string()).unwrap()
}

/// Who may do everything.
pub(crate) fn key() -> Caller {
    Caller::Key { id: None, scopes: atomicbase_core::Scopes::ALL, database: None }
}

/// A refusal, which is the client's fault and says so.
pub(crate) struct Refusal {
    pub code: &'static str,
    detail: String,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        assert!((400..500).contains(&problem.code().status()), "{problem:?}");
        // Who has no name yet is told to give one where others are forbidden.
        let code = match problem.code() {
            Code::Unauthenticated => Code::Forbidden,
            code => code,
        };
        Self { code: code.as_str(), detail: problem.detail().to_owned() }
    }
}
