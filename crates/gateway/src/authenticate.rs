//! The `Authorization` header → a caller. A key is compared by its hash, in constant time.

use std::fmt;

use atomicbase_core::{Caller, Code, Problem, Scopes};
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Gateway;

/// The bootstrap service key, kept as its hash so that it prints nowhere.
pub struct ServiceKey([u8; 32]);

impl ServiceKey {
    /// Takes a key of the form `atb_sk_` and at least 32 further characters of `[A-Za-z0-9_]`; `None` is any other.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let rest = key.strip_prefix("atb_sk_")?;
        let valid = rest.len() >= 32 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then(|| Self(Sha256::digest(key).into()))
    }

    fn matches(&self, presented: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(presented).into();
        hash.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(…)")
    }
}

impl Gateway {
    /// Who sent these headers. No header is anonymous; a header that is no valid key is refused.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(Caller::Anonymous) };
        if values.next().is_some() {
            return Err(refused("The request carries more than one `Authorization` header."));
        }
        let key = value.to_str().ok().and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(key)
        });
        let Some(key) = key.filter(|key| key.starts_with("atb_sk_")) else {
            return Err(refused("The `Authorization` header holds no service key."));
        };
        if self.bootstrap_key.as_ref().is_some_and(|bootstrap| bootstrap.matches(key)) {
            return Ok(Caller::Key { id: None, scopes: Scopes::ALL, database: None });
        }
        match self.directory.authenticate_key(key).await? {
            Some(record) => Ok(Caller::Key {
                id: Some(record.id.clone()),
                scopes: record.scopes,
                database: record.database.clone(),
            }),
            None => Err(refused("The service key is unknown, expired or revoked.")),
        }
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
        .hint("Send `Authorization: Bearer atb_sk_…` with a valid key.")
}

#[cfg(test)]
mod tests {
    use super::ServiceKey;

    #[test]
    fn a_service_key_has_its_form_and_never_prints() {
        let text = format!("atb_sk_{}", "a1_Z".repeat(8));
        let key = ServiceKey::parse(&text).unwrap();
        assert!(key.matches(&text) && !key.matches(&text[..text.len() - 1]) && !key.matches(""));
        assert_eq!(format!("{key:?}"), "ServiceKey(…)");
        for bad in ["", "atb_sk_short", &format!("atb_sk_{}", "-".repeat(40)), &"a".repeat(40)] {
            assert!(ServiceKey::parse(bad).is_none(), "{bad}");
        }
    }
}
