//! A select's body, and that of a relation inside one: which columns and relations, which rows, in which order and how many.
//! Checked against what the caller sees, no SQL yet.

use atomicbase_core::{Code, Problem};
use schema::Column;

use super::Scope;
use super::aggregate::Aggregate;
use super::condition::{Condition, Search};
use super::cursor::Position;
use super::fault::{Fault, Place};
use super::fields::{Json, Known};
use super::filter::{conditions, having, visible};
use super::items::Items;
use super::order::{Order, Orders};
use super::relation::Relation;
use super::search_value::SearchValue;
use super::view::{Action, View};

/// A select of one table, or of the related rows of one.
#[derive(Clone, Debug)]
pub(super) struct Select<'t> {
    pub view: View<'t>,
    /// Once each, in the order asked.
    pub shown: Vec<Shown<'t>>,
    pub relations: Vec<Related<'t>>,
    /// Rows that are there and asked for.
    pub filter: Condition<'t>,
    /// There is one such row at most.
    pub finds_one: bool,
    /// The search of which values are shown or which orders; no longer in the filter then.
    pub search: Option<Search<'t>>,
    /// Rows are put together.
    pub group: Option<Group<'t>>,
    pub order: Vec<Order<'t>>,
    pub limit: u64,
    pub offset: i64,
    pub start: Start,
}

/// Where a list begins.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// At its beginning.
    Beginning,
    /// Where a cursor says.
    Cursor(String),
    /// After a row that an export has reached.
    After(Position),
}

/// A value of an answered row.
#[derive(Clone, Debug)]
pub(super) enum Shown<'t> {
    Column(&'t Column),
    Aggregate(Aggregate<'t>),
    Search(SearchValue<'t>),
}

impl Shown<'_> {
    /// Its name in the answer.
    pub(super) fn label(&self) -> &str {
        match self {
            Shown::Column(column) => &column.name,
            Shown::Aggregate(aggregate) => &aggregate.label,
            Shown::Search(value) => &value.label,
        }
    }
}

/// Rows that are alike in some columns are one; without columns, all of them are.
#[derive(Clone, Debug)]
pub(super) struct Group<'t> {
    pub by: Vec<&'t Column>,
    pub having: Condition<'t>,
}

/// A relation under its name in the answer.
#[derive(Clone, Debug)]
pub(super) struct Related<'t> {
    pub label: String,
    pub relation: Relation<'t>,
    /// Which rows of the join table are there, where there is one.
    pub joined: Condition<'t>,
    pub select: Select<'t>,
}

const ROOT_FIELDS: [&str; 9] =
    ["select", "where", "order", "limit", "offset", "cursor", "distinct", "group", "having"];
/// What says what is selected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'j, 'a> {
    /// `{"select": […], "where": […], …}`
    Fields(Known<'j, 'a>),
    /// Of a relation: what would be its `select`.
    Items(&'j Json<'a>),
}

impl<'j, 'a> Body<'j, 'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'j Json<'a>> {
        match self {
            Body::Fields(fields) => fields.get(name),
            Body::Items(items) => (name == "select").then_some(*items),
        }
    }

    fn place_of_select<'p>(&self, place: &'p Place<'p>) -> Place<'p> {
        match self {
            Body::Fields(_) => place.field("select"),
            Body::Items(_) => *place,
        }
    }
}

/// Reads a select's body.
pub(super) fn select<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    body: &Json<'_>,
    place: &Place<'_>,
) -> Result<Select<'t>, Problem> {
    view.require(Action::Select, place)?;
    let fields = Body::Fields(body.fields(
        place,
        &ROOT_FIELDS,
        "An object with `select`, `where`, `order` and `limit`",
    )?);
    let items = &mut Items::of(scope);
    let mut select = items.select(view, fields, place, scope.limits.depth, scope.limits.default_rows)?;
    // SQLite counts rows in 63 bits.
    let offset = whole_number(fields, "offset", place)?.and_then(|offset| i64::try_from(offset).ok());
    select.offset = offset.unwrap_or(0);
    select.start = match fields.get("cursor") {
        None => return Ok(select),
        Some(Json::Text(cursor)) => Start::Cursor(cursor.to_string()),
        Some(_) => {
            return Err(Fault::query(
                place.field("cursor"),
                "`cursor` is the `next` or `prev` of an answer.",
            ));
        }
    };
    if offset.is_some() || select.group.is_some() {
        let message = "`cursor` goes with neither `offset`, `group`, `distinct` nor aggregates.";
        return Err(Fault::query(place.field("cursor"), message));
    }
    Ok(select)
}

/// Reads the body of an export: rows, as many as are asked for. Answers how many, where it says so.
pub(super) fn export<'t>(
    scope: &Scope<'t>,
    view: View<'t>,
    body: &Json<'_>,
    place: &Place<'_>,
) -> Result<(Select<'t>, Option<u64>), Problem> {
    const FIELDS: [&str; 4] = ["select", "where", "order", "limit"];
    view.require(Action::Select, place)?;
    let fields = Body::Fields(body.fields(place, &FIELDS, "An object with `select`, `where` and `order`")?);
    let limit = whole_number(fields, "limit", place)?;
    let select = Items::of(scope).select(view, fields, place, scope.limits.depth, 0)?;
    if select.group.is_some() {
        return Err(Fault::query(
            place.field("select"),
            "An export has rows, and neither groups nor aggregates.",
        ));
    }
    Ok((select, limit))
}

impl<'t> Items<'_, 't> {
    /// What the fields of a select or of a relation ask for; nothing asked is every column.
    pub(super) fn select(
        &mut self,
        view: View<'t>,
        fields: Body<'_, '_>,
        place: &Place<'_>,
        depth: usize,
        default_rows: u64,
    ) -> Result<Select<'t>, Problem> {
        let scope = self.scope;
        let visible = visible(scope, view)?;
        let group = match fields.get("group") {
            None => None,
            Some(json) => Some(columns(view, json, &place.field("group"))?),
        };
        let (shown, relations) = match (fields.get("select"), &group) {
            (Some(json), _) => self.list(view, json, &fields.place_of_select(place), depth)?,
            (None, Some(group)) => (group.iter().copied().map(Shown::Column).collect(), Vec::new()),
            (None, None) => (view.columns().map(Shown::Column).collect(), Vec::new()),
        };
        let mut select = Select::of(view, shown, 0);
        select.relations = relations;
        select.group = grouping(scope, &select, group, fields, place)?;
        let mut filter = conditions(scope, view, fields.get("where"), &place.field("where"))?;
        select.search = search(&select, &mut filter, fields, place)?;
        select.finds_one = filter.finds_one(view.table);
        select.filter = visible.and(filter);
        let ranked = select.search.is_some();
        let (group, shown) = (select.group.as_ref(), &select.shown[..]);
        let orders = Orders { view, group, shown, ranked };
        select.order = orders.read(fields.get("order"), &place.field("order"))?;
        select.limit = limit(scope, fields, place, default_rows)?;
        Ok(select)
    }
}

impl<'t> Select<'t> {
    fn of(view: View<'t>, shown: Vec<Shown<'t>>, limit: u64) -> Self {
        Self {
            view,
            shown,
            relations: Vec::new(),
            filter: Condition::TRUE,
            finds_one: false,
            search: None,
            group: None,
            order: Vec::new(),
            limit,
            offset: 0,
            start: Start::Beginning,
        }
    }

    fn aggregates(&self) -> Vec<&Aggregate<'t>> {
        let aggregates = self.shown.iter().filter_map(|shown| match shown {
            Shown::Aggregate(aggregate) => Some(aggregate),
            _ => None,
        });
        aggregates.collect()
    }
}

/// How rows are put together: by `group`, by aggregates of all of them, or by all that is shown where it is to be distinct.
fn grouping<'t>(
    scope: &Scope<'t>,
    select: &Select<'t>,
    group: Option<Vec<&'t Column>>,
    fields: Body<'_, '_>,
    place: &Place<'_>,
) -> Result<Option<Group<'t>>, Problem> {
    let distinct = match fields.get("distinct") {
        None | Some(Json::Bool(false)) => false,
        Some(Json::Bool(true)) => true,
        Some(_) => return Err(Fault::query(place.field("distinct"), "`distinct` is true or false.")),
    };
    let aggregates = select.aggregates();
    let by = match group {
        Some(_) if distinct => {
            return Err(Fault::query(place.field("distinct"), "Groups are distinct already."));
        }
        Some(by) => by,
        None if distinct && !aggregates.is_empty() => {
            return Err(Fault::query(place.field("distinct"), "Aggregates of all rows are one row."));
        }
        None if distinct => select.shown.iter().filter_map(Shown::as_column).collect(),
        None if !aggregates.is_empty() => Vec::new(),
        None if fields.get("having").is_some() => {
            return Err(Fault::query(
                place.field("having"),
                "`having` asks about aggregates, and none is selected.",
            ));
        }
        None => return Ok(None),
    };
    let select_place = fields.place_of_select(place);
    if !select.relations.is_empty() {
        let message = "Rows that are put together have no relations.";
        return Err(Fault::query(select_place, message)
            .hint("Put the aggregates inside a relation, or select the relations in a query of their own."));
    }
    for shown in &select.shown {
        let alone = match shown {
            Shown::Column(column) => !by.iter().any(|known| known.name == column.name),
            Shown::Aggregate(_) => false,
            Shown::Search(_) => true,
        };
        if alone {
            let message = format!("`{}` is neither an aggregate nor in `group`.", shown.label());
            return Err(Fault::query(select_place, message));
        }
    }
    let having = match fields.get("having") {
        None => Condition::TRUE,
        Some(json) => having(scope, &aggregates, json, &place.field("having"))?,
    };
    Ok(Some(Group { by, having }))
}

impl<'t> Shown<'t> {
    fn as_column(&self) -> Option<&'t Column> {
        match self {
            Shown::Column(column) => Some(column),
            _ => None,
        }
    }
}

/// The search whose values are shown or whose rank orders, taken out of the filter.
fn search<'t>(
    select: &Select<'t>,
    filter: &mut Condition<'t>,
    fields: Body<'_, '_>,
    place: &Place<'_>,
) -> Result<Option<Search<'t>>, Problem> {
    let values = select.shown.iter().any(|shown| matches!(shown, Shown::Search(_)));
    let ranks = select.shown.iter().any(|shown| matches!(shown, Shown::Search(value) if value.is_rank()));
    let ordered = fields.get("order").is_some_and(Orders::names_rank);
    if !values && !ordered {
        return Ok(None);
    }
    if (ranks || ordered) && (select.view.hides_rows() || select.view.hides_searched()) {
        // The rank of a row depends on how often words are in all rows and in all columns searched, those hidden included.
        let message =
            "A rank is not answered to a caller from whom rows, or columns that are searched, are hidden.";
        return Err(Fault::at(Code::Forbidden, place, message).hint("Order by a column instead."));
    }
    let found = filter.take_search();
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(Fault::query(place.field("where"), "Values of a search need one search in `where`.")
            .hint("Add one `fts` or `match`, outside of `or` and `not`.")),
    }
}

/// Columns to group by.
fn columns<'t>(view: View<'t>, json: &Json<'_>, place: &Place<'_>) -> Result<Vec<&'t Column>, Problem> {
    let mut found: Vec<&'t Column> = Vec::new();
    let mut add = |json: &Json<'_>, place: &Place<'_>| {
        let Some(name) = json.as_text() else {
            return Err(Fault::query(place, "A column's name is wanted."));
        };
        let column = view.find(name, place)?;
        if !found.iter().any(|known| known.name == column.name) {
            found.push(column);
        }
        Ok(())
    };
    match json {
        Json::List(list) if list.is_empty() => {
            return Err(Fault::query(place, "The list of columns is empty."));
        }
        Json::List(list) => {
            for (index, json) in list.iter().enumerate() {
                add(json, &place.entry(index))?;
            }
        }
        json => add(json, place)?,
    }
    Ok(found)
}

fn limit(scope: &Scope<'_>, fields: Body<'_, '_>, place: &Place<'_>, default: u64) -> Result<u64, Problem> {
    let most = scope.limits.max_rows;
    let limit = whole_number(fields, "limit", place)?.unwrap_or(default.min(most));
    if limit > most {
        return Err(Fault::query(place.field("limit"), format!("`limit` is at most {most}."))
            .hint("Ask for the rows in pages: send the `next` of an answer as `cursor`."));
    }
    Ok(limit)
}

fn whole_number(fields: Body<'_, '_>, name: &str, place: &Place<'_>) -> Result<Option<u64>, Problem> {
    let Some(json) = fields.get(name) else { return Ok(None) };
    let number = match json {
        Json::Number(number) => number.as_u64().filter(|number| i64::try_from(*number).is_ok()),
        _ => None,
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(Fault::query(place.field(name), "A whole number, 0 or more, is wanted.")),
    }
}
