//! Aggregates of a group of rows: `{"n": {"count": "*"}}`.

use atomicbase_core::{Code, Problem};
use schema::{Column, ColumnType};

use super::fault::{Fault, Place};
use super::fields::{Json, Member};
use super::view::View;

/// An aggregate under its name in the answer.
#[derive(Clone, Debug)]
pub(super) struct Aggregate<'t> {
    pub label: String,
    pub function: Function,
    /// What is aggregated; `None` counts rows.
    pub column: Option<&'t Column>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

const FUNCTIONS: [(&str, Function); 5] = [
    ("count", Function::Count),
    ("sum", Function::Sum),
    ("avg", Function::Avg),
    ("min", Function::Min),
    ("max", Function::Max),
];

impl Function {
    /// The function that the only member of an object names.
    pub(super) fn of(members: &[Member<'_>]) -> Option<Function> {
        let [(name, Json::Text(_))] = members else { return None };
        FUNCTIONS.iter().find(|(known, _)| known == name).map(|(_, function)| *function)
    }

    /// Its name, which is SQL's too.
    pub(super) fn as_str(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }
}

impl<'t> Aggregate<'t> {
    /// Reads `{"sum": "hours"}` under its label.
    pub(super) fn read(
        view: View<'t>,
        label: &str,
        function: Function,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Self, Problem> {
        let place = place.field(function.as_str());
        let name = json.as_text().unwrap_or_default();
        let column = match name {
            "*" if function == Function::Count => None,
            _ => Some(view.find(name, &place)?),
        };
        if let Some(column) = column.filter(|column| !takes(function, column.column_type)) {
            let (function, kind) = (function.as_str(), column.column_type.as_str());
            let message = format!("`{function}` does not work on `{}`, which is {kind}.", column.name);
            return Err(Fault::at(Code::InvalidOperator, place, message));
        }
        Ok(Self { label: label.to_owned(), function, column })
    }

    /// The type of its value.
    pub(super) fn column_type(&self) -> ColumnType {
        match (self.function, self.column) {
            (Function::Avg, _) => ColumnType::Real,
            (Function::Count, _) | (_, None) => ColumnType::Integer,
            (_, Some(column)) => column.column_type,
        }
    }
}

fn takes(function: Function, column_type: ColumnType) -> bool {
    match function {
        Function::Count => true,
        Function::Sum | Function::Avg => matches!(column_type, ColumnType::Integer | ColumnType::Real),
        Function::Min | Function::Max => column_type != ColumnType::Json,
    }
}
