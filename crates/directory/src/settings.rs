//! The project's settings: what `PUT /platform/settings` replaces whole, and which roles follow from it.

use std::sync::Arc;

use atomicbase_core::{Name, Problem, Subject};
use db::Batch;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Directory;
use crate::store::{self, Row};

/// What a project's configuration says of its server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What organizations may be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<OrganizationSettings>,
    /// What users may be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<UserSettings>,
    /// Roles beside the built-in ones, each with what is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Map<String, Value>>,
    /// Plans by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plans: Option<Map<String, Value>>,
}

/// Which databases come with an organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrganizationSettings {
    /// The template of the database that each new organization gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_template: Option<String>,
    /// Templates that may be asked for without a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates: Option<Vec<String>>,
}

/// Which databases come with a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserSettings {
    /// Templates that may be asked for without a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates: Option<Vec<String>>,
}

/// What became of new settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplacedSettings {
    /// They hold.
    Replaced,
    /// They lack a role that policies name; the old ones hold.
    RoleInUse {
        /// Whose latest version names it.
        template: Name,
        /// The role.
        role: String,
    },
}

impl Settings {
    /// The roles that somebody can have: the built-in ones, then the project's own.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let own = self.roles.iter().flat_map(Map::keys).map(String::as_str);
        Subject::ROLES.into_iter().chain(own)
    }
}

impl Directory {
    /// The settings as they are now.
    pub async fn settings(&self) -> Result<Arc<Settings>, Problem> {
        if let Some(settings) = self.shared.settings.get(&()) {
            return Ok(settings);
        }
        let stored = self.shared.settings.load((), async {
            let row = self.shared.read(store::project::settings()).await?.pop();
            row.map(|mut row| row.json()).transpose()
        });
        stored.await?.ok_or_else(|| Problem::internal("tenants.db holds no project"))
    }

    /// Puts other settings in the place of all there are.
    pub async fn replace_settings(&self, settings: &Settings) -> Result<ReplacedSettings, Problem> {
        let document = serde_json::to_string(settings).map_err(Problem::internal)?;
        let batch = Batch::write()
            .with(store::project::missing_role(&document))
            .with(store::project::replace_settings(&document));
        let outcome = self.shared.write(batch, |shared, _| shared.settings.forget(&())).await?;
        match Row::of(&outcome, 0).pop() {
            None => Ok(ReplacedSettings::Replaced),
            Some(mut row) => Ok(ReplacedSettings::RoleInUse { template: row.name()?, role: row.text()? }),
        }
    }
}
