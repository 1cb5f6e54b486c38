//! New databases from prebuilt images, and what becomes of dropped ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use atomicbase_core::{DatabaseId, Name, Problem};
use db::{ErrorKind, Image};
use directory::TemplateVersion;

use crate::Tenants;

/// What the engine itself keeps in a tenant's database: each move, written in the move's own transaction.
const MOVES: &str = "CREATE TABLE _atomicbase_moves(\
    version INTEGER PRIMARY KEY, job TEXT, moved_at INTEGER NOT NULL) STRICT";
/// Fails where the version was reached before: no move happens twice.
pub(crate) const RECORD_MOVE: &str =
    "INSERT INTO _atomicbase_moves(version, job, moved_at) VALUES (?1, ?2, ?3)";

/// Images kept: the newest version of each template that databases are made of.
#[derive(Default)]
pub(crate) struct Images(Mutex<HashMap<Name, (u32, Image)>>);

impl Tenants {
    /// Makes a database at a template's version. Durable when it returns.
    pub async fn create(&self, id: &DatabaseId, version: &TemplateVersion) -> Result<(), Problem> {
        let image = self.images.get(version)?;
        Ok(self.store.create(id.as_str(), image).await?)
    }

    /// Closes a database, once nobody uses it any more, and moves it to the trash. Done already is done.
    pub async fn drop_database(&self, id: &DatabaseId) -> Result<(), Problem> {
        if let Some(tenant) = self.cache.begin_drop(id) {
            let mut in_use = tenant.in_use.subscribe();
            drop(tenant);
            // Nothing is ever sent: this ends, as an error, when the last user drops the handle.
            while in_use.changed().await.is_ok() {}
        }
        let dropped = self.store.drop_database(id.as_str()).await;
        self.cache.dropped(id);
        match dropped {
            // An earlier attempt got this far, and the process ended before it could say so.
            Err(error) if error.kind == ErrorKind::Missing => Ok(()),
            dropped => Ok(dropped?),
        }
    }
}

impl Images {
    fn get(&self, version: &TemplateVersion) -> Result<Image, Problem> {
        let mut images = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, image)) = images.get(&version.name)
            && *number == version.version
        {
            return Ok(image.clone());
        }
        let mut statements = schema::create_statements(&version.template);
        statements.push(MOVES.to_owned());
        let image = db::build_image(&statements, version.version)?;
        images.insert(version.name.clone(), (version.version, image.clone()));
        Ok(image)
    }
}
