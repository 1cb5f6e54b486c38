//! Warnings and errors of the program under test: one that a test does not expect fails it.

use std::fmt::Write as _;
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static INSTALLED: Once = Once::new();
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Starts to watch; once per process, and each test is a process.
pub(crate) fn watch() {
    INSTALLED.call_once(|| tracing_subscriber::registry().with(Watch).init());
}

/// Takes what was logged so far.
pub(crate) fn take() -> Vec<String> {
    std::mem::take(&mut SEEN.lock().unwrap())
}

struct Watch;

impl<S: Subscriber> Layer<S> for Watch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::WARN {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            SEEN.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}
