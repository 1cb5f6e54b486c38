//! `POST /platform/keys`: a new service key, shown this once.

use atomicbase_core::{Caller, Code, DatabaseId, Problem, Scopes, closest, shown, unauthenticated};
use atomicbase_http::{Described, Failure, Json, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::NewKey;
use serde::Deserialize;
use serde_json::json;

use crate::Platform;
use crate::answers::{KeyAnswer, key_schema};
use crate::reach::{Fleet, no_database};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    name: String,
    scopes: Vec<String>,
    database: Option<String>,
    expires_at: Option<i64>,
}

const MAX_NAME_CHARACTERS: usize = 100;

pub(crate) async fn create_key(
    State(platform): State<Platform>,
    Fleet(caller): Fleet,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Failure> {
    check_name(&wanted.name)?;
    let scopes = read_scopes(&wanted.scopes)?;
    may_give(&caller, scopes)?;
    if wanted.expires_at.is_some_and(|expires_at| expires_at <= platform.clock.now()) {
        return Err(invalid("expires_at", "is in the past; it is unix seconds").into());
    }
    let database = platform.bound_to(wanted.database.as_deref()).await?;
    // A key that expires gives none that outlives it.
    let own = platform.expiry_of(&caller).await?;
    let expires_at = wanted.expires_at.into_iter().chain(own).min();
    let new = NewKey { name: wanted.name, scopes, database, expires_at };
    let created = platform.directory.create_key(new).await?;
    let (record, key) = created.ok_or_else(|| no_database(&wanted.database.unwrap_or_default()))?;
    let mut answer = KeyAnswer::from(&record);
    answer.key = Some(key);
    respond_json(StatusCode::CREATED, &answer)
}

impl Platform {
    /// When the caller's own key expires, if it does.
    async fn expiry_of(&self, caller: &Caller) -> Result<Option<i64>, Problem> {
        let Caller::Key { id: Some(id), .. } = caller else { return Ok(None) };
        let key = self.directory.find_key(id).await?;
        // It was let in a moment ago: it is revoked since, and gives nothing any more.
        key.map(|key| key.expires_at).ok_or_else(unauthenticated)
    }

    async fn bound_to(&self, id_or_name: Option<&str>) -> Result<Option<DatabaseId>, Problem> {
        let Some(id_or_name) = id_or_name else { return Ok(None) };
        match self.directory.find_database(id_or_name).await? {
            Some(record) => Ok(Some(record.id.clone())),
            None => Err(no_database(id_or_name)),
        }
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    if name.trim().is_empty()
        || name.chars().count() > MAX_NAME_CHARACTERS
        || name.chars().any(char::is_control)
    {
        return Err(invalid("name", &format!("is one line of 1 to {MAX_NAME_CHARACTERS} characters")));
    }
    Ok(())
}

fn read_scopes(names: &[String]) -> Result<Scopes, Problem> {
    if names.is_empty() {
        return Err(invalid("scopes", "names at least one scope"));
    }
    Scopes::parse(names.iter().map(String::as_str)).map_err(|unknown| {
        let known = Scopes::ALL.names();
        let message = format!("`{}` is no scope; there are {}", shown(unknown), known.join(", "));
        let problem = invalid("scopes", &message);
        match closest(unknown, known) {
            Some(scope) => problem.hint(format!("Did you mean `{scope}`?")),
            None => problem,
        }
    })
}

/// Nobody makes a key that may do more than their own.
fn may_give(caller: &Caller, wanted: Scopes) -> Result<(), Problem> {
    let own = match caller {
        Caller::Key { scopes, .. } => scopes.names(),
        Caller::Subject { .. } | Caller::Anonymous => Vec::new(),
    };
    match wanted.names().into_iter().find(|scope| !own.contains(scope)) {
        None => Ok(()),
        Some(scope) => Err(Problem::new(
            Code::Forbidden,
            format!("This key lacks the scope `{scope}` and cannot give it."),
        )
        .hint("Use a key that has every scope that the new one is to have.")),
    }
}

fn invalid(path: &str, message: &str) -> Problem {
    Problem::new(Code::InvalidQuery, format!("`{path}` {message}.")).at(path, message)
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Creates a service key and shows it, this once.",
        request: Some(json!({
            "type": "object",
            "required": ["name", "scopes"],
            "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS},
                "scopes": {"type": "array", "minItems": 1, "items": {"enum": Scopes::ALL.names()}},
                "database": {"type": "string", "description": "Id or name of the only database that the key is to reach."},
                "expires_at": {"type": "integer", "description": "Unix seconds from which on the key is refused."},
            },
        })),
        response: (201, key_schema(true)),
        codes: vec![Code::DatabaseNotFound],
        ..Described::default()
    }
}
