//! Writes of every kind, by every caller, one after the other on the same rows.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::ask::Asker;
use super::bench::Refusal;
use super::choices::{Choices, bytes};
use super::evaluate::{World, Written, sort};
use super::{caller, config, knowledge, table, world, worlds};

/// Whether a write, or the code of its refusal, is what is wanted.
pub(super) fn is_wanted(found: &Result<Value, Refusal>, wanted: &Result<Written, Vec<&'static str>>) -> bool {
    match (found, wanted) {
        (Ok(found), Ok(wanted)) => {
            wanted.affected.is_none_or(|affected| found["rows_affected"] == affected)
                && wanted.data.as_ref().is_none_or(|data| data.fits(&found["data"]))
                && wanted.last_insert_id.as_ref().is_none_or(|id| found["last_insert_id"] == *id)
        }
        (Err(refusal), Ok(wanted)) => wanted.doubts.contains(&refusal.code),
        (Err(refusal), Err(codes)) => codes.contains(&refusal.code),
        (Ok(_), Err(_)) => false,
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn a_write_makes_of_the_rows_what_the_naive_evaluation_makes_of_them(start in worlds(), writes in vec(bytes(80), 1..20)) {
        let (bench, mut rows) = world(start);
        sort(&bench.template, &mut rows);
        for write in writes {
            let choices = &mut Choices::new(write);
            let (caller, table) = (caller(choices), table(&bench, choices));
            let (known, closed) = knowledge(&bench.template, &caller, choices);
            let (verb, body) = Asker::new(&known, &closed, choices).write(known.table(&table.name).unwrap(), &rows);
            let most = choices.once_in(4).then(|| choices.below(3));
            let world = World::new(&bench.template, &rows, &bench.limits, &caller);
            let wanted = world.write(verb, table, &body, most);
            let found = bench.ask_at_most(&caller, verb, &table.name, &body, most);
            prop_assert!(
                is_wanted(&found, &wanted),
                "{:?} at most {:?}\n{:?} {} {}\nfound  {:?}\nwanted {:?}\nof {:?}\n{}",
                caller, most, verb, table.name, body, found, wanted, rows, bench.template()
            );
            let before = rows.clone();
            if let (Ok(_), Ok(written)) = (&found, wanted) {
                rows = written.rows;
            }
            prop_assert_eq!(
                &bench.rows(), &rows,
                "{:?}\n{:?} {} {}\nof {:?}\n{}", caller, verb, table.name, body, before, bench.template()
            );
        }
        bench.check_searches();
    }
}
