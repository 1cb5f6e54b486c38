//! A template's JSON as it came: with the keys that stand in one object more than once, of which a JSON value keeps the last alone.
//! Knows no rule of templates.

use std::fmt;

use atomicbase_core::FieldError;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::fault::{Faults, join, shown};
use crate::template::Template;

/// JSON that is to be a template.
#[derive(Debug)]
pub struct TemplateJson {
    value: Value,
    faults: Faults,
}

impl TemplateJson {
    /// The name it gives itself, whether it is one or not.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.value.get("name")?.as_str()
    }

    /// As [`Template::parse`]; a key that stands in one object more than once is a fault.
    ///
    /// # Errors
    /// Every fault with its path, at most a hundred.
    pub fn parse(self) -> Result<Template, Vec<FieldError>> {
        Template::parse_with(&self.value, self.faults)
    }
}

impl<'de> Deserialize<'de> for TemplateJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut faults = Faults::default();
        let value = Reader { place: &Place::Whole, faults: &mut faults }.deserialize(deserializer)?;
        Ok(Self { value, faults })
    }
}

/// Where a value stands. It is text only once it is told.
enum Place<'p> {
    Whole,
    Field(&'p Place<'p>, &'p str),
    Entry(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Place::Whole => String::new(),
            Place::Field(within, name) => join(&within.path(), &shown(name)),
            Place::Entry(within, index) => format!("{}[{index}]", within.path()),
        }
    }
}

struct Reader<'p> {
    place: &'p Place<'p>,
    faults: &'p mut Faults,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = Place::Entry(self.place, list.len());
            match entries.next_element_seed(Reader { place: &place, faults: self.faults })? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut told: Vec<String> = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            let place = Place::Field(self.place, &key);
            let value = fields.next_value_seed(Reader { place: &place, faults: self.faults })?;
            if map.contains_key(&key) && !self.faults.is_full() && !told.contains(&key) {
                self.faults.add(place.path(), "stands more than once in its object");
                told.push(key.clone());
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_the_one_that_serde_json_reads() {
        for json in [
            "null",
            r#"[true, false, 0, -1, 18446744073709551615, -9223372036854775808, 1.5, 1e300, 1E2, "a\n\u00e9"]"#,
            r#"{"a": {"b": [{}, [], ""]}, "": null}"#,
        ] {
            let read: TemplateJson = serde_json::from_str(json).unwrap();
            assert_eq!(read.value, serde_json::from_str::<Value>(json).unwrap());
            assert!(read.faults.is_empty(), "{json}");
        }
        for broken in ["", "{", "[1,]", "1e999", "{\"a\" 1}", &"[".repeat(1_000)] {
            let error = serde_json::from_str::<TemplateJson>(broken).unwrap_err().to_string();
            assert_eq!(error, serde_json::from_str::<Value>(broken).unwrap_err().to_string());
        }
    }

    #[test]
    fn each_key_that_stands_twice_is_told_once_with_its_path() {
        let json = r#"{"a": 1, "b": [0, {"c": 1, "c": {"d": 1, "d": 2}, "c": 3}], "a": 1, "C": {"c": 1}}"#;
        let read: TemplateJson = serde_json::from_str(json).unwrap();
        let paths: Vec<String> = Vec::from(read.faults).into_iter().map(|fault| fault.path).collect();
        assert_eq!(paths, ["b[1].c.d", "b[1].c", "a"]);
        let many = format!("{{{}\"k0\": 1}}", "\"k0\": 1, \"k1\": 1, ".repeat(50_000));
        let read: TemplateJson = serde_json::from_str(&many).unwrap();
        assert_eq!(Vec::from(read.faults).len(), 2);
    }
}
