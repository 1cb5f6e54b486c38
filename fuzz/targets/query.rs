//! Any bytes as a query on a database with a few rows: refused as the client's fault, or run within the authorizer.
//! The first three bytes choose template, verb and table; the rest is the body.
#![no_main]

#[path = "../../crates/query/tests/it/sandbox.rs"]
mod sandbox;

use query::Verb;
use libfuzzer_sys::fuzz_target;
use sandbox::Sandbox;

const VERBS: [Verb; 4] = [Verb::Select { count: true }, Verb::Insert, Verb::Update, Verb::Delete];

thread_local! {
    static SANDBOXES: [Sandbox; 2] = [
        Sandbox::new(
            include_bytes!("../../crates/query/tests/fixtures/agency.json"),
            include_bytes!("../../crates/query/tests/fixtures/agency_rows.json"),
        ),
        Sandbox::new(include_bytes!("../../crates/query/tests/fixtures/forum.json"), b"{}"),
    ];
}

fuzz_target!(|input: &[u8]| {
    let [template, verb, table, body @ ..] = input else { return };
    SANDBOXES.with(|sandboxes| {
        let sandbox = &sandboxes[usize::from(*template) % sandboxes.len()];
        let tables = sandbox.tables();
        let table = tables[usize::from(*table) % tables.len()];
        sandbox.try_query(VERBS[usize::from(*verb) % VERBS.len()], table, body);
    });
});
