//! From `*.policies.ts` files to checked cases, before anything is sent. Knows `evaluate` and `schema`; no server.

use std::path::{Path, PathBuf};

use schema::{Table, Template};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::exit::{Failure, FieldError, Outcome};
use crate::schemas;
use crate::settings::Project;

const SUFFIX: &str = ".policies.ts";

/// A file of cases, with the schema they are about.
pub(crate) struct TestFile {
    pub path: PathBuf,
    pub tests: PolicyTests,
    pub template: Template,
    /// The same as it travels.
    pub json: Value,
}

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyTests {
    template: String,
    schema: Option<Value>,
    /// The rows that each case starts from, by table.
    pub rows: Map<String, Value>,
    pub cases: Vec<Case>,
}

/// Who does what, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "as")]
    pub actor: Actor,
    pub operation: Operation,
    pub table: String,
    /// The key of the row that it is about.
    row: Option<Value>,
    #[serde(rename = "where")]
    condition: Option<Value>,
    pub data: Option<Value>,
    pub sees: Option<Vec<Value>>,
    #[serde(default)]
    pub shows: Vec<String>,
    #[serde(default)]
    pub hides: Vec<String>,
    pub allowed: Option<bool>,
    pub rows: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Select,
    Insert,
    Update,
    Delete,
}

/// Whom a case acts as.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Actor {
    /// Nobody in particular.
    Anonymous(Anonymous),
    /// Somebody in a role.
    Role {
        /// The role.
        role: String,
        /// The user's id, where policies look at it.
        user: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Anonymous {
    Anonymous,
}

impl Operation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Actor {
    /// The `Act-As` header.
    pub fn header(&self) -> String {
        match self {
            Self::Anonymous(_) => "anonymous".to_owned(),
            Self::Role { role, user: None } => format!("role={role}"),
            Self::Role { role, user: Some(user) } => format!("role={role}; user={user}"),
        }
    }

    /// In words.
    pub fn shown(&self) -> String {
        match self {
            Self::Anonymous(_) => "anonymous".to_owned(),
            Self::Role { role, user: None } => role.clone(),
            Self::Role { role, user: Some(user) } => format!("{role} {user}"),
        }
    }

    fn is_well_formed(&self) -> bool {
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b";=".contains(&byte))
        };
        match self {
            Self::Anonymous(_) => true,
            Self::Role { role, user } => plain(role) && user.as_deref().is_none_or(plain),
        }
    }
}

impl Case {
    /// The conditions of the rows that it is about; `None` is all of them.
    pub fn conditions(&self, template: &Template) -> Option<Value> {
        let Some(key) = &self.row else { return self.condition.clone() };
        let columns = template.table(&self.table).map_or(&[][..], |table| &table.primary_key);
        let parts = columns.iter().zip(key_parts(key));
        Some(parts.map(|(column, value)| json!({ column: { "eq": value } })).collect())
    }

    /// In words, but for who.
    pub fn shown(&self) -> String {
        let rows = match (&self.row, &self.condition) {
            (Some(key), _) => format!(" {}", shown_key(key)),
            (None, Some(Value::Array(list))) if list.len() == 1 => format!(" where {}", list[0]),
            (None, Some(condition)) => format!(" where {condition}"),
            (None, None) => String::new(),
        };
        let data: String =
            rows_of(self.data.as_ref()).into_iter().map(|row| format!(": {}", shown_row(row))).collect();
        format!("{} {}{rows}{data}", self.operation.as_str(), self.table)
    }

    fn check(&self, place: &str, template: &Template, faults: &mut Vec<FieldError>) {
        let mut fault = |part: &str, message: String| {
            faults.push(FieldError { path: format!("{place}.{part}"), message });
        };
        if !self.actor.is_well_formed() {
            fault("as", "a role and a user's id are of plain characters, without `;` and `=`".to_owned());
        }
        let Some(table) = template.table(&self.table) else {
            return fault(self.operation.as_str(), no_table(&self.table, template));
        };
        for (part, columns) in [("shows", &self.shows), ("hides", &self.hides)] {
            columns.iter().filter_map(|name| no_column(table, name)).for_each(|message| fault(part, message));
        }
        let written: Vec<&Map<String, Value>> = rows_of(self.data.as_ref());
        let names = written.iter().flat_map(|row| row.keys());
        names.filter_map(|name| no_column(table, name)).for_each(|message| fault("data", message));
        if let Some(message) = self.row.as_ref().and_then(|key| no_key(table, key)) {
            fault("row", message);
        }
        let keys = self.sees.iter().flatten();
        keys.filter_map(|key| no_key(table, key)).for_each(|message| fault("sees", message));
        if self.allowed.is_some() && self.rows.is_some() {
            fault("rows", "is how many rows change; `allowed` is that all do, or none".to_owned());
        }
        let needs_data = matches!(self.operation, Operation::Insert | Operation::Update);
        if needs_data && written.is_empty() {
            fault("data", "says which values are written".to_owned());
        }
        if !self.expects_something() {
            let what = match self.operation {
                Operation::Select => "`sees`, `shows`, `hides` or `allowed`",
                Operation::Insert => "`allowed`",
                Operation::Update | Operation::Delete => "`allowed` or `rows`",
            };
            fault(self.operation.as_str(), format!("a case says what comes of it: {what}"));
        }
    }

    fn expects_something(&self) -> bool {
        let columns = !self.shows.is_empty() || !self.hides.is_empty();
        columns || self.sees.is_some() || self.allowed.is_some() || self.rows.is_some()
    }
}

/// A key's values, in the order of its columns.
fn key_parts(key: &Value) -> &[Value] {
    key.as_array().map_or(std::slice::from_ref(key), Vec::as_slice)
}

/// `t1`, or `(acme, ada)` for a key of several columns.
pub(crate) fn shown_key(key: &Value) -> String {
    match key.as_array() {
        Some(parts) => format!("({})", parts.iter().map(shown_value).collect::<Vec<_>>().join(", ")),
        None => shown_value(key),
    }
}

/// `title=Printer status=open`.
fn shown_row(row: &Map<String, Value>) -> String {
    let values = row.iter().map(|(name, value)| format!("{name}={}", shown_value(value)));
    values.collect::<Vec<_>>().join(" ")
}

fn shown_value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One row, or a list of them.
fn rows_of(data: Option<&Value>) -> Vec<&Map<String, Value>> {
    match data {
        Some(Value::Object(row)) => vec![row],
        Some(Value::Array(rows)) => rows.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

fn no_table(name: &str, template: &Template) -> String {
    let known: Vec<&str> = template.tables.iter().map(|table| table.name.as_str()).collect();
    format!("there is no table `{name}`; there are {}", known.join(", "))
}

fn no_column(table: &Table, name: &str) -> Option<String> {
    table.column(name).is_none().then(|| {
        let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        format!("`{}` has no column `{name}`; it has {}", table.name, known.join(", "))
    })
}

fn no_key(table: &Table, key: &Value) -> Option<String> {
    let parts = key_parts(key);
    let fits = parts.len() == table.primary_key.len()
        && !parts.iter().any(|part| part.is_object() || part.is_null());
    (!fits).then(|| match table.primary_key.as_slice() {
        [column] => format!("`{key}` is not a value of the key `{column}`"),
        columns => format!("`{key}` is not a list of values of the key ({})", columns.join(", ")),
    })
}

/// The cases of `file`, or of every `*.policies.ts` of the project.
pub(crate) fn load(project: &Project, folder: &Path, file: Option<&Path>) -> Outcome<Vec<TestFile>> {
    let paths = match file {
        Some(file) => vec![folder.join(file)],
        None => {
            let hint =
                "`definePolicyTests` from @atomicbase/schema writes cases; docs/guide/policies.md shows how.";
            schemas::find(&project.schemas, SUFFIX, hint)?
        }
    };
    paths.into_iter().map(|path| read(project, folder, path)).collect()
}

fn read(project: &Project, folder: &Path, path: PathBuf) -> Outcome<TestFile> {
    if !path.is_file() {
        return Err(Failure::usage(format!("There is no file {}.", path.display())));
    }
    let value = evaluate::evaluate_policy_tests(
        &path,
        schemas::root_of(project, &path),
        &evaluate::Limits::default(),
    )
    .map_err(|error| Failure::usage(error.to_string()))?;
    let fault = |message: String| Failure::usage(format!("{}: {message}.", path.display()));
    let mut tests = PolicyTests::deserialize(&value).map_err(|error| fault(error.to_string()))?;
    let json = match tests.schema.take() {
        Some(schema) => schema,
        None => named_schema(project, folder, &tests.template)?,
    };
    let template = Template::parse(&json).map_err(|faults| {
        let mut failure = fault("its schema is not a valid template".to_owned());
        failure.errors =
            faults.into_iter().map(|fault| FieldError { path: fault.path, message: fault.message }).collect();
        failure
    })?;
    let faults = check(&tests, &template);
    if !faults.is_empty() {
        let mut failure = fault("its cases do not fit the schema".to_owned());
        failure.errors = faults;
        return Err(failure);
    }
    Ok(TestFile { path, tests, template, json })
}

/// The template of this name, from the schemas' folder.
fn named_schema(project: &Project, folder: &Path, name: &str) -> Outcome<Value> {
    let files = schemas::load(project, folder, None)?;
    files.into_iter().find(|file| file.name == name).map(|file| file.template).ok_or_else(|| {
        Failure::usage(format!("No schema file in {} defines \"{name}\".", project.schemas.display()))
            .hint("The first argument of definePolicyTests is the schema, imported, or its name.")
    })
}

fn check(tests: &PolicyTests, template: &Template) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for (name, rows) in &tests.rows {
        let path = format!("rows.{name}");
        let Some(table) = template.table(name) else {
            faults.push(FieldError { path, message: no_table(name, template) });
            continue;
        };
        if !rows.as_array().is_some_and(|rows| rows.iter().all(Value::is_object)) {
            faults.push(FieldError { path, message: "is a list of rows".to_owned() });
            continue;
        }
        let names = rows_of(Some(rows)).into_iter().flat_map(Map::keys);
        let unknown = names.filter_map(|name| no_column(table, name));
        faults.extend(unknown.map(|message| FieldError { path: path.clone(), message }));
    }
    for (i, case) in tests.cases.iter().enumerate() {
        case.check(&format!("cases[{i}]"), template, &mut faults);
    }
    if tests.cases.is_empty() {
        faults.push(FieldError { path: "cases".to_owned(), message: "there is no case".to_owned() });
    }
    faults
}
