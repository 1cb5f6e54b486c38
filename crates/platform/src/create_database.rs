//! `POST /platform/databases`: a new tenant database at the version that is released.

use atomicbase_core::{Code, DatabaseId, Name, Problem, shown};
use atomicbase_http::{Described, Failure, Json, respond_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{DatabaseRecord, InsertedDatabase};
use serde::Deserialize;
use serde_json::json;

use crate::Platform;
use crate::answers::{DatabaseAnswer, database_schema};
use crate::reach::Fleet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDatabase {
    name: String,
    template: String,
}

/// How often a template may be released anew while one database of it is made.
const ATTEMPTS: usize = 5;

pub(crate) async fn create_database(
    State(platform): State<Platform>,
    _: Fleet,
    Json(new): Json<NewDatabase>,
) -> Result<Response, Failure> {
    let name = Name::parse(&new.name).map_err(|error| {
        Problem::new(
            Code::InvalidQuery,
            format!("`{}` is no name for a database: {error}.", shown(&new.name)),
        )
        .at("name", error.to_string())
    })?;
    // Spares a file in the usual case; that the name is free is for the insert to say.
    if platform.directory.database_name_is_taken(&name).await? {
        return Err(taken(&name).into());
    }
    let creating = platform.clone();
    let created = platform.to_the_end(async move { creating.create(name, &new.template).await });
    respond_json(StatusCode::CREATED, &DatabaseAnswer::from(&created.await?))
}

impl Platform {
    /// Makes the file, then the row: a file without a row is nobody's database, a row without a file would be a broken one.
    async fn create(&self, name: Name, template: &str) -> Result<DatabaseRecord, Problem> {
        for _ in 0..ATTEMPTS {
            let template = self.template(template).await?;
            let version = self.directory.find_version(template.name.as_str(), template.released).await?;
            let record = DatabaseRecord {
                id: DatabaseId::new(),
                name: name.clone(),
                template: template.name.clone(),
                version: template.released,
                set_aside: None,
                created_at: self.clock.now(),
            };
            self.tenants.create(&record.id, &version).await?;
            match self.directory.insert_database(&record).await {
                Ok(InsertedDatabase::Inserted) => return Ok(record),
                Ok(InsertedDatabase::NameTaken) => {
                    self.drop_unused(&record.id).await;
                    return Err(taken(&name));
                }
                // A push was released since the file was made: the database would be behind, and no job would know.
                Ok(InsertedDatabase::VersionMoved) => self.drop_unused(&record.id).await,
                // Whether the row is there after all, nobody knows: a file too many is better than one too few.
                Err(problem) if problem.code() == Code::Unavailable => return Err(problem),
                Err(problem) => {
                    self.drop_unused(&record.id).await;
                    return Err(problem);
                }
            }
        }
        Err(Problem::new(Code::Conflict, format!("`{template}` is being pushed to over and over."))
            .hint("Try again when the pushes have ended."))
    }

    /// Takes away the file of a database that never came to be.
    async fn drop_unused(&self, id: &DatabaseId) {
        if let Err(problem) = self.tenants.drop_database(id).await {
            let cause = problem.cause().unwrap_or(problem.detail());
            tracing::warn!(database = id.as_str(), cause, "a file that belongs to no database is left");
        }
    }
}

fn taken(name: &Name) -> Problem {
    Problem::new(Code::AlreadyExists, format!("The name `{name}` is taken, perhaps by a deleted database."))
        .hint("Choose another name.")
}

pub(crate) fn described() -> Described {
    Described {
        summary: "Creates a database from a template, at the version that is released.",
        request: Some(json!({
            "type": "object",
            "required": ["name", "template"],
            "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
                "template": {"type": "string"},
            },
        })),
        response: (201, database_schema()),
        codes: vec![Code::AlreadyExists, Code::TemplateNotFound, Code::Conflict],
        ..Described::default()
    }
}
