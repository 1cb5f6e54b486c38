//! `where` and `having`: their shape, their names and their types against what the caller sees.
//! What is left of them can be written as SQL and cannot fail.

use atomicbase_core::{Code, Problem};
use schema::{ColumnType, Rule};

use super::Scope;
use super::aggregate::Aggregate;
use super::condition::{Condition, Left, Operand, Operator, Quantifier, Related};
use super::fault::{Fault, Place};
use super::fields::{Json, Member};
use super::operators::{self, Scalars};
use super::relation::{self, Relation};
use super::value::Typed;
use super::view::{Action, View};
use super::{json_path, search};

/// Levels of groups; one more than anybody writes by hand.
const DEPTH: usize = 16;
/// Conditions of one `where`.
const TERMS: usize = 500;
/// Values of one `where`: also twice as many, where lists are filled up, are far below the 32,766 that SQLite binds.
const VALUES: usize = 10_000;
/// Patterns and searches of one `where`.
const PATTERNS: usize = 10;
/// Relations that one `where` asks about. Each is a subquery per row.
const RELATIONS: usize = 20;

/// Reads a `where`: a list that is ANDed, or one object.
pub(super) fn conditions<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    json: Option<&Json<'_>>,
    place: &Place<'_>,
) -> Result<Condition<'t>, Problem> {
    match json {
        None => Ok(Condition::TRUE),
        Some(json) => Reader::new(scope, Names::Row(view)).list(json, place, DEPTH).map(Condition::All),
    }
}

/// Reads a `having`: a `where` over aggregates.
pub(super) fn having<'t>(
    scope: &Scope<'t>,
    aggregates: &[&Aggregate<'t>],
    json: &Json<'_>,
    place: &Place<'_>,
) -> Result<Condition<'t>, Problem> {
    Reader::new(scope, Names::Group(aggregates)).list(json, place, DEPTH).map(Condition::All)
}

/// The rows that a rule of a policy means.
pub(super) fn rule<'t>(scope: &Scope<'t>, view: View<'t>, rule: &'t Rule) -> Result<Condition<'t>, Problem> {
    match rule {
        Rule::Always => Ok(Condition::TRUE),
        Rule::Never => Ok(Condition::Any(Vec::new())),
        // A push proves every policy; one that cannot be read is no fault of the caller's.
        Rule::When(conditions) => policy(scope, view, conditions, &Place::Start("policy"))
            .map_err(|problem| Problem::internal(format!("{problem:?}"))),
    }
}

/// Reads the conditions of a policy. They see the whole table, and whole tables behind it.
pub(super) fn policy<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    conditions: &'t [serde_json::Value],
    place: &Place<'_>,
) -> Result<Condition<'t>, Problem> {
    let scope = scope.for_policy();
    let mut reader = Reader::new(&scope, Names::Row(View::whole(view.table)));
    let read = conditions.iter().enumerate();
    let read = read.map(|(index, json)| reader.object(&Json::of(json), &place.entry(index), DEPTH));
    read.collect::<Result<_, _>>().map(Condition::All)
}

/// The rows of a table that are there for the caller.
pub(super) fn visible<'t>(scope: &Scope<'t>, view: View<'t>) -> Result<Condition<'t>, Problem> {
    rule(scope, view, view.using(Action::Select))
}

/// What names mean.
#[derive(Clone, Copy)]
enum Names<'s, 't> {
    Row(View<'t>),
    Group(&'s [&'s Aggregate<'t>]),
}

/// Reads conditions, and counts while it does.
struct Reader<'s, 't> {
    scope: &'s Scope<'t>,
    names: Names<'s, 't>,
    terms: usize,
    values: usize,
    patterns: usize,
    relations: usize,
}

impl<'s, 't> Reader<'s, 't> {
    fn new(scope: &'s Scope<'t>, names: Names<'s, 't>) -> Self {
        Self { scope, names, terms: 0, values: 0, patterns: 0, relations: 0 }
    }

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
        let depth = depth.checked_sub(1).ok_or_else(|| too_deep(place))?;
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
                name => self.named(name, json, &place, depth, &mut all)?,
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

    /// What a name in a condition means: a column, a path in one, a column of related rows, related rows, or the search.
    fn named(
        &mut self,
        name: &str,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        let view = match self.names {
            Names::Row(view) => view,
            Names::Group(aggregates) => {
                let found = aggregates.iter().find(|aggregate| aggregate.label == name);
                let aggregate = found.ok_or_else(|| unknown_aggregate(aggregates, name, place))?;
                return self.operators(&Left::Aggregate((*aggregate).clone()), json, place, depth, all);
            }
        };
        if let Some(column) = view.column(name)
            && quantified(json).is_none()
        {
            return self.operators(&Left::Column(column), json, place, depth, all);
        }
        // A path is not looked into: `tasks.meta->a.b` is the path `a.b` in a column of related rows.
        let (names, path) = name.split_once("->").map_or((name, None), |(names, path)| (names, Some(path)));
        if let Some(point) = names.rfind('.') {
            all.push(self.some_related(view, &name[..point], &name[point + 1..], json, place, depth)?);
            return Ok(());
        }
        if let Some(path) = path {
            return self.json_path(view, names, path, json, place, depth, all);
        }
        if name == "__fts" {
            return self.search(view, None, json, place, all);
        }
        if let Some(members) = quantified(json) {
            return self.quantified(view, name, members, place, depth, all);
        }
        let problem = view.unknown_column(name, place);
        Err(match relation::find(self.scope, view.table, name, place) {
            Ok(_) => {
                problem.hint(format!("`{name}` is a relation: write {{\"{name}\": {{\"some\": [...]}}}}."))
            }
            Err(_) => problem,
        })
    }

    /// The operators of a column, each a condition of its own.
    fn operators(
        &mut self,
        left: &Left<'t>,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        for (name, json) in operators_of(left.typed().name, json, place)? {
            let place = place.field(name);
            if let (Left::Column(column), Names::Row(view), "fts" | "match") =
                (left, self.names, name.as_ref())
            {
                self.patterns(&place)?;
                all.push(Condition::Search(search::read(
                    self.scope,
                    view,
                    Some(column),
                    name,
                    json,
                    &place,
                )?));
                continue;
            }
            self.count(json, &place)?;
            let operator = operators::find(name, &place)?;
            if operator == Operator::IsNot && matches!(json, Json::Object(_)) {
                // `{column: {not: {…}}}`: the operators do not hold together.
                let depth = depth.checked_sub(1).ok_or_else(|| too_deep(&place))?;
                let mut inner = Vec::new();
                self.operators(left, json, &place, depth, &mut inner)?;
                all.push(Condition::Not(Box::new(Condition::All(inner))));
            } else {
                all.push(self.test(left.clone(), operator, json, &place)?);
            }
        }
        Ok(())
    }

    fn test(
        &mut self,
        left: Left<'t>,
        operator: Operator,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Condition<'t>, Problem> {
        let typed = left.typed();
        operators::fits(typed, operator, json, place)?;
        let view = match self.names {
            Names::Row(view) if matches!(left, Left::Column(_)) => Some(view),
            _ => None,
        };
        let in_json = matches!(left, Left::Json { .. });
        let scalars = Scalars { scope: self.scope, view, typed, in_json };
        let operand = match operator {
            Operator::Like | Operator::Glob => {
                self.patterns(place)?;
                Operand::One(scalars.pattern(operator, json, place)?)
            }
            Operator::Is | Operator::IsNot if json.is_null() => Operand::Null,
            Operator::In => Operand::Listed(scalars.listed(json, place)?),
            Operator::Between => {
                let Some([low, high]) = json.as_list() else {
                    return Err(Fault::query(place, "`between` takes two values: [low, high]."));
                };
                let low = scalars.one(low, &place.entry(0))?;
                Operand::Two(low, scalars.one(high, &place.entry(1))?)
            }
            _ => Operand::One(scalars.one(json, place)?),
        };
        Ok(Condition::Test { left, operator, operand })
    }

    /// `{"meta->a.b": {eq: "x"}}`: each operator compares with what is at the path, where it is of the value's type.
    #[expect(clippy::too_many_arguments, reason = "a name taken apart, and where it stands")]
    fn json_path(
        &mut self,
        view: View<'t>,
        column: &str,
        path: &str,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        let column = view.find(column, place)?;
        if column.column_type != ColumnType::Json {
            let message = format!("`{}` is {}, not json.", column.name, column.column_type.as_str());
            return Err(Fault::at(Code::InvalidOperator, place, message));
        }
        let sqlite_path = json_path::read(path, place)?;
        for (name, json) in operators_of(&column.name, json, place)? {
            let place = place.field(name);
            self.count(json, &place)?;
            let operator = operators::find(name, &place)?;
            let json_type = json_path::type_of(operator, json, &place)?;
            let left = Left::Json { column, path: sqlite_path.clone(), json_type };
            if operator == Operator::IsNot && matches!(json, Json::Object(_)) {
                let depth = depth.checked_sub(1).ok_or_else(|| too_deep(&place))?;
                let mut inner = Vec::new();
                self.json_path(view, &column.name, path, json, &place, depth, &mut inner)?;
                all.push(Condition::Not(Box::new(Condition::All(inner))));
            } else {
                all.push(self.test(left, operator, json, &place)?);
            }
        }
        Ok(())
    }

    fn search(
        &mut self,
        view: View<'t>,
        column: Option<&'t schema::Column>,
        json: &Json<'_>,
        place: &Place<'_>,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        for (name, json) in operators_of("__fts", json, place)? {
            self.patterns(place)?;
            let search = search::read(self.scope, view, column, name, json, &place.field(name))?;
            all.push(Condition::Search(search));
        }
        Ok(())
    }

    /// `{"tasks.status": {…}}`: some related row.
    fn some_related(
        &mut self,
        view: View<'t>,
        relations: &str,
        column: &str,
        json: &Json<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<Condition<'t>, Problem> {
        let (first, rest) = match relations.split_once('.') {
            None => (relations, column.to_owned()),
            Some((first, rest)) => (first, format!("{rest}.{column}")),
        };
        let relation = relation::find(self.scope, view.table, first, place)?;
        self.related(relation, Quantifier::Some, place, depth, |reader, depth| {
            let mut all = Vec::new();
            reader.named(&rest, json, place, depth, &mut all)?;
            Ok(Condition::All(all))
        })
    }

    /// `{tasks: {some: […], none: […], every: […]}}`.
    fn quantified(
        &mut self,
        view: View<'t>,
        name: &str,
        members: &[Member<'_>],
        place: &Place<'_>,
        depth: usize,
        all: &mut Vec<Condition<'t>>,
    ) -> Result<(), Problem> {
        let relation = relation::find(self.scope, view.table, name, place)?;
        for (word, json) in members {
            let place = place.field(word);
            let Some(quantifier) = quantifier(word) else {
                return Err(Fault::at(
                    Code::InvalidOperator,
                    place,
                    "A relation takes `some`, `none` or `every`.",
                ));
            };
            all.push(self.related(relation, quantifier, &place, depth, |reader, depth| {
                reader.list(json, &place, depth).map(Condition::All)
            })?);
        }
        Ok(())
    }

    fn related(
        &mut self,
        relation: Relation<'t>,
        quantifier: Quantifier,
        place: &Place<'_>,
        depth: usize,
        read: impl FnOnce(&mut Self, usize) -> Result<Condition<'t>, Problem>,
    ) -> Result<Condition<'t>, Problem> {
        let depth = depth.checked_sub(1).ok_or_else(|| too_deep(place))?;
        self.relations += 1;
        if self.relations > RELATIONS {
            return Err(Fault::query(place, format!("A query asks about at most {RELATIONS} relations.")));
        }
        let view = self.scope.view(relation.table);
        view.require(Action::Select, place)?;
        let joined = match relation.through {
            None => Condition::TRUE,
            Some(through) => {
                let between = self.scope.view(through.table);
                between.require(Action::Select, place)?;
                visible(self.scope, between)?
            }
        };
        let visible = visible(self.scope, view)?;
        let outer = std::mem::replace(&mut self.names, Names::Row(view));
        let filter = read(self, depth);
        self.names = outer;
        Ok(Condition::Related(Box::new(Related { relation, quantifier, filter: filter?, visible, joined })))
    }

    fn count(&mut self, json: &Json<'_>, place: &Place<'_>) -> Result<(), Problem> {
        self.terms += 1;
        self.values += json.as_list().map_or(1, <[_]>::len);
        if self.terms > TERMS || self.values > VALUES {
            let message = format!("A query has at most {TERMS} conditions and {VALUES} values.");
            return Err(Fault::query(place, message));
        }
        Ok(())
    }

    fn patterns(&mut self, place: &Place<'_>) -> Result<(), Problem> {
        self.patterns += 1;
        if self.patterns > PATTERNS {
            return Err(Fault::query(place, format!("A query matches at most {PATTERNS} patterns.")));
        }
        Ok(())
    }
}

impl Left<'_> {
    /// Its name and the type of its values.
    fn typed(&self) -> Typed<'_> {
        match self {
            Left::Column(column) => Typed::of(column),
            Left::Json { column, json_type, .. } => {
                Typed { name: &column.name, column_type: json_type.column_type() }
            }
            Left::Aggregate(aggregate) => {
                Typed { name: &aggregate.label, column_type: aggregate.column_type() }
            }
        }
    }
}

/// The members of a relation's condition: `some`, `none` or `every`. No operator is called so.
fn quantified<'j, 'a>(json: &'j Json<'a>) -> Option<&'j [Member<'a>]> {
    match json {
        Json::Object(members) if members.iter().any(|(name, _)| quantifier(name).is_some()) => Some(members),
        _ => None,
    }
}

fn quantifier(word: &str) -> Option<Quantifier> {
    match word {
        "some" => Some(Quantifier::Some),
        "none" => Some(Quantifier::None),
        "every" => Some(Quantifier::Every),
        _ => None,
    }
}

fn operators_of<'j, 'a>(
    column: &str,
    json: &'j Json<'a>,
    place: &Place<'_>,
) -> Result<&'j [Member<'a>], Problem> {
    let operators = json.members(place)?.filter(|operators| !operators.is_empty());
    operators.ok_or_else(|| {
        Fault::query(place, "An operator is wanted, e.g. {\"eq\": 1}.")
            .hint(format!("Write {{\"{column}\": {{\"eq\": …}}}}."))
    })
}

fn unknown_aggregate(aggregates: &[&Aggregate<'_>], name: &str, place: &Place<'_>) -> Problem {
    use super::fault::{did_you_mean, shown};
    let message = format!("`having` names aggregates of the select; there is no `{}`.", shown(name));
    let problem = Fault::at(Code::ColumnNotFound, place, message);
    let labels: Vec<&str> = aggregates.iter().map(|aggregate| aggregate.label.as_str()).collect();
    did_you_mean(problem, name, labels.iter().copied())
}

fn too_deep(place: &Place<'_>) -> Problem {
    Fault::at(Code::QueryTooDeep, place, format!("Conditions nest at most {DEPTH} levels deep."))
}
