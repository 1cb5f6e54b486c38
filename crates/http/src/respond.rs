//! The only place that makes a response of an error, and the few shapes of success.

use atomicbase_core::{FieldError, Problem, RequestId};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde::Serialize;

/// An error as a handler returns it; `?` makes it from a [`Problem`].
#[derive(Debug)]
pub struct Failure(pub Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// RFC 9457, with the members this product adds.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

tokio::task_local! {
    /// The id of the request being answered, for the body of its error.
    pub(crate) static REQUEST_ID: RequestId;
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = self.0;
        let code = problem.code();
        let request_id = REQUEST_ID.try_with(RequestId::clone).ok();
        let request_id = request_id.as_ref().map(RequestId::as_str);
        if code.status() >= 500 || problem.cause().is_some() {
            let cause = problem.cause().unwrap_or(problem.detail());
            let request_id = request_id.unwrap_or_default();
            // Full disks and slow queries are the caller's news first; a failure of ours is an error in the log.
            if code == atomicbase_core::Code::Internal {
                tracing::error!(request_id, code = code.as_str(), cause, "request failed");
            } else {
                tracing::info!(request_id, code = code.as_str(), cause, "request refused");
            }
        }
        let body = ProblemBody {
            r#type: format!("https://atomicbase.dev/errors#{}", code.as_str()),
            title: code.title(),
            status: code.status(),
            detail: problem.detail(),
            code: code.as_str(),
            hint: problem.hint_text(),
            request_id,
            errors: problem.errors(),
        };
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, bytes).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = problem.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if code == atomicbase_core::Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A JSON answer.
pub fn respond_json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Failure> {
    let bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
    Ok(respond_json_bytes(status, bytes))
}

/// A JSON answer that is rendered already.
#[must_use]
pub fn respond_json_bytes(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = (status, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer that is made part by part, as fast as the client takes it.
///
/// Its status has gone out when a part fails: the connection is cut then, and the client sees that the body has no end.
pub fn respond_parts<S>(media_type: &'static str, parts: S) -> Response
where
    S: Stream<Item = Result<Bytes, Failure>> + Send + 'static,
{
    let parts = parts.map(|part| {
        part.map_err(|Failure(problem)| {
            tracing::info!(code = problem.code().as_str(), detail = problem.detail(), "an answer was cut");
            std::io::Error::other(problem.detail().to_owned())
        })
    });
    let mut response = Body::from_stream(parts).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// 204.
#[must_use]
pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
