//! Schema files through the whole evaluator: what they become, and what each kind of mistake is answered with.

mod fixtures;
mod limits;
mod mistakes;
mod modules;
mod project;
