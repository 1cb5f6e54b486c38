//! How often: a token bucket per tenant and one per key, where a rate is configured. Refuses with the second to come back at.
//! Knows no clock but the one it is given, and keeps no bucket that is full again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atomicbase_core::{Code, Problem, Rate};

/// Buckets are looked through for full ones when there are as many as this, or twice as many as the last look left.
const FEW: usize = 1_024;

/// One bucket for each tenant or key that was here lately.
///
/// A bucket is one number: the moment at which it is full again (the generic cell rate algorithm). Each request moves it on by the time that
/// a token takes to come; a request that would move it further ahead of now than a whole burst takes is refused.
pub(crate) struct Buckets<K> {
    rate: Rate,
    /// Nanoseconds until the next token comes.
    token: u64,
    full_at: Mutex<Moments<K>>,
}

struct Moments<K> {
    by_key: HashMap<K, u64>,
    sweep_at: usize,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        let token = 1_000_000_000 / u64::from(rate.requests_per_second.max(1));
        let moments = Moments { by_key: HashMap::new(), sweep_at: FEW };
        Self { rate, token: token.max(1), full_at: Mutex::new(moments) }
    }

    /// The rate, for the words of a refusal.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a token, or says how long it takes until there is one.
    pub(crate) fn take(&self, key: &K, now: Duration) -> Result<(), Duration> {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let burst = self.token.saturating_mul(u64::from(self.rate.burst.max(1)));
        let mut moments = self.moments();
        let full_at = match moments.by_key.get_mut(key) {
            Some(full_at) => full_at,
            None => moments.add(key, now),
        };
        let taken = now.max(*full_at).saturating_add(self.token);
        match taken.checked_sub(now.saturating_add(burst)) {
            None | Some(0) => *full_at = taken,
            Some(too_early) => return Err(Duration::from_nanos(too_early)),
        }
        Ok(())
    }

    /// Puts a token back that was taken for a request which is refused for another reason.
    pub(crate) fn put_back(&self, key: &K) {
        if let Some(full_at) = self.moments().by_key.get_mut(key) {
            *full_at = full_at.saturating_sub(self.token);
        }
    }

    fn moments(&self) -> MutexGuard<'_, Moments<K>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Moments<K> {
    /// A full bucket. A full one is as good as none, so that those of idle keys go when the table would grow.
    fn add(&mut self, key: &K, now: u64) -> &mut u64 {
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, full_at| *full_at > now);
            self.sweep_at = FEW.max(self.by_key.len() * 2);
            self.by_key.shrink_to(self.sweep_at);
        }
        self.by_key.entry(key.clone()).or_insert(now)
    }
}

/// What a rate applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    Tenant,
    Key,
}

impl Limited {
    /// The answer to a request that came `too_early`.
    pub(crate) fn refuse(self, rate: Rate, too_early: Duration) -> Problem {
        let (what, setting) = match self {
            Limited::Tenant => ("this database takes", "limits.tenant_requests_per_second"),
            Limited::Key => ("this key may send", "limits.key_requests_per_second"),
        };
        let Rate { requests_per_second, burst } = rate;
        let detail = format!("More requests than {what}: {requests_per_second} per second, {burst} at once.");
        let seconds = too_early.as_nanos().div_ceil(1_000_000_000);
        Problem::new(Code::RateLimited, detail)
            .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
            .hint(format!(
                "Wait as long as `Retry-After` says, and send fewer requests: a batch counts as one. The server sets it with `{setting}`."
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(requests_per_second: u32, burst: u32) -> Buckets<u32> {
        Buckets::new(Rate { requests_per_second, burst })
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_token_comes_in_its_part_of_a_second() {
        let buckets = buckets(1_000, 2);
        assert_eq!(buckets.take(&1, SECOND), Ok(()));
        assert_eq!(buckets.take(&1, SECOND), Ok(()));
        assert_eq!(buckets.take(&1, SECOND), Err(Duration::from_millis(1)));
        let later = SECOND + Duration::from_micros(400);
        assert_eq!(buckets.take(&1, later), Err(Duration::from_micros(600)));
        assert_eq!(buckets.take(&2, later), Ok(()));
        assert_eq!(buckets.take(&1, SECOND + Duration::from_millis(1)), Ok(()));
        buckets.put_back(&1);
        buckets.put_back(&3);
        assert_eq!(buckets.take(&1, SECOND + Duration::from_millis(1)), Ok(()));
        assert!(buckets.take(&1, SECOND + Duration::from_millis(1)).is_err());
    }

    #[test]
    fn of_requests_on_many_threads_exactly_the_burst_comes_in() {
        let buckets = buckets(1, 100);
        let came_in = || (0..50).filter(|_| buckets.take(&1, SECOND).is_ok()).count();
        let total: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(came_in)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(total, 100);
    }

    #[test]
    fn a_bucket_put_back_twice_holds_no_more_than_its_burst() {
        let buckets = buckets(1, 1);
        buckets.take(&1, SECOND).unwrap();
        (0..5).for_each(|_| buckets.put_back(&1));
        assert_eq!(buckets.take(&1, SECOND), Ok(()));
        assert!(buckets.take(&1, SECOND).is_err());
    }

    #[test]
    fn over_a_long_time_it_is_the_rate_and_one_burst() {
        for requests_per_second in [1, 3, 7, 1_000] {
            let buckets = buckets(requests_per_second, 5);
            let steps = (0..100_000).map(|step| Duration::from_micros(step * 100));
            let came_in = steps.filter(|now| buckets.take(&1, *now).is_ok()).count();
            // The last token would come with the tenth second.
            assert_eq!(came_in, requests_per_second as usize * 10 + 4);
        }
    }

    #[test]
    fn no_number_is_too_small_or_large() {
        for number in [0, u32::MAX] {
            for now in [Duration::ZERO, Duration::MAX] {
                assert_eq!(buckets(number, number).take(&1, now), Ok(()));
            }
        }
    }

    #[test]
    fn buckets_of_those_who_rest_go() {
        let buckets = buckets(1, 1);
        for key in 0..100_000 {
            // Each second a thousand other callers.
            buckets.take(&key, Duration::from_secs(u64::from(key) / 1_000)).unwrap();
        }
        assert!(buckets.moments().by_key.len() <= 4_096, "{}", buckets.moments().by_key.len());
        // None of them may come twice within its second, whatever was swept.
        assert!(buckets.take(&99_999, Duration::from_secs(99)).is_err());
    }
}
