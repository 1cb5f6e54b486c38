//! Selects of every kind, by every caller.

use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use serde_json::Value;

use super::ask::Asker;
use super::bench::Refusal;
use super::choices::{Choices, bytes};
use super::evaluate::{Selected, World};
use super::{caller, config, knowledge, table, world, worlds};

/// Whether an answer, or the code of a refusal, is what is wanted.
pub(super) fn is_wanted(
    found: &Result<Value, Refusal>,
    wanted: &Result<Selected, Vec<&'static str>>,
) -> bool {
    match (found, wanted) {
        (Ok(found), Ok(wanted)) => wanted.data.fits(&found["data"]) && found["count"] == wanted.count,
        (Err(refusal), Ok(wanted)) => wanted.overflows && refusal.code == "INVALID_QUERY",
        (Err(refusal), Err(codes)) => codes.contains(&refusal.code),
        (Ok(_), Err(_)) => false,
    }
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn a_select_answers_what_the_naive_evaluation_answers(start in worlds(), queries in vec(bytes(120), 1..40)) {
        let (bench, rows) = world(start);
        for query in queries {
            let choices = &mut Choices::new(query);
            let (caller, table) = (caller(choices), table(&bench, choices));
            let world = World::new(&bench.template, &rows, &bench.limits, &caller);
            let (known, closed) = knowledge(&bench.template, &caller, choices);
            let body = Asker::new(&known, &closed, choices).select(known.table(&table.name).unwrap());
            let wanted = world.select(table, &body);
            let found = bench.ask(&caller, Verb::Select { count: true }, &table.name, &body);
            prop_assert!(
                is_wanted(&found, &wanted),
                "{:?}\n{} {}\nfound  {:?}\nwanted {:?}\nof {:?}\n{}",
                caller, table.name, body, found, wanted, rows, bench.template()
            );
        }
    }
}
