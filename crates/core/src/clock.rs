//! What time it is: unix seconds for what is stored, and a time that never goes back for intervals. Tests stop both.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The machine's clock, or one that stands still until it is moved: its milliseconds since 1970.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `unix_seconds` until [`Clock::advance`].
    #[must_use]
    pub fn fixed(unix_seconds: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(unix_seconds.saturating_mul(1_000)))))
    }

    /// Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Some(fixed) => fixed.load(Ordering::Relaxed).div_euclid(1_000),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
        }
    }

    /// Time since some moment, the same for the whole process. It never goes back, whatever is done to the machine's clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        match &self.0 {
            Some(fixed) => {
                Duration::from_millis(u64::try_from(fixed.load(Ordering::Relaxed)).unwrap_or_default())
            }
            None => START.get_or_init(Instant::now).elapsed(),
        }
    }

    /// Moves a fixed clock forward; the machine's clock is not ours to move.
    pub fn advance(&self, seconds: i64) {
        self.advance_ms(seconds.saturating_mul(1_000));
    }

    /// The same in milliseconds.
    pub fn advance_ms(&self, milliseconds: i64) {
        if let Some(fixed) = &self.0 {
            fixed.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }
}
