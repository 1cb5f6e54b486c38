//! In which order columns and tables can come and go, so that each statement finds what it mentions and leaves nothing behind
//! that mentions what it drops.

use std::collections::HashSet;

use crate::expression::mentioned_names;
use crate::template::{Column, Table};

/// Things in the order their statements run, and the rest, for which there is no order.
pub(crate) struct Order<'a, T> {
    pub(crate) ordered: Vec<&'a T>,
    pub(crate) stuck: Vec<&'a T>,
}

/// New columns of a table: after the new columns that their own expressions mention.
pub(crate) fn added_column_order<'a>(added: &[&'a Column]) -> Order<'a, Column> {
    let mentioned: Vec<HashSet<String>> = added.iter().map(|column| names_in(column)).collect();
    arrange(added, |i, j| mentioned[i].contains(&added[j].name.to_ascii_lowercase()))
}

/// Columns that a table loses: after the dropped columns whose expressions mention them. `kept` is the table as it becomes;
/// what it still mentions cannot be dropped.
pub(crate) fn dropped_column_order<'a>(dropped: &[&'a Column], kept: &Table) -> Order<'a, Column> {
    let still_mentioned = names_in_table(kept);
    let (in_use, free): (Vec<&Column>, Vec<&Column>) =
        dropped.iter().partition(|column| still_mentioned.contains(&column.name.to_ascii_lowercase()));
    let mentioned: Vec<HashSet<String>> = free.iter().map(|column| names_in(column)).collect();
    let mut order = arrange(&free, |i, j| mentioned[j].contains(&free[i].name.to_ascii_lowercase()));
    order.stuck.extend(in_use);
    order
}

/// Tables that go: after the dropped tables that refer to them. The stuck ones refer to each other in a circle.
pub(crate) fn dropped_table_order<'a>(dropped: &[&'a Table]) -> Order<'a, Table> {
    let referred: Vec<HashSet<&str>> = dropped
        .iter()
        .map(|table| {
            table.columns.iter().filter_map(|c| c.references.as_ref()).map(|r| r.table.as_str()).collect()
        })
        .collect();
    arrange(dropped, |i, j| referred[j].contains(dropped[i].name.as_str()))
}

/// Takes the first items that wait for no other, again and again, until none is left or all wait for each other.
fn arrange<'a, T>(items: &[&'a T], waits_for: impl Fn(usize, usize) -> bool) -> Order<'a, T> {
    let mut waiting: Vec<usize> = (0..items.len()).collect();
    let mut ordered = Vec::with_capacity(items.len());
    loop {
        let (later, now): (Vec<usize>, Vec<usize>) =
            waiting.iter().partition(|i| waiting.iter().any(|j| *i != j && waits_for(**i, *j)));
        ordered.extend(now.iter().map(|i| items[*i]));
        waiting = later;
        if now.is_empty() || waiting.is_empty() {
            break;
        }
    }
    Order { ordered, stuck: waiting.into_iter().map(|i| items[i]).collect() }
}

/// The names that the column's own expressions mention.
pub(crate) fn names_in(column: &Column) -> HashSet<String> {
    let generated = column.generated.as_ref().map(|generated| generated.sql.as_str());
    column.check.as_deref().into_iter().chain(generated).flat_map(mentioned_names).collect()
}

fn names_in_table(table: &Table) -> HashSet<String> {
    let filters = table.indexes.iter().filter_map(|index| index.filter.as_ref());
    let outside = table.checks.iter().chain(filters).flat_map(|sql| mentioned_names(sql));
    table.columns.iter().flat_map(names_in).chain(outside).collect()
}
