//! The template model, as it travels in format 1 (docs/template-format.md). Only shape here; `validate` says what may be.

use serde::{Deserialize, Serialize};

use crate::policy::Policies;

/// A named schema: tables with columns, keys and indexes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Format version; 1.
    pub format: u32,
    /// The template's name.
    pub name: String,
    /// Tables in the order they were written.
    pub tables: Vec<Table>,
    /// Row policies by table and role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// Columns in template order.
    pub columns: Vec<Column>,
    /// Columns of the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Row ids are never used again (`AUTOINCREMENT`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto_increment: bool,
    /// Sets of columns whose values are unique together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Vec<String>>,
    /// Named indexes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// SQL expressions that hold for every row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// Full-text search over columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fts: Option<Fts>,
    /// The name this table had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Refuses NULL. Columns of the primary key refuse it without saying so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_null: bool,
    /// The value when an insert gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// The column of another table that a value must exist in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// A SQL expression that holds for every value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The collating sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<String>,
    /// The expression the value is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// The values allowed.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub enum_values: Option<Vec<String>>,
    /// The name this column had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// A SQL expression that fills NULLs when the column becomes NOT NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<String>,
}

/// Types a column can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// A 64-bit signed integer.
    Integer,
    /// A 64-bit float.
    Real,
    /// Bytes; base64 on the wire.
    Blob,
    /// INTEGER 0 or 1; `true` or `false` on the wire.
    Boolean,
    /// TEXT that is valid JSON; JSON on the wire.
    Json,
    /// INTEGER unix seconds.
    Timestamp,
    /// A text key that gets a UUIDv7 when left out.
    Id,
}

/// A column's default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum DefaultValue {
    /// A constant.
    Value(serde_json::Value),
    /// A SQL expression.
    Sql(String),
}

/// A foreign key of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The table referred to.
    pub table: String,
    /// Its column.
    pub column: String,
    /// What happens when the referenced row goes.
    #[serde(default, skip_serializing_if = "ReferenceAction::is_default")]
    pub on_delete: ReferenceAction,
    /// What happens when the referenced value changes.
    #[serde(default, skip_serializing_if = "ReferenceAction::is_default")]
    pub on_update: ReferenceAction,
}

/// What a foreign key does when its target changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReferenceAction {
    /// Refuse at the end of the statement.
    #[default]
    #[serde(rename = "NO ACTION")]
    NoAction,
    /// Refuse at once.
    #[serde(rename = "RESTRICT")]
    Restrict,
    /// Follow.
    #[serde(rename = "CASCADE")]
    Cascade,
    /// Become NULL.
    #[serde(rename = "SET NULL")]
    SetNull,
}

impl ReferenceAction {
    /// Every action, as it is written in a template and in SQL.
    pub const ALL: [(ReferenceAction, &'static str); 4] = [
        (Self::NoAction, "NO ACTION"),
        (Self::Restrict, "RESTRICT"),
        (Self::Cascade, "CASCADE"),
        (Self::SetNull, "SET NULL"),
    ];

    /// The action in SQL.
    #[must_use]
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::NoAction
    }
}

/// A generated column's expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The SQL expression.
    pub sql: String,
    /// Stored in the row instead of computed at each read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stored: bool,
}

/// A named index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The index's name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<String>,
    /// No two rows share the columns' values.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Only rows for which this SQL expression is true.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// Full-text search over a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fts {
    /// The columns searched.
    pub columns: Vec<String>,
    /// FTS5's tokenizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenize: Option<String>,
}

impl ColumnType {
    /// Every type with its name in a template.
    pub const ALL: [(ColumnType, &'static str); 8] = [
        (Self::Text, "text"),
        (Self::Integer, "integer"),
        (Self::Real, "real"),
        (Self::Blob, "blob"),
        (Self::Boolean, "boolean"),
        (Self::Json, "json"),
        (Self::Timestamp, "timestamp"),
        (Self::Id, "id"),
    ];

    /// The type's name in a template.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Blob => "blob",
            Self::Boolean => "boolean",
            Self::Json => "json",
            Self::Timestamp => "timestamp",
            Self::Id => "id",
        }
    }

    /// The STRICT type that holds it in the database.
    #[must_use]
    pub fn sql_type(self) -> &'static str {
        match self {
            Self::Text | Self::Json | Self::Id => "TEXT",
            Self::Integer | Self::Boolean | Self::Timestamp => "INTEGER",
            Self::Real => "REAL",
            Self::Blob => "BLOB",
        }
    }
}

impl Template {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the column is part of the primary key.
    #[must_use]
    pub fn in_primary_key(&self, column: &str) -> bool {
        self.primary_key.iter().any(|name| name == column)
    }

    /// Whether the primary key is the rowid itself: one column held as INTEGER.
    ///
    /// Only a key of type `integer` may be left out of an insert; look at the column's type for that.
    #[must_use]
    pub fn is_rowid_key(&self) -> bool {
        match self.primary_key.as_slice() {
            [only] => self.column(only).is_some_and(|column| column.sql_type() == "INTEGER"),
            _ => false,
        }
    }

    /// A name for the rowid that no column takes: the first free one of `rowid`, `_rowid_` and `oid`.
    #[must_use]
    pub fn rowid_alias(&self) -> &'static str {
        let taken = |alias: &str| self.columns.iter().any(|column| column.name.eq_ignore_ascii_case(alias));
        // Validation refuses a table whose columns take all three, so the last needs no look.
        ROWID_ALIASES.into_iter().find(|alias| !taken(alias)).unwrap_or("oid")
    }

    /// The name of the index behind a set of unique columns: `tasks(email,name)`. Its parentheses keep it apart from
    /// every name that a template can give.
    #[must_use]
    pub fn unique_index_name<S: AsRef<str>>(&self, columns: &[S]) -> String {
        let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        format!("{}({})", self.name, columns.join(","))
    }

    /// Whether the column refuses NULL: it says so, or it is part of the primary key.
    #[must_use]
    pub fn refuses_null(&self, column: &Column) -> bool {
        column.not_null || self.in_primary_key(&column.name)
    }
}

impl Column {
    /// The STRICT type that holds the column in the database.
    #[must_use]
    pub fn sql_type(&self) -> &'static str {
        self.column_type.sql_type()
    }
}

/// The names SQLite gives to the rowid where no column takes them.
pub(crate) const ROWID_ALIASES: [&str; 3] = ["rowid", "_rowid_", "oid"];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(columns: &[(&str, &str)], key: &[&str]) -> Table {
        let columns: Vec<_> =
            columns.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
        let table = json!({"name": "tasks", "columns": columns, "primary_key": key});
        serde_json::from_value(table).unwrap()
    }

    #[test]
    fn the_rowid_has_a_name_that_no_column_takes() {
        assert_eq!(table(&[("id", "text")], &["id"]).rowid_alias(), "rowid");
        assert_eq!(table(&[("ROWID", "text")], &["ROWID"]).rowid_alias(), "_rowid_");
        assert_eq!(table(&[("rowid", "text"), ("_rowid_", "text")], &["rowid"]).rowid_alias(), "oid");
    }

    #[test]
    fn one_integer_column_is_the_rowid() {
        for (kind, is_rowid) in [("integer", true), ("timestamp", true), ("text", false), ("real", false)] {
            assert_eq!(table(&[("id", kind)], &["id"]).is_rowid_key(), is_rowid, "{kind}");
        }
        assert!(!table(&[("a", "integer"), ("b", "integer")], &["a", "b"]).is_rowid_key());
    }

    #[test]
    fn words_and_their_names_are_the_same_both_ways() {
        for (column_type, name) in ColumnType::ALL {
            assert_eq!(column_type.as_str(), name);
            assert_eq!(serde_json::to_value(column_type).unwrap(), json!(name));
        }
        for (action, name) in ReferenceAction::ALL {
            assert_eq!(action.as_sql(), name);
            assert_eq!(serde_json::to_value(action).unwrap(), json!(name));
        }
        assert_eq!(
            table(&[("a", "text")], &["a"]).unique_index_name(&["email", "name"]),
            "tasks(email,name)"
        );
    }
}
