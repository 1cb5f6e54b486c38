//! Any bytes as a template: refused with reasons, or read, written and read again to the same thing.
//! Two of them: their difference, plan and SQL are made without a panic, and a template differs from itself in nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schema::{Template, create_statements, diff, plan};

fuzz_target!(|input: &[u8]| {
    let mut templates = input.splitn(2, |byte| *byte == 0).filter_map(|json| Template::parse_json(json).ok());
    let Some(first) = templates.next() else { return };
    let again = Template::parse_json(first.to_json().as_bytes()).expect("what we wrote is a template");
    assert_eq!((again.to_json(), again.hash()), (first.to_json(), first.hash()));
    assert!(diff(Some(&first), &again).is_empty());
    assert!(create_statements(&first).len() >= first.tables.len());
    if let Some(second) = templates.next() {
        let _ = diff(Some(&first), &second).is_destructive();
        let _ = plan(Some(&first), &second);
    }
});
