//! Every change that needs a table rebuilt is refused by its name, and where the refusal is SQLite's, SQLite does refuse it.

use schema::{ChangeKind, Template, diff, plan};
use serde_json::{Value, json};

use crate::database::Database;
use crate::fixtures::template;

/// Table `t` with an integer key, these columns and these further fields, beside a table `p` to refer to.
fn table(columns: Value, fields: Value) -> Template {
    let mut table =
        json!({"name": "t", "columns": [{"name": "id", "type": "integer"}], "primary_key": ["id"]});
    table["columns"].as_array_mut().unwrap().extend(columns.as_array().unwrap().iter().cloned());
    table.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let parent = json!({"name": "p", "columns": [{"name": "id", "type": "id"}]});
    let template = json!({"format": 1, "name": "sample", "tables": [table, parent]});
    Template::parse(&template).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn refused(old: &Template, new: &Template) -> Vec<String> {
    let unsupported = plan(Some(old), new).expect_err("the plan should have been refused");
    unsupported.refused.into_iter().map(|change| change.summary).collect()
}

/// The first column given becomes the second.
#[test]
fn a_column_that_becomes_different_is_refused_by_what_differs() {
    let text = |fields: Value| {
        let mut column = json!({"name": "x", "type": "text"});
        column.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        column
    };
    let plain = || text(json!({}));
    let refers =
        |action: &str| text(json!({"references": {"table": "p", "column": "id", "on_delete": action}}));
    for (old, new, summary, destructive) in [
        (plain(), json!({"name": "x", "type": "integer"}), "~ t.x type TEXT → INTEGER", true),
        (json!({"name": "x", "type": "integer"}), plain(), "~ t.x type INTEGER → TEXT", false),
        (plain(), json!({"name": "x", "type": "json"}), "~ t.x type TEXT → JSON", false),
        (plain(), text(json!({"not_null": true})), "~ t.x NULL → NOT NULL", false),
        (text(json!({"not_null": true})), plain(), "~ t.x NOT NULL → NULL", false),
        (plain(), text(json!({"default": {"value": "a"}})), "~ t.x default none → \"a\"", false),
        (
            text(json!({"default": {"value": "a"}})),
            text(json!({"default": {"sql": "lower('A')"}})),
            "~ t.x default \"a\" → (lower('A'))",
            false,
        ),
        (plain(), refers("CASCADE"), "~ t.x references none → p.id on delete CASCADE", false),
        (
            refers("CASCADE"),
            refers("SET NULL"),
            "~ t.x references p.id on delete CASCADE → p.id on delete SET NULL",
            false,
        ),
        (plain(), text(json!({"check": "x <> ''"})), "~ t.x check none → x <> ''", false),
        (plain(), text(json!({"collate": "nocase"})), "~ t.x collate none → NOCASE", false),
        (plain(), text(json!({"enum": ["a", "b"]})), "~ t.x enum none → \"a\", \"b\"", false),
        (
            text(json!({"enum": ["a", "b"]})),
            text(json!({"enum": ["c", "b"]})),
            "~ t.x enum \"a\", \"b\" → \"b\", \"c\"",
            true,
        ),
        (plain(), text(json!({"generated": {"sql": "'x'"}})), "~ t.x generated none → ('x') virtual", true),
        (
            text(json!({"generated": {"sql": "'x'"}})),
            text(json!({"generated": {"sql": "'x'", "stored": true}})),
            "~ t.x generated ('x') virtual → ('x') stored",
            false,
        ),
    ] {
        let (old, new) = (table(json!([old]), json!({})), table(json!([new]), json!({})));
        assert_eq!(refused(&old, &new), [summary]);
        assert_eq!(diff(Some(&old), &new).is_destructive(), destructive, "{summary}");
        assert_ne!(old.hash(), new.hash(), "{summary}");
    }
}

#[test]
fn values_of_an_enum_in_another_order_are_no_change() {
    let column = |values: Value| table(json!([{"name": "x", "type": "text", "enum": values}]), json!({}));
    assert!(diff(Some(&column(json!(["a", "b"]))), &column(json!(["b", "a"]))).is_empty());
    assert!(!diff(Some(&column(json!(["a, b"]))), &column(json!(["a", "b"]))).is_empty());
}

#[test]
fn what_a_table_says_of_its_rows_is_refused() {
    let columns = || json!([{"name": "x", "type": "text", "not_null": true}]);
    let plain = table(columns(), json!({}));
    for (fields, summary) in [
        (json!({"primary_key": ["x"]}), "~ t primary key (id) → (x)"),
        (json!({"auto_increment": true}), "~ t auto-increment off → on"),
        (json!({"checks": ["x <> ''"]}), "+ check on t (x <> '')"),
    ] {
        let other = table(columns(), fields.clone());
        let found = refused(&plain, &other);
        assert!(found.contains(&summary.to_owned()), "{found:?}");
        if fields.get("checks").is_some() {
            assert_eq!(refused(&other, &plain), ["- check on t (x <> '')"]);
        }
    }
}

/// A column to add, the summary that refuses it, and what SQLite says to it in a table with a row.
#[test]
fn a_column_that_alter_table_cannot_add_is_refused() {
    let old = table(json!([]), json!({}));
    for (column, sqlite_says) in [
        (json!({"type": "text", "not_null": true}), "Cannot add a NOT NULL column with default value NULL"),
        (
            json!({"type": "integer", "default": {"sql": "unixepoch()"}}),
            "Cannot add a column with non-constant default",
        ),
        (
            json!({"type": "text", "default": {"sql": "CURRENT_TIMESTAMP"}}),
            "Cannot add a column with non-constant default",
        ),
        (
            json!({"type": "text", "default": {"value": "p"}, "references": {"table": "p", "column": "id"}}),
            "Cannot add a REFERENCES column with non-NULL default value",
        ),
        (
            json!({"type": "integer", "generated": {"sql": "id + 1", "stored": true}}),
            "cannot add a STORED column",
        ),
    ] {
        let mut column = column;
        column["name"] = json!("x");
        let new = table(json!([column]), json!({}));
        let change = &diff(Some(&old), &new).changes[0];
        assert_eq!(refused(&old, &new), std::slice::from_ref(&change.summary));
        assert_eq!((change.kind, change.path().as_str()), (ChangeKind::AddColumn, "t.x"));
        let definition = schema::create_statements(&new)[0].lines().nth(2).unwrap().trim().to_owned();
        let database = Database::of(&old);
        database.0.execute("INSERT INTO t VALUES (1)", []).unwrap();
        let error = database.0.execute(&format!("ALTER TABLE t ADD COLUMN {definition}"), []).unwrap_err();
        assert!(error.to_string().contains(sqlite_says), "{definition}: {error}");
    }
}

#[test]
fn a_backfill_or_a_part_of_the_key_cannot_be_added() {
    let old = table(json!([]), json!({}));
    let filled = table(json!([{"name": "x", "type": "text", "backfill": "'a'"}]), json!({}));
    assert_eq!(refused(&old, &filled), ["+ t.x (TEXT)"]);
    let key = table(json!([{"name": "x", "type": "text"}]), json!({"primary_key": ["id", "x"]}));
    assert_eq!(refused(&old, &key), ["+ t.x (TEXT)", "~ t primary key (id) → (id, x)"]);
    let rowid = table(json!([{"name": "OID", "type": "text"}]), json!({}));
    assert_eq!(refused(&old, &rowid), ["+ t.OID (TEXT)"]);
    assert_eq!(refused(&rowid, &old), ["- t.OID (TEXT)"]);
}

/// The rest of the table still mentions the column.
#[test]
fn a_column_in_use_cannot_be_dropped() {
    let x = || json!({"name": "x", "type": "integer"});
    for (others, fields) in [
        (json!([]), json!({"checks": ["x > 0"]})),
        (json!([]), json!({"checks": ["[X] > 0"]})),
        (json!([{"name": "y", "type": "integer", "check": "y > \"x\""}]), json!({})),
        (json!([{"name": "y", "type": "integer", "generated": {"sql": "abs(`x`)"}}]), json!({})),
        (json!([]), json!({"indexes": [{"name": "i", "columns": ["id"], "where": "x IS NULL"}]})),
    ] {
        let mut before = others.clone();
        before.as_array_mut().unwrap().push(x());
        let old = table(before, fields.clone());
        let new = table(others, fields);
        assert_eq!(refused(&old, &new), ["- t.x (INTEGER)"]);
        assert!(Database::of(&old).0.execute("ALTER TABLE t DROP COLUMN x", []).is_err());
    }
}

#[test]
fn columns_that_mention_each_other_come_and_go_in_order_or_not_at_all() {
    let bare = table(json!([]), json!({}));
    let chain = table(
        json!([
            {"name": "a", "type": "integer", "check": "a < b"},
            {"name": "b", "type": "integer", "check": "b < c"},
            {"name": "c", "type": "integer"},
        ]),
        json!({}),
    );
    let order = |old: &Template, new: &Template| {
        let steps = plan(Some(old), new).unwrap().steps;
        let database = Database::of(old);
        database.0.execute("INSERT INTO t (id) VALUES (1)", []).unwrap();
        database.migrate(&plan(Some(old), new).unwrap()).unwrap();
        assert_eq!(database.catalog(), Database::of(new).catalog());
        steps.iter().map(|step| step.sql.split('"').nth(3).unwrap().to_owned()).collect::<String>()
    };
    assert_eq!(order(&bare, &chain), "cba");
    assert_eq!(order(&chain, &bare), "abc");
    let circle = table(
        json!([{"name": "a", "type": "integer", "check": "a < b"}, {"name": "b", "type": "integer", "check": "b > a"}]),
        json!({}),
    );
    assert_eq!(refused(&bare, &circle), ["+ t.a (INTEGER)", "+ t.b (INTEGER)"]);
    assert_eq!(refused(&circle, &bare), ["- t.a (INTEGER)", "- t.b (INTEGER)"]);
}

#[test]
fn renames_are_what_a_template_says_and_never_guessed() {
    let renamed = template("renamed");
    let mut old = renamed.clone();
    let people = &mut old.tables[0];
    people.name = "people".to_owned();
    people.renamed_from = None;
    people.columns[1].name = "name".to_owned();
    people.columns[1].renamed_from = None;
    assert_eq!(refused(&old, &renamed), ["~ table people → members", "~ members.name → members.full_name"]);

    let mut silent = renamed.clone();
    silent.tables[0].renamed_from = None;
    let summaries: Vec<String> = diff(Some(&old), &silent).changes.into_iter().map(|c| c.summary).collect();
    assert_eq!(summaries, ["+ table members (2 columns)", "- table people (2 columns)"]);

    // What is refused is the rename, not what could be done in the table but for it.
    let mut shorter = renamed.clone();
    shorter.tables[0].columns.pop();
    shorter.tables[0].unique.push(vec!["id".to_owned(), "full_name".to_owned()]);
    let mut longer = old.clone();
    longer.tables[0].unique.push(vec!["name".to_owned()]);
    assert_eq!(refused(&longer, &shorter), ["~ table people → members"]);

    // Once the old name is gone, what it was says nothing any more.
    assert!(diff(Some(&renamed), &renamed).is_empty());
    assert_eq!(renamed.hash(), silent.hash());

    // A name in another case is the same name to SQLite: nothing may be dropped for it.
    let mut shouting = old.clone();
    shouting.tables[0].name = "PEOPLE".to_owned();
    shouting.tables[0].columns[1].name = "NAME".to_owned();
    assert_eq!(refused(&old, &shouting), ["~ table people → PEOPLE", "~ PEOPLE.name → PEOPLE.NAME"]);
}

#[test]
fn a_rename_to_a_name_that_exists_is_a_contradiction() {
    let old = table(json!([{"name": "a", "type": "text"}, {"name": "b", "type": "text"}]), json!({}));
    let new = table(
        json!([{"name": "a", "type": "text"}, {"name": "b", "type": "text", "renamed_from": "a"}]),
        json!({}),
    );
    assert_eq!(refused(&old, &new), ["~ t.a → t.b (both exist)"]);
}

/// SQLite tries checks on the rows that are there: a broken one fails the step and leaves everything as it was.
#[test]
fn a_check_that_rows_break_fails_the_step_alone() {
    let old = table(json!([{"name": "x", "type": "integer"}]), json!({}));
    let new = table(
        json!([{"name": "x", "type": "integer"}, {"name": "y", "type": "integer", "default": {"value": 5}, "check": "y > x"}]),
        json!({}),
    );
    let forth = plan(Some(&old), &new).unwrap();
    for (value, succeeds) in [(4, true), (6, false)] {
        let database = Database::of(&old);
        database.0.execute("INSERT INTO t VALUES (1, ?1)", [value]).unwrap();
        assert_eq!(database.migrate(&forth).is_ok(), succeeds);
        let expected = if succeeds { &new } else { &old };
        assert_eq!(database.catalog(), Database::of(expected).catalog());
    }
}

/// The column ties kept rows to a dropped table, and its key is needed while that table's rows are deleted.
#[test]
fn a_column_that_no_order_of_drops_lets_go_is_refused() {
    let parse = |k_columns: Value, unique: Value, others: &[Value]| {
        let mut tables =
            vec![json!({"name": "k", "columns": k_columns, "primary_key": ["id"], "unique": unique})];
        tables.extend(others.iter().cloned());
        Template::parse(&json!({"format": 1, "name": "sample", "tables": tables})).unwrap()
    };
    let id = json!({"name": "id", "type": "text"});
    let code = json!({"name": "code", "type": "text", "references": {"table": "d", "column": "id"}});
    let refers = |name: &str, table: &str, column: &str| {
        json!({"name": name, "type": "text",
               "references": {"table": table, "column": column, "on_delete": "CASCADE"}})
    };
    let looping = json!({"name": "d", "columns": [id, refers("up", "d", "id"), refers("k", "k", "code")], "primary_key": ["id"]});
    let new = parse(json!([id]), json!([]), &[]);
    let old = parse(json!([id, code]), json!([["code"]]), &[looping]);
    assert_eq!(refused(&old, &new), ["- k.code (TEXT)"]);
    // Where nothing is deleted there is an order.
    let plain = json!({"name": "d", "columns": [id, refers("k", "k", "code")], "primary_key": ["id"]});
    let old = parse(json!([id, code]), json!([["code"]]), &[plain]);
    let database = Database::of(&old);
    database
        .0
        .execute_batch(
            "INSERT INTO k VALUES ('a', NULL); INSERT INTO d VALUES ('d', NULL); UPDATE k SET code = 'd';",
        )
        .unwrap();
    database.migrate(&plan(Some(&old), &new).unwrap()).unwrap();
    assert_eq!(database.strings("SELECT * FROM k"), ["a"]);
}
