//! The access log: a JSON line per request, gathered in memory and written by a thread of its own, so that no request waits
//! for whoever reads the log. Its lines look like those of the program's other events.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atomicbase_http::{Answered, LogAnswer};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime as _;

/// How long lines are gathered.
const GATHER: Duration = Duration::from_millis(20);
/// Bytes that wait at most; a reader that is slower than that loses lines, and is told how many.
const WAITING_BYTES: usize = 4 * 1024 * 1024;

/// The log; dropping it writes what waits.
pub(crate) struct AccessLog {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    lost: u64,
    closed: bool,
    /// The second that `stamp` is written for, up to its point.
    second: u64,
    stamp: String,
}

impl AccessLog {
    /// Starts the thread that writes to standard error.
    pub(crate) fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writing = Arc::clone(&shared);
        let writer =
            std::thread::Builder::new().name("access-log".to_owned()).spawn(move || write(&writing))?;
        Ok(Self { shared, writer: Some(writer) })
    }

    /// What each request calls.
    pub(crate) fn logger(&self) -> LogAnswer {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |answered| shared.push(answered))
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_one();
        if let Some(writer) = self.writer.take() {
            // It does not panic; and if it did, there is no log to say so in.
            drop(writer.join());
        }
    }
}

impl Shared {
    fn push(&self, answered: &Answered<'_>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut state = self.lock();
        if state.lines.len() > WAITING_BYTES {
            state.lost += 1;
            return;
        }
        state.stamp_second(now.as_secs());
        let State { lines, stamp, .. } = &mut *state;
        let first = lines.is_empty();
        let written = write!(
            lines,
            "{{\"timestamp\":\"{stamp}.{:06}Z\",\"level\":\"INFO\",\"request_id\":\"{}\",\"method\":\"{}\",\"path\":",
            now.subsec_micros(),
            answered.request_id,
            answered.method,
        )
        .and_then(|()| serde_json::to_writer(&mut *lines, answered.path).map_err(Into::into))
        .and_then(|()| {
            writeln!(lines, ",\"status\":{},\"duration_us\":{}}}", answered.status, answered.duration_us)
        });
        // Writing to memory cannot fail; were it to, the line is one that was lost.
        if written.is_err() {
            state.lost += 1;
        }
        if first {
            self.arrived.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stamp_second(&mut self, second: u64) {
        if self.second == second && !self.stamp.is_empty() {
            return;
        }
        self.second = second;
        self.stamp.clear();
        // As every other line of the log has it: RFC 3339 in UTC, here without the part after the point.
        if tracing_subscriber::fmt::time::SystemTime.format_time(&mut Writer::new(&mut self.stamp)).is_ok() {
            let point = self.stamp.find('.').unwrap_or(self.stamp.len());
            self.stamp.truncate(point);
        }
    }
}

fn write(shared: &Shared) {
    let mut lines = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.lines.is_empty() && !state.closed {
            state = shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.lines.is_empty() {
            return;
        }
        if !state.closed {
            // One write for what arrives in a moment, instead of one per request.
            state = shared.arrived.wait_timeout(state, GATHER).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut lines, &mut state.lines);
        let lost = std::mem::take(&mut state.lost);
        drop(state);
        // A closed standard error leaves nobody to tell.
        drop(std::io::stderr().write_all(&lines));
        lines.clear();
        if lost > 0 {
            tracing::warn!(lost, "the access log is read too slowly: lines were lost");
        }
    }
}
