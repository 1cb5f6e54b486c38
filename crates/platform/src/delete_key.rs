//! `DELETE /platform/keys/{id}`: revokes a key from the next request on.

use atomicbase_core::{Code, KeyId, Problem, shown};
use atomicbase_http::{Described, Failure, Path, no_content};
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::Platform;
use crate::reach::Fleet;

pub(crate) async fn delete_key(
    State(platform): State<Platform>,
    _: Fleet,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let revoked = match KeyId::parse(&id) {
        Some(key) => platform.directory.revoke_key(&key).await?,
        None => false,
    };
    if !revoked {
        return Err(Problem::new(Code::NotFound, format!("There is no key `{}`.", shown(&id)))
            .hint("`GET /platform/keys` lists the keys by id.")
            .into());
    }
    Ok(no_content())
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Revokes a service key.",
        response: (204, Value::Null),
        codes: vec![Code::NotFound],
        ..Described::default()
    }
}
