//! The workloads, one file each, named after the goal they measure.

pub mod at_rest;
pub mod create_databases;
pub mod fairness;
pub mod floors;
pub mod insert_rows;
pub mod instructions;
pub mod list_rows;
pub mod nested_rows;
pub mod pocketbase;
pub mod point_read;
pub mod push_template;
pub mod soak;

use crate::report::Report;
use crate::{Bench, Result};

/// A workload: its goal, its name on the command line, what it does.
pub type Workload = (&'static str, &'static str, fn(&Bench) -> Result<Report>);

/// Every workload in the order of the goals.
pub const ALL: [Workload; 10] = [
    ("G0", "floors", floors::run),
    ("G1", "point-read", point_read::run),
    ("G2", "list-rows", list_rows::run),
    ("G3", "nested-rows", nested_rows::run),
    ("G4", "insert-rows", insert_rows::run),
    ("G5", "pocketbase", pocketbase::run),
    ("G6", "fairness", fairness::run),
    ("G8", "create-databases", create_databases::run),
    ("G9", "push-template", push_template::run),
    ("G10", "at-rest", at_rest::run),
];

/// Not part of `all`: asked for by name, the one because it is long, the other because it counts and does not time.
pub const BY_NAME: [Workload; 2] = [("", "soak", soak::run), ("", "instructions", instructions::run)];
