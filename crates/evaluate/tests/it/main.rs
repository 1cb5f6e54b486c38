//! Schema files through the whole evaluator: what they become, and what each kind of mistake is answered with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixtures;
mod limits;
mod mistakes;
mod modules;
mod project;
