//! The door, through the whole router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod act_as;
mod anonymous;
mod isolation;
mod outer;
mod rate;
