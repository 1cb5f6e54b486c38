//! The story of every query: open the tenant, compile for its version, run, answer. Once more if the version moved in between.

use std::sync::Arc;
use std::time::Instant;

use atomicbase_core::{Caller, Code, Problem};
use atomicbase_http::{Failure, respond_json_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use db::{ErrorKind, Outcome};
use directory::DatabaseRecord;
use query::{Query, Scope, Transaction};
use schema::Template;

use crate::Data;

const TEMPLATE_VERSION: HeaderName = HeaderName::from_static("template-version");

/// Answers up to this size are written at once: that takes no longer than a read may that runs on a serving thread.
const SHORT_BYTES: usize = 256 * 1024;

/// What a query is asked of.
pub(crate) struct Asked<'a> {
    pub caller: &'a Caller,
    pub database: &'a Arc<DatabaseRecord>,
}

impl Data {
    /// Makes an answer of `work`. Every answer says the template version that `work` found, errors too.
    pub(crate) async fn answer(
        &self,
        asked: &Asked<'_>,
        work: impl AsyncFnOnce(&Asked<'_>, &mut u32) -> Result<Response, Failure>,
    ) -> Response {
        let mut version = asked.database.version;
        let answer = work(asked, &mut version).await;
        let mut response = answer.unwrap_or_else(Failure::into_response);
        response.headers_mut().insert(TEMPLATE_VERSION, HeaderValue::from(version));
        response
    }

    /// Queries on this version of the database, with its caller's rights.
    pub(crate) fn scope<'a>(&'a self, asked: &'a Asked<'_>, template: &'a Template) -> Scope<'a> {
        Scope::new(template, &self.limits, asked.caller, asked.database.id.as_str(), &self.secret)
    }

    /// Writes an answer: a long one on a thread that may take its time, of which the serving threads have none.
    pub(crate) async fn write_answer(
        &self,
        (mut transaction, outcome): (Transaction, Outcome),
        write: fn(&Transaction, &Outcome) -> Result<Vec<u8>, Problem>,
    ) -> Result<Response, Failure> {
        let max_bytes = self.limits.answer_bytes;
        transaction.limit_answer(SHORT_BYTES.min(max_bytes));
        let bytes = match write(&transaction, &outcome) {
            Err(problem) if problem.code() == Code::AnswerTooLarge && SHORT_BYTES < max_bytes => {
                transaction.limit_answer(max_bytes);
                let writing = move || write(&transaction, &outcome);
                tokio::task::spawn_blocking(writing).await.map_err(Problem::internal)??
            }
            written => written?,
        };
        Ok(respond_json_bytes(StatusCode::OK, bytes))
    }

    /// Compiles and runs operations in one transaction. `compile` is asked again where the version moved in between.
    pub(crate) async fn run(
        &self,
        asked: &Asked<'_>,
        version: &mut u32,
        compile: impl Fn(Scope<'_>) -> Result<Vec<Query>, Problem>,
    ) -> Result<(Transaction, Outcome), Problem> {
        let deadline = Instant::now() + self.limits.request_timeout;
        let mut last_try = false;
        loop {
            let tenant = self.tenants.open(asked.database).await?;
            let current = tenant.version();
            *version = current.version;
            let scope = self.scope(asked, &current.template);
            let (transaction, mut batch) = Transaction::new(compile(scope)?, &self.limits);
            batch.expect_version = Some(current.version);
            batch.deadline = Some(deadline);
            let error = match tenant.run(batch).await {
                Ok(outcome) => return Ok((transaction, outcome)),
                Err(error) => error,
            };
            let ErrorKind::StaleVersion { found } = error.kind else {
                return Err(transaction.explain(error));
            };
            if last_try {
                return Err(changed_twice());
            }
            last_try = true;
            // The move is on disk and perhaps not yet known to the handle: this waits for whoever moves it. What it answers
            // does not matter, the next try sees the version itself.
            drop(self.tenants.bring_to(asked.database, found, None).await);
        }
    }
}

fn changed_twice() -> Problem {
    Problem::new(Code::Unavailable, "The database's schema changed twice while the query ran.")
        .hint("Send the request again.")
        .retry_after(1)
}
