//! Which names tables, columns and indexes may have.

use crate::fault::{Faults, shown};

/// Longest name of a table, column or index.
const MAX_IDENTIFIER_LENGTH: usize = 63;
/// Names of SQLite, of Atomicbase's own tables, and of the operators in queries (`__inc`, `__col`).
const RESERVED_PREFIXES: [&str; 3] = ["sqlite_", "_atomicbase", "__"];

pub(super) fn check_identifier(name: &str, path: &str, faults: &mut Faults) {
    let mut bytes = name.bytes();
    let starts_well = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !starts_well || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        let message = format!(
            "`{}` is no name: use letters, digits and underscores, and start with a letter or underscore",
            shown(name)
        );
        faults.add(path, message);
        return;
    }
    if name.len() > MAX_IDENTIFIER_LENGTH {
        faults.add(path, format!("a name has at most {MAX_IDENTIFIER_LENGTH} characters"));
    }
    let lower = name.to_ascii_lowercase();
    if let Some(prefix) = RESERVED_PREFIXES.iter().find(|prefix| lower.starts_with(**prefix)) {
        faults.add(path, format!("names that start with `{prefix}` are reserved"));
    }
}
