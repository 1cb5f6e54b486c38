//! A real SQLite in memory with a template's tables, and its catalog by name: what two databases must agree on, whatever the
//! text of their schema and the order of their columns.

use std::collections::BTreeMap;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, Result};
use schema::{Template, create_statements};

pub(crate) struct Database(pub(crate) Connection);

/// Per table: columns, indexes with their columns, foreign keys and what belongs to its search, each as a sorted list of texts.
pub(crate) type Catalog = BTreeMap<String, Vec<String>>;

impl Database {
    pub(crate) fn empty() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        Self(connection)
    }

    pub(crate) fn of(template: &Template) -> Self {
        let database = Self::empty();
        for sql in create_statements(template) {
            database.0.execute(&sql, []).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
        database
    }

    /// Runs the steps as a migration does: in one transaction, foreign keys on.
    pub(crate) fn migrate(&self, plan: &schema::Plan) -> Result<()> {
        let transaction = self.0.unchecked_transaction()?;
        for step in &plan.steps {
            transaction.execute(&step.sql, [])?;
        }
        transaction.commit()
    }

    pub(crate) fn strings(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells: Vec<String> = (0..columns).map(|i| show(row.get(i).unwrap())).collect();
            Ok(cells.join(" "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn catalog(&self) -> Catalog {
        let tables = self.strings(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND NOT (name GLOB 'sqlite_*' OR name GLOB '_atomicbase*')",
        );
        tables.into_iter().map(|table| (table.clone(), self.table_catalog(&table))).collect()
    }

    fn table_catalog(&self, table: &str) -> Vec<String> {
        let quoted = text(table);
        let mut facts = self.strings(&format!(
            "SELECT 'column', name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo({quoted})"
        ));
        facts.extend(self.strings(&format!(
            "SELECT 'foreign key', \"from\", \"table\", \"to\", on_update, on_delete FROM pragma_foreign_key_list({quoted})"
        )));
        facts.extend(
            self.strings(&format!(
                "SELECT 'strict', strict, wr FROM pragma_table_list WHERE name = {}",
                quoted
            )),
        );
        let indexes = format!("SELECT name FROM pragma_index_list({quoted}) WHERE origin = 'c'");
        for index in self.strings(&indexes) {
            facts.extend(self.strings(&format!(
                "SELECT 'index', l.name, l.\"unique\", l.partial, x.seqno, x.name, x.coll, x.\"desc\"
                 FROM pragma_index_list({quoted}) l, pragma_index_xinfo(l.name) x WHERE x.key AND l.name = {}",
                text(&index)
            )));
        }
        // An index and its triggers are compared as they are written: nothing in them depends on how the table came to be.
        facts.extend(self.strings(&format!(
            "SELECT 'search', type, name, tbl_name, sql FROM sqlite_schema WHERE name GLOB '_atomicbase_fts(' || {quoted} || ')*'"
        )));
        facts.sort();
        facts
    }

    pub(crate) fn assert_sound(&self) {
        assert_eq!(self.strings("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(self.strings("PRAGMA foreign_key_check"), Vec::<String>::new());
    }
}

fn text(name: &str) -> String {
    format!("'{}'", name.replace('\'', "''"))
}

fn show(value: Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:02x?}"),
    }
}
