//! Related rows as SQL: one statement per relation, for all parents at once.

use std::sync::Arc;

use db::{Given, GivenRows, JsonShape};
use schema::Table;

use super::Scope;
use super::compile::{group_order, write_group_key, write_having};
use super::condition::Condition;
use super::order::{By, Order};
use super::plan::{Child, Node, Statements};
use super::relation::Relation;
use super::select::{Group, Related, Select};
use super::shape::{self, Output};
use super::sql::{BINARY, Sql, collation};

/// Rows that have related rows.
pub(super) struct Level {
    /// What the table is called.
    pub alias: String,
    pub parents: Parents,
}

/// Where the rows are.
pub(super) enum Parents {
    /// ` FROM … LIMIT …`
    Source(Sql),
    /// They were written by these statements, which keep their keys.
    Written { statement: usize, statements: usize },
}

/// What the related rows of a level are called, and their parents.
struct Names {
    there: String,
    parents: String,
}

impl Level {
    /// The relations of the level's rows, in the order of their keys.
    pub(super) fn children<'t>(
        &self,
        scope: &Scope<'t>,
        relations: Vec<Related<'t>>,
        statements: &mut Statements,
    ) -> Vec<Child> {
        let below = relations.into_iter().enumerate().map(|(key, related)| {
            let label = format!("{}:", serde_json::Value::from(related.label.as_str()));
            let many = related.relation.many;
            Child { label, many, node: self.child(scope, key, related, statements) }
        });
        below.collect()
    }

    fn child<'t>(
        &self,
        scope: &Scope<'t>,
        key: usize,
        related: Related<'t>,
        statements: &mut Statements,
    ) -> Node {
        let number = statements.next_table();
        let names = Names { there: format!("t{number}"), parents: format!("p{number}") };
        let Related { relation, joined, mut select, .. } = related;
        let mut source = self.parents_of(&relation, key, &names.parents);
        if let Some(group) = select.group.take() {
            once(&mut source, &names.parents);
            return Node::leaf(grouped(scope, source, &relation, joined, select, &group, &names, statements));
        }
        let filter = std::mem::replace(&mut select.filter, Condition::TRUE);
        if relation.many {
            list(&mut source, &relation, joined, filter, &select, &names);
        } else {
            once(&mut source, &names.parents);
            one(&mut source, &relation, filter, &names);
        }
        let mut outputs: Vec<Output<'_>> = select.shown.iter().map(Output::Shown).collect();
        outputs.extend(select.relations.iter().map(|related| Output::Hidden(related.relation.here)));
        let mut sql = source.after("SELECT ");
        shape::write(&mut sql, &outputs, &names.there);
        sql.push(if outputs.is_empty() { "" } else { ", " });
        sql.push(&format!("{}.k", names.parents));
        sql.push(&source.text);
        let columns = shape::columns(&select.shown, scope.bigint);
        let keys = select.relations.len() + 1;
        let statement = statements.json(sql, Arc::new(JsonShape { columns, keys, ..JsonShape::default() }));
        let level = Level { alias: names.there, parents: Parents::Source(source) };
        let children = level.children(scope, select.relations, statements);
        Node { statement, children, backward: false }
    }

    /// ` FROM (the parents' keys) AS p1`, a key for each of them.
    fn parents_of(&self, relation: &Relation<'_>, key: usize, parents: &str) -> Sql {
        match &self.parents {
            Parents::Source(source) => {
                let mut sql = source.after(" FROM (SELECT ");
                sql.column(&self.alias, &relation.here.name);
                if collation(relation.here) != BINARY {
                    // Each parent finds its rows under its own bytes, also where another parent's are equal to them.
                    sql.push(" COLLATE BINARY");
                }
                sql.push(&format!(" AS k{}) AS {parents}", source.text));
                sql
            }
            Parents::Written { statement, statements } => {
                let mut sql = Sql::with_room();
                sql.push(" FROM (SELECT value AS k FROM json_each(");
                let rows = GivenRows::All(*statements);
                sql.bind_earlier(Given { param: 0, statement: *statement, key, rows });
                sql.push(&format!(")) AS {parents}"));
                sql
            }
        }
    }
}

/// Each key of the parents once.
fn once(sql: &mut Sql, parents: &str) {
    let text = std::mem::take(&mut sql.text);
    sql.push(&format!(" FROM (SELECT DISTINCT k{text}) AS {parents}"));
}

/// The one row that each parent refers to, where it is there.
fn one(sql: &mut Sql, relation: &Relation<'_>, filter: Condition<'_>, names: &Names) {
    sql.push(" CROSS JOIN ");
    sql.name(&relation.table.name);
    sql.push(&format!(" AS {} ON ", names.there));
    sql.joins(relation, &names.there, &names.parents, "k");
    and(sql, filter, &names.there);
}

/// As many rows for each parent as the limit says.
///
/// Most parents have no more: those that do are found by one look at where the limit would be passed, and only their rows are picked
/// one by one.
fn list(
    parents: &mut Sql,
    relation: &Relation<'_>,
    joined: Condition<'_>,
    filter: Condition<'_>,
    select: &Select<'_>,
    names: &Names,
) {
    let Names { there, parents: parent } = names;
    let rowid = relation.table.rowid_alias();
    let mut tables = Sql::with_room();
    tables.tables_there(relation, there);
    // The same condition thrice, of a table of the same name each time: its values are bound once.
    let mut rows = parents.take("");
    rows.joins_there(relation, joined, there, parent, "k");
    and(&mut rows, filter, there);
    let (tables, condition) = (tables.text, std::mem::take(&mut rows.text));
    let mut order = Sql::with_room();
    order_by(&mut order, relation.table, &select.order, there);
    let (order, limit) = (order.text, select.limit);
    rows.push(&format!(
        " FROM (SELECT DISTINCT k, (SELECT 1 FROM {tables} WHERE {condition} LIMIT 1 OFFSET {limit}) AS more{}) AS \
         {parent} CROSS JOIN {tables} WHERE {condition} AND ({parent}.more IS NULL OR {there}.{rowid} IN (SELECT \
         {there}.{rowid} FROM {tables} WHERE {condition}{order} LIMIT {limit})){order}",
        parents.text
    ));
    *parents = rows;
}

/// Groups of each parent's rows, as many as the limit says; without columns to group by, one for each parent.
#[expect(clippy::too_many_arguments, reason = "a relation taken apart")]
fn grouped(
    scope: &Scope<'_>,
    parents: Sql,
    relation: &Relation<'_>,
    joined: Condition<'_>,
    select: Select<'_>,
    group: &Group<'_>,
    names: &Names,
    statements: &mut Statements,
) -> usize {
    let Names { there, parents: parent } = names;
    let rowid = relation.table.rowid_alias();
    let mut sql = parents.after("SELECT ");
    for index in 0..select.shown.len() {
        sql.push(&format!("c{index}, "));
    }
    sql.push("k FROM (SELECT ");
    // A parent without rows has a group all the same, in which nothing is counted.
    sql.counted = Some(format!("{there}.{rowid}"));
    for (index, shown) in select.shown.iter().enumerate() {
        shape::write(&mut sql, &[Output::Shown(shown)], there);
        sql.push(&format!(" AS c{index}, "));
    }
    sql.push(&format!("{parent}.k AS k, row_number() OVER (PARTITION BY {parent}.k"));
    for (index, (by, descending)) in group_order(&select, group).into_iter().enumerate() {
        sql.push(if index > 0 { ", " } else { " ORDER BY " });
        write_group_key(&mut sql, by, there);
        sql.push(if descending { " DESC" } else { "" });
    }
    sql.push(") AS n");
    sql.push(&parents.text);
    sql.push(if group.by.is_empty() { " LEFT JOIN " } else { " CROSS JOIN " });
    sql.name(&relation.table.name);
    sql.push(&format!(" AS {there} ON "));
    if relation.through.is_some() {
        sql.push(&format!("{there}.{rowid} IN (SELECT i.{rowid} FROM "));
        sql.tables_there(relation, "i");
        sql.push(" WHERE ");
        sql.joins_there(relation, joined, "i", parent, "k");
        sql.push(")");
    } else {
        sql.joins(relation, there, parent, "k");
    }
    and(&mut sql, select.filter.clone(), there);
    sql.push(&format!(" GROUP BY {parent}.k"));
    for column in &group.by {
        sql.push(", ");
        sql.column(there, &column.name);
    }
    write_having(&mut sql, group, there);
    sql.push(") WHERE n <= ");
    sql.push_number(select.limit);
    sql.push(" ORDER BY n");
    let columns = shape::columns(&select.shown, scope.bigint);
    statements.json(sql, Arc::new(JsonShape { columns, keys: 1, ..JsonShape::default() }))
}

fn and(sql: &mut Sql, condition: Condition<'_>, alias: &str) {
    if !condition.is_everything() {
        sql.push(" AND ");
        sql.condition(condition, alias);
    }
}

/// What was asked, then the primary key: the same rows come in the same order.
fn order_by(sql: &mut Sql, table: &Table, orders: &[Order<'_>], alias: &str) {
    let asked = orders.iter().filter_map(|order| match order.by {
        By::Column(column) => Some((column.name.as_str(), order.descending)),
        By::Shown(_) | By::Rank => None,
    });
    let mut keys: Vec<(&str, bool)> = asked.collect();
    for name in &table.primary_key {
        if !keys.iter().any(|(known, _)| known == name) {
            keys.push((name, false));
        }
    }
    for (index, (name, descending)) in keys.into_iter().enumerate() {
        sql.push(if index > 0 { ", " } else { " ORDER BY " });
        sql.column(alias, name);
        sql.push(if descending { " DESC" } else { "" });
    }
}
