//! Service keys: made of the system's randomness, shown once, stored as a hash, checked at every request.

use std::sync::Arc;

use atomicbase_core::{DatabaseId, KeyId, Problem, Scopes};
use db::{Batch, Outcome};
use sha2::{Digest, Sha256};

use crate::records::{KeyHash, KeyRecord};
use crate::store::{self, Row};
use crate::{Directory, Shared};

const PREFIX: &str = "atb_sk_";
const ALPHABET: &[u8; 63] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
/// 43 characters of an alphabet of 63 hold 257 bits: no guessing, and no salt needed for the hash.
const CHARACTERS: usize = 43;

/// A key as it is asked for.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The only database it shall reach.
    pub database: Option<DatabaseId>,
    /// Unix seconds from which on it is refused.
    pub expires_at: Option<i64>,
}

impl Directory {
    /// Makes a key: its record, and the key itself for the only time. `None` if its database does not exist.
    pub async fn create_key(&self, new: NewKey) -> Result<Option<(KeyRecord, String)>, Problem> {
        let key = random_key()?;
        let record = KeyRecord {
            id: KeyId::new(),
            name: new.name,
            scopes: new.scopes,
            database: new.database,
            created_at: self.shared.clock.now(),
            expires_at: new.expires_at,
        };
        let batch = Batch::write().with(store::keys::insert(&record, hash(&key)));
        let outcome = self.shared.write(batch, |_, _| ()).await?;
        Ok((!Row::of(&outcome, 0).is_empty()).then_some((record, key)))
    }

    /// The key of this id, unless it is unknown or revoked.
    pub async fn find_key(&self, id: &KeyId) -> Result<Option<KeyRecord>, Problem> {
        let row = self.shared.read(store::keys::find_by_id(id)).await?.pop();
        row.map(|mut row| store::keys::read(&mut row)).transpose()
    }

    /// A page of the keys that are not revoked, newest first: those made before the key `before`.
    pub async fn list_keys(&self, before: Option<&KeyId>, limit: u32) -> Result<Vec<KeyRecord>, Problem> {
        let rows = self.shared.read(store::keys::list(before, limit)).await?;
        rows.into_iter().map(|mut row| store::keys::read(&mut row)).collect()
    }

    /// Revokes a key for the next request on; false if there is none of this id.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<bool, Problem> {
        let batch = Batch::write().with(store::keys::revoke(id, self.shared.clock.now()));
        let outcome = self.shared.write(batch, forget_revoked).await?;
        Ok(!Row::of(&outcome, 0).is_empty())
    }

    /// The key that was presented, unless it is unknown, revoked or expired.
    pub async fn authenticate_key(&self, presented: &str) -> Result<Option<Arc<KeyRecord>>, Problem> {
        if presented.len() != PREFIX.len() + CHARACTERS || !presented.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = hash(presented);
        let known = match self.shared.keys.get(&hash) {
            Some(record) => Some(record),
            None => self.load_key(hash).await?,
        };
        let now = self.shared.clock.now();
        Ok(known.filter(|record| record.expires_at.is_none_or(|expires_at| now < expires_at)))
    }

    async fn load_key(&self, hash: KeyHash) -> Result<Option<Arc<KeyRecord>>, Problem> {
        let row = async {
            let row = self.shared.read(store::keys::find(hash)).await?.pop();
            row.map(|mut row| store::keys::read(&mut row)).transpose()
        };
        self.shared.keys.load(hash, row).await
    }
}

fn forget_revoked(shared: &Shared, outcome: &Outcome) {
    for mut row in Row::of(outcome, 0) {
        match row.bytes() {
            Ok(hash) => shared.keys.forget(&hash),
            Err(_) => shared.keys.forget_all(),
        }
    }
}

fn hash(key: &str) -> KeyHash {
    Sha256::digest(key).into()
}

/// A new service key, of the system's randomness.
pub fn random_key() -> Result<String, Problem> {
    let mut key = String::with_capacity(PREFIX.len() + CHARACTERS);
    key.push_str(PREFIX);
    while key.len() < PREFIX.len() + CHARACTERS {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(Problem::internal)?;
        // Six bits each; the one value without a character is drawn again, so that all characters are equally likely.
        let characters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        let missing = PREFIX.len() + CHARACTERS - key.len();
        key.extend(characters.take(missing).map(|character| char::from(*character)));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_plain_and_never_the_same() {
        let keys: std::collections::HashSet<String> = (0..1000).map(|_| random_key().unwrap()).collect();
        assert_eq!(keys.len(), 1000);
        for key in keys {
            let secret = key.strip_prefix("atb_sk_").unwrap();
            assert_eq!(secret.len(), 43);
            assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
    }
}
