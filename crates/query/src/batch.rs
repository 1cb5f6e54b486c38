//! A batch: a list of operations, each with its table and a body of its own, and what later ones take from earlier ones.

use atomicbase_core::{Limits, Problem};
use schema::Column;
use serde_json::value::RawValue;

use super::condition::Given;
use super::fault::{Fault, Place, did_you_mean, shown};
use super::fields::{Fields, Json, list};
use super::insert::rows_of;
use super::operators::same_type;
use super::plan::Query;
use super::scope::{Scope, Verb};
use super::value::Typed;
use super::view::View;

/// Statements of one batch: a row of an insert is one, and so is a list of related rows.
const STATEMENTS: usize = 10_000;
/// Values that those statements bind together: each list of related rows binds again what the conditions of those above it bind,
/// so that a small body could fill the memory.
const VALUES: usize = 500_000;
/// The only member of an object that stands for a value of an earlier operation.
const REFERENCE: &str = "$ref";

/// One operation of a batch.
#[derive(Debug)]
pub struct Operation<'a> {
    /// What it does.
    pub verb: Verb,
    /// The table it does it to.
    pub table: String,
    /// Its body; a select may have none.
    pub body: Option<&'a RawValue>,
    /// Where it stands: `operations[2]`.
    pub place: String,
}

/// Reads `{"operations": […]}`.
///
/// # Errors
/// `INVALID_QUERY` with the path of what does not fit.
pub fn parse_batch<'a>(body: &'a RawValue, limits: &Limits) -> Result<Vec<Operation<'a>>, Problem> {
    let start = Place::Start("");
    let fields = Fields::read(body, &start, &["operations"], "An object with `operations`")?;
    let (place, wanted) = (start.field("operations"), "A list of operations");
    let operations =
        fields.raw("operations").ok_or_else(|| Fault::query(place, format!("{wanted} is missing.")))?;
    let operations = list(operations, &place, wanted)?;
    if operations.is_empty() || operations.len() > limits.max_operations {
        let (most, count) = (limits.max_operations, operations.len());
        return Err(Fault::query(place, format!("A batch has 1 to {most} operations, not {count}.")));
    }
    let read = operations.into_iter().enumerate();
    read.map(|(index, operation)| parse_operation(operation, format!("operations[{index}]"))).collect()
}

fn parse_operation(operation: &RawValue, place: String) -> Result<Operation<'_>, Problem> {
    const FIELDS: [&str; 3] = ["operation", "table", "body"];
    let at = Place::Start(&place);
    let fields = Fields::read(operation, &at, &FIELDS, "An object with `operation`, `table` and `body`")?;
    let text = |name: &str| match fields.value(name, &at)? {
        Some(Json::Text(text)) => Ok(text),
        _ => Err(Fault::query(at.field(name), format!("`{name}` is wanted, as text."))),
    };
    let name = text("operation")?;
    let verb = Verb::parse(&name).ok_or_else(|| {
        let message = format!("There is no operation `{}`.", shown(&name));
        did_you_mean(Fault::query(at.field("operation"), message), &name, Verb::NAMES)
    })?;
    let (table, body) = (text("table")?, fields.raw("body"));
    Ok(Operation { verb, table: table.into_owned(), body, place })
}

/// An operation that later ones may refer to.
#[derive(Clone, Debug)]
pub(crate) struct Earlier<'a> {
    view: View<'a>,
    /// Columns that its rows keep.
    kept: Vec<&'a Column>,
    /// How many rows it has, where its body says so.
    rows: Option<usize>,
    /// Its rows are rows of the table, and not groups of them.
    keeps: bool,
}

/// Compiles the operations of a batch; with `count`, each of its selects counts.
///
/// # Errors
/// What does not fit the template, the caller's rights or the limits, with its path in the request's body.
pub fn compile_batch(
    scope: &Scope<'_>,
    operations: &[Operation<'_>],
    count: bool,
) -> Result<Vec<Query>, Problem> {
    let everything: &RawValue = serde_json::from_str("{}").map_err(Problem::internal)?;
    let mut wanted = wanted(scope, operations);
    let mut earlier: Vec<Earlier<'_>> = Vec::with_capacity(operations.len());
    let mut queries = Vec::with_capacity(operations.len());
    let (mut statements, mut values) = (0, 0);
    for (Operation { verb, table, body, place }, kept) in operations.iter().zip(&mut wanted) {
        let verb = if let Verb::Select { .. } = verb { Verb::Select { count } } else { *verb };
        let body = body.unwrap_or(everything);
        let kept = std::mem::take(kept);
        let query = Scope { earlier: &earlier, ..*scope }.compile_keeping(verb, table, body, place, &kept)?;
        statements += query.statements().len();
        values += query.statements().iter().map(|statement| statement.params.len()).sum::<usize>();
        refuse_too_much(statements, values)?;
        earlier.push(Earlier {
            view: scope.table(table, &Place::Start(place))?,
            kept,
            rows: (verb == Verb::Insert).then(|| rows_of(body)),
            keeps: query.keeps.is_some(),
        });
        queries.push(query);
    }
    Ok(queries)
}

fn refuse_too_much(statements: usize, values: usize) -> Result<(), Problem> {
    let message = if statements > STATEMENTS {
        format!("A batch writes at most {STATEMENTS} rows, relations counted as rows.")
    } else if values > VALUES {
        format!("A batch binds at most {VALUES} values, those of `where` once per relation.")
    } else {
        return Ok(());
    };
    Err(Fault::query("operations", message).hint("Send the operations in several batches."))
}

/// For each operation the columns that others refer to. What refers to nothing is refused where it is read; in the value of a
/// `json` column it is no reference at all.
fn wanted<'a>(scope: &Scope<'a>, operations: &[Operation<'_>]) -> Vec<Vec<&'a Column>> {
    let mut wanted: Vec<Vec<&'a Column>> = vec![Vec::new(); operations.len()];
    let bodies = operations.iter().filter_map(|operation| operation.body);
    for body in bodies.filter(|body| body.get().contains(REFERENCE)) {
        let Ok(json) = serde_json::from_str::<Json<'_>>(body.get()) else { continue };
        references(&json, &mut |name| {
            let Some(Reference { operation, column, .. }) = Reference::read(name) else { return };
            let Some(known) = operations.get(operation) else { return };
            let table = scope.template.table(&known.table);
            let column = table.and_then(|table| scope.view(table).column(column));
            if let Some(column) = column
                && !wanted[operation].iter().any(|known| known.name == column.name)
            {
                wanted[operation].push(column);
            }
        });
    }
    wanted
}

fn references(json: &Json<'_>, found: &mut impl FnMut(&str)) {
    match json {
        Json::List(list) => list.iter().for_each(|json| references(json, found)),
        Json::Object(members) => {
            for (name, json) in members {
                match json {
                    Json::Text(text) if name == REFERENCE => found(text),
                    json => references(json, found),
                }
            }
        }
        _ => {}
    }
}

/// `0.id` or `0.2.id`: an operation, a row of it (its first), a column.
struct Reference<'r> {
    operation: usize,
    row: usize,
    column: &'r str,
}

impl<'r> Reference<'r> {
    fn read(text: &'r str) -> Option<Self> {
        let (operation, rest) = text.split_once('.')?;
        let (row, column) = rest.split_once('.').unwrap_or(("0", rest));
        Some(Self { operation: operation.parse().ok()?, row: row.parse().ok()?, column })
    }
}

impl Earlier<'_> {
    /// What a reference means, among the operations before the one that refers.
    pub(crate) fn find(
        earlier: &[Earlier<'_>],
        name: &str,
        typed: Typed<'_>,
        place: &Place<'_>,
    ) -> Result<Given, Problem> {
        let Some(Reference { operation, row, column }) = Reference::read(name) else {
            return Err(Fault::query(place, format!("`{}` is no reference.", shown(name)))
                .hint("Write {\"$ref\": \"0.id\"}: an operation's number and a column."));
        };
        let Some(known) = earlier.get(operation) else {
            return Err(Fault::query(place, format!("There is no operation {operation} before this one.")));
        };
        if !known.keeps {
            let message =
                format!("The rows of operation {operation} are put together and cannot be referred to.");
            return Err(Fault::query(place, message));
        }
        if known.rows.is_some_and(|rows| row >= rows) {
            return Err(Fault::query(place, format!("Operation {operation} has no row {row}.")));
        }
        let column = known.view.find(column, place)?;
        same_type(typed, &column.name, column.column_type, place)?;
        let key = known.kept.iter().position(|kept| kept.name == column.name);
        key.map(|key| Given { operation, row, key })
            .ok_or_else(|| Problem::internal("a reference was not seen"))
    }
}
