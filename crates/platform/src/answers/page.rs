//! Lists: the envelope, and how a long one is read page by page.

use atomicbase_core::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `{"data": […], "next"?}`.
#[derive(Debug, Serialize)]
pub(crate) struct List<T> {
    pub data: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
    pub template: Option<String>,
}

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

impl PageQuery {
    /// How many are wanted.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let Some(limit) = &self.limit else { return Ok(DEFAULT_LIMIT) };
        let limit = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| {
            Problem::new(Code::InvalidQuery, format!("`limit` is a number from 1 to {MAX_LIMIT}."))
                .at("limit", format!("is not a number from 1 to {MAX_LIMIT}"))
        })
    }

    /// The last item of the page before, by its id.
    pub(crate) fn cursor<Id>(&self, parse: impl FnOnce(&str) -> Option<Id>) -> Result<Option<Id>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        parse(cursor).map(Some).ok_or_else(|| {
            Problem::new(Code::InvalidQuery, "The cursor is not one of this list's.")
                .hint("Take the `next` of the page before.")
                .at("cursor", "is not a cursor of this list")
        })
    }

    /// Refuses the filter where there is nothing to filter by.
    pub(crate) fn without_template(self) -> Result<Self, Problem> {
        match self.template {
            None => Ok(self),
            Some(_) => Err(Problem::new(Code::InvalidQuery, "This list takes no `template`.")
                .at("template", "is unknown here")),
        }
    }
}

impl<T> List<T> {
    /// All there is.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }

    /// A page, read with one item more than wanted to see whether another follows.
    pub(crate) fn page(mut data: Vec<T>, limit: u32, id: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| more).map(id);
        Self { data, next }
    }
}

pub(crate) fn list_schema(item: Value, paged: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": item}},
    });
    if paged {
        schema["properties"]["next"] =
            json!({"type": "string", "description": "Cursor of the next page; absent on the last."});
    }
    schema
}

pub(crate) fn page_parameters() -> Vec<Value> {
    vec![
        json!({"name": "limit", "in": "query", "required": false,
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}}),
        json!({"name": "cursor", "in": "query", "required": false, "schema": {"type": "string"},
            "description": "The `next` of the page before."}),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_follows_and_the_last_one_does_not() {
        let page = List::page(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!((page.data, page.next.as_deref()), (vec![1, 2], Some("2")));
        let last = List::page(vec![1, 2], 2, ToString::to_string);
        assert_eq!((last.data, last.next), (vec![1, 2], None));
        assert_eq!(List::page(Vec::<u8>::new(), 2, ToString::to_string).next, None);
    }

    #[test]
    fn limits_are_numbers_within_bounds() {
        let query = |limit: &str| PageQuery { limit: Some(limit.to_owned()), ..PageQuery::default() };
        assert_eq!(query("1000").limit().unwrap(), 1000);
        for limit in ["0", "1001", "-1", "x", "", "1e3", "99999999999999999999"] {
            assert_eq!(query(limit).limit().unwrap_err().code(), Code::InvalidQuery, "{limit}");
        }
    }
}
