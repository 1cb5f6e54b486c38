//! The shape of a batch's body: a list of operations, each with its table and a body of its own. Knows no table.

use atomicbase_core::{Limits, Problem};
use serde_json::value::RawValue;

use super::Verb;
use super::fault::{Fault, Place, did_you_mean, shown};
use super::fields::{Fields, Json, list};

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
