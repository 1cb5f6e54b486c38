//! `where`: its shape, its names and its types against a table. What is left of it can be written as SQL and cannot fail.

use atomicbase_core::{Code, Problem, closest};
use db::Value as Bound;
use schema::{Column, ColumnType, Table};

use super::fault::{Fault, Place, shown, unknown_column};
use super::fields::Json;
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

/// A condition on a row of a table.
#[derive(Debug)]
pub(super) enum Condition<'t> {
    All(Vec<Condition<'t>>),
    Any(Vec<Condition<'t>>),
    Not(Box<Condition<'t>>),
    Test { column: &'t Column, operator: Operator, operand: Operand },
}

/// What a column is compared with.
#[derive(Debug)]
pub(super) enum Operand {
    Null,
    One(Bound),
    Two(Bound, Bound),
    Listed(Vec<Bound>),
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

impl Operator {
    /// In SQL, between the column and its value.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Eq => " = ",
            Self::Neq => " <> ",
            Self::Gt => " > ",
            Self::Gte => " >= ",
            Self::Lt => " < ",
            Self::Lte => " <= ",
            Self::Like => " LIKE ",
            Self::Glob => " GLOB ",
            Self::In => " IN ",
            Self::Between => " BETWEEN ",
            Self::Is => " IS ",
            Self::IsNot => " IS NOT ",
        }
    }
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
pub(super) fn conditions<'t>(
    json: Option<&Json<'_>>,
    table: &'t Table,
    place: &Place<'_>,
) -> Result<Condition<'t>, Problem> {
    let mut reader = Reader { table, terms: 0, values: 0, patterns: 0 };
    match json {
        None => Ok(Condition::All(Vec::new())),
        Some(json) => reader.list(json, place, DEPTH).map(Condition::All),
    }
}

/// Reads conditions, and counts while it does.
struct Reader<'t> {
    table: &'t Table,
    terms: usize,
    values: usize,
    patterns: usize,
}

impl<'t> Reader<'t> {
    fn list(
        &mut self,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Vec<Condition<'t>>, Problem> {
        match json {
            Json::List(list) => {
                let mut all = Vec::with_capacity(list.len());
                for (index, entry) in list.iter().enumerate() {
                    all.push(self.object(entry, &place.entry(index), depth)?);
                }
                Ok(all)
            }
            Json::Object(_) => Ok(vec![self.object(json, place, depth)?]),
            _ => Err(Fault::query(place, "A list of conditions is wanted, e.g. [{\"id\": {\"eq\": 1}}].")),
        }
    }

    /// Every member of an object holds: `{a: …, b: …}` is both.
    fn object(&mut self, json: &Json<'_>, place: &Place<'_>, depth: usize) -> Result<Condition<'t>, Problem> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_deep(place));
        };
        let Some(members) = json.members(place)? else {
            return Err(Fault::query(place, "A condition is an object, e.g. {\"id\": {\"eq\": 1}}."));
        };
        if members.is_empty() {
            // An empty condition is true of every row: in a delete that is never what was meant.
            return Err(Fault::query(place, "The condition is empty."));
        }
        let mut all = Vec::with_capacity(members.len());
        for (name, json) in members {
            let place = place.field(name);
            match name.as_ref() {
                "and" => all.push(Condition::All(self.group(json, &place, depth)?)),
                "or" => all.push(Condition::Any(self.group(json, &place, depth)?)),
                "not" => all.push(Condition::Not(Box::new(Condition::All(self.group(json, &place, depth)?)))),
                _ => {
                    let table = self.table;
                    let column = table.column(name).ok_or_else(|| unknown_column(table, name, &place))?;
                    self.column(column, json, &place, depth, &mut all)?;
                }
            }
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Condition::All(all) })
    }

    fn group(
        &mut self,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Vec<Condition<'t>>, Problem> {
        let list = self.list(json, place, depth)?;
        if list.is_empty() { Err(Fault::query(place, "The group is empty.")) } else { Ok(list) }
    }

    /// The operators of a column, each a condition of its own.
    fn column(
        &mut self,
        column: &'t Column,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        let operators = json.members(place)?.filter(|operators| !operators.is_empty());
        let Some(operators) = operators else {
            return Err(Fault::query(place, "An operator is wanted, e.g. {\"eq\": 1}.")
                .hint(format!("Write {{\"{}\": {{\"eq\": …}}}}.", column.name)));
        };
        for (name, json) in operators {
            self.terms += 1;
            self.values += json.as_list().map_or(1, <[_]>::len);
            if self.terms > TERMS || self.values > VALUES {
                let message = format!("A query has at most {TERMS} conditions and {VALUES} values.");
                return Err(Fault::query(place, message));
            }
            let place = place.field(name);
            let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| known == name) else {
                return Err(unknown_operator(name, &place));
            };
            all.push(match (operator, json) {
                (Operator::IsNot, Json::Object(_)) => self.negated(column, json, &place, depth)?,
                _ => self.test(column, *operator, json, &place)?,
            });
        }
        Ok(())
    }

    /// `{column: {not: {…}}}`: the operators do not hold together.
    fn negated(
        &mut self,
        column: &'t Column,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Condition<'t>, Problem> {
        let depth = depth.checked_sub(1).ok_or_else(|| too_deep(place))?;
        let mut inner = Vec::new();
        self.column(column, json, place, depth, &mut inner)?;
        Ok(Condition::Not(Box::new(Condition::All(inner))))
    }

    fn test(
        &mut self,
        column: &'t Column,
        operator: Operator,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Condition<'t>, Problem> {
        fits(column, operator, json, place)?;
        let operand = match operator {
            Operator::Like | Operator::Glob => self.pattern(column, operator, json, place)?,
            Operator::Is | Operator::IsNot if json.is_null() => Operand::Null,
            Operator::In => listed(column, json, place)?,
            Operator::Between => {
                let Some([low, high]) = json.as_list() else {
                    return Err(Fault::query(place, "`between` takes two values: [low, high]."));
                };
                let low = scalar(column, low, &place.entry(0))?;
                Operand::Two(low, scalar(column, high, &place.entry(1))?)
            }
            _ => Operand::One(scalar(column, json, place)?),
        };
        Ok(Condition::Test { column, operator, operand })
    }

    fn pattern(
        &mut self,
        column: &Column,
        operator: Operator,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Operand, Problem> {
        let Some(text) = json.as_text() else {
            return Err(Fault::at(Code::TypeMismatch, place, "A pattern is text."));
        };
        let bound = value::compare(column, json, place)?;
        let wildcards = if operator == Operator::Like { "%_" } else { "*?[" };
        let count = text.chars().filter(|letter| wildcards.contains(*letter)).count();
        if text.len() > PATTERN_BYTES || count > PATTERN_WILDCARDS {
            let message =
                format!("A pattern has at most {PATTERN_BYTES} bytes and {PATTERN_WILDCARDS} wildcards.");
            return Err(Fault::query(place, message));
        }
        self.patterns += 1;
        if self.patterns > PATTERNS {
            return Err(Fault::query(place, format!("A query matches at most {PATTERNS} patterns.")));
        }
        Ok(Operand::One(bound))
    }
}

fn too_deep(place: &Place<'_>) -> Problem {
    Fault::at(Code::QueryTooDeep, place, format!("Conditions nest at most {DEPTH} levels deep."))
}

fn unknown_operator(name: &str, place: &Place<'_>) -> Problem {
    let names = OPERATORS.iter().map(|(name, _)| *name);
    let problem = Fault::at(Code::InvalidOperator, place, format!("There is no operator `{}`.", shown(name)));
    match closest(name, names.clone()) {
        Some(meant) => problem.hint(format!("Did you mean `{meant}`?")),
        None => problem.hint(format!("The operators are {}.", names.collect::<Vec<_>>().join(", "))),
    }
}

/// JSON is compared only with NULL; patterns are for text.
fn fits(column: &Column, operator: Operator, json: &Json<'_>, place: &Place<'_>) -> Result<(), Problem> {
    let fits = match operator {
        Operator::Like | Operator::Glob => matches!(column.column_type, ColumnType::Text | ColumnType::Id),
        Operator::Is | Operator::IsNot if json.is_null() => true,
        Operator::Is | Operator::IsNot if column.column_type == ColumnType::Json => {
            return Err(Fault::at(Code::InvalidOperator, place, "JSON is compared only with null."));
        }
        _ => column.column_type != ColumnType::Json,
    };
    if fits {
        return Ok(());
    }
    let operator = OPERATORS.iter().find(|(_, known)| *known == operator).map_or("", |(name, _)| name);
    let message =
        format!("`{operator}` does not work on `{}`, which is {}.", column.name, column.column_type.as_str());
    Err(Fault::at(Code::InvalidOperator, place, message))
}

fn scalar(column: &Column, json: &Json<'_>, place: &Place<'_>) -> Result<Bound, Problem> {
    if json.is_null() {
        return Err(Fault::at(Code::TypeMismatch, place, "No value compares with null.")
            .hint("Write {\"is\": null} or {\"not\": null}."));
    }
    value::compare(column, json, place)
}

fn listed(column: &Column, json: &Json<'_>, place: &Place<'_>) -> Result<Operand, Problem> {
    let Some(list) = json.as_list() else {
        return Err(Fault::query(place, "`in` takes a list of values."));
    };
    if list.len() > LISTED {
        return Err(Fault::query(place, format!("`in` takes at most {LISTED} values, not {}.", list.len())));
    }
    let values = list.iter().enumerate().map(|(index, json)| scalar(column, json, &place.entry(index)));
    Ok(Operand::Listed(values.collect::<Result<_, _>>()?))
}

impl Condition<'_> {
    /// Whether every row is meant.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Condition::All(all) if all.is_empty())
    }

    /// Whether it matches patterns: each a step that no deadline can stop.
    pub(super) fn has_patterns(&self) -> bool {
        match self {
            Condition::All(inner) | Condition::Any(inner) => inner.iter().any(Condition::has_patterns),
            Condition::Not(inner) => inner.has_patterns(),
            Condition::Test { operator, .. } => matches!(operator, Operator::Like | Operator::Glob),
        }
    }

    /// Whether the condition finds one row at most by a key, or one per value of a list: it pins every column of the primary key
    /// or of a unique set.
    pub(super) fn pins_a_key(&self, table: &Table) -> bool {
        let mut pinned = Vec::new();
        self.pinned(&mut pinned);
        let is_pinned = |name: &String, alone: bool| {
            pinned.iter().any(|(column, listed)| column == name && (alone || !listed))
        };
        let pins = |key: &[String]| key.iter().all(|name| is_pinned(name, key.len() == 1));
        pins(&table.primary_key) || table.unique.iter().any(|set| pins(set))
    }

    /// Columns that equal one value, or one of a list.
    fn pinned<'a>(&'a self, pinned: &mut Vec<(&'a str, bool)>) {
        match self {
            Condition::All(all) => all.iter().for_each(|condition| condition.pinned(pinned)),
            Condition::Test { column, operator: Operator::Eq, .. } => pinned.push((&column.name, false)),
            Condition::Test { column, operator: Operator::In, .. } => pinned.push((&column.name, true)),
            _ => {}
        }
    }
}
