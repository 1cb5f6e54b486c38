//! Any query on any rows answers what the product's description says, evaluated without SQL; and no body is too strange.

mod ask;
mod batches;
mod bench;
mod choices;
mod evaluate;
mod hidden;
mod kind;
mod pages;
mod pattern;
mod relation;
mod selects;
mod strange;
mod wanted;
mod words;
mod world;
mod writes;

use atomicbase_core::{Caller, Limits, Subject};
use proptest::prelude::{ProptestConfig, Strategy};
use schema::{Table, Template};

use bench::{Bench, key};
use choices::{Bytes, Choices, bytes};
use evaluate::known;
use world::{Rows, USERS};

/// So many worlds; more in `make soak`.
fn config(worlds: u32) -> ProptestConfig {
    let times = std::env::var("ATOMICBASE_PROPERTY_TIMES").ok().and_then(|times| times.parse::<u32>().ok());
    let cases = worlds * times.unwrap_or(1);
    ProptestConfig { cases, max_shrink_time: 20_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Limits small enough to be met.
fn small_limits() -> Limits {
    Limits { default_rows: 5, nested_rows: 3, depth: 12, ..Limits::default() }
}

/// What a world is made of: the choices of its tables, of their rows, and of the policies.
fn worlds() -> impl Strategy<Value = [Bytes; 3]> {
    (bytes(200), bytes(500), bytes(600)).prop_map(|(tables, rows, policies)| [tables, rows, policies])
}

/// The world of a case.
fn world(parts: [Bytes; 3]) -> (Bench, Rows) {
    let [tables, rows, policies] = &mut parts.map(Choices::new);
    let template = world::template(tables, policies);
    let rows = world::rows(&template, rows);
    (Bench::new(template, &rows, small_limits()), rows)
}

/// Somebody, now and then a key.
fn caller(choices: &mut Choices) -> Caller {
    if choices.once_in(3) {
        return key();
    }
    if choices.once_in(6) {
        return Caller::Anonymous;
    }
    let known = |choices: &mut Choices| USERS.get(choices.below(4)).map(|user| (*user).to_owned());
    let roles = [Some("member"), Some("viewer"), Some("editor"), Some("admin"), Some("owner"), None];
    let role = choices.one_of(&roles).map(str::to_owned);
    let subject = Subject { user: known(choices), organization: known(choices), role };
    Caller::Subject { subject, database: None }
}

/// What the caller asks of: mostly what it knows, else everything, and is refused what is not its own.
fn knowledge(template: &Template, caller: &Caller, choices: &mut Choices) -> (Template, Vec<String>) {
    if choices.once_in(4) { (template.clone(), Vec::new()) } else { known(template, caller) }
}

fn table<'a>(bench: &'a Bench, choices: &mut Choices) -> &'a Table {
    &bench.template.tables[choices.below(bench.template.tables.len())]
}
