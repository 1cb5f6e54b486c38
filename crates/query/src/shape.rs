//! The columns of a statement, and how each becomes JSON.

use db::{JsonColumn, Kind as JsonKind};
use schema::{Column, ColumnType, fts_table_name, quote};

use super::search_value::{Kind, SearchValue};
use super::select::Shown;
use super::sql::Sql;

/// A column of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Output<'s> {
    Shown(&'s Shown<'s>),
    /// Not part of the answer: it joins rows, is kept for others, or says where a row stands.
    Hidden(&'s Column),
    /// The rank of a search, not part of the answer.
    Rank,
}

/// Writes the columns of a statement, all of the table called `alias`.
pub(super) fn write(sql: &mut Sql, outputs: &[Output<'_>], alias: &str) {
    for (index, output) in outputs.iter().enumerate() {
        sql.push(if index > 0 { ", " } else { "" });
        match output {
            Output::Shown(Shown::Column(column)) | Output::Hidden(column) => sql.column(alias, &column.name),
            Output::Shown(Shown::Aggregate(aggregate)) => sql.aggregate(aggregate, alias),
            Output::Shown(Shown::Search(value)) => write_search_value(sql, value, alias),
            Output::Rank => sql.push("f0.rank"),
        }
    }
}

/// A value of the search, which is joined as `f0`.
fn write_search_value(sql: &mut Sql, value: &SearchValue<'_>, alias: &str) {
    let (function, column, index, marks) = match &value.kind {
        Kind::Rank => return sql.push("f0.rank"),
        Kind::Highlight { column, index, marks } => ("highlight", column, index, marks),
        Kind::Snippet { column, index, marks, .. } => ("snippet", column, index, marks),
    };
    // A text that is NULL has no words, and FTS5 would say that it is empty.
    sql.push("CASE WHEN ");
    sql.column(alias, &column.name);
    let table = quote(&fts_table_name(&value.table.name));
    sql.push(&format!(" IS NOT NULL THEN {function}(f0.{table}, {index}"));
    let text = |sql: &mut Sql, text: &str| {
        sql.push(", ");
        sql.bind(text.into());
    };
    marks.iter().for_each(|mark| text(sql, mark));
    if let Kind::Snippet { ellipsis, tokens, .. } = &value.kind {
        text(sql, ellipsis);
        sql.push(", ");
        sql.push_number(*tokens);
    }
    sql.push(") END");
}

/// How the values of a row become JSON.
pub(super) fn columns(shown: &[Shown<'_>], bigint: bool) -> Vec<JsonColumn> {
    let columns = shown.iter().map(|shown| {
        let column_type = match shown {
            Shown::Column(column) => column.column_type,
            Shown::Aggregate(aggregate) => aggregate.column_type(),
            Shown::Search(_) => ColumnType::Text,
        };
        let kind = match column_type {
            ColumnType::Boolean => JsonKind::Boolean,
            ColumnType::Json => JsonKind::Json,
            ColumnType::Integer | ColumnType::Timestamp if bigint => JsonKind::BigInteger,
            _ => JsonKind::Plain,
        };
        JsonColumn::new(shown.label(), kind)
    });
    columns.collect()
}
