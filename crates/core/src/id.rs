//! Prefixed, sortable ids: `db_` and 32 hex digits of a UUIDv7. A newtype per thing, so that a job never passes for a database.

use std::fmt;

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
                Self(format!("{}{}", $prefix, uuid::Uuid::now_v7().simple()).into())
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
    uuid::Uuid::now_v7().to_string()
}

/// Prefixes that no name or slug may start with, so that an id and a name are never confused.
pub(crate) const RESERVED_PREFIXES: [&str; 7] = ["usr_", "org_", "db_", "job_", "inv_", "ses_", "key_"];

#[cfg(test)]
mod tests {
    use super::*;

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
