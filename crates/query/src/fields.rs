//! A body's JSON, read without a copy where there is no escape: objects of known fields, each name once. Knows no table.

use std::borrow::Cow;
use std::fmt;

use atomicbase_core::{Code, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::fault::{Fault, Place, did_you_mean, shown};

/// A member of an object.
pub(super) type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A JSON value. A name may still stand twice in an object: [`Json::members`] looks.
#[derive(Debug)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<Member<'a>>),
}

impl<'a> Json<'a> {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Json<'a>]> {
        match self {
            Json::List(list) => Some(list),
            _ => None,
        }
    }

    /// A value of a template, to be read like a body.
    pub(super) fn of(value: &'a serde_json::Value) -> Json<'a> {
        use serde_json::Value;
        match value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Number(number) => Json::Number(number.clone()),
            Value::String(text) => Json::Text(Cow::Borrowed(text)),
            Value::Array(list) => Json::List(list.iter().map(Json::of).collect()),
            Value::Object(map) => Json::Object(
                map.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), Json::of(value))).collect(),
            ),
        }
    }

    /// Reads a whole body.
    pub(super) fn read(json: &'a RawValue, place: &Place<'_>) -> Result<Json<'a>, Problem> {
        serde_json::from_str(json.get()).map_err(|error| {
            // Read once more, member by member: which of them is it?
            let members =
                serde_json::from_str::<Members<'_>>(json.get()).map_or(Vec::new(), |members| members.0);
            let unread = members.iter().find_map(|(name, json)| {
                let error = serde_json::from_str::<Json<'_>>(json.get()).err()?;
                Some(unreadable(&error, &place.field(name)))
            });
            unread.unwrap_or_else(|| unreadable(&error, place))
        })
    }

    /// An object of which every field is known and stands once; `wanted` says in a refusal what should have stood there.
    pub(super) fn fields<'j>(
        &'j self,
        place: &Place<'_>,
        known: &[&str],
        wanted: &str,
    ) -> Result<Known<'j, 'a>, Problem> {
        let Json::Object(members) = self else {
            let message = format!("{wanted} is wanted, not {}.", shown(&self.to_string()));
            return Err(Fault::query(place, message));
        };
        if let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(&name.as_ref())) {
            return Err(unknown_field(name, known, place));
        }
        match standing_twice(members) {
            None => Ok(Known(members)),
            Some(name) => Err(twice(name, place)),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// The members of an object; `None` where it is none.
    ///
    /// A name that stands twice is refused: of two conditions on a column the last alone would count, and a delete would reach more
    /// rows than it says.
    pub(super) fn members(&self, place: &Place<'_>) -> Result<Option<&[Member<'a>]>, Problem> {
        let Json::Object(members) = self else { return Ok(None) };
        match standing_twice(members) {
            None => Ok(Some(members)),
            Some(name) => Err(twice(name, place)),
        }
    }
}

/// The fields of an object that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'j, 'a>(&'j [Member<'a>]);

impl<'j, 'a> Known<'j, 'a> {
    /// A field. A null is no field.
    pub(super) fn get(&self, name: &str) -> Option<&'j Json<'a>> {
        let found = self.0.iter().find(|(known, _)| known == name).map(|(_, json)| json);
        found.filter(|json| !json.is_null())
    }
}

/// As it is repeated in a refusal.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text);
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(truth) => truth.fmt(f),
            Json::Number(number) => number.fmt(f),
            Json::Text(text) => quoted(text).fmt(f),
            Json::List(list) => {
                for (index, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "[" } else { "," })?;
                }
                f.write_str(if list.is_empty() { "[]" } else { "]" })
            }
            Json::Object(members) => {
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "{" } else { "," }, quoted(name))?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Json<'de>, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
                Ok(Json::Bool(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
                Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
                Ok(Json::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
                Ok(Json::Text(Cow::Borrowed(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Json::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
                // Most objects of a query have one member: a column, or an operator.
                let mut members = Vec::with_capacity(1);
                while let Some((Word(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A name, borrowed where it has no escape.
struct Word<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Word<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// An object's members in the order they were sent, unread. A name may still stand twice.
#[derive(Debug)]
pub(super) struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &RawValue)> = Vec::with_capacity(4);
                while let Some((Word(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'a> Members<'a> {
    /// Reads an object; `wanted` says in a refusal what should have stood there.
    pub(super) fn read(json: &'a RawValue, place: &Place<'_>, wanted: &str) -> Result<Self, Problem> {
        if !json.get().starts_with('{') {
            return Err(Fault::query(place, format!("{wanted} is wanted, not {}.", shown(json.get()))));
        }
        serde_json::from_str(json.get()).map_err(|error| unreadable(&error, place))
    }
}

/// An object of which every field is known and stands once.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Reads an object of these fields; `wanted` says in a refusal what should have stood there.
    pub(super) fn read(
        json: &'a RawValue,
        place: &Place<'_>,
        known: &[&str],
        wanted: &str,
    ) -> Result<Self, Problem> {
        let Members(members) = Members::read(json, place, wanted)?;
        if let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(&name.as_ref())) {
            return Err(unknown_field(name, known, place));
        }
        match standing_twice(&members) {
            None => Ok(Self { members }),
            Some(name) => Err(twice(name, place)),
        }
    }

    /// A field as it was sent. A null is no field.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        found.filter(|value| value.get() != "null")
    }

    /// A field, read. A null is no field.
    pub(super) fn value(&self, name: &str, place: &Place<'_>) -> Result<Option<Json<'a>>, Problem> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|error| unreadable(&error, &place.field(name)))
    }
}

/// Reads a list, its entries unread.
pub(super) fn list<'a>(
    json: &'a RawValue,
    place: &Place<'_>,
    wanted: &str,
) -> Result<Vec<&'a RawValue>, Problem> {
    if !json.get().starts_with('[') {
        return Err(Fault::query(place, format!("{wanted} is wanted, not {}.", shown(json.get()))));
    }
    serde_json::from_str(json.get()).map_err(|error| unreadable(&error, place))
}

/// A field of this name is not known here.
pub(super) fn unknown_field(name: &str, known: &[&str], place: &Place<'_>) -> Problem {
    let problem = Fault::query(place.field(name), format!("There is no field `{}` here.", shown(name)));
    did_you_mean(problem, name, known.iter().copied())
}

fn twice(name: &str, place: &Place<'_>) -> Problem {
    Fault::query(place.field(name), format!("`{}` stands twice.", shown(name)))
}

fn standing_twice<'m, T>(members: &'m [(Cow<'_, str>, T)]) -> Option<&'m str> {
    if members.len() < 2 {
        return None;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// JSON that is grammatical and still cannot be read: nested too deeply, half of a character, a number without bounds.
fn unreadable(error: &serde_json::Error, place: &Place<'_>) -> Problem {
    let text = error.to_string();
    if text.starts_with("recursion limit exceeded") {
        return Fault::at(Code::QueryTooDeep, place, "The body nests more than 128 levels deep here.");
    }
    // Line and column would count from the start of this value, which nobody sees.
    let text = text.split(" at line ").next().unwrap_or_default();
    Fault::query(place, format!("This cannot be read: {}.", shown(text)))
}
