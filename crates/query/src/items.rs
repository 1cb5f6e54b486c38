//! The entries of a `select`: columns, `"*"`, relations, aggregates and values of a search. Counts while it reads.

use atomicbase_core::{Code, Problem};
use schema::Column;

use super::Scope;
use super::aggregate::{Aggregate, Function};
use super::condition::Condition;
use super::fault::{Fault, Place};
use super::fields::Json;
use super::filter::visible;
use super::relation;
use super::search_value::SearchValue;
use super::select::{Body, Related, Shown};
use super::view::{Action, View};

/// Relations of one select, all levels together. Each is a statement that repeats the conditions of those above it.
const RELATIONS: usize = 50;
/// Entries of one select, all levels together. With what a statement keeps beside them they are fewer than the 2,000 columns that SQLite
/// answers; a table has at most 500.
const ITEMS: usize = 1_500;
/// The longest name given to a value. It is written once per row.
const LABEL_BYTES: usize = 64;

const RELATION_FIELDS: [&str; 8] =
    ["from", "select", "where", "order", "limit", "distinct", "group", "having"];
/// Those that a relation to one row has not.
const LIST_FIELDS: [&str; 5] = ["order", "limit", "distinct", "group", "having"];

/// What a row of the answer holds.
pub(super) type Row<'t> = (Vec<Shown<'t>>, Vec<Related<'t>>);

/// Reads what is selected, at all levels.
pub(super) struct Items<'s, 't> {
    pub scope: &'s Scope<'t>,
    /// Of a write: there are no aggregates and no search.
    returning: bool,
    count: usize,
    relations: usize,
}

impl<'s, 't> Items<'s, 't> {
    pub(super) fn of(scope: &'s Scope<'t>) -> Self {
        Self { scope, returning: false, count: 0, relations: 0 }
    }

    /// Reads `returning`.
    pub(super) fn returning(
        scope: &'s Scope<'t>,
        view: View<'t>,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Row<'t>, Problem> {
        view.require(Action::Select, place)?;
        let mut items = Self { returning: true, ..Self::of(scope) };
        items.list(view, json, place, scope.limits.depth)
    }

    /// A list, or one column by itself. `depth` is how many levels of relations may follow.
    pub(super) fn list(
        &mut self,
        view: View<'t>,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Row<'t>, Problem> {
        let mut row = Row::default();
        match json {
            Json::Text(_) => self.column(view, json, place, &mut row)?,
            Json::List(list) if list.is_empty() => {
                return Err(Fault::query(place, "The list of columns is empty.")
                    .hint("Write [\"*\"] for all of them."));
            }
            Json::List(list) => {
                for (index, entry) in list.iter().enumerate() {
                    self.entry(view, entry, &place.entry(index), depth, &mut row)?;
                }
                labels_differ(&row, list, place)?;
            }
            _ => return Err(Fault::query(place, "A list of columns and relations is wanted.")),
        }
        Ok(row)
    }

    fn entry(
        &mut self,
        view: View<'t>,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        row: &mut Row<'t>,
    ) -> Result<(), Problem> {
        let Some(members) = json.members(place)?.filter(|members| !members.is_empty()) else {
            return self.column(view, json, place, row);
        };
        for (label, json) in members {
            let place = place.field(label);
            if label.len() > LABEL_BYTES {
                return Err(Fault::query(place, format!("A name has at most {LABEL_BYTES} bytes.")));
            }
            match self.value(view, label, json, &place)? {
                Some(shown) => {
                    self.count(&place)?;
                    row.0.push(shown);
                }
                None => row.1.push(self.relation(view, label, json, &place, depth)?),
            }
        }
        Ok(())
    }

    fn column(
        &mut self,
        view: View<'t>,
        json: &Json<'_>,
        place: &Place<'_>,
        row: &mut Row<'t>,
    ) -> Result<(), Problem> {
        self.count(place)?;
        let mut add = |column: &'t Column| {
            if !row.0.iter().any(|known| known.label() == column.name) {
                row.0.push(Shown::Column(column));
            }
        };
        match json.as_text() {
            Some("*") => view.columns().for_each(add),
            Some(name) => add(view.column(name).ok_or_else(|| self.unknown(view, name, place))?),
            None => {
                return Err(Fault::query(place, "A column's name or an object of relations is wanted."));
            }
        }
        Ok(())
    }

    /// A table named like a column was probably meant as a relation.
    fn unknown(&self, view: View<'t>, name: &str, place: &Place<'_>) -> Problem {
        let problem = view.unknown_column(name, place);
        if relation::find(self.scope, view.table, name, place).is_ok() {
            return problem.hint(format!("`{name}` is a relation: write {{\"{name}\": [\"*\"]}}."));
        }
        problem
    }

    /// An aggregate or a value of a search; `None` where a relation is meant.
    fn value(
        &self,
        view: View<'t>,
        label: &str,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Option<Shown<'t>>, Problem> {
        let Some(members) = json.members(place)? else { return Ok(None) };
        let shown = match (Function::of(members), members) {
            (Some(function), [(_, json)]) => {
                Some(Shown::Aggregate(Aggregate::read(view, label, function, json, place)?))
            }
            _ => SearchValue::read(view, label, members, place)?.map(Shown::Search),
        };
        if shown.is_some() && self.returning {
            let message = "`returning` takes columns and relations, neither aggregates nor searches.";
            return Err(Fault::query(place, message));
        }
        Ok(shown)
    }

    fn relation(
        &mut self,
        view: View<'t>,
        label: &str,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Related<'t>, Problem> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::at(Code::QueryTooDeep, place, "Relations do not nest this deep here.")
                .hint("Ask for the inner rows in a query of their own."));
        };
        self.relations += 1;
        if self.relations > RELATIONS {
            return Err(Fault::query(place, format!("A select has at most {RELATIONS} relations."))
                .hint("Ask for some of them in a query of their own."));
        }
        let body = match json {
            Json::Object(_) => Body::Fields(json.fields(place, &RELATION_FIELDS, "A relation")?),
            list => Body::Items(list),
        };
        let from = match body.get("from") {
            None => label,
            Some(Json::Text(from)) => from,
            Some(_) => return Err(Fault::query(place.field("from"), "`from` is a table's name.")),
        };
        let relation = relation::find(self.scope, view.table, from, place)?;
        let related = self.scope.view(relation.table);
        related.require(Action::Select, place)?;
        let joined = match relation.through {
            None => Condition::TRUE,
            Some(through) => {
                let between = self.scope.view(through.table);
                between.require(Action::Select, place)?;
                visible(self.scope, between)?
            }
        };
        if let (false, Some(word)) = (relation.many, LIST_FIELDS.iter().find(|word| body.get(word).is_some()))
        {
            let message = format!("`{from}` is one row, and `{word}` is for lists.");
            return Err(Fault::query(place.field(word), message));
        }
        let select = self.select(related, body, place, depth, self.scope.limits.nested_rows)?;
        if let (false, true) = (relation.many, select.group.is_some()) {
            return Err(Fault::query(place, format!("`{from}` is one row, and aggregates are of lists.")));
        }
        if select.search.is_some() {
            return Err(Fault::query(
                place,
                "Values of a search are selected of the rows searched, not of a relation.",
            ));
        }
        Ok(Related { label: label.to_owned(), relation, joined, select })
    }

    fn count(&mut self, place: &Place<'_>) -> Result<(), Problem> {
        self.count += 1;
        if self.count > ITEMS {
            return Err(Fault::query(place, format!("A select names at most {ITEMS} columns.")));
        }
        Ok(())
    }
}

/// Every member of an answered row has a name of its own.
fn labels_differ(row: &Row<'_>, list: &[Json<'_>], place: &Place<'_>) -> Result<(), Problem> {
    let labels: Vec<&str> =
        row.0.iter().map(Shown::label).chain(row.1.iter().map(|related| related.label.as_str())).collect();
    let twice = labels.iter().enumerate().find(|(index, label)| labels[..*index].contains(label));
    let Some((_, label)) = twice else { return Ok(()) };
    let names_it = |entry: &Json<'_>| match entry {
        Json::Object(members) => members.iter().any(|(name, _)| name == label),
        _ => false,
    };
    let at = list.iter().rposition(names_it).unwrap_or(0);
    Err(Fault::query(place.entry(at).field(label), format!("`{label}` is selected twice."))
        .hint("Give it another name: {\"other\": {\"from\": …, \"select\": […]}}."))
}
