//! `order`: by columns, by aggregates of a group, by the rank of a search.

use atomicbase_core::{Code, Problem};
use schema::Column;

use super::fault::{Fault, Place, did_you_mean, shown};
use super::fields::Json;
use super::select::{Group, Shown};
use super::view::View;

/// Columns of one order.
const ORDERS: usize = 50;
/// The rank of the search, best first when ascending.
const RANK: &str = "__rank";

/// One column of an order.
#[derive(Clone, Debug)]
pub(super) struct Order<'t> {
    pub by: By<'t>,
    pub descending: bool,
}

#[derive(Clone, Debug)]
pub(super) enum By<'t> {
    Column(&'t Column),
    /// A column of the answer, by its index.
    Shown(usize),
    Rank,
}

/// What an order may name.
pub(super) struct Orders<'s, 't> {
    pub view: View<'t>,
    pub group: Option<&'s Group<'t>>,
    pub shown: &'s [Shown<'t>],
    /// There is a search whose rank orders.
    pub ranked: bool,
}

impl<'t> Orders<'_, 't> {
    /// `{"a": "asc"}` or a list of these.
    pub(super) fn read(&self, json: Option<&Json<'_>>, place: &Place<'_>) -> Result<Vec<Order<'t>>, Problem> {
        let mut orders = Vec::new();
        match json {
            None => {}
            Some(Json::List(list)) => {
                for (index, entry) in list.iter().enumerate() {
                    self.add(entry, &place.entry(index), &mut orders)?;
                }
            }
            Some(json) => self.add(json, place, &mut orders)?,
        }
        if orders.len() > ORDERS {
            return Err(Fault::query(place, format!("An order has at most {ORDERS} columns.")));
        }
        Ok(orders)
    }

    /// Whether an order asks for the rank of a search.
    pub(super) fn names_rank(json: &Json<'_>) -> bool {
        match json {
            Json::List(list) => list.iter().any(Self::names_rank),
            Json::Object(members) => members.iter().any(|(name, _)| name == RANK),
            _ => false,
        }
    }

    fn add(&self, json: &Json<'_>, place: &Place<'_>, orders: &mut Vec<Order<'t>>) -> Result<(), Problem> {
        let Some(fields) = json.members(place)? else {
            return Err(Fault::query(place, "`order` is {column: \"asc\" | \"desc\"} or a list of these."));
        };
        for (name, direction) in fields {
            let place = place.field(name);
            let by = self.by(name, &place)?;
            let descending = match direction.as_text() {
                Some("asc") => false,
                Some("desc") => true,
                _ => return Err(Fault::query(place, "The order is \"asc\" or \"desc\".")),
            };
            orders.push(Order { by, descending });
        }
        Ok(())
    }

    fn by(&self, name: &str, place: &Place<'_>) -> Result<By<'t>, Problem> {
        let Some(group) = self.group else {
            return match name {
                RANK if self.ranked => Ok(By::Rank),
                RANK => Err(Fault::query(place, "There is no search whose rank would order.")
                    .hint("Add one `fts` or `match` to `where`, outside of `or` and `not`.")),
                _ => self.view.find(name, place).map(By::Column),
            };
        };
        if let Some(column) = group.by.iter().find(|column| column.name == name) {
            return Ok(By::Column(column));
        }
        let labelled = |shown: &Shown<'t>| matches!(shown, Shown::Aggregate(a) if a.label == name);
        if let Some(index) = self.shown.iter().position(labelled) {
            return Ok(By::Shown(index));
        }
        let message = format!("Groups are not ordered by `{}`.", shown(name));
        let grouped = group.by.iter().map(|column| column.name.as_str());
        let names: Vec<&str> = grouped.chain(self.shown.iter().map(Shown::label)).collect();
        Err(did_you_mean(Fault::at(Code::ColumnNotFound, place, message), name, names.iter().copied()))
    }
}
