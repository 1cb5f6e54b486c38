//! Batches: each operation sees what those before it did and may take values from them, and all are kept or none.

use atomicbase_core::Caller;
use proptest::collection::vec;
use proptest::prelude::*;
use query::Verb;
use serde_json::{Value, json};

use super::ask::{Asker, Earlier};
use super::bench::{Bench, Refusal};
use super::choices::{Bytes, Choices, bytes};
use super::evaluate::{Selected, World, Written, sort};
use super::world::Rows;
use super::{caller, config, knowledge, selects, table, world, worlds, writes};

enum Wanted {
    Selected(Result<Selected, Vec<&'static str>>),
    Written(Result<Written, Vec<&'static str>>),
}

/// A batch that is being asked for, and what it must do.
struct Asked<'a> {
    bench: &'a Bench,
    caller: &'a Caller,
    /// How many rows each write may reach.
    most: Option<usize>,
    operations: Vec<Value>,
    wanted: Vec<Wanted>,
    /// The rows after the operations so far.
    rows: Rows,
    earlier: Vec<Earlier>,
    /// Some value refers to a row that is not there.
    refers_nowhere: bool,
}

impl Asked<'_> {
    fn add(&mut self, operation: Bytes) {
        let choices = &mut Choices::new(operation);
        let table = table(self.bench, choices);
        let (known, closed) = knowledge(&self.bench.template, self.caller, choices);
        let known = known.table(&table.name).map(|table| (table.clone(), known.clone())).unwrap();
        let mut asker = Asker::new(&known.1, &closed, choices);
        let (verb, body) = asker.operation(&known.0, &self.rows);
        let referring = asker.refer(&known.0, &body, &self.earlier);
        let (asked, meant) = referring.unwrap_or_else(|| (body.clone(), Some(body)));
        self.operations.push(json!({"operation": name(verb), "table": table.name, "body": asked}));
        let Some(meant) = meant else {
            self.refers_nowhere = true;
            return;
        };
        let world = World::new(&self.bench.template, &self.rows, &self.bench.limits, self.caller);
        let mut rows = None;
        if let Verb::Select { .. } = verb {
            rows = Some(world.rows_of_list(table, &meant));
            self.wanted.push(Wanted::Selected(world.select(table, &meant)));
        } else {
            let written = world.write(verb, table, &meant, self.most);
            if let Ok(written) = &written {
                rows.clone_from(&written.seen);
                self.rows = written.rows.clone();
            }
            self.wanted.push(Wanted::Written(written));
        }
        let hidden = |column: &String| known.0.column(column).is_none();
        let columns = table.columns.iter().map(|column| column.name.clone());
        let columns = columns.filter(|name| !hidden(name)).collect();
        let number = self.operations.len() - 1;
        self.earlier.extend(rows.map(|rows| Earlier { number, table: table.name.clone(), columns, rows }));
    }

    /// Whether it must be done, and whether it may be refused.
    fn is_wanted(&self, found: &Result<Value, Refusal>) -> bool {
        let refused = self.wanted.iter().any(|wanted| match wanted {
            Wanted::Selected(wanted) => wanted.is_err(),
            Wanted::Written(wanted) => wanted.is_err(),
        });
        match found {
            Err(refusal) => {
                let may_be = |wanted: &Wanted| match wanted {
                    Wanted::Selected(Ok(wanted)) => wanted.overflows && refusal.code == "INVALID_QUERY",
                    Wanted::Written(Ok(wanted)) => wanted.doubts.contains(&refusal.code),
                    Wanted::Selected(Err(codes)) | Wanted::Written(Err(codes)) => {
                        codes.contains(&refusal.code)
                    }
                };
                self.refers_nowhere || self.wanted.iter().any(may_be)
            }
            Ok(_) if refused || self.refers_nowhere => false,
            Ok(found) => {
                let results = found["results"].as_array().unwrap();
                let fits = |(found, wanted): (&Value, &Wanted)| {
                    let found = Ok(found.clone());
                    match wanted {
                        Wanted::Selected(wanted) => selects::is_wanted(&found, wanted),
                        Wanted::Written(wanted) => writes::is_wanted(&found, wanted),
                    }
                };
                results.len() == self.wanted.len() && results.iter().zip(&self.wanted).all(fits)
            }
        }
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Selected(wanted) => wanted.fmt(f),
            Self::Written(wanted) => wanted.fmt(f),
        }
    }
}

fn name(verb: Verb) -> &'static str {
    match verb {
        Verb::Select { .. } => "select",
        Verb::Insert => "insert",
        Verb::Update => "update",
        Verb::Delete => "delete",
    }
}

fn check(bench: &Bench, rows: Rows, who: Bytes, batch: Vec<Bytes>) -> Result<Rows, TestCaseError> {
    let choices = &mut Choices::new(who);
    let caller = &caller(choices);
    let most = choices.once_in(4).then(|| choices.below(4));
    let before = rows.clone();
    let (operations, wanted, earlier) = (Vec::new(), Vec::new(), Vec::new());
    let mut asked = Asked { bench, caller, most, operations, wanted, rows, earlier, refers_nowhere: false };
    batch.into_iter().for_each(|operation| asked.add(operation));
    let body = json!({"operations": asked.operations});
    let found = bench.ask_batch(caller, &body, most);
    prop_assert!(
        asked.is_wanted(&found),
        "{:?} at most {:?}\n{}\nfound  {:?}\nwanted {:?}\nof {:?}\n{}",
        caller,
        most,
        body,
        found,
        asked.wanted,
        before,
        bench.template()
    );
    let after = if found.is_ok() { asked.rows } else { before.clone() };
    prop_assert_eq!(&bench.rows(), &after, "{:?}\n{}\nof {:?}\n{}", caller, body, before, bench.template());
    Ok(after)
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_batch_does_all_in_order_or_nothing(start in worlds(), batches in vec((bytes(5), vec(bytes(60), 1..5)), 1..6)) {
        let (bench, mut rows) = world(start);
        sort(&bench.template, &mut rows);
        for (who, batch) in batches {
            rows = check(&bench, rows, who, batch)?;
        }
        bench.check_searches();
    }
}
