//! Each Rust file opens with one to three lines that say what it is for and what it must not know.

use crate::finding::{Finding, assert_none};
use crate::source::{Source, sources};

fn check(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().take_while(|line| line.starts_with("//!")).count();
    let message = match lines {
        0 => {
            "The file has no head. Open it with one to three `//!` lines: what it is for, what it must not know."
        }
        1..=3 => return None,
        _ => {
            "The head has more than three lines. Keep what it is for and what it must not know; move the rest."
        }
    };
    Some(Finding::new(&source.path, 1, message))
}

#[test]
fn files_say_what_they_are_for() {
    let found: Vec<_> = sources(&["rs"]).iter().filter_map(check).collect();
    assert_none(&found);
}

#[test]
fn a_missing_or_long_head_is_found() {
    let found = |text: &str| check(&Source::new("a.rs", text)).is_some();
    assert!(found("use std::fmt;\n"));
    assert!(found("#![cfg(test)]\n//! Too late.\n"));
    assert!(found("//! 1\n//! 2\n//! 3\n//! 4\n"));
    assert!(!found("//! 1\n//! 2\n//! 3\n\nuse std::fmt;\n"));
}
