//! The SQL that makes and alters a tenant's tables: the only place that writes it. Names are quoted, constants are rendered,
//! expressions stand in parentheses. Keeps to what SQLite 3.47 understands.

mod fts;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Column, ColumnType, DefaultValue, Index, Reference, ReferenceAction, Table, Template};

pub use fts::fts_table_name;
pub(crate) use fts::{create_fts, drop_fts, fill_fts};

/// A name as SQL: in double quotes, its own doubled.
#[must_use]
pub fn quote(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    push_quoted(&mut quoted, name);
    quoted
}

/// Appends a name as SQL. Every query writes its names through this.
pub fn push_quoted(sql: &mut String, name: &str) {
    sql.push('"');
    if name.contains('"') {
        sql.push_str(&name.replace('"', "\"\""));
    } else {
        sql.push_str(name);
    }
    sql.push('"');
}

/// The statements that make a whole template in an empty database, in order.
#[must_use]
pub fn create_statements(template: &Template) -> Vec<String> {
    let tables = template.tables.iter().map(create_table);
    let indexes = template.tables.iter().flat_map(|table| {
        let unique = table.unique.iter().map(|columns| create_unique(table, columns));
        unique.chain(table.indexes.iter().map(|index| create_index(table, index)))
    });
    let searched =
        template.tables.iter().filter_map(|table| table.fts.as_ref().map(|fts| create_fts(table, fts)));
    tables.chain(indexes).chain(searched.flatten()).collect()
}

pub(crate) fn create_table(table: &Table) -> String {
    let mut parts: Vec<String> =
        table.columns.iter().map(|column| column_definition(table, column)).collect();
    if table.primary_key.len() > 1 {
        parts.push(format!("PRIMARY KEY ({})", quoted_list(&table.primary_key)));
    }
    parts.extend(table.checks.iter().map(|check| format!("CHECK ({check})")));
    format!("CREATE TABLE {} (\n  {}\n) STRICT", quote(&table.name), parts.join(",\n  "))
}

pub(crate) fn drop_table(table: &str) -> String {
    format!("DROP TABLE {}", quote(table))
}

/// An empty table to which foreign keys to these columns may refer, for as long as a transaction needs one.
pub(crate) fn create_stand_in(table: &str, keys: &BTreeSet<&str>) -> String {
    let columns: Vec<String> = keys.iter().map(|key| format!("{} UNIQUE", quote(key))).collect();
    format!("CREATE TABLE {} ({})", quote(table), columns.join(", "))
}

pub(crate) fn add_column(table: &Table, column: &Column) -> String {
    format!("ALTER TABLE {} ADD COLUMN {}", quote(&table.name), column_definition(table, column))
}

pub(crate) fn drop_column(table: &str, column: &str) -> String {
    format!("ALTER TABLE {} DROP COLUMN {}", quote(table), quote(column))
}

pub(crate) fn create_index(table: &Table, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let filter = index.filter.as_ref().map(|sql| format!(" WHERE ({sql})")).unwrap_or_default();
    let columns = quoted_list(&index.columns);
    format!("CREATE {unique}INDEX {} ON {} ({columns}){filter}", quote(&index.name), quote(&table.name))
}

pub(crate) fn create_unique(table: &Table, columns: &[String]) -> String {
    let name = quote(&table.unique_index_name(columns));
    format!("CREATE UNIQUE INDEX {name} ON {} ({})", quote(&table.name), quoted_list(columns))
}

pub(crate) fn drop_index(name: &str) -> String {
    format!("DROP INDEX {}", quote(name))
}

fn column_definition(table: &Table, column: &Column) -> String {
    let name = quote(&column.name);
    let mut sql = format!("{name} {}", column.sql_type());
    if table.in_primary_key(&column.name) {
        sql += match (table.primary_key.len(), table.is_rowid_key(), table.auto_increment) {
            (1, true, true) => " PRIMARY KEY AUTOINCREMENT",
            (1, true, false) => " PRIMARY KEY",
            (1, false, _) => " PRIMARY KEY NOT NULL",
            _ => " NOT NULL",
        };
    } else if column.not_null {
        sql += " NOT NULL";
    }
    if let Some(collation) = &column.collate {
        sql += &format!(" COLLATE {}", quote(collation));
    }
    if let Some(default) = column.default.as_ref().and_then(|default| default_sql(column, default)) {
        sql += &format!(" DEFAULT {default}");
    }
    for check in column_checks(column, &name) {
        sql += &format!(" CHECK ({check})");
    }
    if let Some(generated) = &column.generated {
        let storage = if generated.stored { "STORED" } else { "VIRTUAL" };
        sql += &format!(" GENERATED ALWAYS AS ({}) {storage}", generated.sql);
    }
    if let Some(reference) = &column.references {
        sql += &reference_clause(reference);
    }
    sql
}

fn column_checks(column: &Column, name: &str) -> Vec<String> {
    let mut checks = Vec::new();
    match column.column_type {
        ColumnType::Boolean => checks.push(format!("{name} IN (0, 1)")),
        ColumnType::Json => checks.push(format!("json_valid({name})")),
        _ => {}
    }
    if let Some(values) = &column.enum_values {
        let values: Vec<String> = values.iter().map(|value| string_literal(value)).collect();
        checks.push(format!("{name} IN ({})", values.join(", ")));
    }
    checks.extend(column.check.clone());
    checks
}

fn reference_clause(reference: &Reference) -> String {
    let mut sql = format!(" REFERENCES {} ({})", quote(&reference.table), quote(&reference.column));
    for (event, action) in [("DELETE", reference.on_delete), ("UPDATE", reference.on_update)] {
        if action != ReferenceAction::NoAction {
            sql += &format!(" ON {event} {}", action.as_sql());
        }
    }
    sql
}

fn default_sql(column: &Column, default: &DefaultValue) -> Option<String> {
    match default {
        DefaultValue::Sql(sql) => Some(format!("({sql})")),
        DefaultValue::Value(value) => literal(column.column_type, value),
    }
}

/// A constant as SQL; `None` for what validation refuses and for NULL, which is the default of a column without one.
fn literal(column_type: ColumnType, value: &Value) -> Option<String> {
    match column_type {
        ColumnType::Text | ColumnType::Id => value.as_str().map(string_literal),
        ColumnType::Integer | ColumnType::Timestamp => value.as_i64().map(|number| number.to_string()),
        // `{:?}` keeps the point or the exponent, so that SQLite reads a real too.
        ColumnType::Real => value.as_f64().map(|number| format!("{number:?}")),
        ColumnType::Boolean => value.as_bool().map(|truth| if truth { "1" } else { "0" }.to_owned()),
        ColumnType::Json if value.is_null() => None,
        ColumnType::Json => Some(string_literal(&value.to_string())),
        ColumnType::Blob => None,
    }
}

fn string_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn quoted_list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_strings_keep_their_quotes_inside() {
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(string_literal("it's; -- \"x\""), "'it''s; -- \"x\"'");
    }

    #[test]
    fn constants_keep_their_type() {
        let sql = |column_type, value| literal(column_type, &value);
        assert_eq!(sql(ColumnType::Integer, json!(i64::MIN)).unwrap(), "-9223372036854775808");
        assert_eq!(sql(ColumnType::Real, json!(1)).unwrap(), "1.0");
        assert_eq!(sql(ColumnType::Real, json!(-1.5e300)).unwrap(), "-1.5e300");
        assert_eq!(sql(ColumnType::Boolean, json!(true)).unwrap(), "1");
        assert_eq!(sql(ColumnType::Json, json!("it's")).unwrap(), "'\"it''s\"'");
        assert_eq!(sql(ColumnType::Json, json!(null)), None);
        assert_eq!(sql(ColumnType::Text, json!(1)), None);
    }
}
