//! For any two templates between which there is a plan: migrating a database with rows gives the catalog that creating the
//! second template gives, keeps every row, and leaves the database sound.

use proptest::collection::vec;
use proptest::prelude::*;
use schema::{Table, Template, plan};
use serde_json::{Value, json};

use crate::database::Database;
use crate::search::{assert_search_agrees, remade, words};

const TABLES: usize = 4;
const COLUMNS: usize = 6;
const INDEXES: usize = 4;

/// Everything a table can have; a template takes a part of it.
#[derive(Clone, Debug)]
struct Whole {
    key: usize,
    columns: Vec<(Kind, usize)>,
    rows: usize,
}

/// Which parts of each table a template has.
#[derive(Clone, Debug)]
struct Part {
    table: bool,
    code: bool,
    columns: Vec<bool>,
    indexes: Vec<bool>,
    search: (usize, u8),
}

const TOKENIZERS: [Option<&str>; 4] =
    [None, Some("porter unicode61"), Some("trigram case_sensitive 1"), Some("ascii")];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    TextDefault,
    TextRequired,
    Enum,
    IntegerCheck,
    Real,
    Boolean,
    Json,
    JsonDefault,
    Clock,
    Blob,
    Virtual,
    Stored,
    ComparesWithPrevious,
    ComputedFromPrevious,
    RefersToKey,
    RefersToCode,
    Collated,
}

const KINDS: [Kind; 18] = [
    Kind::Text,
    Kind::TextDefault,
    Kind::TextRequired,
    Kind::Enum,
    Kind::IntegerCheck,
    Kind::Real,
    Kind::Boolean,
    Kind::Json,
    Kind::JsonDefault,
    Kind::Clock,
    Kind::Blob,
    Kind::Virtual,
    Kind::Stored,
    Kind::ComparesWithPrevious,
    Kind::ComputedFromPrevious,
    Kind::RefersToKey,
    Kind::RefersToCode,
    Kind::Collated,
];

/// Kinds that ALTER TABLE cannot add: rare, so that most pairs have a plan.
fn kind() -> impl Strategy<Value = Kind> {
    let rare = |kind: &Kind| matches!(kind, Kind::TextRequired | Kind::Clock | Kind::Stored);
    let (never, often): (Vec<Kind>, Vec<Kind>) = KINDS.iter().partition(|kind| rare(kind));
    prop_oneof![1 => proptest::sample::select(never), 30 => proptest::sample::select(often)]
}

/// Kinds that tie tables together, also in circles.
fn reference() -> impl Strategy<Value = Kind> {
    proptest::sample::select(vec![Kind::RefersToKey, Kind::RefersToCode])
}

fn whole(kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = Whole> {
    (0..5_usize, vec((kind, 0..100_usize), COLUMNS), 0..5_usize).prop_map(|(key, columns, rows)| Whole {
        key,
        columns,
        rows,
    })
}

fn part(tables: f64) -> impl Strategy<Value = Part> {
    let bits = |count| vec(any::<bool>(), count);
    // Half of the tables have no search.
    let search = (0..TOKENIZERS.len(), prop_oneof![Just(0), any::<u8>()]);
    (prop::bool::weighted(tables), any::<bool>(), bits(COLUMNS), bits(INDEXES), search)
        .prop_map(|(table, code, columns, indexes, search)| Part { table, code, columns, indexes, search })
}

fn template(wholes: &[Whole], parts: &[Part]) -> Template {
    let tables: Vec<Value> =
        (0..TABLES).filter(|t| parts[*t].table).map(|t| table(wholes, parts, t)).collect();
    let template = json!({"format": 1, "name": "any", "tables": tables});
    Template::parse(&template).unwrap_or_else(|errors| panic!("{errors:#?}\n{template:#}"))
}

fn table(wholes: &[Whole], parts: &[Part], t: usize) -> Value {
    let (whole, part) = (&wholes[t], &parts[t]);
    let (mut columns, key, auto_increment) = match whole.key {
        0 => (vec![json!({"name": "id", "type": "integer"})], json!(["id"]), false),
        1 => (vec![json!({"name": "id", "type": "integer"})], json!(["id"]), true),
        2 => (vec![json!({"name": "id", "type": "text"})], json!(["id"]), false),
        3 => (vec![json!({"name": "id", "type": "id"})], json!(["id"]), false),
        _ => {
            let columns =
                vec![json!({"name": "id", "type": "text"}), json!({"name": "part", "type": "integer"})];
            (columns, json!(["part", "id"]), false)
        }
    };
    let mut unique = Vec::new();
    if part.code {
        columns.push(json!({"name": "code", "type": "text"}));
        unique.push(json!(["code"]));
    }
    let mut present = vec!["id".to_owned()];
    for c in 0..COLUMNS {
        if part.columns[c]
            && let Some(mut column) = column(wholes, parts, t, c, &present)
        {
            present.push(format!("c{c}"));
            column["name"] = json!(format!("c{c}"));
            columns.push(column);
        }
    }
    let has = |name: &str| present.iter().any(|other| other == name);
    let mut indexes = Vec::new();
    if part.indexes[0] && has("c0") {
        indexes.push(json!({"name": format!("i{t}_a"), "columns": ["c0"]}));
    }
    if part.indexes[1] && has("c1") && has("c2") {
        indexes.push(json!({"name": format!("i{t}_b"), "columns": ["c2", "c1"], "where": "c1 IS NOT NULL"}));
    }
    if part.indexes[2] && has("c3") {
        indexes.push(json!({"name": format!("i{t}_c"), "columns": ["id", "c3"], "unique": true}));
    }
    if part.indexes[3] && part.code && has("c4") {
        unique.push(json!(["code", "c4"]));
    }
    let mut table = json!({"name": format!("t{t}"), "columns": columns, "primary_key": key,
        "auto_increment": auto_increment, "unique": unique, "indexes": indexes});
    let (tokenizer, picked) = part.search;
    let texts = table["columns"].as_array().unwrap().iter().filter(|column| column["type"] == "text");
    let searched =
        texts.enumerate().filter(|(i, _)| picked >> i & 1 == 1).map(|(_, column)| column["name"].clone());
    let searched: Vec<Value> = searched.collect();
    if !searched.is_empty() {
        table["fts"] = json!({"columns": searched});
        if let Some(tokenizer) = TOKENIZERS[tokenizer] {
            table["fts"]["tokenize"] = json!(tokenizer);
        }
    }
    table
}

/// The column, unless what it mentions is not there. `None` too for one that would only differ by what is there.
fn column(wholes: &[Whole], parts: &[Part], t: usize, c: usize, present: &[String]) -> Option<Value> {
    let (kind, salt) = wholes[t].columns[c];
    let previous = present.last().filter(|previous| c == 0 || **previous == format!("c{}", c - 1));
    let target = salt % TABLES;
    let action = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"][salt / TABLES % 4];
    Some(match kind {
        Kind::Text => json!({"type": "text"}),
        Kind::TextDefault => {
            json!({"type": "text", "not_null": true, "default": {"value": "it's; -- \"new\""}})
        }
        Kind::TextRequired => json!({"type": "text", "not_null": true}),
        Kind::Enum => {
            json!({"type": "text", "enum": ["v0", "v1", "v2", "v3", "o'k"], "default": {"value": "o'k"}})
        }
        Kind::IntegerCheck => {
            json!({"type": "integer", "check": format!("c{c} < 1000"), "default": {"value": i64::MIN}})
        }
        Kind::Real => json!({"type": "real", "not_null": true, "default": {"value": 1}}),
        Kind::Boolean => json!({"type": "boolean", "not_null": true, "default": {"value": salt % 2 == 0}}),
        Kind::Json => json!({"type": "json"}),
        Kind::JsonDefault => {
            json!({"type": "json", "not_null": true, "default": {"value": {"it's": [1, null]}}})
        }
        Kind::Clock => json!({"type": "timestamp", "not_null": true, "default": {"sql": "unixepoch()"}}),
        Kind::Blob => json!({"type": "blob", "not_null": true, "default": {"sql": "x'00ff'"}}),
        Kind::Virtual => json!({"type": "text", "generated": {"sql": "id || '-' || upper(\"id\")"}}),
        Kind::Stored => json!({"type": "text", "generated": {"sql": "'s' || [id]", "stored": true}}),
        Kind::ComparesWithPrevious => {
            json!({"type": "text", "check": format!("c{c} <> {} || 'no'", previous?)})
        }
        Kind::ComputedFromPrevious => {
            json!({"type": "integer", "generated": {"sql": format!("length({})", previous?)}})
        }
        Kind::RefersToKey => {
            let there = parts[target].table && wholes[target].key != 4;
            let integer = wholes[target].key < 2;
            let references = json!({"table": format!("t{target}"), "column": "id", "on_delete": action});
            there.then(
                || json!({"type": if integer { "integer" } else { "text" }, "references": references}),
            )?
        }
        Kind::RefersToCode => {
            let there = parts[target].table && parts[target].code;
            let references = json!({"table": format!("t{target}"), "column": "code", "on_delete": action});
            there.then(|| json!({"type": "text", "references": references}))?
        }
        Kind::Collated => json!({"type": "text", "collate": "NOCASE"}),
    })
}

/// Fills the database: `rows` rows in each table, the references pointing anywhere, also in circles.
fn fill(database: &Database, template: &Template, wholes: &[Whole]) {
    let transaction = database.0.unchecked_transaction().unwrap();
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON").unwrap();
    for table in &template.tables {
        let whole = of_table(wholes, &table.name);
        for row in 0..whole.rows {
            let (names, values): (Vec<String>, Vec<String>) = table
                .columns
                .iter()
                .filter(|column| column.generated.is_none())
                .map(|column| (schema::quote(&column.name), value(wholes, whole, table, &column.name, row)))
                .unzip();
            let sql =
                format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), values.join(", "));
            transaction.execute(&sql, []).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
    }
    transaction.commit().unwrap();
}

fn of_table<'a>(wholes: &'a [Whole], name: &str) -> &'a Whole {
    &wholes[name[1..].parse::<usize>().unwrap()]
}

fn value(wholes: &[Whole], whole: &Whole, table: &Table, name: &str, row: usize) -> String {
    let key = |whole: &Whole, row: usize| match whole.key {
        0 | 1 => format!("{}", row + 1),
        _ => format!("'k{row}'"),
    };
    let Some(c) = name.strip_prefix('c').and_then(|c| c.parse::<usize>().ok()) else {
        return match name {
            "code" => format!("'code{row}'"),
            "part" => format!("{row}"),
            _ => key(whole, row),
        };
    };
    let (kind, salt) = whole.columns[c];
    let column = table.column(name).unwrap();
    if !column.not_null && (row + salt).is_multiple_of(3) {
        return "NULL".to_owned();
    }
    let parent = column.references.as_ref().map(|reference| of_table(wholes, &reference.table));
    match (kind, parent) {
        (Kind::RefersToKey, Some(parent)) if parent.rows > 0 => key(parent, (row + salt) % parent.rows),
        (Kind::RefersToCode, Some(parent)) if parent.rows > 0 => {
            format!("'code{}'", (row + salt) % parent.rows)
        }
        (_, Some(_)) => "NULL".to_owned(),
        (Kind::IntegerCheck | Kind::Clock, _) => format!("{}", row * 7),
        (Kind::Real, _) => format!("{row}.25"),
        (Kind::Boolean, _) => format!("{}", row % 2),
        (Kind::Json | Kind::JsonDefault, _) => format!("'{{\"row\": {row}}}'"),
        (Kind::Blob, _) => format!("x'0{row}'"),
        _ => format!("'v{}'", row % 4),
    }
}

/// The rows of the columns that both templates have, in the order of the key.
fn kept_rows(database: &Database, old: &Template, new: &Template) -> Vec<Vec<String>> {
    let kept = old.tables.iter().filter_map(|table| new.table(&table.name).map(|other| (table, other)));
    kept.map(|(table, other)| {
        let shared = table.columns.iter().filter(|column| other.column(&column.name).is_some());
        let shared: Vec<String> =
            shared.map(|column| format!("quote({})", schema::quote(&column.name))).collect();
        let key = table.primary_key.join(", ");
        database.strings(&format!("SELECT {} FROM {} ORDER BY {key}", shared.join(", "), table.name))
    })
    .collect()
}

/// Every row that was there has a new column's constant default, or NULL.
fn assert_new_columns_filled(database: &Database, old: &Template, new: &Template) {
    for (before, table) in new.tables.iter().filter_map(|table| Some((old.table(&table.name)?, table))) {
        for column in
            table.columns.iter().filter(|c| before.column(&c.name).is_none() && c.generated.is_none())
        {
            let default = format!(
                "SELECT dflt_value FROM pragma_table_xinfo('{}') WHERE name = '{}'",
                table.name, column.name
            );
            let default = database.strings(&default).remove(0);
            let other =
                format!("SELECT count(*) FROM {} WHERE {} IS NOT ({default})", table.name, column.name);
            assert_eq!(database.strings(&other), ["0"], "{}.{}", table.name, column.name);
        }
    }
}

/// A table, a column and what is done, each as a number.
type Write = (usize, usize, usize);

/// Writes that may break a rule of the template, and then have done nothing.
fn write(database: &Database, template: &Template, writes: &[Write]) {
    for (t, c, what) in writes.iter().filter(|_| !template.tables.is_empty()) {
        let table = &template.tables[t % template.tables.len()];
        let plain: Vec<_> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
        let column = plain[c % plain.len()];
        let (name, key) = (schema::quote(&table.name), schema::quote(&table.primary_key[0]));
        let value = match column.sql_type() {
            "TEXT" => format!("'word{what} new'"),
            "BLOB" => format!("x'{what:02x}'"),
            _ => what.to_string(),
        };
        let set = format!("{} = {value}", schema::quote(&column.name));
        let integer = table.column(&table.primary_key[0]).unwrap().sql_type() == "INTEGER";
        let moved = format!("{key} {} {what}", if integer { "+" } else { "||" });
        let names: Vec<String> = plain.iter().map(|column| schema::quote(&column.name)).collect();
        let names = names.join(", ");
        let sql = match what % 5 {
            0 => format!("DELETE FROM {name} WHERE rowid % 3 = {}", c % 3),
            1 => format!("UPDATE {name} SET {set} WHERE rowid % 2 = {}", c % 2),
            2 => format!(
                "INSERT INTO {name} ({names}) SELECT {names} FROM {name} WHERE true ON CONFLICT DO UPDATE SET {set}"
            ),
            3 => format!("UPDATE {name} SET {key} = {moved} WHERE rowid % 3 = {}", c % 3),
            _ => {
                let row = names.replacen(&key, &moved, 1);
                format!(
                    "INSERT OR IGNORE INTO {name} ({names}) SELECT {row} FROM {name} ORDER BY rowid LIMIT 2"
                )
            }
        };
        if let Err(error) = database.0.execute(&sql, []) {
            assert!(error.to_string().contains("constraint failed"), "{error}\n{sql}");
        }
    }
}

fn assert_migrating_equals_creating(wholes: &[Whole], before: &[Part], after: &[Part], writes: &[Write]) {
    let (old, new) = (template(wholes, before), template(wholes, after));
    let Ok(forth) = plan(Some(&old), &new) else { return };
    let database = Database::of(&old);
    fill(&database, &old, wholes);
    database.assert_sound();
    let rows = kept_rows(&database, &old, &new);

    database.migrate(&forth).unwrap_or_else(|error| panic!("{error}\n{:#?}", forth.steps));

    assert_eq!(database.catalog(), Database::of(&new).catalog());
    assert_eq!(kept_rows(&database, &old, &new), rows);
    assert_new_columns_filled(&database, &old, &new);
    database.assert_sound();
    assert_eq!(forth.changes.is_empty(), forth.steps.is_empty());

    assert_search_agrees(&database, &new);
    write(&database, &new, writes);
    assert_search_agrees(&database, &new);
    let created = remade(&database, &new);
    for table in new.tables.iter().filter(|table| table.fts.is_some()) {
        assert_eq!(words(&database, &table.name), words(&created, &table.name), "{}", table.name);
    }
    database.assert_sound();
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    vec((0..TABLES, 0..COLUMNS, 0..100_usize), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn migrating_equals_creating(
        wholes in vec(whole(kind()), TABLES),
        before in vec(part(0.75), TABLES),
        after in vec(part(0.75), TABLES),
        writes in writes(),
    ) {
        assert_migrating_equals_creating(&wholes, &before, &after, &writes);
    }

    #[test]
    fn tables_that_refer_to_each_other_are_dropped_without_touching_the_rest(
        wholes in vec(whole(reference()), TABLES),
        before in vec(part(0.95), TABLES),
        after in vec(part(0.3), TABLES),
        writes in writes(),
    ) {
        assert_migrating_equals_creating(&wholes, &before, &after, &writes);
    }
}
