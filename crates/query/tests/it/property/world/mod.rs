//! A random template with policies, and random rows that fit it.

mod policies;
mod rows;
mod template;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use rows::{cell, collides, complete, rows, value};
pub(crate) use template::template;

/// The rows of each table, as JSON.
pub(crate) type Rows = BTreeMap<String, Vec<Value>>;

/// The ids of users and organizations that rows know.
pub(crate) const USERS: [&str; 3] = ["a", "ab", "b"];
