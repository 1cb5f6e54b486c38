//! The operators of a `where` and their values: what works on which type, and the value checked against it.

use atomicbase_core::{Caller, Code, Problem, closest};
use db::Value as Bound;
use schema::ColumnType;

use super::Scope;
use super::condition::{Operator, Scalar};
use super::fault::{Fault, Place, shown};
use super::fields::Json;
use super::value::{self, Typed};
use super::view::View;

/// Values of one `in`.
const LISTED: usize = 1_000;
/// A pattern is matched in one step that no deadline can stop: its length and wildcards bound that step.
const PATTERN_BYTES: usize = 128;
const PATTERN_WILDCARDS: usize = 8;

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

pub(super) fn find(name: &str, place: &Place<'_>) -> Result<Operator, Problem> {
    if let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| *known == name) {
        return Ok(*operator);
    }
    let names = OPERATORS.iter().map(|(name, _)| *name).chain(["fts", "match"]);
    let problem = Fault::at(Code::InvalidOperator, place, format!("There is no operator `{}`.", shown(name)));
    Err(match closest(name, names.clone()) {
        Some(meant) => problem.hint(format!("Did you mean `{meant}`?")),
        None => problem.hint(format!("The operators are {}.", names.collect::<Vec<_>>().join(", "))),
    })
}

/// JSON is compared only with NULL; patterns are for text.
pub(super) fn fits(
    typed: Typed<'_>,
    operator: Operator,
    json: &Json<'_>,
    place: &Place<'_>,
) -> Result<(), Problem> {
    let fits = match operator {
        Operator::Like | Operator::Glob => matches!(typed.column_type, ColumnType::Text | ColumnType::Id),
        Operator::Is | Operator::IsNot if json.is_null() => true,
        Operator::Is | Operator::IsNot if typed.column_type == ColumnType::Json => {
            return Err(Fault::at(Code::InvalidOperator, place, "JSON is compared only with null.")
                .hint(format!("Compare a value inside it: {{\"{}->path\": …}}.", typed.name)));
        }
        _ => typed.column_type != ColumnType::Json,
    };
    if fits {
        return Ok(());
    }
    let operator = OPERATORS.iter().find(|(_, known)| *known == operator).map_or("", |(name, _)| name);
    let message =
        format!("`{operator}` does not work on `{}`, which is {}.", typed.name, typed.column_type.as_str());
    Err(Fault::at(Code::InvalidOperator, place, message))
}

/// Refuses a value of another column that does not compare with, or cannot be, a value of this one.
pub(super) fn same_type(
    typed: Typed<'_>,
    name: &str,
    kind: ColumnType,
    place: &Place<'_>,
) -> Result<(), Problem> {
    if compare_with_each_other(typed.column_type, kind) {
        return Ok(());
    }
    let (ours, name) = (typed.column_type.as_str(), shown(name));
    let message = format!("`{}` is {ours} and `{name}` is {}.", typed.name, kind.as_str());
    Err(Fault::at(Code::TypeMismatch, place, message))
}

/// Whether two values of these types compare.
fn compare_with_each_other(a: ColumnType, b: ColumnType) -> bool {
    let number = |kind| matches!(kind, ColumnType::Integer | ColumnType::Real | ColumnType::Timestamp);
    let text = |kind| matches!(kind, ColumnType::Text | ColumnType::Id);
    a == b && a != ColumnType::Json || number(a) && number(b) || text(a) && text(b)
}

/// Reads values that are compared with something of one type.
pub(super) struct Scalars<'s, 't> {
    pub scope: &'s Scope<'t>,
    /// The row's other columns; `None` where there is no row but a group.
    pub view: Option<View<'t>>,
    pub typed: Typed<'s>,
    /// They are compared with what is inside of JSON, where a number may be whole or not.
    pub in_json: bool,
}

impl<'t> Scalars<'_, 't> {
    pub(super) fn one(&self, json: &Json<'_>, place: &Place<'_>) -> Result<Scalar<'t>, Problem> {
        if json.is_null() {
            return Err(Fault::at(Code::TypeMismatch, place, "No value compares with null.")
                .hint("Write {\"is\": null} or {\"not\": null}."));
        }
        if let Json::Object(members) = json
            && let [(word, json)] = members.as_slice()
            && let Some(scalar) = self.elsewhere(word, json, place)?
        {
            return Ok(scalar);
        }
        if let (true, Json::Number(number)) = (self.in_json, json)
            && let Some(whole) = number.as_i64()
        {
            // Exact, also beyond what a float holds.
            return Ok(Scalar::Value(whole.into()));
        }
        value::compare(self.typed, json, place).map(Scalar::Value)
    }

    pub(super) fn listed(&self, json: &Json<'_>, place: &Place<'_>) -> Result<Vec<Scalar<'t>>, Problem> {
        let Some(list) = json.as_list() else {
            return Err(Fault::query(place, "`in` takes a list of values."));
        };
        if list.len() > LISTED {
            let message = format!("`in` takes at most {LISTED} values, not {}.", list.len());
            return Err(Fault::query(place, message));
        }
        list.iter().enumerate().map(|(index, json)| self.one(json, &place.entry(index))).collect()
    }

    /// A pattern of LIKE or GLOB.
    pub(super) fn pattern(
        &self,
        operator: Operator,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Scalar<'t>, Problem> {
        let Some(text) = json.as_text() else {
            return Err(Fault::at(Code::TypeMismatch, place, "A pattern is text."));
        };
        let bound = value::compare(self.typed, json, place)?;
        let wildcards = if operator == Operator::Like { "%_" } else { "*?[" };
        let count = text.chars().filter(|letter| wildcards.contains(*letter)).count();
        if text.len() > PATTERN_BYTES || count > PATTERN_WILDCARDS {
            let message =
                format!("A pattern has at most {PATTERN_BYTES} bytes and {PATTERN_WILDCARDS} wildcards.");
            return Err(Fault::query(place, message));
        }
        Ok(Scalar::Value(bound))
    }

    /// `{"__col": "updated_at"}`, `{"$ref": "0.id"}` and, in a policy, `{"__auth": "user_id"}`.
    fn elsewhere(
        &self,
        word: &str,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Option<Scalar<'t>>, Problem> {
        let place = place.field(word);
        let name = json.as_text().unwrap_or_default();
        match (word, self.view, self.scope.policy_for) {
            ("__col", Some(view), _) => {
                let column = view.find(name, &place)?;
                self.same_type(&column.name, column.column_type, &place)?;
                Ok(Some(Scalar::Column(column)))
            }
            ("$ref", ..) => Ok(Some(Scalar::Given(self.scope.given(name, self.typed, &place)?))),
            ("__auth", _, Some(caller)) => {
                self.same_type(name, ColumnType::Text, &place)?;
                Ok(Some(Scalar::Value(auth(caller, name, &place)?)))
            }
            _ => Ok(None),
        }
    }

    fn same_type(&self, name: &str, kind: ColumnType, place: &Place<'_>) -> Result<(), Problem> {
        same_type(self.typed, name, kind, place)
    }
}

/// A fact about the caller; NULL where it has none.
fn auth(caller: &Caller, name: &str, place: &Place<'_>) -> Result<Bound, Problem> {
    let fact = match (caller, name) {
        (Caller::Subject { subject, .. }, "user_id") => subject.user.as_deref(),
        (Caller::Subject { subject, .. }, "role") => subject.role.as_deref(),
        (Caller::Subject { subject, .. }, "organization_id") => subject.organization.as_deref(),
        (_, "user_id" | "role" | "organization_id") => None,
        _ => {
            return Err(Fault::query(place, format!("There is no fact `{}` about a caller.", shown(name)))
                .hint("There are `user_id`, `organization_id` and `role`."));
        }
    };
    Ok(fact.map_or(Bound::Null, |fact| fact.into()))
}
