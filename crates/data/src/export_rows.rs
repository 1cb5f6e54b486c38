//! A whole table, or a whole query, as lines of JSON: read page by page by key, so that neither memory nor the log of the database
//! holds more than a page, however slowly the client reads.

use std::sync::Arc;

use atomicbase_core::{Caller, Code, Limits, Problem};
use atomicbase_http::{Failure, parse_json, respond_parts};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bytes::Bytes;
use directory::DatabaseRecord;
use futures_util::stream;
use query::{Position, Scope};
use serde_json::value::RawValue;

use crate::Data;
use crate::preferences::Preferences;
use crate::run::Asked;

/// One object per line.
pub(crate) const LINES: &str = "application/x-ndjson";
/// Rows of the first page; those that follow have as many as fill it.
const FIRST_ROWS: u64 = 500;
const MOST_ROWS: u64 = 10_000;
/// Bytes that a page should have, and those that it may have at most.
const PAGE_BYTES: usize = 256 * 1024;
const MOST_BYTES: usize = 16 * PAGE_BYTES;

/// Whether the client asks for lines.
pub(crate) fn wants_lines(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|accept| {
        let types = accept.to_str().unwrap_or_default().split(',');
        types.map(|kind| kind.split(';').next().unwrap_or_default()).any(|kind| kind.trim() == LINES)
    })
}

/// An export that has reached some row.
struct Export {
    data: Data,
    caller: Caller,
    database: Arc<DatabaseRecord>,
    table: String,
    body: Bytes,
    preferences: Preferences,
    /// The template version of its first page.
    version: u32,
    /// Rows of the next page.
    rows: u64,
    /// Rows that are read.
    sent: u64,
    after: Option<Position>,
}

impl Data {
    /// Answers the rows of a select as lines. What is wrong with it is answered before the first of them.
    pub(crate) async fn export(
        &self,
        asked: &Asked<'_>,
        version: &mut u32,
        table: String,
        body: Bytes,
        preferences: Preferences,
    ) -> Result<Response, Failure> {
        if !matches!(asked.caller, Caller::Key { .. }) {
            return Err(Problem::new(Code::Forbidden, "Only a service key may export.")
                .hint("Ask for the rows in pages: send the `next` of an answer as `cursor`.")
                .into());
        }
        if preferences.verb.writes() || preferences.counts() {
            return Err(Problem::new(Code::InvalidQuery, "An export is a select, and counts nothing.")
                .hint("Send `Accept: application/json`.")
                .into());
        }
        let limits = Limits { max_rows: u64::MAX, answer_bytes: MOST_BYTES, ..(*self.limits).clone() };
        let mut export = Export {
            data: Data { limits: Arc::new(limits), ..self.clone() },
            caller: asked.caller.clone(),
            database: Arc::clone(asked.database),
            table,
            body,
            preferences,
            version: 0,
            rows: FIRST_ROWS,
            sent: 0,
            after: None,
        };
        let (first, ended) = export.page(true).await?;
        *version = export.version;
        let rest = (!ended).then_some(export);
        let parts = stream::try_unfold((Some(first), rest), async |(first, rest)| match (first, rest) {
            (Some(page), rest) => Ok(Some((page, (None, rest)))),
            (None, None) => Ok(None),
            (None, Some(mut export)) => {
                let (page, ended) = export.page(false).await?;
                Ok(Some((page, (None, (!ended).then_some(export)))))
            }
        });
        Ok(respond_parts(LINES, parts))
    }
}

impl Export {
    /// The next page, and whether it is the last.
    async fn page(&mut self, first: bool) -> Result<(Bytes, bool), Problem> {
        loop {
            match self.try_page(first).await {
                Err(problem) if problem.code() == Code::AnswerTooLarge && self.rows > 1 => {
                    self.rows = (self.rows / 8).max(1);
                }
                done => return done,
            }
        }
    }

    async fn try_page(&mut self, first: bool) -> Result<(Bytes, bool), Problem> {
        let asked = Asked { caller: &self.caller, database: &self.database };
        let body: &RawValue = parse_json(if self.body.is_empty() { b"{}" } else { &self.body })?;
        let compile = |scope: Scope<'_>| {
            let scope = self.preferences.of(scope);
            Ok(vec![scope.compile_export(&self.table, body, self.after.clone(), self.sent, self.rows)?])
        };
        let mut version = 0;
        let (transaction, outcome) = self.data.run(&asked, &mut version, compile).await?;
        if !first && version != self.version {
            return Err(Problem::new(Code::Conflict, "The database's schema changed during the export."));
        }
        let (page, count, after) = transaction.lines(&outcome)?;
        self.version = version;
        self.sent += count;
        if let Some(per_row) = (page.len() as u64).checked_div(count) {
            self.rows = (PAGE_BYTES as u64 / per_row.max(1)).clamp(1, MOST_ROWS);
        }
        let ended = after.is_none();
        self.after = after;
        Ok((page.into(), ended))
    }
}
