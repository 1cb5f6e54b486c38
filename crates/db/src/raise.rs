//! A guard inside a statement: an expression that fails it by name. Every guard that must stop a batch is written by this.

/// How the path of a guard begins.
pub(crate) const RAISED: &str = "atomicbase:";

/// SQL that fails its statement with [`crate::ErrorKind::Raised`] of `guard` once it is evaluated, and with
/// [`crate::ErrorKind::Unique`] where the guard is `unique:` and the columns of a key.
///
/// SQLite has no such function outside triggers; a JSON path that is none is the error that repeats what it was given, here
/// and on libSQL. `guard` holds letters, digits and `_ . , : -` alone.
#[must_use]
pub fn raise(guard: &str) -> String {
    format!("json_extract('{{}}', '{RAISED}{guard}')")
}
