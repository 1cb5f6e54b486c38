//! What an answer must be, where that may be more than one JSON.

use std::fmt;

use serde_json::Value;

use super::kind::Collation;

pub(crate) enum Wanted {
    /// This and nothing else.
    Exactly(Value),
    /// Any text that the collation takes for this one: of several, a group or a minimum shows one.
    Alike(Collation, String),
    /// This number, but for the last digits: floats are added in an order that nobody promises.
    About(f64),
    /// No answer at all: the sum does not fit an integer.
    Overflow,
    Object(Vec<(String, Wanted)>),
    List(Vec<Wanted>),
    /// In any order.
    Set(Vec<Wanted>),
}

impl Wanted {
    pub(crate) fn fits(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Exactly(wanted), found) => wanted == found,
            (Self::Alike(collation, wanted), Value::String(found)) => *wanted == collation.key(found),
            (Self::About(wanted), Value::Number(found)) if found.is_f64() => {
                let found = found.as_f64().unwrap();
                (wanted - found).abs() <= 1e-9 * wanted.abs().max(found.abs())
            }
            (Self::Object(wanted), Value::Object(found)) => {
                let fits = |(name, wanted): &(String, Wanted)| {
                    found.get(name).is_some_and(|found| wanted.fits(found))
                };
                wanted.len() == found.len() && wanted.iter().all(fits)
            }
            (Self::List(wanted), Value::Array(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().zip(found).all(|(wanted, found)| wanted.fits(found))
            }
            (Self::Set(wanted), Value::Array(found)) => {
                let mut left: Vec<&Value> = found.iter().collect();
                let mut takes = |wanted: &Wanted| {
                    let at = left.iter().position(|found| wanted.fits(found));
                    at.map(|at| left.swap_remove(at)).is_some()
                };
                wanted.len() == found.len() && wanted.iter().all(&mut takes)
            }
            _ => false,
        }
    }
}

/// As JSON, so that it reads beside what was found.
impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => write!(f, "{value}"),
            Self::Alike(collation, key) => write!(f, "{key:?} ({collation:?})"),
            Self::About(number) => write!(f, "~{number:?}"),
            Self::Overflow => f.write_str("(overflow)"),
            Self::Object(members) => {
                f.debug_map().entries(members.iter().map(|(name, wanted)| (name, wanted))).finish()
            }
            Self::List(list) | Self::Set(list) => f.debug_list().entries(list).finish(),
        }
    }
}
