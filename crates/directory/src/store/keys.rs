//! Statements about service keys.

use atomicbase_core::{KeyId, Problem, Scopes};
use db::Statement;

use super::Row;
use crate::records::KeyHash;
use crate::records::KeyRecord;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, scopes, database, created_at, expires_at FROM keys WHERE revoked_at IS NULL ",
            $rest
        )
    };
}

/// A row, unless the key is to be bound to a database that does not exist.
pub(crate) fn insert(key: &KeyRecord, hash: KeyHash) -> Statement {
    let database = key.database.as_ref().map(|id| id.as_str());
    Statement::query(
        "INSERT INTO keys (id, name, hash, scopes, database, created_at, expires_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
         WHERE ?5 IS NULL OR EXISTS (SELECT 1 FROM live_databases WHERE id = ?5)
         RETURNING id",
        vec![
            key.id.as_str().into(),
            key.name.as_str().into(),
            hash.to_vec().into(),
            key.scopes.names().join(" ").into(),
            database.into(),
            key.created_at.into(),
            key.expires_at.into(),
        ],
    )
}

pub(crate) fn find(hash: KeyHash) -> Statement {
    Statement::query(select!("AND hash = ?1"), vec![hash.to_vec().into()])
}

pub(crate) fn find_by_id(id: &KeyId) -> Statement {
    Statement::query(select!("AND id = ?1"), vec![id.as_str().into()])
}

/// Newest first, those made before this one, without those that are revoked.
pub(crate) fn list(before: Option<&KeyId>, limit: u32) -> Statement {
    Statement::query(
        select!("AND id < ?1 ORDER BY id DESC LIMIT ?2"),
        vec![before.map_or("~", KeyId::as_str).into(), limit.into()],
    )
}

pub(crate) fn read(row: &mut Row) -> Result<KeyRecord, Problem> {
    Ok(KeyRecord {
        id: row.key_id()?,
        name: row.text()?,
        scopes: row.parsed(|names| Scopes::parse(names.split_ascii_whitespace()).ok())?,
        database: row.optional_database_id()?,
        created_at: row.integer()?,
        expires_at: row.optional_integer()?,
    })
}

pub(crate) fn revoke(id: &KeyId, now: i64) -> Statement {
    Statement::query(
        "UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL RETURNING hash",
        vec![id.as_str().into(), now.into()],
    )
}
