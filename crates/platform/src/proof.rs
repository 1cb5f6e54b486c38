//! Proves a template's SQL on scratch databases: that each expression is one, that SQLite makes the tables and knows their
//! tokenizers, and that it takes rows in them. The policies are read as every request will read them. Whether the rows of a tenant fit is not known here.

use atomicbase_core::{Code, FieldError, Limits, Problem};
use db::{DbError, ErrorKind};
use schema::{DefaultValue, ExpressionKind, Table, Template, create_statements, quote};

/// Refuses what SQLite would refuse, by path where that can be told.
pub(crate) fn prove_template(template: &Template) -> Result<(), Problem> {
    // Conditions have bounds of their own: what is read here is read under every setting.
    let faults = query::check_policies(template, &Limits::default());
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    prove_each_expression(template)?;
    prove_each_search(template)?;
    db::prove_statements(&create_statements(template), &[])
        .map_err(|error| refused_by_sqlite(error, Code::InvalidTemplate))?;
    let mut faults = Vec::new();
    for (index, table) in template.tables.iter().enumerate() {
        // Most tables take a row, so only one that does not is asked expression by expression.
        if takes_a_row(template, table)?.is_some() {
            for path in conditions(template, index) {
                let only = with_one_expression(table, index, &path);
                if let Some(message) = takes_a_row(template, &only)? {
                    faults.push(FieldError { path, message });
                }
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(invalid(faults)) }
}

/// Proves that `steps` run on a database made of `old`.
pub(crate) fn prove_steps(old: Option<&Template>, steps: &[String]) -> Result<(), Problem> {
    let create = old.map(create_statements).unwrap_or_default();
    db::prove_statements(&create, steps).map_err(|error| refused_by_sqlite(error, Code::ChangeNotSupported))
}

/// A template that is refused for these faults.
pub(crate) fn invalid(faults: Vec<FieldError>) -> Problem {
    let detail = match faults.as_slice() {
        [fault] if fault.path.is_empty() => format!("The template is not valid: {}.", fault.message),
        [fault] => format!("The template is not valid: `{}` {}.", fault.path, fault.message),
        _ => format!("The template has {} faults.", faults.len()),
    };
    Problem::new(Code::InvalidTemplate, detail)
        .hint("`errors` names each fault by its path in the template.")
        .with_errors(faults)
}

fn prove_each_expression(template: &Template) -> Result<(), Problem> {
    let expressions: Vec<db::Expression> = template
        .expressions()
        .into_iter()
        .map(|expression| db::Expression {
            table: (expression.kind != ExpressionKind::Default).then(|| expression.table.to_owned()),
            path: expression.path,
            sql: expression.sql.to_owned(),
        })
        .collect();
    if expressions.is_empty() {
        return Ok(());
    }
    // Where nothing but columns is, each expression fails by itself and can be named.
    let mut bare = template.clone();
    bare.tables.iter_mut().for_each(bare_columns);
    db::prove_expressions(&create_statements(&bare), &expressions)?.map_err(|faults| {
        let named = |fault: db::ExpressionError| FieldError { path: fault.path, message: fault.message };
        invalid(faults.into_iter().map(named).collect())
    })
}

/// What SQLite says of each tokenizer; which of them it has is its own to know.
fn prove_each_search(template: &Template) -> Result<(), Problem> {
    let mut faults = Vec::new();
    for (index, table) in template.tables.iter().enumerate() {
        let Some(fts) = &table.fts else { continue };
        let mut alone = table.clone();
        bare_columns(&mut alone);
        alone.columns.iter_mut().for_each(|column| column.references = None);
        alone.fts = Some(fts.clone());
        let alone = Template { tables: vec![alone], ..template.clone() };
        match db::prove_statements(&create_statements(&alone), &[]) {
            Ok(()) => {}
            Err(error) if is_ours(&error.kind) => return Err(error.into()),
            Err(error) => faults.push(FieldError {
                path: format!("tables[{index}].fts.tokenize"),
                message: format!("is refused by SQLite: {}", error.message),
            }),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(invalid(faults)) }
}

/// Tries a row of NULLs in a table of its own that has nothing but its expressions, and says what SQLite cannot evaluate:
/// the current time in a check, for one, which it refuses only when a row comes.
fn takes_a_row(template: &Template, table: &Table) -> Result<Option<String>, Problem> {
    let mut loose = table.clone();
    loose.primary_key.clear();
    loose.unique.clear();
    loose.auto_increment = false;
    loose.fts = None;
    for column in &mut loose.columns {
        column.not_null = false;
        column.references = None;
        column.default = None;
        column.enum_values = None;
    }
    let alone = Template { tables: vec![loose], ..template.clone() };
    let insert = format!("INSERT INTO {} DEFAULT VALUES", quote(&table.name));
    match db::prove_statements(&create_statements(&alone), &[insert]) {
        Ok(()) => Ok(None),
        // The row of NULLs is not one that the table wants. It was looked at, and that is all.
        Err(DbError { kind: ErrorKind::Check(_) | ErrorKind::NotNull(_) | ErrorKind::Type(_), .. }) => {
            Ok(None)
        }
        Err(error) if is_ours(&error.kind) => Err(error.into()),
        Err(error) => Ok(Some(format!("cannot be evaluated: {}", error.message))),
    }
}

/// The paths of a table's expressions that are evaluated when a row is written.
fn conditions(template: &Template, index: usize) -> Vec<String> {
    let prefix = format!("tables[{index}].");
    let expressions = template.expressions().into_iter();
    let of_table = expressions.filter(|expression| expression.path.starts_with(&prefix));
    of_table
        .filter(|expression| expression.kind != ExpressionKind::Default)
        .map(|expression| expression.path)
        .collect()
}

fn with_one_expression(table: &Table, index: usize, path: &str) -> Table {
    let mut only = table.clone();
    keep_expressions(&mut only, |inner| path == format!("tables[{index}].{inner}"));
    only
}

/// Leaves nothing but columns, so that what is tried on them fails by itself.
fn bare_columns(table: &mut Table) {
    keep_expressions(table, |_| false);
    table.fts = None;
}

/// Takes out the expressions whose path within the table is not to be kept.
fn keep_expressions(table: &mut Table, keep: impl Fn(&str) -> bool) {
    let mut number = 0..;
    table.checks.retain(|_| number.next().is_some_and(|c: usize| keep(&format!("checks[{c}]"))));
    for (c, column) in table.columns.iter_mut().enumerate() {
        column.check = column.check.take().filter(|_| keep(&format!("columns[{c}].check")));
        column.generated = column.generated.take().filter(|_| keep(&format!("columns[{c}].generated.sql")));
        let stays = |default: &DefaultValue| matches!(default, DefaultValue::Value(_));
        column.default = column
            .default
            .take()
            .filter(|default| stays(default) || keep(&format!("columns[{c}].default.sql")));
    }
    for (i, index) in table.indexes.iter_mut().enumerate() {
        index.filter = index.filter.take().filter(|_| keep(&format!("indexes[{i}].where")));
    }
}

/// What SQLite says of a template's SQL is the author's to mend; anything else is ours.
fn refused_by_sqlite(error: DbError, code: Code) -> Problem {
    if is_ours(&error.kind) {
        return error.into();
    }
    Problem::new(code, format!("SQLite refuses this schema: {}.", error.message)).because(error)
}

fn is_ours(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Full | ErrorKind::Unavailable | ErrorKind::Busy | ErrorKind::Timeout)
}
