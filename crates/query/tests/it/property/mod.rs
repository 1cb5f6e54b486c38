//! Any query on any rows answers what the product's description says, evaluated without SQL; and no body is too strange.

mod ask;
mod choices;
mod evaluate;
mod pattern;
mod strange;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use atomicbase_core::{Caller, Limits, Scopes};
use db::{Database, DatabaseStore, EmbeddedStore, Workers, build_image};
use proptest::collection::vec;
use proptest::prelude::*;
use query::{Query, Scope, Transaction, Verb};
use schema::{Template, create_statements};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use choices::Choices;
use evaluate::World;
use world::Rows;

const KEY: Caller = Caller::Key { id: None, scopes: Scopes::ALL, database: None };

/// Where the databases of one test are.
struct Store {
    runtime: Runtime,
    store: EmbeddedStore,
    created: AtomicU64,
    _folder: tempfile::TempDir,
}

static STORE: LazyLock<Store> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Workers::start(100).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Store { runtime, store, created: AtomicU64::new(0), _folder: folder }
});

/// A database of its own, and what compiles for it.
struct Bench {
    template: Template,
    limits: Limits,
    database: Arc<dyn Database>,
}

impl Bench {
    fn new(template: Template, limits: Limits) -> Self {
        let image = build_image(&create_statements(&template), 1).unwrap();
        let name = format!("db_{}", STORE.created.fetch_add(1, Ordering::Relaxed));
        let database = STORE.runtime.block_on(async {
            STORE.store.create(&name, image).await.unwrap();
            STORE.store.open(&name).await.unwrap()
        });
        Self { template, limits, database }
    }

    fn compile(&self, verb: Verb, table: &str, body: &Value) -> Query {
        let scope = Scope::new(&self.template, &self.limits, &KEY, "db", &[7; 32]);
        let text = body.to_string();
        let raw: &RawValue = serde_json::from_str(&text).unwrap();
        scope
            .compile(verb, table, raw, "")
            .unwrap_or_else(|problem| panic!("{problem} {problem:?}\n{table} {body}"))
    }

    fn run(&self, queries: Vec<Query>) -> (Transaction, db::Outcome) {
        let (transaction, batch) = Transaction::new(queries, &self.limits);
        let said = format!("{batch:?}");
        let outcome = STORE.runtime.block_on(self.database.run(batch));
        (transaction, outcome.unwrap_or_else(|error| panic!("{error:?}\n{said}")))
    }

    fn ask(&self, verb: Verb, table: &str, body: &Value) -> String {
        let (transaction, outcome) = self.run(vec![self.compile(verb, table, body)]);
        String::from_utf8(transaction.answer(&outcome).unwrap()).unwrap()
    }

    fn fill(&self, rows: &Rows) {
        let filled = self.template.tables.iter().filter_map(|table| Some((table, rows.get(&table.name)?)));
        let inserts =
            filled.map(|(table, rows)| self.compile(Verb::Insert, &table.name, &json!({"data": rows})));
        self.run(inserts.collect());
    }
}

/// Limits small enough to be met.
fn small_limits() -> Limits {
    Limits { default_rows: 5, nested_rows: 3, ..Limits::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_select_answers_what_the_naive_evaluation_answers(bytes in vec(any::<u8>(), 0..900)) {
        let mut choices = Choices::new(bytes);
        let template = world::template(&mut choices);
        let rows = world::rows(&template, &mut choices);
        let bench = Bench::new(template, small_limits());
        bench.fill(&rows);
        let (default_rows, nested_rows) = (5, 3);
        let world = World { template: &bench.template, rows: &rows, default_rows, nested_rows };
        for table in &bench.template.tables {
            for _ in 0..6 {
                let body = ask::select(&bench.template, table, &mut choices);
                let mut answer: Value =
                    serde_json::from_str(&bench.ask(Verb::Select { count: true }, &table.name, &body)).unwrap();
                answer.as_object_mut().unwrap().remove("next");
                prop_assert_eq!(answer.to_string(), world.select(&table.name, &body).to_string(), "{} {}", &table.name, body);
            }
        }
    }

    #[test]
    fn an_update_changes_what_a_select_finds_and_a_delete_removes_it(bytes in vec(any::<u8>(), 0..500)) {
        let mut choices = Choices::new(bytes);
        let template = world::template(&mut choices);
        let rows = world::rows(&template, &mut choices);
        let bench = Bench::new(template, small_limits());
        bench.fill(&rows);
        let world = World { template: &bench.template, rows: &rows, default_rows: 1_000, nested_rows: 3 };
        // The last table, to which no other refers.
        let table = bench.template.tables.last().unwrap();
        let filter = ask::conditions(table, &mut choices);
        let found = world.matching(table, &filter);
        let everything = |rows: Vec<&Value>| {
            let mut rows: Vec<String> = rows.into_iter().map(Value::to_string).collect();
            rows.sort();
            rows
        };
        let written = |answer: &str| {
            let answer: Value = serde_json::from_str(answer).unwrap();
            assert_eq!(answer["rows_affected"], answer["data"].as_array().unwrap().len());
            everything(answer["data"].as_array().unwrap().iter().collect())
        };
        if let Some(column) = table.columns.iter().find(|column| column.name.starts_with('v')) {
            let value = world::value(column, &mut choices);
            let body = json!({"data": {&column.name: value}, "where": filter, "returning": ["*"]});
            let changed: Vec<Value> = found.iter().map(|row| {
                let mut row = (*row).clone();
                row[&column.name] = value.clone();
                row
            }).collect();
            let answer = bench.ask(Verb::Update, &table.name, &body);
            prop_assert_eq!(written(&answer), everything(changed.iter().collect()), "{} {}", &table.name, body);
        }
        let is_referred = table.columns.iter().any(|c| c.references.as_ref().is_some_and(|r| r.table == table.name));
        let updated = table.columns.iter().any(|column| column.name.starts_with('v'));
        if !is_referred && !updated {
            let body = json!({"where": filter, "returning": "*"});
            let answer = bench.ask(Verb::Delete, &table.name, &body);
            prop_assert_eq!(written(&answer), everything(found.clone()), "{} {}", &table.name, body);
            let left: Value = serde_json::from_str(&bench.ask(Verb::Select { count: true }, &table.name, &json!({}))).unwrap();
            let kept = rows.get(&table.name).map_or(0, Vec::len) - found.len();
            prop_assert_eq!(&left["count"], &json!(kept));
        }
    }
}
