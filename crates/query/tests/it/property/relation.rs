//! Which tables a foreign key or a join table relates, and by which names a query may call that.

use schema::{Column, Table, Template};

/// A way from the rows of one table to those of another.
#[derive(Clone)]
pub(crate) struct Relation<'t> {
    /// The name that means this relation and no other.
    pub name: String,
    pub table: &'t Table,
    pub many: bool,
    pub joins: Joins<'t>,
}

#[derive(Clone, Copy)]
pub(crate) enum Joins<'t> {
    /// `there` of the other row is `here` of this one; as `referred` compares, the column of the two that a key refers to.
    Columns { here: &'t Column, there: &'t Column, referred: &'t Column },
    /// A row of the join table has both.
    Through { table: &'t Table, here: Key<'t>, there: Key<'t> },
}

/// A foreign key: a column and what it refers to.
#[derive(Clone, Copy)]
pub(crate) struct Key<'t> {
    pub column: &'t Column,
    pub table: &'t Table,
    pub referred: &'t Column,
}

/// Every relation of a table. Columns that `hidden` names do not exist, so neither do the relations that need them.
pub(crate) fn relations<'t>(
    template: &'t Template,
    table: &Table,
    hidden: &dyn Fn(&str, &str) -> bool,
) -> Vec<Relation<'t>> {
    let mut all = Vec::new();
    for holder in &template.tables {
        let keys: Vec<Key<'t>> =
            keys(template, holder).filter(|key| !is_hidden(holder, key, hidden)).collect();
        for key in &keys {
            let Key { column, referred, .. } = *key;
            if key.table.name == table.name {
                let joins = Joins::Columns { here: referred, there: column, referred };
                let name = format!("{}!{}", holder.name, column.name);
                all.push(Relation { name, table: holder, many: true, joins });
            }
            if holder.name == table.name {
                let joins = Joins::Columns { here: column, there: referred, referred };
                all.push(Relation {
                    name: format!("!{}", column.name),
                    table: key.table,
                    many: false,
                    joins,
                });
            }
        }
        for (here, there) in joined(holder, &keys) {
            if here.table.name == table.name && there.table.name != table.name {
                let name = format!("{}!{}", there.table.name, holder.name);
                let joins = Joins::Through { table: holder, here, there };
                all.push(Relation { name, table: there.table, many: true, joins });
            }
        }
    }
    all
}

/// The relation of a name: its own, or the table's where there is only one.
pub(crate) fn named<'a, 't>(relations: &'a [Relation<'t>], name: &str) -> Option<&'a Relation<'t>> {
    let own = relations.iter().find(|relation| relation.name == name);
    own.or_else(|| {
        let mut of_table = relations.iter().filter(|relation| relation.table.name == name);
        of_table.next().filter(|_| of_table.next().is_none())
    })
}

fn keys<'t>(template: &'t Template, holder: &'t Table) -> impl Iterator<Item = Key<'t>> {
    holder.columns.iter().filter_map(|column| {
        let reference = column.references.as_ref()?;
        let table = template.table(&reference.table)?;
        Some(Key { column, table, referred: table.column(&reference.column)? })
    })
}

fn is_hidden(holder: &Table, key: &Key<'_>, hidden: &dyn Fn(&str, &str) -> bool) -> bool {
    hidden(&holder.name, &key.column.name) || hidden(&key.table.name, &key.referred.name)
}

/// Both ways through a join table: its primary key or a unique set is exactly two foreign keys.
fn joined<'t>(holder: &'t Table, keys: &[Key<'t>]) -> Vec<(Key<'t>, Key<'t>)> {
    let mut sets = std::iter::once(&holder.primary_key).chain(&holder.unique);
    let found = sets.find_map(|set| {
        let [one, other] = set.as_slice() else { return None };
        let key = |name: &String| keys.iter().find(|key| key.column.name == *name).copied();
        Some((key(one)?, key(other)?))
    });
    found.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]).collect()
}

impl Relation<'_> {
    /// The join table between, where there is one.
    pub(crate) fn through(&self) -> Option<&str> {
        match self.joins {
            Joins::Columns { .. } => None,
            Joins::Through { table, .. } => Some(&table.name),
        }
    }
}
