//! The `Prefer` header (RFC 7240): which operation, and how to answer. Preferences that are not known are ignored, as the RFC asks.

use atomicbase_core::{Code, Problem};
use axum::http::HeaderMap;

use crate::query::{Verb, did_you_mean, shown};

/// What a request prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub verb: Verb,
    /// Integers beyond 2^53 as strings.
    pub bigint: bool,
}

impl Preferences {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let (mut verb, mut count, mut bigint) = (None, None, None);
        for value in headers.get_all("prefer") {
            for preference in value.to_str().unwrap_or_default().split(',') {
                // Parameters follow a semicolon; none of ours has any.
                let preference = preference.split(';').next().unwrap_or_default();
                let Some((name, value)) = preference.split_once('=') else { continue };
                let value = value.trim().trim_matches('"');
                // A preference that stands twice counts as it stands first.
                match name.trim().to_ascii_lowercase().as_str() {
                    "operation" if verb.is_none() => {
                        verb = Some(Verb::parse(value).ok_or_else(|| unknown(value))?);
                    }
                    "count" => count = count.or(Some(value == "exact")),
                    "bigint" => bigint = bigint.or(Some(value == "string")),
                    _ => {}
                }
            }
        }
        let verb = match verb.unwrap_or(Verb::Select { count: false }) {
            Verb::Select { .. } => Verb::Select { count: count.unwrap_or(false) },
            other => other,
        };
        Ok(Self { verb, bigint: bigint.unwrap_or(false) })
    }
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
        let both = Preferences { verb: Verb::Select { count: true }, bigint: true };
        assert_eq!(read(&["operation=select, count=exact, bigint=string"]).unwrap(), both);
        assert_eq!(read(&["count=exact", "bigint=\"string\"; x=1, respond-async"]).unwrap(), both);
        assert_eq!(read(&["Operation = insert"]).unwrap().verb, Verb::Insert);
        assert_eq!(read(&["operation=insert", "operation=delete"]).unwrap().verb, Verb::Insert);
        assert_eq!(read(&["operation=upsert"]).unwrap_err().hint_text(), Some("Did you mean `insert`?"));
    }
}
