//! Two newsrooms that differ in nothing but what is hidden from Ada: whatever she asks, both say the same, word for word.

use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use schema::Template;
use serde_json::Value;

use super::ask::Asker;
use super::choices::{Choices, bytes};
use super::config;
use super::evaluate::known;
use crate::sandbox::{Sandbox, callers};

const TEMPLATE: &[u8] = include_bytes!("../../fixtures/newsroom.json");
/// With Bob's stories, without them, and with what is hidden of Ada's own stories another.
const ROWS: [&[u8]; 3] = [
    include_bytes!("../../fixtures/newsroom_with.json"),
    include_bytes!("../../fixtures/newsroom_without.json"),
    include_bytes!("../../fixtures/newsroom_other.json"),
];

thread_local! {
    static SANDBOXES: [Sandbox; 3] = ROWS.map(|rows| Sandbox::new(TEMPLATE, rows));
    static NEWSROOM: Template = Template::parse_json(TEMPLATE).unwrap();
}

/// What a caller in these databases hears.
fn ask(who: usize, databases: &[usize], table: &str, body: &Value) -> Vec<crate::sandbox::Tried> {
    let body = body.to_string();
    let select = Verb::Select { count: true };
    let ask = |database: &usize| {
        SANDBOXES.with(|all| all[*database].try_query(who, select, table, body.as_bytes()))
    };
    databases.iter().map(ask).collect()
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn no_answer_depends_on_what_is_hidden(queries in vec(bytes(120), 1..40)) {
        let template = NEWSROOM.with(Template::clone);
        for query in queries {
            let choices = &mut Choices::new(query);
            // Who sees all rows, but not all of them, tells hidden columns only.
            let (who, databases): (_, &[usize]) = choices.one_of(&[(1, &[0, 1, 2]), (1, &[0, 1, 2]), (2, &[0, 2]), (3, &[0, 2])]);
            let (known, closed) = match choices.once_in(4) {
                true => (template.clone(), Vec::new()),
                false => known(&template, &callers()[who]),
            };
            let table = &known.tables[choices.below(known.tables.len())];
            let body = Asker::new(&known, &closed, choices).select(table);
            let found = ask(who, databases, &table.name, &body);
            prop_assert!(found.iter().all(|answer| *answer == found[0]), "{} {} {}\n{:#?}", who, table.name, body, found);
        }
    }
}
