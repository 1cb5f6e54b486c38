//! The error every verb returns: a code from the table and words for the person who reads it. `http` turns it into a response.

use std::borrow::Cow;
use std::fmt;

use crate::{Code, abridged, closest};

/// One fault in a body: where (a path such as `where[0].titel`) and what.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Path in the request's body.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// An error on its way to the client.
///
/// `detail` and `hint` reach the client; `cause` never does, it is logged once where the response is made.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u32>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with its code and what happened.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            hint: None,
            errors: Vec::new(),
            retry_after_seconds: None,
            cause: None,
        }))
    }

    /// Our own failure: the client sees the code and the request id, the log sees `cause`.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal, "Something failed on our side.").because(cause)
    }

    /// A body that is no JSON, or not of the shape that is taken; `empty` when there was none.
    #[must_use]
    pub fn of_json(error: &serde_json::Error, empty: bool) -> Self {
        let text = error.to_string();
        if text.starts_with("recursion limit exceeded") {
            return Self::new(Code::QueryTooDeep, "The body nests more than 128 levels deep.");
        }
        let detail = match error.classify() {
            serde_json::error::Category::Data => format!("The body does not fit: {}.", abridged(&text)),
            _ if empty => "The body is empty; this route takes a JSON object.".to_owned(),
            _ => format!("The body is not valid JSON: {}.", abridged(&text)),
        };
        let problem = Self::new(Code::InvalidQuery, detail);
        match meant_field(&text) {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a fault at a path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldError { path: path.into(), message: message.into() });
        self
    }

    /// Adds many faults.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What happened.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What to do next.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The faults by path.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Seconds for `Retry-After`.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after_seconds
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

/// serde names an unknown field and the known ones; the nearest is what was meant.
fn meant_field(text: &str) -> Option<String> {
    let rest = text.strip_prefix("unknown field `")?;
    let (word, rest) = rest.split_once('`')?;
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    closest(word, known.iter().copied()).map(|name| format!("Did you mean `{name}`?"))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl std::error::Error for Problem {}
