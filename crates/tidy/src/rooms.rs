//! Which library may be named in which room: the driver only in `db`, the web framework only at the edge, no I/O in pure rooms.

use crate::finding::{Finding, assert_none};
use crate::source::{Source, sources};

/// A word that belongs to some rooms only. Paths are prefixes; tests and the bench may use what they like.
struct Rule {
    words: &'static [&'static str],
    /// Where the word may stand (empty: anywhere but in `never`).
    only: &'static [&'static str],
    /// Where it may not stand even so.
    never: &'static [&'static str],
    advice: &'static str,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule {
        words: &["rusqlite"],
        only: &["crates/db/"],
        never: &[],
        advice: "Only `db` names the driver. Say it with a `Batch`, or add the verb to crates/db.",
    },
    Rule {
        words: &["axum"],
        only: &["crates/http/", "crates/gateway/", "crates/atomicbase/", "crates/data/", "crates/platform/"],
        never: &["store.rs", "crates/query/"],
        advice: "axum stops at `http` and at the verb files. Take and return plain types here.",
    },
    Rule {
        words: &["std::fs", "std::net", "std::process", "std::env", "tokio"],
        only: &[],
        never: &["crates/core/", "crates/schema/", "crates/query/"],
        advice: "This room does no I/O and no async. Let the caller fetch, and pass the value in.",
    },
];

fn check(source: &Source) -> Vec<Finding> {
    let within = |paths: &[&str]| {
        paths.iter().any(|path| source.path.starts_with(path) || source.path.ends_with(&format!("/{path}")))
    };
    let mut findings = Vec::new();
    for rule in RULES {
        if source.path.starts_with("bench/")
            || (!within(rule.never) && (rule.only.is_empty() || within(rule.only)))
        {
            continue;
        }
        for word in rule.words {
            for at in source.find(word).into_iter().filter(|at| !source.in_tests(*at)) {
                let message = format!("`{word}` does not belong here. {}", rule.advice);
                findings.push(Finding::new(&source.path, source.line(at), message));
            }
        }
    }
    findings
}

#[test]
fn libraries_stay_in_their_rooms() {
    let found: Vec<_> = sources(&["rs"]).iter().flat_map(check).collect();
    assert_none(&found);
}

#[test]
fn a_library_in_the_wrong_room_is_found() {
    let found = |path: &str, text: &str| check(&Source::new(path, text)).len();
    assert_eq!(found("crates/tenant/src/open.rs", "use rusqlite::Connection;"), 1);
    assert_eq!(found("crates/db/src/embedded.rs", "use rusqlite::Connection;"), 0);
    assert_eq!(
        found("crates/tenant/src/open.rs", "#[cfg(test)]\nmod tests { use rusqlite::Connection; }"),
        0
    );
    assert_eq!(found("crates/tenant/src/open.rs", "use axum::Router;"), 1);
    assert_eq!(found("crates/platform/src/push_template.rs", "use axum::Router;"), 0);
    assert_eq!(found("crates/platform/src/store.rs", "use axum::Router;"), 1);
    assert_eq!(found("crates/query/compile.rs", "fn f() -> axum::Response {}"), 1);
    assert_eq!(found("crates/query/parse.rs", "use tokio::sync::Mutex; use std::fs;"), 2);
    assert_eq!(found("crates/core/src/clock.rs", "// std::fs is not ours\nuse std::time;"), 0);
}
