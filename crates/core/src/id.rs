//! Prefixed, sortable ids: `db_` and 32 hex digits of a UUIDv7. A newtype per thing, so that a job never passes for a database.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Declares one id type: its prefix, how it is made and how it is read.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; later ids sort after earlier ones.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "two calls differ; a default would not")]
            pub fn new() -> Self {
                let mut digits = Uuid::encode_buffer();
                Self([$prefix, sortable_uuid().simple().encode_lower(&mut digits)].concat().into())
            }

            /// Reads an id: the prefix and 32 lowercase hex digits, or `None`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let hex = text.strip_prefix($prefix)?;
                let valid = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                valid.then(|| Self(text.into()))
            }

            /// The id as it is written everywhere.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        // Caches keyed by an id are asked with the text of a request, without making an id of it first.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A tenant database.
    DatabaseId "db_";
    /// A job: one push over its databases.
    JobId "job_";
    /// A service key.
    KeyId "key_";
    /// One HTTP request, in its answer and in the logs.
    RequestId "req_";
}

/// A new UUIDv7 in its usual form, for rows: later ones sort after earlier ones.
#[must_use]
pub fn fresh_uuid() -> String {
    sortable_uuid().to_string()
}

/// The latest stamp that was given out: milliseconds since 1970, and a counter of twelve bits.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A UUIDv7 (RFC 9562, method 1 with the counter in `rand_a`). Unlike `Uuid::now_v7` it takes no lock and asks the system for
/// no randomness: every request makes one. Its bits are there to be unique, not to be secret.
fn sortable_uuid() -> Uuid {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or(0) << 12;
    // More than the counter holds within a millisecond borrow from the next one.
    let after = |last: u64| now.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
    let stamp = after(last.unwrap_or_else(|last| last));
    // A keyed hash of nothing: the standard library seeds its keys from the system once per thread and steps them each time.
    let random = RandomState::new().build_hasher().finish();
    let mut tail = [0; 10];
    tail[..2].copy_from_slice(&stamp.to_be_bytes()[6..]);
    tail[2..].copy_from_slice(&random.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(stamp >> 12, &tail).into_uuid()
}

/// Prefixes that no name or slug may start with, so that an id and a name are never confused.
pub(crate) const RESERVED_PREFIXES: [&str; 7] = ["usr_", "org_", "db_", "job_", "inv_", "ses_", "key_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_age_however_fast_and_wherever_they_are_made() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..10_000).map(|_| sortable_uuid()).collect::<Vec<_>>()))
            .collect();
        let mut all = std::collections::HashSet::new();
        for thread in threads {
            let made = thread.join().unwrap();
            assert!(made.is_sorted());
            assert!(
                made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122)
            );
            all.extend(made.iter().map(|id| id.as_u128() >> 64));
        }
        assert_eq!(all.len(), 40_000, "the sorting half alone is never the same");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (seconds, _) = sortable_uuid().get_timestamp().unwrap().to_unix();
        assert!(seconds.abs_diff(now) <= 60, "{seconds}");
    }

    #[test]
    fn ids_are_read_back_and_sort_by_age() {
        let (first, second) = (DatabaseId::new(), DatabaseId::new());
        assert!(first < second);
        assert_eq!(DatabaseId::parse(first.as_str()), Some(first.clone()));
        assert_eq!(JobId::parse(first.as_str()), None);
        for broken in ["", "db_", "db_xyz", "db_0190F3b0c5d17e4b8f0a1b2c3d4e5f60", "db_../../etc/passwd"] {
            assert_eq!(DatabaseId::parse(broken), None, "{broken}");
        }
    }
}
