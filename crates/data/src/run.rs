//! The story of every query: open the tenant, compile for its version, run, answer. Once more if the version moved in between.

use std::sync::Arc;
use std::time::Instant;

use atomicbase_core::{Caller, Code, DataAccess, Problem};
use atomicbase_http::Failure;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use db::{Batch, DbError, ErrorKind, Mode, Outcome};
use directory::DatabaseRecord;

use crate::Data;
use crate::query::{Answered, Query, Scope, explain};

const TEMPLATE_VERSION: HeaderName = HeaderName::from_static("template-version");

/// What a query is asked of.
pub(crate) struct Asked<'a> {
    pub caller: &'a Caller,
    pub database: &'a Arc<DatabaseRecord>,
    pub bigint: bool,
}

/// Operations that ran in one transaction.
pub(crate) struct Ran {
    operations: Vec<Query>,
    outcome: Outcome,
}

impl Data {
    /// Opens the database and makes an answer of `work`. Every answer says the template version, errors too.
    pub(crate) async fn answer(
        &self,
        asked: &Asked<'_>,
        work: impl AsyncFnOnce(&Asked<'_>, &mut u32) -> Result<Response, Problem>,
    ) -> Response {
        let mut version = asked.database.version;
        let answer = work(asked, &mut version).await;
        let mut response = answer.unwrap_or_else(|problem| Failure(problem).into_response());
        response.headers_mut().insert(TEMPLATE_VERSION, HeaderValue::from(version));
        response
    }

    /// Compiles and runs operations in one transaction. `compile` may be asked twice, for two versions of the template.
    pub(crate) async fn run(
        &self,
        asked: &Asked<'_>,
        version: &mut u32,
        compile: impl Fn(&Scope<'_>) -> Result<Vec<Query>, Problem>,
    ) -> Result<Ran, Problem> {
        let deadline = Instant::now() + self.limits.request_timeout;
        let mut last_try = false;
        loop {
            let tenant = self.tenants.open(asked.database).await?;
            let current = tenant.version();
            *version = current.version;
            let scope = Scope { template: &current.template, limits: &self.limits, bigint: asked.bigint };
            let mut operations = compile(&scope)?;
            let mut batch = self.batch(&mut operations);
            batch.expect_version = Some(current.version);
            batch.deadline = Some(deadline);
            match tenant.run(batch).await {
                Ok(outcome) => return Ok(Ran { operations, outcome }),
                Err(error) if matches!(error.kind, ErrorKind::StaleVersion { .. }) && !last_try => {
                    last_try = true
                }
                Err(error) => return Err(refused(error, &operations)),
            }
        }
    }

    fn batch(&self, operations: &mut [Query]) -> Batch {
        let writes = operations.iter().any(|operation| operation.writes);
        let mut batch = Batch::new(if writes { Mode::Write } else { Mode::Read });
        batch.alone = operations.iter().any(|operation| operation.alone);
        batch.max_bytes = self.limits.answer_bytes;
        for operation in operations {
            operation.first = batch.statements.len();
            operation.count = operation.statements.len();
            batch.statements.append(&mut operation.statements);
        }
        batch
    }
}

/// What the database refused, at the operation and row it refused.
fn refused(error: DbError, operations: &[Query]) -> Problem {
    if matches!(error.kind, ErrorKind::StaleVersion { .. }) {
        return Problem::new(Code::Unavailable, "The database's schema changed twice while the query ran.")
            .hint("Send the request again.")
            .retry_after(1);
    }
    let place = error.statement.and_then(|statement| {
        let operation = operations.iter().rev().find(|operation| operation.first <= statement)?;
        operation.place(statement - operation.first)
    });
    let place = place.unwrap_or_default().to_owned();
    explain(error, &place)
}

impl Ran {
    /// The answers of the operations, in their order.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Answered<'_>> {
        self.operations.iter().map(|operation| {
            let last = operation.first + operation.count;
            let statements = self.outcome.statements.get(operation.first..last).unwrap_or_default();
            Answered { query: operation, statements }
        })
    }
}

/// A caller that only reads does not write, whatever the table.
pub(crate) fn may_write(caller: &Caller) -> Result<(), Problem> {
    match caller.data_access()? {
        DataAccess::Write => Ok(()),
        DataAccess::Read => Err(Problem::new(Code::Forbidden, "This caller may read, and not write.")
            .hint("Writing needs the role owner, admin or member.")),
    }
}
