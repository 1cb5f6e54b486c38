//! The members of a JSON object from a body, unread: each once, and only those that are known. Knows no table.

use std::fmt;

use atomicbase_core::{Code, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::fault::{Fault, did_you_mean, join, shown};

/// An object's members in the order they were sent. A name may still stand twice.
#[derive(Debug)]
pub(super) struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::with_capacity(8);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Members<'a> {
    /// Reads an object; `wanted` says in a refusal what should have stood there.
    pub(super) fn read(json: &'a RawValue, path: &str, wanted: &str) -> Result<Self, Problem> {
        if !json.get().starts_with('{') {
            return Err(Fault::query(path, format!("{wanted} is wanted, not {}.", shown(json.get()))));
        }
        serde_json::from_str(json.get()).map_err(|error| unreadable(&error, path))
    }
}

/// An object of which every field is known.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    members: Vec<(String, &'a RawValue)>,
    path: String,
}

impl<'a> Fields<'a> {
    /// Reads an object of these fields; `wanted` says in a refusal what should have stood there.
    pub(super) fn read(
        json: &'a RawValue,
        path: &str,
        known: &[&str],
        wanted: &str,
    ) -> Result<Self, Problem> {
        let Members(members) = Members::read(json, path, wanted)?;
        for (index, (name, _)) in members.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(unknown_field(name, known, path));
            }
            if members[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Fault::query(&join(path, name), format!("`{name}` stands twice.")));
            }
        }
        Ok(Self { members, path: path.to_owned() })
    }

    /// The path of a field.
    pub(super) fn path(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// A field as it was sent. A null is no field.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        found.filter(|value| value.get() != "null")
    }

    /// A field, read. A null is no field.
    pub(super) fn value(&self, name: &str) -> Result<Option<Value>, Problem> {
        self.raw(name).map(|raw| value(raw, &self.path(name))).transpose()
    }
}

/// Reads a JSON value whole. A name that stands twice in one object is refused: of two conditions on a column the last alone
/// would count, and a delete would reach more rows than it says.
fn value(raw: &RawValue, path: &str) -> Result<Value, Problem> {
    let Distinct(value) = serde_json::from_str(raw.get()).map_err(|error| unreadable(&error, path))?;
    Ok(value)
}

/// A JSON value of which no object has two members of one name.
struct Distinct(Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Distinct)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Distinct(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Distinct(value))) = map.next_entry::<String, _>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("`{}` stands twice in one object", shown(&name))));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

/// Reads a list, its entries unread.
pub(super) fn list<'a>(json: &'a RawValue, path: &str, wanted: &str) -> Result<Vec<&'a RawValue>, Problem> {
    if !json.get().starts_with('[') {
        return Err(Fault::query(path, format!("{wanted} is wanted, not {}.", shown(json.get()))));
    }
    serde_json::from_str(json.get()).map_err(|error| unreadable(&error, path))
}

/// A field of this name is not known here.
pub(super) fn unknown_field(name: &str, known: &[&str], path: &str) -> Problem {
    let problem = Fault::query(&join(path, name), format!("There is no field `{}` here.", shown(name)));
    did_you_mean(problem, name, known.iter().copied())
}

/// JSON that is grammatical and still cannot be read: nested too deeply, half of a character, a number without bounds.
fn unreadable(error: &serde_json::Error, path: &str) -> Problem {
    let text = error.to_string();
    if text.starts_with("recursion limit exceeded") {
        return Fault::at(Code::QueryTooDeep, path, "The body nests more than 128 levels deep here.");
    }
    // Line and column would count from the start of this value, which nobody sees.
    let text = text.split(" at line ").next().unwrap_or_default();
    Fault::query(path, format!("This cannot be read: {}.", shown(text)))
}
