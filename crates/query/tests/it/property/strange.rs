//! Bodies that nobody meant: refused as the client's fault, or answered.

use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use serde_json::{Map, Value, json};

use super::config;
use crate::sandbox::{CALLERS, Sandbox, Tried};

const TEMPLATE: &[u8] = include_bytes!("../../fixtures/agency.json");
const ROWS: &[u8] = include_bytes!("../../fixtures/agency_rows.json");
/// Tables and columns called like what stands around them in our SQL.
const FORUM: &[u8] = include_bytes!("../../fixtures/forum.json");
/// Policies and a search.
const NEWSROOM: &[u8] = include_bytes!("../../fixtures/newsroom.json");
const NEWS: &[u8] = include_bytes!("../../fixtures/newsroom_with.json");

/// Words that mean something somewhere.
#[rustfmt::skip]
const WORDS: [&str; 109] = [
    "select", "where", "order", "limit", "offset", "data", "returning", "on_conflict", "target", "action",
    "update", "ignore", "replace", "from", "*", "asc", "desc", "and", "or", "not", "eq", "gt", "like",
    "glob", "in", "between", "is", "users", "projects", "tasks", "members", "id", "email", "name",
    "boss_id", "!boss_id", "users!boss_id", "owner_id", "project_id", "meta", "active", "t", "points", "",
    "t0", "group", "k", "i", "p1", "rowid", "excluded", "cursor", "distinct", "having", "count", "sum",
    "avg", "min", "max", "__fts", "fts", "match", "rank", "__rank", "highlight", "snippet", "column",
    "before", "after", "ellipsis", "tokens", "some", "none", "every", "__col", "__inc", "__auth", "$ref",
    "0.id", "0.0.t", "operations", "operation", "table", "body", "insert", "delete", "desks", "stories",
    "stories!desk_id", "!parent_id", "stories!story_tags", "tags", "story_tags", "audits", "title", "owner",
    "parent_id", "salary", "whisper", "meta->k", "stories.points", "users.name", "->a", "zebra", "apple*",
    "title : a", "NEAR(a b", "neq", "lte",
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
    let select = vec(
        field(&["select", "where", "order", "limit", "offset", "cursor", "distinct", "group", "having"]),
        0..4,
    );
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
    static NEWS_SANDBOX: Sandbox = Sandbox::new(NEWSROOM, NEWS);
}

/// Something like `{"stories": {"some": …}}`: an operand where one is wanted.
fn meant() -> impl Strategy<Value = Value> {
    let condition =
        || (word(), word(), scalar()).prop_map(|(name, word, value)| json!({name: {word: value}}));
    let related =
        (word(), word(), condition()).prop_map(|(name, word, condition)| json!({name: {word: [condition]}}));
    let labelled = (word(), word(), word()).prop_map(|(label, word, name)| json!({label: {word: name}}));
    let entry = prop_oneof![
        word().prop_map(Value::from),
        labelled,
        (word(), word()).prop_map(|(label, name)| json!({label: [name]}))
    ];
    let conditions = vec(prop_oneof![condition(), related], 0..3);
    let order = (word(), prop::sample::select(&["asc", "desc"][..]))
        .prop_map(|(name, direction)| json!({name: direction}));
    (vec(entry, 0..4), conditions, vec(order, 0..2), vec(word(), 0..2), any::<bool>()).prop_map(
        |(select, conditions, order, group, distinct)| {
            let mut body = Map::new();
            let lists = [
                ("select", select),
                ("where", conditions),
                ("order", order),
                ("group", group.into_iter().map(Value::from).collect()),
            ];
            body.extend(
                lists
                    .into_iter()
                    .filter(|(_, list)| !list.is_empty())
                    .map(|(name, list)| (name.to_owned(), list.into())),
            );
            body.extend(distinct.then(|| ("distinct".to_owned(), true.into())));
            body.into()
        },
    )
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn any_body_is_refused_or_runs(verb in verb(), table in word(), body in body(), who in 0..CALLERS) {
        let body = body.to_string();
        SANDBOX.with(|sandbox| sandbox.try_query(who, verb, &table, body.as_bytes()));
        for sandbox in [&FORUM_SANDBOX, &NEWS_SANDBOX] {
            sandbox.with(|sandbox| {
                for table in sandbox.tables() {
                    sandbox.try_query(who, verb, table, body.as_bytes());
                }
            });
        }
    }

    #[test]
    fn a_select_of_words_is_refused_or_runs(body in meant(), who in 0..CALLERS) {
        let body = body.to_string();
        for sandbox in [&SANDBOX, &FORUM_SANDBOX, &NEWS_SANDBOX] {
            sandbox.with(|sandbox| {
                for table in sandbox.tables() {
                    sandbox.try_query(who, Verb::Select { count: true }, table, body.as_bytes());
                }
            });
        }
    }

    #[test]
    fn any_bytes_are_refused_or_run(verb in verb(), bytes in vec(any::<u8>(), 0..64), who in 0..CALLERS) {
        SANDBOX.with(|sandbox| {
            sandbox.try_query(who, verb, "users", &bytes);
            sandbox.try_batch(who, &bytes);
        });
    }

    #[test]
    fn a_row_of_anything_is_refused_or_stored(fields in vec((word(), anything()), 0..4), on_conflict in anything()) {
        let row: Map<String, Value> = fields.into_iter().collect();
        for table in ["users", "projects", "excluded"] {
            let body = json!({"data": row, "on_conflict": on_conflict});
            SANDBOX.with(|sandbox| sandbox.try_query(0, Verb::Insert, table, body.to_string().as_bytes()));
            let body = json!({"data": row, "returning": ["*"]});
            SANDBOX.with(|sandbox| sandbox.try_query(0, Verb::Insert, table, body.to_string().as_bytes()));
        }
    }

    #[test]
    fn any_batch_is_refused_or_runs(operations in vec((verb(), word(), body()), 0..4), who in 0..CALLERS) {
        let name = |verb: &Verb| match verb {
            Verb::Select { .. } => "select",
            Verb::Insert => "insert",
            Verb::Update => "update",
            Verb::Delete => "delete",
        };
        let operations: Value = operations.iter().map(|(verb, table, body)| json!({"operation": name(verb), "table": table, "body": body})).collect();
        let body = json!({"operations": operations}).to_string();
        for sandbox in [&SANDBOX, &NEWS_SANDBOX] {
            sandbox.with(|sandbox| sandbox.try_batch(who, body.as_bytes()));
        }
    }
}

fn is_answered(tried: &Tried) -> bool {
    matches!(tried, Tried::Answered(_))
}

#[test]
fn the_sandbox_answers_what_is_meant() {
    let news = |who: usize, verb: Verb, table: &str, body: &str| {
        is_answered(&NEWS_SANDBOX.with(|sandbox| sandbox.try_query(who, verb, table, body.as_bytes())))
    };
    let agency = |verb: Verb, table: &str, body: &str| {
        is_answered(&SANDBOX.with(|sandbox| sandbox.try_query(0, verb, table, body.as_bytes())))
    };
    let select = Verb::Select { count: true };
    assert_eq!(SANDBOX.with(|sandbox| sandbox.tables().len()), 5);
    assert!(agency(select, "users", r#"{"select": ["*", {"tasks!author": ["id"]}]}"#));
    assert!(agency(Verb::Insert, "users", r#"{"data": {"email": "x"}}"#));
    assert!(agency(
        Verb::Update,
        "tasks",
        r#"{"data": {"points": {"__inc": 1}}, "where": {"id": {"eq": "t1"}}}"#
    ));
    assert!(!agency(Verb::Update, "tasks", r#"{"data": {"points": 100}, "where": {"id": {"eq": "t1"}}}"#));
    let least = r#"{"data": {"points": -9223372036854775808}, "where": {"id": {"eq": "t1"}}}"#;
    assert!(!agency(Verb::Update, "tasks", least));
    assert!(!agency(Verb::Delete, "users", r#"{"where": {"id": {"eq": "u1"}}}"#));
    assert!(agency(Verb::Delete, "projects", r#"{"where": {"id": {"eq": 1}}}"#));
    let search =
        r#"{"select": [{"h": {"highlight": "title"}}], "where": {"__fts": {"match": "apple NOT pie"}}}"#;
    assert!((0..4).all(|who| news(who, select, "stories", search)) && !news(4, select, "stories", search));
    let salary = r#"{"select": ["salary"]}"#;
    assert!(news(0, select, "stories", salary) && !news(1, select, "stories", salary));
    let batch = br#"{"operations": [
        {"operation": "insert", "table": "stories", "body": {"data": {"title": "t", "owner": "ada"}}},
        {"operation": "update", "table": "stories", "body": {"data": {"parent_id": {"$ref": "0.id"}}, "where": {"id": {"eq": 1}}}}]}"#;
    assert!((0..2).all(|who| is_answered(&NEWS_SANDBOX.with(|sandbox| sandbox.try_batch(who, batch)))));
}
