//! How much one request, one tenant and all of them together may ask for. Every number has a default and a setting.

use std::time::Duration;

/// Limits of the data API and of request bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Longest a request may run.
    pub request_timeout: Duration,
    /// How deep relations and filters nest.
    pub depth: usize,
    /// Rows of a select without `limit`.
    pub default_rows: u64,
    /// Largest `limit` of a select.
    pub max_rows: u64,
    /// Rows of a nested list per parent.
    pub nested_rows: u64,
    /// Rows of one insert and operations of one batch.
    pub max_operations: usize,
    /// Largest answer, bytes.
    pub answer_bytes: usize,
    /// What large answers may hold together until their clients take them, bytes.
    pub unread_bytes: usize,
    /// How long a client may take nothing of its answer.
    pub stall_timeout: Duration,
    /// How often one tenant's data may be asked for; `None` is as often as it comes.
    pub tenant_rate: Option<Rate>,
    /// How often one key may be used.
    pub key_rate: Option<Rate>,
    /// Slow reads of one database that run at once; `None` is half of the threads for them, at most 8.
    pub tenant_concurrency: Option<usize>,
    /// Requests of all databases that wait for a thread or their commit; reads and writes each.
    pub waiting_requests: usize,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often in the long run.
    pub requests_per_second: u32,
    /// How often at once, after a rest.
    pub burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            depth: 5,
            default_rows: 100,
            max_rows: 1_000,
            nested_rows: 100,
            max_operations: 1_000,
            answer_bytes: 64 * 1024 * 1024,
            unread_bytes: 256 * 1024 * 1024,
            stall_timeout: Duration::from_secs(30),
            tenant_rate: None,
            key_rate: None,
            tenant_concurrency: None,
            waiting_requests: 10_000,
        }
    }
}
