//! The `Prefer` header (RFC 7240): which operation, and how to answer. Preferences that are not known are ignored, as the RFC asks,
//! but not one that would guard a write.

use atomicbase_core::{Code, Problem, shown};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use query::{Scope, Verb, did_you_mean};

use crate::export_rows::wants_lines;

/// What the headers of a request say of it.
pub(crate) struct Asks {
    pub preferences: Result<Preferences, Problem>,
    /// The answer is wanted as lines.
    pub lines: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Asks {
    type Rejection = std::convert::Infallible;

    /// Read where they are: a copy of all headers would cost more than everything that is read of them.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { preferences: Preferences::read(&parts.headers), lines: wants_lines(&parts.headers) })
    }
}

/// What a request prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub verb: Verb,
    /// Integers beyond 2^53 as strings.
    pub bigint: bool,
    /// The most rows that a write may reach.
    pub max_affected: Option<u64>,
    count: bool,
}

impl Preferences {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let (mut verb, mut count, mut bigint, mut max_affected) = (None, None, None, None);
        for value in headers.get_all("prefer") {
            for preference in value.to_str().unwrap_or_default().split(',') {
                // Parameters follow a semicolon; none of ours has any.
                let preference = preference.split(';').next().unwrap_or_default();
                let Some((name, value)) = preference.split_once('=') else { continue };
                let value = value.trim().trim_matches('"');
                let name = name.trim();
                let is = |known: &str| name.eq_ignore_ascii_case(known);
                // A preference that stands twice counts as it stands first.
                if is("operation") && verb.is_none() {
                    verb = Some(Verb::parse(value).ok_or_else(|| unknown(value))?);
                } else if is("count") && count.is_none() {
                    count = Some(only("count", "exact", value)?);
                } else if is("bigint") && bigint.is_none() {
                    bigint = Some(only("bigint", "string", value)?);
                } else if is("max-affected") && max_affected.is_none() {
                    // Whoever sends it counts on it: one that cannot be read is never ignored.
                    max_affected = Some(most(value)?);
                }
            }
        }
        let count = count.unwrap_or(false);
        let verb = match verb.unwrap_or(Verb::Select { count }) {
            Verb::Select { .. } => Verb::Select { count },
            other => other,
        };
        Ok(Self { verb, bigint: bigint.unwrap_or(false), max_affected, count })
    }

    /// The scope of a request that prefers this.
    pub(crate) fn of<'a>(&self, scope: Scope<'a>) -> Scope<'a> {
        scope.bigint(self.bigint).max_affected(self.max_affected)
    }

    /// Whether selects count.
    pub(crate) fn counts(&self) -> bool {
        self.count
    }
}

/// A preference of one value. Another would be answered as if it had not been asked for.
fn only(name: &str, known: &str, value: &str) -> Result<bool, Problem> {
    if value == known {
        return Ok(true);
    }
    let message = format!("`Prefer`: `{name}` is not `{}`.", shown(value));
    Err(Problem::new(Code::InvalidQuery, message).hint(format!("Write `{name}={known}`, or leave it out.")))
}

fn most(value: &str) -> Result<u64, Problem> {
    value.parse().map_err(|_| {
        let message = format!("`Prefer`: `max-affected` is a number of rows, not `{}`.", shown(value));
        Problem::new(Code::InvalidQuery, message).hint("Write `max-affected=1`, or leave it out.")
    })
}

fn unknown(operation: &str) -> Problem {
    let operation = shown(operation);
    let problem = Problem::new(Code::InvalidQuery, format!("`Prefer`: there is no operation `{operation}`."));
    did_you_mean(problem, &operation, Verb::NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Preferences, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("prefer", value.parse().unwrap());
        }
        Preferences::read(&headers)
    }

    #[test]
    fn preferences_come_in_one_header_or_several() {
        let both = Preferences {
            verb: Verb::Select { count: true },
            bigint: true,
            max_affected: Some(3),
            count: true,
        };
        assert_eq!(read(&["operation=select, count=exact, bigint=string, max-affected=3"]).unwrap(), both);
        assert_eq!(
            read(&["count=exact", "bigint=\"string\"; x=1, max-affected=\"3\", respond-async"]).unwrap(),
            both
        );
        assert_eq!(read(&["Operation = insert"]).unwrap().verb, Verb::Insert);
        assert_eq!(read(&["operation=insert", "operation=delete"]).unwrap().verb, Verb::Insert);
        assert_eq!(read(&["operation=upsert"]).unwrap_err().hint_text(), Some("Did you mean `insert`?"));
    }

    #[test]
    fn a_preference_that_would_not_be_followed_is_refused() {
        for (sent, said) in [
            ("count=planned", "`Prefer`: `count` is not `planned`."),
            ("bigint=number", "`Prefer`: `bigint` is not `number`."),
            ("operation=update, max-affected=-1", "`Prefer`: `max-affected` is a number of rows, not `-1`."),
        ] {
            assert_eq!(read(&[sent]).unwrap_err().detail(), said);
        }
    }
}
