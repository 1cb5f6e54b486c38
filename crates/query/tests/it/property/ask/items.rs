//! What a random query selects: columns, and relations with what they select in turn.

use schema::Table;
use serde_json::{Map, Value, json};

use super::super::relation::{Relation, named, relations};
use super::{Asker, names};

impl Asker<'_> {
    /// The entries of a `select`.
    pub(super) fn items(&mut self, table: &Table, depth: usize) -> Value {
        if self.choices.once_in(10) {
            return self.choices.one_of(&names(table)).into();
        }
        let mut items = Vec::new();
        let mut labels = Vec::new();
        for number in 0..=self.choices.below(4) {
            let relations = if depth == 0 { Vec::new() } else { self.relations(table) };
            if relations.is_empty() || self.choices.once_in(2) {
                let all = self.choices.once_in(4);
                items.push(if all { json!("*") } else { self.choices.one_of(&names(table)).into() });
                continue;
            }
            let relation = self.choices.one_of(&relations);
            let name = self.name_of(table, &relation);
            let mut asked = self.of_relation(&relation, depth - 1);
            let plain = asked.is_empty() || asked.keys().eq(["select"]);
            // A relation under its own name lists what is selected, and nothing else.
            if plain && !labels.contains(&name) && self.choices.once_in(3) {
                items.push(json!({&name: asked.remove("select").unwrap_or_else(|| json!(["*"]))}));
                labels.push(name);
                continue;
            }
            asked.insert("from".to_owned(), name.into());
            items.push(json!({format!("\"r{number}"): asked}));
        }
        items.into()
    }

    /// What the relation is called: the table's name where that is enough.
    pub(super) fn name_of(&mut self, table: &Table, relation: &Relation<'_>) -> String {
        let all = relations(self.template, table, &|_, _| false);
        match named(&all, &relation.table.name) {
            Some(only) if only.name == relation.name && self.choices.once_in(2) => {
                relation.table.name.clone()
            }
            _ => relation.name.clone(),
        }
    }

    fn of_relation(&mut self, relation: &Relation<'_>, depth: usize) -> Map<String, Value> {
        let table = relation.table;
        if relation.many && self.choices.once_in(2) {
            return self.body(table, depth, true);
        }
        let mut asked = Map::new();
        if !self.choices.once_in(4) {
            asked.insert("select".to_owned(), self.items(table, depth));
        }
        if self.choices.once_in(4) {
            asked.insert("where".to_owned(), self.conditions(table));
        }
        asked
    }
}
