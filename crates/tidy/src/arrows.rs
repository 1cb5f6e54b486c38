//! Which crate may depend on which: the arrows of ARCHITECTURE.md as one table.
//! Reads `cargo metadata`; knows no source text.

use crate::finding::{Finding, assert_none};
use crate::packages::{Dependency, Package, packages};

/// Each room and the rooms it may use. What two capabilities need lives on the floor below them.
#[rustfmt::skip]
const ARROWS: &[(&str, &[&str])] = &[
    // the program
    ("atomicbase", &["cli", "gateway", "data", "platform", "tenant", "directory", "http", "query", "schema", "evaluate", "db", "core"]),
    // the command line talks HTTP
    ("cli",        &["schema", "evaluate"]),
    ("gateway",    &["tenant", "directory", "http", "core"]),
    // capabilities
    ("data",       &["tenant", "directory", "http", "query", "schema", "db", "core"]),
    ("platform",   &["tenant", "directory", "http", "query", "schema", "db", "core"]),
    // below them
    ("tenant",     &["directory", "schema", "db", "core"]),
    ("directory",  &["schema", "db", "core"]),
    ("query",      &["schema", "db", "core"]),
    ("http",       &["core"]),
    ("schema",     &["core"]),
    ("db",         &["core"]),
    ("core",       &[]),
    ("evaluate",   &[]),
    // outside the program: testkit serves tests, the others stand alone
    ("testkit",    &["atomicbase", "gateway", "data", "platform", "tenant", "directory", "http", "query", "schema", "db", "core"]),
    ("bench",      &[]),
    ("tidy",       &[]),
];

/// Every dependency on one of our crates that the table does not allow. Tests may also use `testkit`.
fn check(package: &Package) -> Vec<Finding> {
    let from = &package.room;
    let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| room == from) else {
        let message =
            format!("`{from}` is a new room. Give it a line in ARROWS in crates/tidy/src/arrows.rs.");
        return vec![Finding::new(&package.manifest, 1, message)];
    };
    let refuse = |dependency: &Dependency| {
        let to = dependency.room.as_deref()?;
        if allowed.contains(&to) || (dependency.dev && to == "testkit") {
            return None;
        }
        let list = if allowed.is_empty() { "none of our crates".to_owned() } else { allowed.join(", ") };
        let message = format!(
            "`{from}` must not use `{to}`; it may use {list}. Move what both need to the floor below, \
             or change ARROWS in crates/tidy/src/arrows.rs on purpose, with an ADR."
        );
        Some(Finding::new(&package.manifest, package.line_of(&dependency.name), message))
    };
    package.dependencies.iter().filter_map(refuse).collect()
}

#[test]
fn crates_use_only_the_floors_below_them() {
    let found: Vec<_> = packages().iter().flat_map(check).collect();
    assert_none(&found);
}

#[test]
fn a_forbidden_arrow_is_found() {
    let dependency = |name: &str, ours: bool, dev: bool| Dependency {
        name: name.to_owned(),
        room: ours.then(|| name.to_owned()),
        dev,
    };
    let found = |room: &str, dependencies: Vec<Dependency>| {
        let package = Package {
            room: room.to_owned(),
            manifest: format!("crates/{room}/Cargo.toml"),
            text: dependencies.iter().map(|it| format!("{}.workspace = true\n", it.name)).collect(),
            dependencies,
        };
        check(&package)
    };
    let sideways = found("data", vec![dependency("db", true, false), dependency("platform", true, false)]);
    assert_eq!((sideways.len(), sideways[0].line), (1, 2));
    assert!(sideways[0].message.starts_with("`data` must not use `platform`"), "{}", sideways[0]);
    assert_eq!(found("data", vec![dependency("testkit", true, true)]), []);
    assert_eq!(found("data", vec![dependency("testkit", true, false)]).len(), 1);
    assert_eq!(found("db", vec![dependency("data", true, true)]).len(), 1);
    assert_eq!(
        found("core", vec![dependency("http", false, false)]),
        [],
        "the crate from the registry, not the room"
    );
    assert_eq!(found("attic", Vec::new()).len(), 1);
}
