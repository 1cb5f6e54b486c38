//! The guards that are written into statements: each fails its statement, and so undoes its operation, by name.

use atomicbase_core::{Code, Problem};

use super::condition::Condition;
use super::fault::Fault;
use super::sql::Sql;

/// A row that results is not one that the caller may write.
pub(super) const CHECK: &str = "check";
/// A row that is reached is not one that the caller may change.
pub(super) const USING: &str = "using";
/// The sum of an increment is no integer of 64 bits.
pub(super) const OVERFLOW: &str = "overflow";
/// More rows were written than allowed.
pub(super) const MAX_AFFECTED: &str = "max-affected";

/// `CASE WHEN condition THEN 1 ELSE (fails) END`
pub(super) fn write(sql: &mut Sql, condition: Condition<'_>, alias: &str, guard: &str) {
    sql.push("CASE WHEN ");
    sql.condition(condition, alias);
    sql.push(" THEN 1 ELSE ");
    sql.push(&db::raise(guard));
    sql.push(" END");
}

/// A statement that fails where the one before it wrote more rows.
pub(super) fn max_affected(most: u64) -> Sql {
    let mut sql = Sql::with_room();
    sql.push("SELECT CASE WHEN changes() > ");
    sql.bind(i64::try_from(most).unwrap_or(i64::MAX).into());
    sql.push(" THEN ");
    sql.push(&db::raise(MAX_AFFECTED));
    sql.push(" END");
    sql
}

/// What a write is told that would reach more rows than allowed.
pub(super) fn too_many_rows(place: impl std::fmt::Display) -> Problem {
    Fault::at(Code::TooManyRows, place, "The write would reach more rows than `max-affected` allows.")
        .hint("Nothing was changed. Narrow `where`, or allow more rows.")
}
