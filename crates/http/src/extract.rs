//! What handlers take from a request. A body, path or query that does not fit fails as problem+json, never as text.

use atomicbase_core::{Code, Problem, abridged};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::respond::Failure;
use crate::turns::Intake;

/// The whole body, at most as large as the limit allows.
pub struct RawBody(pub Bytes);

/// The whole body, said to be JSON or not said to be anything.
pub struct RawJson(pub Bytes);

/// A JSON body of a known shape.
pub struct Json<T>(pub T);

/// Path parameters.
pub struct Path<T>(pub T);

/// Query parameters of a known shape; unknown ones are refused.
pub struct Query<T>(pub T);

/// How much of a refused body is read on, so that the client sees the answer instead of a broken pipe.
const READ_ON_BYTES: usize = 16 * 1024 * 1024;
/// How long it is read on.
const READ_ON: std::time::Duration = std::time::Duration::from_secs(5);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Failure;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Failure> {
        let intake = request.extensions_mut().remove::<Intake>();
        let limit = intake.as_ref().map_or(usize::MAX, |intake| intake.body_bytes);
        let mut body = request.into_body();
        let mut first: Option<Bytes> = None;
        let mut rest: Vec<u8> = Vec::new();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Problem::new(Code::InvalidQuery, "The request's body broke off.").because(error)
            })?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len();
            if length > limit {
                read_on(body, length).await;
                return Err(too_large(limit));
            }
            // Nearly every body is one frame: keep it as it is, and copy only when a second one comes.
            match first.take() {
                None if rest.is_empty() => first = Some(data),
                None => rest.extend_from_slice(&data),
                Some(head) => {
                    rest.reserve(head.len() + data.len());
                    rest.extend_from_slice(&head);
                    rest.extend_from_slice(&data);
                }
            }
        }
        // Here the work begins: what came before waited for the client.
        if let Some(intake) = intake {
            intake.come().await;
        }
        Ok(Self(first.unwrap_or_else(|| rest.into())))
    }
}

fn too_large(limit: usize) -> Failure {
    Problem::new(Code::PayloadTooLarge, format!("The body is larger than {limit} bytes."))
        .hint("Send fewer rows per request, or raise `limits.body_bytes`.")
        .into()
}

async fn read_on(mut body: axum::body::Body, mut length: usize) {
    let drain = async {
        while length < READ_ON_BYTES {
            let Some(Ok(frame)) = body.frame().await else { return };
            length += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // Past the time the connection is simply closed; there is nobody to tell.
    drop(tokio::time::timeout(READ_ON, drain).await);
}

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let said = request.headers().get(header::CONTENT_TYPE).cloned();
        // The body is read first: an answer before its end would break the client's connection.
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        let media_type =
            said.as_ref().map(|said| said.as_bytes().split(|b| *b == b';').next().unwrap_or_default());
        match media_type.map(<[u8]>::trim_ascii) {
            None | Some(b"application/json") => Ok(Self(bytes)),
            Some(other) if other.eq_ignore_ascii_case(b"application/json") => Ok(Self(bytes)),
            Some(_) => Err(Problem::new(Code::UnsupportedMediaType, "The body is not said to be JSON.")
                .hint("Send `Content-Type: application/json`.")
                .into()),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let RawJson(bytes) = RawJson::from_request(request, state).await?;
        parse_json(&bytes).map(Json).map_err(Failure)
    }
}

/// Reads JSON; what does not fit is `INVALID_QUERY` with line and column.
pub fn parse_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::of_json(&error, bytes.is_empty()))
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Path(path.0)).map_err(|rejection| {
            Problem::new(Code::InvalidQuery, "The path is not valid.").because(rejection.body_text()).into()
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Query(query.0)).map_err(|rejection| {
            Problem::new(
                Code::InvalidQuery,
                format!("The query parameters do not fit: {}.", abridged(&rejection.body_text())),
            )
            .into()
        })
    }
}
