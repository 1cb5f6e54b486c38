//! The order in which indexes, columns and tables go, all in one transaction and with foreign keys on. Knows nothing of what
//! comes.

use std::collections::{BTreeSet, HashSet};

use crate::ddl;
use crate::expression::mentioned_names;
use crate::order::{dropped_column_order, dropped_table_order, names_in};
use crate::template::{Column, Index, Table};

/// Everything that goes from one template to the next.
#[derive(Default)]
pub(crate) struct Drops<'a> {
    pub(crate) indexes: Vec<DroppedIndex<'a>>,
    /// By the table as it becomes.
    pub(crate) columns: Vec<(&'a Table, Vec<&'a Column>)>,
    pub(crate) tables: Vec<&'a Table>,
}

/// An index of a table that stays.
pub(crate) struct DroppedIndex<'a> {
    table: &'a str,
    name: String,
    columns: &'a [String],
    filter: Option<&'a str>,
    /// Whether foreign keys may rest on it; they rest on no named index.
    is_key: bool,
}

/// The statements in order, and the columns that no order lets go.
pub(crate) struct DropStatements<'a> {
    pub(crate) sql: Vec<String>,
    pub(crate) stuck: Vec<(&'a Table, &'a Column)>,
}

impl<'a> DroppedIndex<'a> {
    pub(crate) fn named(table: &'a Table, index: &'a Index) -> Self {
        let filter = index.filter.as_deref();
        Self { table: &table.name, name: index.name.clone(), columns: &index.columns, filter, is_key: false }
    }

    pub(crate) fn unique(table: &'a Table, columns: &'a [String]) -> Self {
        let name = table.unique_index_name(columns);
        Self { table: &table.name, name, columns, filter: None, is_key: columns.len() == 1 }
    }

    fn needs_one_of(&self, columns: &HashSet<String>) -> bool {
        let filter = self.filter.map(mentioned_names).unwrap_or_default();
        let named = self.columns.iter().map(|column| column.to_ascii_lowercase());
        filter.into_iter().chain(named).any(|name| columns.contains(&name))
    }
}

impl<'a> Drops<'a> {
    /// DROP TABLE first deletes the table's rows where another table refers to it, and that deletion cascades or is refused.
    /// So the columns of other tables that refer to a dropped one go first, and no row of theirs is touched. The keys that a
    /// dropped table refers to go last: where it does delete, SQLite wants them there.
    pub(crate) fn statements(&self) -> DropStatements<'a> {
        let mut stuck = Vec::new();
        let (mut first, mut last) = (Vec::new(), Vec::new());
        let deleted_from = self.keys_of_deleting_tables();
        let mut gone = HashSet::new();
        for (table, columns) in &self.columns {
            let order = dropped_column_order(columns, table);
            stuck.extend(order.stuck.iter().map(|column| (*table, *column)));
            let tied = self.tied_to_dropped_tables(&order.ordered);
            for index in self.indexes.iter().filter(|i| i.table == table.name && i.needs_one_of(&tied)) {
                gone.insert(index.name.as_str());
                first.push(ddl::drop_index(&index.name));
                if index.is_key && deleted_from.contains(&(index.table, index.columns[0].as_str())) {
                    let names = |column: &&&Column| index.columns.contains(&column.name);
                    stuck.extend(order.ordered.iter().filter(names).map(|column| (*table, *column)));
                }
            }
            for column in order.ordered {
                let tied = tied.contains(&column.name.to_ascii_lowercase());
                let statements = if tied { &mut first } else { &mut last };
                statements.push(ddl::drop_column(&table.name, &column.name));
            }
        }
        let mut sql = first;
        sql.extend(self.drop_tables());
        let other_indexes = self.indexes.iter().filter(|index| !gone.contains(index.name.as_str()));
        sql.extend(other_indexes.map(|index| ddl::drop_index(&index.name)));
        sql.append(&mut last);
        DropStatements { sql, stuck }
    }

    /// The names of columns that refer to a dropped table, and of those that have to go before them because they mention them.
    fn tied_to_dropped_tables(&self, ordered: &[&Column]) -> HashSet<String> {
        let mut tied = HashSet::new();
        // What mentions a column stands before it.
        for column in ordered.iter().rev() {
            let refers = |table: &&Table| column.references.as_ref().is_some_and(|r| r.table == table.name);
            if self.tables.iter().any(refers) || names_in(column).iter().any(|name| tied.contains(name)) {
                tied.insert(column.name.to_ascii_lowercase());
            }
        }
        tied
    }

    /// Tables that are dropped while something refers to them: they refer to themselves or to each other in a circle.
    fn deleting_tables(&self) -> Vec<&'a Table> {
        let mut deleting = dropped_table_order(&self.tables).stuck;
        let alone = self.tables.iter().filter(|table| references(table).any(|(to, _)| to == table.name));
        deleting.extend(alone);
        deleting
    }

    fn keys_of_deleting_tables(&self) -> HashSet<(&'a str, &'a str)> {
        self.deleting_tables().into_iter().flat_map(references).collect()
    }

    /// Children go first, when nothing is deleted. In a circle of tables, or one that refers to itself, rows are deleted; the
    /// violations that causes are counted until the commit, by when the whole circle is gone.
    ///
    /// A deletion that cascades to a table prepares a look at everything that one refers to, and fails where a part of the
    /// circle is gone already. So an empty table with the same keys stands in for each part until the last is dropped.
    fn drop_tables(&self) -> Vec<String> {
        let order = dropped_table_order(&self.tables);
        let mut sql = Vec::new();
        if !self.deleting_tables().is_empty() {
            sql.push("PRAGMA defer_foreign_keys = ON".to_owned());
        }
        sql.extend(order.ordered.iter().map(|table| ddl::drop_table(&table.name)));
        let mut stand_ins = Vec::new();
        for (i, table) in order.stuck.iter().enumerate() {
            sql.push(ddl::drop_table(&table.name));
            let later = order.stuck.iter().skip(i + 1).flat_map(|later| references(later));
            let keys: BTreeSet<&str> =
                later.filter(|(to, _)| *to == table.name).map(|(_, key)| key).collect();
            if !keys.is_empty() {
                sql.push(ddl::create_stand_in(&table.name, &keys));
                stand_ins.push(ddl::drop_table(&table.name));
            }
        }
        sql.append(&mut stand_ins);
        sql
    }
}

/// The tables and columns that a table refers to.
fn references(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    let references = table.columns.iter().filter_map(|column| column.references.as_ref());
    references.map(|reference| (reference.table.as_str(), reference.column.as_str()))
}
