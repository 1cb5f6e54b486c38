//! SQL text and the values bound to it: names quoted, conditions written. What comes here has been checked; nothing fails.

use std::fmt::Write as _;

use db::Value;
use schema::{Column, fts_table_name, push_quoted, quote};

use super::aggregate::{Aggregate, Function};
use super::condition::{Condition, Given, JsonType, Left, Operand, Quantifier, Related, Scalar, Search};
use super::relation::Relation;

/// SQL text with the values bound so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    pub text: String,
    pub params: Vec<Value>,
    /// Parameters that earlier operations of a batch give.
    pub given: Vec<(usize, Given)>,
    /// Parameters that earlier statements of this operation give.
    pub earlier: Vec<db::Given>,
    /// What counts a row, where rows that are not there must not count: the rowid of the outer table of a join.
    pub counted: Option<String>,
    /// Subqueries around what is written now.
    depth: usize,
}

impl Sql {
    /// Empty, with room for a query of the usual length.
    pub(super) fn with_room() -> Self {
        Self { text: String::with_capacity(256), ..Self::default() }
    }

    /// Other text with the same values.
    pub(super) fn after(&self, text: &str) -> Self {
        let mut sql = Self {
            params: self.params.clone(),
            given: self.given.clone(),
            earlier: self.earlier.clone(),
            ..Self::with_room()
        };
        sql.push(text);
        sql
    }

    /// As [`Sql::after`], the last time: the values go along.
    pub(super) fn take(&mut self, text: &str) -> Self {
        let mut sql = Self {
            params: std::mem::take(&mut self.params),
            given: std::mem::take(&mut self.given),
            earlier: std::mem::take(&mut self.earlier),
            ..Self::with_room()
        };
        sql.push(text);
        sql
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn push_number(&mut self, number: u64) {
        // Writing into a String cannot fail.
        let _ = write!(self.text, "{number}");
    }

    pub(super) fn name(&mut self, name: &str) {
        push_quoted(&mut self.text, name);
    }

    /// A column of the table called `alias`; of the statement's only table where that is empty.
    pub(super) fn column(&mut self, alias: &str, name: &str) {
        if !alias.is_empty() {
            self.push(alias);
            self.push(".");
        }
        self.name(name);
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.params.push(value);
        let _ = write!(self.text, "?{}", self.params.len());
    }

    /// A value that is named several times: how it is named.
    pub(super) fn parameter(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("?{}", self.params.len())
    }

    fn bind_given(&mut self, given: Given) {
        self.given.push((self.params.len(), given));
        self.bind(Value::Null);
    }

    /// A value that an earlier statement gives; which parameter it is, is said here.
    pub(super) fn bind_earlier(&mut self, given: db::Given) {
        self.earlier.push(db::Given { param: self.params.len(), ..given });
        self.bind(Value::Null);
    }

    pub(super) fn list(&mut self, alias: &str, names: impl IntoIterator<Item = impl AsRef<str>>) {
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.column(alias, name.as_ref());
        }
    }

    /// A condition on the table called `alias`.
    pub(super) fn condition(&mut self, condition: Condition<'_>, alias: &str) {
        match condition {
            Condition::All(all) if all.is_empty() => self.push("1"),
            Condition::Any(any) if any.is_empty() => self.push("0"),
            Condition::All(all) => self.joined(all, " AND ", alias),
            Condition::Any(any) => self.joined(any, " OR ", alias),
            Condition::Not(inner) => {
                self.push("NOT (");
                self.condition(*inner, alias);
                self.push(")");
            }
            Condition::Test { left, operator, operand } => {
                self.left(left, alias);
                self.push(operator.sql());
                self.operand(operand, alias);
            }
            Condition::Related(related) => self.related(*related, alias),
            Condition::Search(search) => self.search(search, alias),
        }
    }

    fn joined(&mut self, conditions: Vec<Condition<'_>>, word: &str, alias: &str) {
        self.push("(");
        for (index, condition) in conditions.into_iter().enumerate() {
            if index > 0 {
                self.push(word);
            }
            self.condition(condition, alias);
        }
        self.push(")");
    }

    fn left(&mut self, left: Left<'_>, alias: &str) {
        match left {
            Left::Column(column) => self.column(alias, &column.name),
            Left::Json { column, path, json_type } => self.json(column, path, json_type, alias),
            Left::Aggregate(aggregate) => self.compared(&aggregate, alias),
        }
    }

    /// An aggregate as it is compared and ordered: by its column's collation, which SQLite forgets.
    pub(super) fn compared(&mut self, aggregate: &Aggregate<'_>, alias: &str) {
        self.aggregate(aggregate, alias);
        let extreme = matches!(aggregate.function, Function::Min | Function::Max);
        if let Some(column) = aggregate.column.filter(|column| extreme && collation(column) != BINARY) {
            self.push(" COLLATE ");
            self.name(collation(column));
        }
    }

    pub(super) fn aggregate(&mut self, aggregate: &Aggregate<'_>, alias: &str) {
        self.push(aggregate.function.as_str());
        self.push("(");
        match (aggregate.column, self.counted.clone()) {
            (Some(column), _) => self.column(alias, &column.name),
            (None, Some(row)) => self.push(&row),
            (None, None) => self.push("*"),
        }
        self.push(")");
    }

    /// What is at a path, NULL where it is of another type.
    fn json(&mut self, column: &Column, path: String, json_type: JsonType, alias: &str) {
        let call = |sql: &mut Self, function: &str, path: Value| {
            sql.push(function);
            sql.push("(");
            sql.column(alias, &column.name);
            sql.push(", ");
            sql.bind(path);
            sql.push(")");
        };
        let types = match json_type {
            JsonType::Any => return call(self, "json_extract", path.into()),
            JsonType::Text => " WHEN 'text' THEN ",
            JsonType::Number => " WHEN 'integer' THEN ",
            JsonType::Boolean => " WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        };
        self.push("CASE ");
        call(self, "json_type", path.as_str().into());
        self.push(types);
        if json_type == JsonType::Number {
            call(self, "json_extract", path.as_str().into());
            self.push(" WHEN 'real' THEN ");
        }
        if json_type != JsonType::Boolean {
            call(self, "json_extract", path.into());
            self.push(" END");
        }
    }

    fn operand(&mut self, operand: Operand<'_>, alias: &str) {
        match operand {
            Operand::Null => self.push("NULL"),
            Operand::One(value) => self.scalar(value, alias),
            Operand::Two(low, high) => {
                self.scalar(low, alias);
                self.push(" AND ");
                self.scalar(high, alias);
            }
            Operand::Listed(values) => self.listed(values, alias),
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, alias: &str) {
        match scalar {
            Scalar::Value(value) => self.bind(value),
            Scalar::Column(column) => self.column(alias, &column.name),
            Scalar::Given(given) => self.bind_given(given),
        }
    }

    /// A value that an insert or update stores.
    pub(super) fn stored(&mut self, value: Scalar<'_>) {
        self.scalar(value, "");
    }

    fn listed(&mut self, mut values: Vec<Scalar<'_>>, alias: &str) {
        // Lists of every length would each be a statement to prepare, and push others out of the cache: the last value fills up
        // to a power of two, and changes nothing by standing there again.
        if let Some(last) = values.last().cloned() {
            values.resize(values.len().next_power_of_two(), last);
        }
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.scalar(value, alias);
        }
        self.push(")");
    }

    /// `[NOT] EXISTS (related rows that are there and for which it is, or is not, true)`.
    fn related(&mut self, related: Related<'_>, alias: &str) {
        let Related { relation, quantifier, filter, visible, joined } = related;
        self.push(if quantifier == Quantifier::Some { "EXISTS (" } else { "NOT EXISTS (" });
        self.depth += 1;
        let there = format!("r{}", self.depth);
        self.push("SELECT 1 FROM ");
        self.tables_there(&relation, &there);
        self.push(" WHERE ");
        self.joins_there(&relation, joined, &there, alias, &relation.here.name);
        if !visible.is_everything() {
            self.push(" AND ");
            self.condition(visible, &there);
        }
        match quantifier {
            Quantifier::Every => {
                self.push(" AND (");
                self.condition(filter, &there);
                self.push(") IS NOT TRUE");
            }
            _ if filter.is_everything() => {}
            _ => {
                self.push(" AND ");
                self.condition(filter, &there);
            }
        }
        self.depth -= 1;
        self.push(")");
    }

    /// The table of the related rows, called `there`, behind the table that joins where there is one.
    pub(super) fn tables_there(&mut self, relation: &Relation<'_>, there: &str) {
        if let Some(through) = relation.through {
            self.name(&through.table.name);
            self.push(&format!(" AS {there}j JOIN "));
        }
        self.name(&relation.table.name);
        self.push(&format!(" AS {there}"));
    }

    /// What joins them with the row whose key is `here.key`.
    pub(super) fn joins_there(
        &mut self,
        relation: &Relation<'_>,
        joined: Condition<'_>,
        there: &str,
        here: &str,
        key: &str,
    ) {
        let Some(through) = relation.through else { return self.joins(relation, there, here, key) };
        let between = format!("{there}j");
        self.equal((&between, through.near), (here, key), relation.here);
        self.push(" AND ");
        self.equal((there, relation.there), (&between, &through.far.name), relation.there);
        if !joined.is_everything() {
            self.push(" AND ");
            self.condition(joined, &between);
        }
    }

    /// Parent and child are joined as the foreign key compares them: by the collation of the column referred to.
    pub(super) fn joins(&mut self, relation: &Relation<'_>, there: &str, here: &str, key: &str) {
        let referred = if relation.many { relation.here } else { relation.there };
        self.equal((there, relation.there), (here, key), referred);
    }

    fn equal(&mut self, a: (&str, &Column), b: (&str, &str), referred: &Column) {
        self.column(a.0, &a.1.name);
        self.push(" = ");
        self.column(b.0, b.1);
        if collation(referred) != collation(a.1) {
            self.push(&format!(" COLLATE {}", quote(collation(referred))));
        }
    }

    fn search(&mut self, search: Search<'_>, alias: &str) {
        let index = quote(&fts_table_name(&search.table.name));
        self.column_of_rowid(search.table, alias);
        self.push(&format!(" IN (SELECT rowid FROM {index} WHERE {index} MATCH "));
        self.bind(search.expression.into());
        self.push(")");
    }

    pub(super) fn column_of_rowid(&mut self, table: &schema::Table, alias: &str) {
        if !alias.is_empty() {
            self.push(alias);
            self.push(".");
        }
        self.push(table.rowid_alias());
    }
}

pub(super) const BINARY: &str = "BINARY";

pub(super) fn collation(column: &Column) -> &str {
    column.collate.as_deref().unwrap_or(BINARY)
}
