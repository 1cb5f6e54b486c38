//! `where`: its shape, its names and types against a table, its SQL.

use atomicbase_core::{Code, Problem, closest};
use schema::{Column, ColumnType, Table};
use serde_json::Value;

use super::compile::Sql;
use super::fault::{Fault, join, shown, unknown_column};
use super::value;

/// Levels of groups; one more than anybody writes by hand.
const DEPTH: usize = 16;
/// Conditions of one `where`.
const TERMS: usize = 500;
/// Values of one `in`.
const LISTED: usize = 1_000;
/// Values of one `where`: also twice as many, where lists are filled up, are far below the 32,766 that SQLite binds.
const VALUES: usize = 10_000;
/// A pattern is matched in one step that no deadline can stop: its length and wildcards bound that step.
const PATTERN_BYTES: usize = 128;
const PATTERN_WILDCARDS: usize = 8;
/// Patterns of one `where`.
const PATTERNS: usize = 10;

/// A condition on a row, not yet checked against its table.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare { column: String, operator: Operator, value: Value, path: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    Like,
    Glob,
    In,
    Between,
    Is,
    /// `IS NOT`, of `{not: null}`, `{not: true}`, …
    IsNot,
}

/// Names as they are written. `not` takes a value, or operators that it negates.
const OPERATORS: [(&str, Operator); 12] = [
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("like", Operator::Like),
    ("glob", Operator::Glob),
    ("in", Operator::In),
    ("between", Operator::Between),
    ("is", Operator::Is),
    ("not", Operator::IsNot),
];

/// Reads a `where`: a list that is ANDed, or one object.
pub(super) fn conditions(value: Option<&Value>, path: &str) -> Result<Condition, Problem> {
    let mut reader = Reader { terms: 0, values: 0 };
    match value {
        None => Ok(Condition::All(Vec::new())),
        Some(value) => reader.list(value, path, DEPTH).map(Condition::All),
    }
}

/// Reads conditions, and counts while it does.
struct Reader {
    terms: usize,
    values: usize,
}

impl Reader {
    fn list(&mut self, value: &Value, path: &str, depth: usize) -> Result<Vec<Condition>, Problem> {
        match value {
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(index, entry)| self.object(entry, &format!("{path}[{index}]"), depth))
                .collect(),
            Value::Object(_) => Ok(vec![self.object(value, path, depth)?]),
            _ => Err(Fault::query(path, "A list of conditions is wanted, e.g. [{\"id\": {\"eq\": 1}}].")),
        }
    }

    /// Every member of an object holds: `{a: …, b: …}` is both.
    fn object(&mut self, value: &Value, path: &str, depth: usize) -> Result<Condition, Problem> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::at(
                Code::QueryTooDeep,
                path,
                format!("Conditions nest at most {DEPTH} levels deep."),
            ));
        };
        let Value::Object(members) = value else {
            return Err(Fault::query(path, "A condition is an object, e.g. {\"id\": {\"eq\": 1}}."));
        };
        if members.is_empty() {
            // An empty condition is true of every row: in a delete that is never what was meant.
            return Err(Fault::query(path, "The condition is empty."));
        }
        let mut all = Vec::with_capacity(members.len());
        for (name, value) in members {
            let path = join(path, name);
            match name.as_str() {
                "and" => all.push(Condition::All(self.group(value, &path, depth)?)),
                "or" => all.push(Condition::Any(self.group(value, &path, depth)?)),
                "not" => all.push(Condition::Not(Box::new(Condition::All(self.group(value, &path, depth)?)))),
                _ => self.column(name, value, &path, depth, &mut all)?,
            }
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Condition::All(all) })
    }

    fn group(&mut self, value: &Value, path: &str, depth: usize) -> Result<Vec<Condition>, Problem> {
        let list = self.list(value, path, depth)?;
        if list.is_empty() { Err(Fault::query(path, "The group is empty.")) } else { Ok(list) }
    }

    fn column(
        &mut self,
        column: &str,
        value: &Value,
        path: &str,
        depth: usize,
        all: &mut Vec<Condition>,
    ) -> Result<(), Problem> {
        let operators = value.as_object().filter(|operators| !operators.is_empty());
        let Some(operators) = operators else {
            return Err(Fault::query(path, "An operator is wanted, e.g. {\"eq\": 1}.")
                .hint(format!("Write {{\"{}\": {{\"eq\": …}}}}.", shown(column))));
        };
        for (name, value) in operators {
            self.terms += 1;
            self.values += value.as_array().map_or(1, Vec::len);
            if self.terms > TERMS || self.values > VALUES {
                let message = format!("A query has at most {TERMS} conditions and {VALUES} values.");
                return Err(Fault::query(path, message));
            }
            let path = join(path, name);
            all.push(self.operator(column, name, value, path, depth)?);
        }
        Ok(())
    }

    fn operator(
        &mut self,
        column: &str,
        name: &str,
        value: &Value,
        path: String,
        depth: usize,
    ) -> Result<Condition, Problem> {
        let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown_operator(name, &path));
        };
        if let (Operator::IsNot, Value::Object(_)) = (operator, value) {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(Fault::at(Code::QueryTooDeep, &path, "Negations nest too deeply."));
            };
            let mut inner = Vec::new();
            self.column(column, value, &path, depth, &mut inner)?;
            return Ok(Condition::Not(Box::new(Condition::All(inner))));
        }
        Ok(Condition::Compare { column: column.to_owned(), operator: *operator, value: value.clone(), path })
    }
}

fn unknown_operator(name: &str, path: &str) -> Problem {
    let names = OPERATORS.iter().map(|(name, _)| *name);
    let problem = Fault::at(Code::InvalidOperator, path, format!("There is no operator `{}`.", shown(name)));
    match closest(name, names.clone()) {
        Some(meant) => problem.hint(format!("Did you mean `{meant}`?")),
        None => problem.hint(format!("The operators are {}.", names.collect::<Vec<_>>().join(", "))),
    }
}

impl Condition {
    /// Whether every row is meant.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Condition::All(all) if all.is_empty())
    }

    /// Writes the condition for the table whose alias is `alias`.
    pub(super) fn write(&self, sql: &mut Sql, table: &Table, alias: &str) -> Result<(), Problem> {
        match self {
            Condition::All(all) if all.is_empty() => sql.push("1"),
            Condition::All(all) => join_conditions(all, " AND ", sql, table, alias)?,
            Condition::Any(any) => join_conditions(any, " OR ", sql, table, alias)?,
            Condition::Not(inner) => {
                sql.push("NOT (");
                inner.write(sql, table, alias)?;
                sql.push(")");
            }
            Condition::Compare { column, operator, value, path } => {
                let Some(column) = table.column(column) else {
                    // The operator's own name is the last step; the column stands before it.
                    let at = path.rsplit_once('.').map_or(path.as_str(), |(at, _)| at);
                    return Err(unknown_column(table, column, at));
                };
                compare(sql, alias, column, *operator, value, path)?;
            }
        }
        Ok(())
    }

    /// Whether the condition finds one row at most by a key, or one per value of a list: it pins every column of the primary key
    /// or of a unique set.
    pub(super) fn pins_a_key(&self, table: &Table) -> bool {
        let mut pinned = Vec::new();
        self.pinned(&mut pinned);
        let is_pinned = |name: &String, alone: bool| {
            pinned.iter().any(|(column, listed)| *column == name.as_str() && (alone || !listed))
        };
        let pins = |key: &[String]| key.iter().all(|name| is_pinned(name, key.len() == 1));
        pins(&table.primary_key) || table.unique.iter().any(|set| pins(set))
    }

    /// Columns that equal one value, or one of a list.
    fn pinned<'a>(&'a self, pinned: &mut Vec<(&'a str, bool)>) {
        match self {
            Condition::All(all) => all.iter().for_each(|condition| condition.pinned(pinned)),
            Condition::Compare { column, operator: Operator::Eq, .. } => pinned.push((column, false)),
            Condition::Compare { column, operator: Operator::In, .. } => pinned.push((column, true)),
            _ => {}
        }
    }
}

fn join_conditions(
    conditions: &[Condition],
    word: &str,
    sql: &mut Sql,
    table: &Table,
    alias: &str,
) -> Result<(), Problem> {
    sql.push("(");
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            sql.push(word);
        }
        condition.write(sql, table, alias)?;
    }
    sql.push(")");
    Ok(())
}

fn compare(
    sql: &mut Sql,
    alias: &str,
    column: &Column,
    operator: Operator,
    value: &Value,
    path: &str,
) -> Result<(), Problem> {
    fits(column, operator, path)?;
    sql.column(alias, &column.name);
    match operator {
        Operator::Eq => scalar(sql, " = ", column, value, path),
        Operator::Neq => scalar(sql, " <> ", column, value, path),
        Operator::Gt => scalar(sql, " > ", column, value, path),
        Operator::Gte => scalar(sql, " >= ", column, value, path),
        Operator::Lt => scalar(sql, " < ", column, value, path),
        Operator::Lte => scalar(sql, " <= ", column, value, path),
        Operator::Like => pattern(sql, " LIKE ", "%_", column, value, path),
        Operator::Glob => pattern(sql, " GLOB ", "*?[", column, value, path),
        Operator::Is => identity(sql, " IS ", column, value, path),
        Operator::IsNot => identity(sql, " IS NOT ", column, value, path),
        Operator::In => listed(sql, column, value, path),
        Operator::Between => {
            let Some([low, high]) = value.as_array().map(Vec::as_slice) else {
                return Err(Fault::query(path, "`between` takes two values: [low, high]."));
            };
            scalar(sql, " BETWEEN ", column, low, &format!("{path}[0]"))?;
            scalar(sql, " AND ", column, high, &format!("{path}[1]"))
        }
    }
}

/// JSON is compared only with NULL; patterns are for text.
fn fits(column: &Column, operator: Operator, path: &str) -> Result<(), Problem> {
    let fits = match operator {
        Operator::Is | Operator::IsNot => true,
        Operator::Like | Operator::Glob => matches!(column.column_type, ColumnType::Text | ColumnType::Id),
        _ => column.column_type != ColumnType::Json,
    };
    if fits {
        return Ok(());
    }
    let operator = OPERATORS.iter().find(|(_, known)| *known == operator).map_or("", |(name, _)| name);
    let message =
        format!("`{operator}` does not work on `{}`, which is {}.", column.name, column.column_type.as_str());
    Err(Fault::at(Code::InvalidOperator, path, message))
}

fn scalar(sql: &mut Sql, operator: &str, column: &Column, value: &Value, path: &str) -> Result<(), Problem> {
    if value.is_null() {
        return Err(Fault::at(Code::TypeMismatch, path, "No value compares with null.")
            .hint("Write {\"is\": null} or {\"not\": null}."));
    }
    sql.push(operator);
    sql.bind(value::compare(column, value, path)?);
    Ok(())
}

fn identity(
    sql: &mut Sql,
    operator: &str,
    column: &Column,
    value: &Value,
    path: &str,
) -> Result<(), Problem> {
    sql.push(operator);
    if value.is_null() {
        sql.push("NULL");
        return Ok(());
    }
    if column.column_type == ColumnType::Json {
        return Err(Fault::at(Code::InvalidOperator, path, "JSON is compared only with null."));
    }
    sql.bind(value::compare(column, value, path)?);
    Ok(())
}

fn listed(sql: &mut Sql, column: &Column, value: &Value, path: &str) -> Result<(), Problem> {
    let Some(values) = value.as_array() else {
        return Err(Fault::query(path, "`in` takes a list of values."));
    };
    if values.len() > LISTED {
        return Err(Fault::query(path, format!("`in` takes at most {LISTED} values, not {}.", values.len())));
    }
    sql.push(" IN (");
    for (index, value) in values.iter().enumerate() {
        scalar(sql, if index == 0 { "" } else { ", " }, column, value, &format!("{path}[{index}]"))?;
    }
    // Lists of every length would each be a statement to prepare, and push others out of the cache: the last value fills up to
    // a power of two, and changes nothing by standing there again.
    if let Some(last) = sql.params.last().filter(|_| !values.is_empty()).cloned() {
        for _ in values.len()..values.len().next_power_of_two() {
            sql.push(", ");
            sql.bind(last.clone());
        }
    }
    sql.push(")");
    Ok(())
}

fn pattern(
    sql: &mut Sql,
    operator: &str,
    wildcards: &str,
    column: &Column,
    value: &Value,
    path: &str,
) -> Result<(), Problem> {
    let Some(text) = value.as_str() else {
        return Err(Fault::at(Code::TypeMismatch, path, "A pattern is text."));
    };
    let bound = value::compare(column, value, path)?;
    let count = text.chars().filter(|letter| wildcards.contains(*letter)).count();
    if text.len() > PATTERN_BYTES || count > PATTERN_WILDCARDS {
        let message =
            format!("A pattern has at most {PATTERN_BYTES} bytes and {PATTERN_WILDCARDS} wildcards.");
        return Err(Fault::query(path, message));
    }
    sql.patterns += 1;
    if sql.patterns > PATTERNS {
        return Err(Fault::query(path, format!("A query matches at most {PATTERNS} patterns.")));
    }
    sql.push(operator);
    sql.bind(bound);
    Ok(())
}
