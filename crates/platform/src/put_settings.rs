//! `PUT /platform/settings`: puts other settings in the place of all there are.

use atomicbase_core::{Code, Problem};
use atomicbase_http::{Described, Failure, Json, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{ReplacedSettings, Settings};
use serde_json::Value;

use crate::Platform;
use crate::answers::{read_settings, settings_schema};
use crate::reach::Fleet;

/// Every process keeps the settings in memory, and each change writes them whole.
const MAX_BYTES: usize = 64 * 1024;

pub(crate) async fn put_settings(
    State(platform): State<Platform>,
    _: Fleet,
    Json(wanted): Json<Value>,
) -> Result<Response, Failure> {
    let settings = read_settings(&wanted)?;
    check_size(&settings)?;
    match platform.directory.replace_settings(&settings).await? {
        ReplacedSettings::Replaced => respond_json(StatusCode::OK, &settings),
        ReplacedSettings::RoleInUse { template, role } => Err(Problem::new(
            Code::Conflict,
            format!(
                "The policies of template `{template}` name the role `{role}`, which these settings lack."
            ),
        )
        .hint(format!("Push `{template}` without it first, or leave `{role}` in `roles`."))
        .into()),
    }
}

fn check_size(settings: &Settings) -> Result<(), Problem> {
    let size_bytes = serde_json::to_vec(settings).map_err(Problem::internal)?.len();
    if size_bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(Problem::new(
        Code::PayloadTooLarge,
        format!("The settings have {size_bytes} bytes, {MAX_BYTES} at most."),
    )
    .hint("What belongs to one organization or plan alone can be kept with it, outside the settings."))
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Replaces the project's settings. What is left out is gone.",
        request: Some(settings_schema()),
        response: (200, settings_schema()),
        codes: vec![Code::Conflict],
        ..Described::default()
    }
}
