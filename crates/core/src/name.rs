//! Names that people give to databases and templates, and that appear in addresses: lowercase letters, digits, hyphens.

use std::fmt;
use std::sync::Arc;

use crate::id::RESERVED_PREFIXES;

/// A checked name: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, never with an id's prefix.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Name(Arc<str>);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("a name has at least one character")]
    Empty,
    /// More than 63 characters.
    #[error("a name has at most 63 characters")]
    TooLong,
    /// A character, or a hyphen at an end, that a name cannot have.
    #[error(
        "a name consists of lowercase letters, digits and hyphens, and starts and ends with a letter or digit"
    )]
    Characters,
    /// It looks like an id.
    #[error("a name does not start like an id (usr_, org_, db_, job_, inv_, ses_, key_)")]
    LooksLikeId,
}

/// Says whether `text` may be a name or slug.
pub fn check_slug(text: &str) -> Result<(), InvalidName> {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Err(InvalidName::Empty) };
    if bytes.len() > 63 {
        return Err(InvalidName::TooLong);
    }
    if RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(InvalidName::LooksLikeId);
    }
    let plain = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9');
    if !plain(first) || !plain(last) || !bytes.iter().all(|b| plain(b) || *b == b'-') {
        return Err(InvalidName::Characters);
    }
    Ok(())
}

impl Name {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        check_slug(text).map(|()| Self(text.into()))
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_an_address_can_hold() {
        for good in ["a", "acme-prod", "0", "a--b", &"x".repeat(63)] {
            assert!(Name::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", InvalidName::Empty),
            (&*"x".repeat(64), InvalidName::TooLong),
            ("-a", InvalidName::Characters),
            ("a-", InvalidName::Characters),
            ("Acme", InvalidName::Characters),
            ("a b", InvalidName::Characters),
            ("a\0b", InvalidName::Characters),
            ("../a", InvalidName::Characters),
            ("db_1", InvalidName::LooksLikeId),
        ] {
            assert_eq!(Name::parse(bad), Err(why), "{bad}");
        }
    }
}
