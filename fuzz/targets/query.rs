//! Any bytes as a query on a database with a few rows: refused as the client's fault, or run within the authorizer and undone.
//! The first four bytes choose template, caller, verb (a batch, too) and table; the rest is the body.
#![no_main]

#[path = "../../crates/query/tests/it/sandbox.rs"]
mod sandbox;

use libfuzzer_sys::fuzz_target;
use query::Verb;
use sandbox::{CALLERS, Sandbox};

const VERBS: [Verb; 4] = [Verb::Select { count: true }, Verb::Insert, Verb::Update, Verb::Delete];

thread_local! {
    static SANDBOXES: [Sandbox; 3] = [
        Sandbox::new(
            include_bytes!("../../crates/query/tests/fixtures/agency.json"),
            include_bytes!("../../crates/query/tests/fixtures/agency_rows.json"),
        ),
        Sandbox::new(include_bytes!("../../crates/query/tests/fixtures/forum.json"), b"{}"),
        Sandbox::new(
            include_bytes!("../../crates/query/tests/fixtures/newsroom.json"),
            include_bytes!("../../crates/query/tests/fixtures/newsroom_with.json"),
        ),
    ];
}

fuzz_target!(|input: &[u8]| {
    let [template, who, verb, table, body @ ..] = input else { return };
    SANDBOXES.with(|sandboxes| {
        let sandbox = &sandboxes[usize::from(*template) % sandboxes.len()];
        let who = usize::from(*who) % CALLERS;
        let tables = sandbox.tables();
        let table = tables[usize::from(*table) % tables.len()];
        match VERBS.get(usize::from(*verb) % (VERBS.len() + 1)) {
            Some(verb) => sandbox.try_query(who, *verb, table, body),
            None => sandbox.try_batch(who, body),
        };
    });
});
