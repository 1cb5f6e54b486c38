//! Full-text search stays in step with its table, whatever writes to the table.

use rusqlite::types::Value as Cell;
use schema::{Template, fts_table_name, plan, quote};
use serde_json::{Value, json};

use crate::database::Database;
use crate::fixtures::template;

/// Every index agrees with its table: FTS5 reads both and compares.
pub(crate) fn assert_search_agrees(database: &Database, template: &Template) {
    for table in template.tables.iter().filter(|table| table.fts.is_some()) {
        let name = quote(&fts_table_name(&table.name));
        let check = format!("INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 1)");
        database.0.execute(&check, []).unwrap_or_else(|error| panic!("{}: {error}", table.name));
    }
}

/// Every word with the rows, the columns and the places where it is found.
pub(crate) fn words(database: &Database, table: &str) -> Vec<String> {
    let name = fts_table_name(table);
    let vocabulary = format!("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', '{name}', 'instance')");
    database.0.execute(&vocabulary, []).unwrap();
    let found = database
        .strings("SELECT term, doc, col, \"offset\" FROM temp.words ORDER BY doc, col, \"offset\", term");
    database.0.execute("DROP TABLE temp.words", []).unwrap();
    found
}

/// A database made of the template with the rows of another.
pub(crate) fn remade(database: &Database, template: &Template) -> Database {
    let made = Database::of(template);
    made.0.pragma_update(None, "foreign_keys", false).unwrap();
    for table in &template.tables {
        let plain = table.columns.iter().filter(|column| column.generated.is_none());
        let mut names: Vec<String> = plain.map(|column| quote(&column.name)).collect();
        if !table.is_rowid_key() {
            names.push(table.rowid_alias().to_owned());
        }
        let numbers: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
        let names = names.join(", ");
        let from = quote(&table.name);
        let insert = format!("INSERT INTO {from} ({names}) VALUES ({})", numbers.join(", "));
        let mut rows = database.0.prepare(&format!("SELECT {names} FROM {from}")).unwrap();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<Cell> = (0..numbers.len()).map(|i| row.get(i).unwrap()).collect();
            made.0.execute(&insert, rusqlite::params_from_iter(cells)).unwrap();
        }
    }
    made
}

fn parse(tables: &Value) -> Template {
    Template::parse(&json!({"format": 1, "name": "sample", "tables": tables})).unwrap()
}

fn found(database: &Database, table: &str, words: &str) -> Vec<String> {
    let name = quote(&fts_table_name(table));
    database.strings(&format!("SELECT rowid FROM {name} WHERE {name} MATCH '{words}' ORDER BY rowid"))
}

/// Notes of projects: `label` is computed, `project_id` is searched too and changes with its project.
fn projects_and_notes(key: &str, on_delete: &str) -> Template {
    parse(&json!([
        {"name": "projects", "columns": [{"name": "id", "type": "text"}], "primary_key": ["id"]},
        {
            "name": "notes",
            "columns": [
                {"name": "id", "type": key},
                {"name": "title", "type": "text", "collate": "NOCASE"},
                {"name": "label", "type": "text", "generated": {"sql": "'label' || title"}},
                {"name": "stored", "type": "text", "generated": {"sql": "'stored' || title", "stored": true}},
                {"name": "project_id", "type": "text", "references":
                    {"table": "projects", "column": "id", "on_delete": on_delete, "on_update": "CASCADE"}},
                {"name": "done", "type": "boolean"},
            ],
            "primary_key": ["id"],
            "fts": {"columns": ["title", "label", "stored", "project_id"]},
        },
    ]))
}

#[test]
fn every_way_to_write_reaches_the_index() {
    for key in ["integer", "text"] {
        let template = projects_and_notes(key, "SET NULL");
        let database = Database::of(&template);
        for (sql, search, rows) in [
            ("INSERT INTO projects VALUES ('home'), ('work')", "home", &[][..]),
            (
                "INSERT INTO notes (id, title, project_id) VALUES (1, 'milk', 'home'), (2, 'bread', 'home'), (3, NULL, 'work')",
                "home",
                &["1", "2"],
            ),
            ("UPDATE notes SET title = 'MILK' WHERE id = 1", "labelMILK", &["1"]),
            ("UPDATE notes SET title = 'butter' WHERE id = 1", "milk", &[]),
            ("UPDATE notes SET title = 'butter' WHERE id = 1", "storedbutter", &["1"]),
            ("UPDATE notes SET done = 1", "butter", &["1"]),
            (
                "INSERT INTO notes (id, title) VALUES (2, 'rye') ON CONFLICT DO UPDATE SET title = excluded.title",
                "rye",
                &["2"],
            ),
            ("INSERT INTO notes (id, title) VALUES (2, 'no') ON CONFLICT DO NOTHING", "no", &[]),
            ("UPDATE projects SET id = 'house' WHERE id = 'home'", "house", &["1", "2"]),
            ("DELETE FROM projects WHERE id = 'house'", "house", &[]),
            ("DELETE FROM notes WHERE id = 3", "work", &[]),
            ("DELETE FROM notes", "rye OR butter", &[]),
        ] {
            database.0.execute(sql, []).unwrap_or_else(|error| panic!("{error}\n{sql}"));
            assert_eq!(found(&database, "notes", search), rows, "{sql}");
            assert_search_agrees(&database, &template);
        }
    }
}

#[test]
fn a_row_that_gets_another_number_is_found_by_it() {
    let template = projects_and_notes("integer", "CASCADE");
    let database = Database::of(&template);
    database
        .0
        .execute_batch(
            "INSERT INTO projects VALUES ('home');
             INSERT INTO notes (id, title, project_id) VALUES (1, 'milk', 'home'), (2, 'bread', 'home');
             UPDATE notes SET id = id + 10 WHERE id = 1;
             UPDATE notes SET id = -id;",
        )
        .unwrap();
    assert_eq!(found(&database, "notes", "milk"), ["-11"]);
    assert_search_agrees(&database, &template);
    database.0.execute("DELETE FROM projects", []).unwrap();
    assert_eq!(found(&database, "notes", "milk OR bread"), Vec::<String>::new());
    assert_search_agrees(&database, &template);
}

#[test]
fn what_is_undone_is_not_found() {
    let template = projects_and_notes("text", "RESTRICT");
    let database = Database::of(&template);
    database
        .0
        .execute_batch(
            "INSERT INTO projects VALUES ('home');
             INSERT INTO notes (id, title, project_id) VALUES (1, 'milk', 'home');
             BEGIN; SAVEPOINT one; INSERT INTO notes (id, title) VALUES (2, 'bread');
             SAVEPOINT two; UPDATE notes SET title = 'butter'; ROLLBACK TO two; COMMIT;",
        )
        .unwrap();
    assert!(database.0.execute("DELETE FROM projects", []).is_err());
    assert!(database.0.execute("INSERT INTO notes (id, title) VALUES (3, 'rye'), (1, 'rye')", []).is_err());
    assert_eq!(found(&database, "notes", "bread OR milk"), ["1", "2"]);
    assert_eq!(found(&database, "notes", "butter OR rye"), Vec::<String>::new());
    assert_search_agrees(&database, &template);
}

/// The column's collation does not decide what was changed, the text does.
#[test]
fn a_text_in_another_case_is_another_text() {
    let template = parse(&json!([{
        "name": "notes",
        "columns": [{"name": "id", "type": "id"}, {"name": "title", "type": "text", "collate": "NOCASE"}],
        "fts": {"columns": ["title"], "tokenize": "trigram case_sensitive 1"},
    }]));
    let database = Database::of(&template);
    database
        .0
        .execute_batch("INSERT INTO notes VALUES ('a', 'milk'); UPDATE notes SET title = 'MILK'")
        .unwrap();
    assert_eq!((found(&database, "notes", "milk").len(), found(&database, "notes", "MILK").len()), (0, 1));
    assert_search_agrees(&database, &template);
}

/// Triggers are in nobody's way: a writer is told of the rows of its own statement.
#[test]
fn a_writer_hears_of_its_own_rows_alone() {
    let template = projects_and_notes("integer", "CASCADE");
    let database = Database::of(&template);
    let written = |sql: &str| (database.0.execute(sql, []).unwrap(), database.0.last_insert_rowid());
    assert_eq!(written("INSERT INTO notes (id, title) VALUES (40, 'a'), (50, 'b')"), (2, 50));
    assert_eq!(written("UPDATE notes SET title = 'c'"), (2, 50));
    assert_eq!(written("DELETE FROM notes WHERE id = 50"), (1, 50));
    let returned = database.strings("INSERT INTO notes (title) VALUES ('d'), ('e') RETURNING id, title");
    assert_eq!((returned, database.0.last_insert_rowid()), (vec!["41 d".to_owned(), "42 e".to_owned()], 42));
}

#[test]
fn search_is_written_as_a_table_with_three_triggers() {
    let steps = plan(None, &template("search-and-policies")).unwrap().steps;
    let sql: String = steps.iter().skip(1).map(|step| format!("{};\n", step.sql)).collect();
    insta::assert_snapshot!(sql, @r#"
    CREATE VIRTUAL TABLE "_atomicbase_fts(notes)" USING fts5("title", "body", content='notes', content_rowid='rowid', tokenize='porter unicode61');
    CREATE TRIGGER "_atomicbase_fts(notes)_insert" AFTER INSERT ON "notes" BEGIN
      INSERT INTO "_atomicbase_fts(notes)" (rowid, "title", "body") VALUES (new.rowid, new."title", new."body");
    END;
    CREATE TRIGGER "_atomicbase_fts(notes)_delete" AFTER DELETE ON "notes" BEGIN
      INSERT INTO "_atomicbase_fts(notes)" ("_atomicbase_fts(notes)", rowid, "title", "body") VALUES ('delete', old.rowid, old."title", old."body");
    END;
    CREATE TRIGGER "_atomicbase_fts(notes)_update" AFTER UPDATE ON "notes"
    WHEN old.rowid IS NOT new.rowid OR old."title" IS NOT new."title" COLLATE BINARY OR old."body" IS NOT new."body" COLLATE BINARY BEGIN
      INSERT INTO "_atomicbase_fts(notes)" ("_atomicbase_fts(notes)", rowid, "title", "body") VALUES ('delete', old.rowid, old."title", old."body");
      INSERT INTO "_atomicbase_fts(notes)" (rowid, "title", "body") VALUES (new.rowid, new."title", new."body");
    END;
    "#);
}

/// Each change with what it does, and the rows that are there before it and after.
#[test]
fn search_comes_goes_and_becomes_another() {
    let notes = |columns: &[&str], fts: Value| {
        let id = json!({"name": "id", "type": "integer"});
        let columns =
            columns.iter().map(|name| json!({"name": name, "type": "text", "default": {"value": "new"}}));
        let columns: Vec<Value> = std::iter::once(id).chain(columns).collect();
        let mut table = json!({"name": "notes", "columns": columns, "primary_key": ["id"]});
        if !fts.is_null() {
            table["fts"] = fts;
        }
        parse(&json!([table]))
    };
    let on = |columns: &[&str]| json!({"columns": columns});
    let start = notes(&["title"], json!(null));
    let database = Database::of(&start);
    database.0.execute("INSERT INTO notes VALUES (7, 'running late')", []).unwrap();
    let mut old = start;
    for (new, summaries, search, rows) in [
        (notes(&["title"], on(&["title"])), &["+ full-text search on notes(title)"][..], "run", &[][..]),
        (
            notes(&["title"], json!({"columns": ["title"], "tokenize": "porter"})),
            &["~ full-text search on notes(title)"],
            "run",
            &["7"],
        ),
        (
            notes(&["title", "body"], on(&["title", "body"])),
            &["+ notes.body (TEXT)", "~ full-text search on notes(title, body)"],
            "body:new",
            &["7"],
        ),
        (notes(&["title", "body", "more"], on(&["title", "body"])), &["+ notes.more (TEXT)"], "late", &["7"]),
        (notes(&["title", "body"], on(&["title", "body"])), &["- notes.more (TEXT)"], "late", &["7"]),
        (
            notes(&["body"], on(&["body"])),
            &["- notes.title (TEXT)", "~ full-text search on notes(body)"],
            "late",
            &[],
        ),
    ] {
        let forth = plan(Some(&old), &new).unwrap();
        let found_summaries: Vec<&str> = forth.changes.iter().map(|change| change.summary.as_str()).collect();
        assert_eq!(found_summaries, summaries);
        database.migrate(&forth).unwrap_or_else(|error| panic!("{error}\n{:#?}", forth.steps));
        assert_eq!(database.catalog(), Database::of(&new).catalog());
        assert_eq!(found(&database, "notes", search), rows, "{summaries:?}");
        assert_search_agrees(&database, &new);
        old = new;
    }
    let bare = notes(&["title"], json!(null));
    let forth = plan(Some(&old), &bare).unwrap();
    let kinds: Vec<&str> = forth.changes.iter().map(|change| change.summary.as_str()).collect();
    assert_eq!(kinds, ["+ notes.title (TEXT)", "- notes.body (TEXT)", "- full-text search on notes(body)"]);
    database.migrate(&forth).unwrap();
    assert_eq!(database.catalog(), Database::of(&bare).catalog());
    let gone = plan(Some(&notes(&["a"], on(&["a"]))), &parse(&json!([]))).unwrap();
    let database = Database::of(&notes(&["a"], on(&["a"])));
    database.migrate(&gone).unwrap();
    assert_eq!(database.strings("SELECT name FROM sqlite_schema"), Vec::<String>::new());
}
