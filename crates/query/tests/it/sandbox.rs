//! Databases with a few rows on which any query is tried and undone, by several callers. Shared with the fuzz target `query`.

use std::sync::Arc;

use atomicbase_core::{Caller, Limits, Problem, Scopes, Subject};
use db::{Batch, Database, DatabaseStore, EmbeddedStore, Mode, Statement, Workers, build_image};
use query::{Query, Scope, Transaction, Verb, compile_batch, parse_batch};
use schema::{Template, create_statements, quote};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Fails, so that a write is tried and nothing is kept.
const UNDO: &str = "SELECT abs(-9223372036854775808)";

/// What stands in our SQL and in the driver's words, and belongs in no answer.
const INTERNAL: [&str; 6] = ["_atomicbase", "sqlite_", "SELECT ", " FROM ", "json_extract", "?1"];

/// How many callers try a query; the first one is a key.
pub const CALLERS: usize = 5;

/// One template's database.
pub struct Sandbox {
    runtime: tokio::runtime::Runtime,
    database: Arc<dyn Database>,
    template: Template,
    limits: Limits,
    callers: [Caller; CALLERS],
    /// Every row, as the database has it.
    rows: String,
    _folder: tempfile::TempDir,
}

/// What came of a query.
#[derive(Debug, PartialEq)]
pub enum Tried {
    /// It is no JSON.
    Unread,
    /// It was refused as the client's fault, with these words.
    Refused(String),
    /// It was answered.
    Answered(String),
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
        let (limits, callers, rows_before) = (Limits::default(), callers(), String::new());
        let mut sandbox =
            Self { runtime, database, template, limits, callers, rows: rows_before, _folder: folder };
        let rows: serde_json::Map<String, Value> = serde_json::from_slice(rows).unwrap();
        for (table, rows) in rows {
            let body = json!({ "data": rows }).to_string();
            let raw: &RawValue = serde_json::from_str(&body).unwrap();
            let query = sandbox.scope(0).compile(Verb::Insert, &table, raw, "").unwrap();
            let (_, batch) = Transaction::new(vec![query], &sandbox.limits);
            sandbox.runtime.block_on(sandbox.database.run(batch)).unwrap();
        }
        sandbox.rows = sandbox.read_rows();
        sandbox
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<&str> {
        self.template.tables.iter().map(|table| table.name.as_str()).collect()
    }

    /// Tries a body. Whatever compiles must run, whatever is refused must be the client's fault, and nothing is left of it.
    pub fn try_query(&self, who: usize, verb: Verb, table: &str, body: &[u8]) -> Tried {
        let Ok(raw) = serde_json::from_slice::<&RawValue>(body) else { return Tried::Unread };
        let tried = match self.scope(who).compile(verb, table, raw, "") {
            Ok(query) => self.run(vec![query], Transaction::answer),
            Err(problem) => refused(&problem),
        };
        self.check_words(who, &format!("{table} {}", raw.get()), &tried);
        tried
    }

    /// Tries the body of a batch.
    pub fn try_batch(&self, who: usize, body: &[u8]) -> Tried {
        let Ok(raw) = serde_json::from_slice::<&RawValue>(body) else { return Tried::Unread };
        let queries = parse_batch(raw, &self.limits)
            .and_then(|operations| compile_batch(&self.scope(who), &operations, true));
        let tried = match queries {
            Ok(queries) => self.run(queries, Transaction::batch_answer),
            Err(problem) => refused(&problem),
        };
        self.check_words(who, raw.get(), &tried);
        tried
    }

    fn run(
        &self,
        queries: Vec<Query>,
        answer: fn(&Transaction, &db::Outcome) -> Result<Vec<u8>, Problem>,
    ) -> Tried {
        let (transaction, mut batch) = Transaction::new(queries, &self.limits);
        let last = batch.statements.len();
        let writes = batch.mode == Mode::Write;
        if writes {
            batch.statements.push(Statement::query(UNDO, vec![]));
        }
        let tried = match self.runtime.block_on(self.database.run(batch)) {
            Ok(outcome) => match answer(&transaction, &outcome) {
                Ok(answer) => {
                    serde_json::from_slice::<Value>(&answer).expect("an answer is JSON");
                    Tried::Answered(String::from_utf8(answer).unwrap())
                }
                Err(problem) => refused(&problem),
            },
            Err(error) if error.statement == Some(last) => Tried::Answered(String::new()),
            Err(error) => refused(&transaction.explain(error)),
        };
        if writes {
            assert_eq!(self.read_rows(), self.rows, "a write was not undone");
        }
        tried
    }

    fn read_rows(&self) -> String {
        let tables = self.template.tables.iter();
        let all = tables.fold(Batch::read(), |batch, table| {
            batch.with(Statement::query(format!("SELECT * FROM {}", quote(&table.name)), vec![]))
        });
        let outcome = self.runtime.block_on(self.database.run(all)).unwrap();
        outcome.statements.iter().map(|statement| format!("{:?}", statement.rows)).collect()
    }

    /// Nothing of how it is done is said, and nothing that is hidden, but what the body itself says.
    fn check_words(&self, who: usize, body: &str, tried: &Tried) {
        let (Tried::Refused(text) | Tried::Answered(text)) = tried else { return };
        for word in INTERNAL.into_iter().chain(self.hidden(who)) {
            assert!(!text.contains(word) || body.contains(word), "{word:?} by {who} in {text}\nof {body}");
        }
    }

    /// The columns that the role of a caller does not see, and is not told of.
    fn hidden(&self, who: usize) -> Vec<&str> {
        let Caller::Subject { subject, .. } = &self.callers[who] else { return Vec::new() };
        let role = subject.role.as_deref().unwrap_or_default();
        let policies = self.template.policies.iter().flat_map(|policies| policies.0.values());
        let rules = policies.filter_map(|roles| match roles.get(role) {
            Some(schema::RolePolicy::Rules(rules)) => Some(rules),
            _ => None,
        });
        rules.flat_map(|rules| rules.hidden.iter().map(String::as_str)).collect()
    }

    fn scope(&self, who: usize) -> Scope<'_> {
        Scope::new(&self.template, &self.limits, &self.callers[who], "db", &[7; 32]).bigint(true)
    }
}

/// Who tries the queries.
pub fn callers() -> [Caller; CALLERS] {
    let subject = |role: &str| {
        let (user, role) = (Some("ada".to_owned()), Some(role.to_owned()));
        Caller::Subject { subject: Subject { user, organization: None, role }, database: None }
    };
    let key = Caller::Key { id: None, scopes: Scopes::ALL, database: None };
    [key, subject("member"), subject("editor"), subject("viewer"), Caller::Anonymous]
}

fn refused(problem: &Problem) -> Tried {
    assert!((400..500).contains(&problem.code().status()), "{problem:?}");
    assert!(!problem.detail().is_empty());
    let faults = serde_json::to_string(problem.errors()).unwrap();
    let hint = problem.hint_text().unwrap_or_default();
    Tried::Refused(format!("{} {} {hint} {faults}", problem.code().as_str(), problem.detail()))
}
