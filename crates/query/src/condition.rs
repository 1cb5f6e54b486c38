//! A checked condition on a row. It can be written as SQL and cannot fail.

use db::Value as Bound;
use schema::{Column, Table};

use super::aggregate::Aggregate;
use super::relation::Relation;

/// A condition on a row of a table.
#[derive(Clone, Debug)]
pub(super) enum Condition<'t> {
    All(Vec<Condition<'t>>),
    Any(Vec<Condition<'t>>),
    Not(Box<Condition<'t>>),
    Test { left: Left<'t>, operator: Operator, operand: Operand<'t> },
    Related(Box<Related<'t>>),
    Search(Search<'t>),
}

/// A condition on the related rows of a row. Those that are hidden are not there.
#[derive(Clone, Debug)]
pub(super) struct Related<'t> {
    pub relation: Relation<'t>,
    pub quantifier: Quantifier,
    /// What is asked of them.
    pub filter: Condition<'t>,
    /// Which of them are there.
    pub visible: Condition<'t>,
    /// Which rows of the join table are there, where the relation goes through one.
    pub joined: Condition<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Some,
    None,
    /// None for which it is not true.
    Every,
}

/// A full-text search: a row is found by its number in the table's index.
#[derive(Clone, Debug)]
pub(super) struct Search<'t> {
    pub table: &'t Table,
    /// In FTS5's grammar.
    pub expression: String,
}

/// What is compared.
#[derive(Clone, Debug)]
pub(super) enum Left<'t> {
    Column(&'t Column),
    /// The value at a path, where it is of the type.
    Json {
        column: &'t Column,
        path: String,
        json_type: JsonType,
    },
    /// Of a group.
    Aggregate(Aggregate<'t>),
}

/// Types of JSON values that compare with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonType {
    Text,
    Number,
    Boolean,
    /// Whether there is a value.
    Any,
}

/// What it is compared with.
#[derive(Clone, Debug)]
pub(super) enum Operand<'t> {
    Null,
    One(Scalar<'t>),
    Two(Scalar<'t>, Scalar<'t>),
    Listed(Vec<Scalar<'t>>),
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Scalar<'t> {
    Value(Bound),
    /// Another column of the row.
    Column(&'t Column),
    /// What an earlier operation of the batch gave.
    Given(Given),
}

/// A value of a row of an earlier operation of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub operation: usize,
    pub row: usize,
    /// Its index among the hidden columns that the operation keeps for others.
    pub key: usize,
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

impl<'t> Condition<'t> {
    /// True of every row.
    pub(super) const TRUE: Condition<'static> = Condition::All(Vec::new());

    /// Both hold.
    pub(super) fn and(self, other: Condition<'t>) -> Condition<'t> {
        match (self.is_everything(), other.is_everything()) {
            (true, _) => other,
            (_, true) => self,
            _ => Condition::All(vec![self, other]),
        }
    }

    /// Whether every row is meant.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Condition::All(all) if all.is_empty())
    }

    /// Whether it may hold a thread in one long step that no deadline can stop: a pattern over a large text, a search.
    pub(super) fn has_long_steps(&self) -> bool {
        match self {
            Condition::All(inner) | Condition::Any(inner) => inner.iter().any(Condition::has_long_steps),
            Condition::Not(inner) => inner.has_long_steps(),
            Condition::Test { operator, .. } => matches!(operator, Operator::Like | Operator::Glob),
            Condition::Related(related) => {
                let Related { filter, visible, joined, .. } = related.as_ref();
                [filter, visible, joined].into_iter().any(Condition::has_long_steps)
            }
            Condition::Search(_) => true,
        }
    }

    /// Takes the only search that every row must meet out of the condition.
    pub(super) fn take_search(&mut self) -> Option<Search<'t>> {
        let Condition::All(all) = self else {
            let search = matches!(self, Condition::Search(_)).then(|| std::mem::replace(self, Self::TRUE))?;
            return if let Condition::Search(search) = search { Some(search) } else { None };
        };
        let holds_one = |condition: &Condition<'t>| match condition {
            Condition::Search(_) => true,
            Condition::All(inner) => inner.iter().any(|inner| matches!(inner, Condition::Search(_))),
            _ => false,
        };
        let mut holding = all.iter_mut().filter(|condition| holds_one(condition));
        let (Some(found), None) = (holding.next(), holding.next()) else { return None };
        found.take_search()
    }

    /// Whether the condition finds one row at most by a key, or one per value of a list: it pins every column of the primary key
    /// or of a unique set.
    pub(super) fn pins_a_key(&self, table: &Table) -> bool {
        self.pins(table, |listed, alone| !listed || alone)
    }

    /// Whether it finds one row at most.
    pub(super) fn finds_one(&self, table: &Table) -> bool {
        self.pins(table, |listed, _| !listed)
    }

    /// `counts` says of a pinned column whether it counts, by whether it equals one of a list, and is the whole key.
    fn pins(&self, table: &Table, counts: impl Fn(bool, bool) -> bool) -> bool {
        let mut pinned = Vec::new();
        self.pinned(&mut pinned);
        let is_pinned = |name: &String, alone: bool| {
            pinned.iter().any(|(column, listed)| column == name && counts(*listed, alone))
        };
        let pins = |key: &[String]| key.iter().all(|name| is_pinned(name, key.len() == 1));
        pins(&table.primary_key) || table.unique.iter().any(|set| pins(set))
    }

    /// Columns that equal one value, or one of a list.
    fn pinned<'a>(&'a self, pinned: &mut Vec<(&'a str, bool)>) {
        match self {
            Condition::All(all) => all.iter().for_each(|condition| condition.pinned(pinned)),
            Condition::Test { left: Left::Column(column), operator: Operator::Eq, operand }
                if !matches!(operand, Operand::One(Scalar::Column(_))) =>
            {
                pinned.push((&column.name, false));
            }
            Condition::Test { left: Left::Column(column), operator: Operator::In, .. } => {
                pinned.push((&column.name, true));
            }
            _ => {}
        }
    }
}
