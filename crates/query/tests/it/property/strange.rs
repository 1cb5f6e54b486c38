//! Bodies that nobody meant: refused as the client's fault, or answered.

use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use serde_json::{Map, Value, json};

use crate::sandbox::Sandbox;

const TEMPLATE: &[u8] = include_bytes!("../../fixtures/agency.json");
const ROWS: &[u8] = include_bytes!("../../fixtures/agency_rows.json");
/// Tables and columns called like what stands around them in our SQL.
const FORUM: &[u8] = include_bytes!("../../fixtures/forum.json");

/// Words that mean something somewhere.
const WORDS: [&str; 51] = [
    "select",
    "where",
    "order",
    "limit",
    "offset",
    "data",
    "returning",
    "on_conflict",
    "target",
    "action",
    "update",
    "ignore",
    "replace",
    "from",
    "*",
    "asc",
    "desc",
    "and",
    "or",
    "not",
    "eq",
    "gt",
    "like",
    "glob",
    "in",
    "between",
    "is",
    "users",
    "projects",
    "tasks",
    "members",
    "id",
    "email",
    "name",
    "boss_id",
    "!boss_id",
    "users!boss_id",
    "owner_id",
    "project_id",
    "meta",
    "active",
    "t",
    "points",
    "",
    "t0",
    "group",
    "k",
    "i",
    "p1",
    "rowid",
    "excluded",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![9 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        word().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3..9_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 48, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// A body with the right fields and whatever in them.
fn body() -> impl Strategy<Value = Value> {
    let field = |names: &'static [&'static str]| (prop::sample::select(names), anything());
    let select = vec(field(&["select", "where", "order", "limit", "offset"]), 0..4);
    let write = vec(field(&["data", "where", "returning", "on_conflict"]), 0..4);
    let fields = prop_oneof![select, write];
    prop_oneof![
        4 => fields.prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()),
        1 => anything(),
    ]
}

fn verb() -> impl Strategy<Value = Verb> {
    let verbs = [Verb::Select { count: true }, Verb::Insert, Verb::Update, Verb::Delete];
    prop::sample::select(verbs.to_vec())
}

thread_local! {
    static SANDBOX: Sandbox = Sandbox::new(TEMPLATE, ROWS);
    static FORUM_SANDBOX: Sandbox = Sandbox::new(FORUM, b"{}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_is_refused_or_runs(verb in verb(), table in word(), body in body()) {
        let body = body.to_string();
        SANDBOX.with(|sandbox| sandbox.try_query(verb, &table, body.as_bytes()));
        FORUM_SANDBOX.with(|sandbox| {
            for table in sandbox.tables() {
                sandbox.try_query(verb, table, body.as_bytes());
            }
        });
    }

    #[test]
    fn any_bytes_are_refused_or_run(verb in verb(), bytes in vec(any::<u8>(), 0..64)) {
        SANDBOX.with(|sandbox| sandbox.try_query(verb, "users", &bytes));
    }

    #[test]
    fn a_row_of_anything_is_refused_or_stored(fields in vec((word(), anything()), 0..4), on_conflict in anything()) {
        let row: Map<String, Value> = fields.into_iter().collect();
        for table in ["users", "projects", "excluded"] {
            let body = json!({"data": row, "on_conflict": on_conflict});
            SANDBOX.with(|sandbox| sandbox.try_query(Verb::Insert, table, body.to_string().as_bytes()));
            let body = json!({"data": row, "returning": ["*"]});
            SANDBOX.with(|sandbox| sandbox.try_query(Verb::Insert, table, body.to_string().as_bytes()));
        }
    }
}

#[test]
fn the_sandbox_answers_what_is_meant() {
    SANDBOX.with(|sandbox| {
        assert_eq!(sandbox.tables().len(), 5);
        assert!(sandbox.try_query(
            Verb::Select { count: true },
            "users",
            br#"{"select": ["*", {"tasks!author": ["id"]}]}"#
        ));
        assert!(sandbox.try_query(Verb::Insert, "users", br#"{"data": {"email": "x"}}"#));
        assert!(sandbox.try_query(
            Verb::Update,
            "tasks",
            br#"{"data": {"points": 1}, "where": {"id": {"eq": "t1"}}}"#
        ));
        assert!(!sandbox.try_query(
            Verb::Update,
            "tasks",
            br#"{"data": {"points": 100}, "where": {"id": {"eq": "t1"}}}"#
        ));
        assert!(!sandbox.try_query(
            Verb::Update,
            "tasks",
            br#"{"data": {"points": -9223372036854775808}, "where": {"id": {"eq": "t1"}}}"#
        ));
        assert!(!sandbox.try_query(Verb::Delete, "users", br#"{"where": {"id": {"eq": "u1"}}}"#));
        assert!(sandbox.try_query(Verb::Delete, "projects", br#"{"where": {"id": {"eq": 1}}}"#));
    });
}
