//! What the directory knows of each thing, as rows made into types.

use std::sync::Arc;

use atomicbase_core::{Code, DatabaseId, JobId, KeyId, Name, Scopes};
use schema::{Change, Plan, Template};

/// Declares an enum of words that are stored as text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word, as it is stored and on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// How far a template's version has come.
    VersionState {
        /// It waits for its canary.
        Stored "stored",
        /// One database is being moved to it.
        Canary "canary",
        /// Every request to a database that is behind moves it first.
        Released "released",
        /// Its push has moved every database.
        Complete "complete",
        /// Its rollout stands still.
        Halted "halted",
        /// Its canary failed; it is nobody's base.
        Cancelled "cancelled",
    }
}

words! {
    /// How far a job has come.
    JobStatus {
        /// It has not begun.
        Pending "pending",
        /// It moves databases.
        Running "running",
        /// It stands still until it is resumed.
        Paused "paused",
        /// Every database has moved.
        Completed "completed",
        /// It has ended, and databases are set aside.
        Failed "failed",
        /// Its canary failed and its version with it.
        Cancelled "cancelled",
    }
}

impl JobStatus {
    /// Whether the job has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A tenant database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseRecord {
    /// Its id.
    pub id: DatabaseId,
    /// Its name.
    pub name: Name,
    /// The template it was made from.
    pub template: Name,
    /// The version its own file was last heard to be at; the file may be further.
    pub version: u32,
    /// Why it stays behind, if its data refused a step.
    pub set_aside: Option<SetAside>,
    /// Unix seconds.
    pub created_at: i64,
}

/// Why a database stays at its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The version it could not be brought to.
    pub to_version: u32,
    /// The job whose retry tries again.
    pub job: JobId,
    /// What kind of failure.
    pub code: Code,
    /// What happened.
    pub detail: String,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRecord {
    /// Its name.
    pub name: Name,
    /// The version a push starts from: the newest that is not cancelled.
    pub latest: u32,
    /// The version every database shall be at; 0 before the first release.
    pub released: u32,
    /// The last version number given, to a cancelled version too.
    pub newest: u32,
    /// Unix seconds.
    pub created_at: i64,
}

/// A template with the number of its databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSummary {
    /// The template.
    pub template: TemplateRecord,
    /// Databases that are not deleted.
    pub databases: u64,
}

/// One version of a template, with the steps that lead to it.
#[derive(Clone, Debug)]
pub struct TemplateVersion {
    /// The template's name.
    pub name: Name,
    /// The number.
    pub version: u32,
    /// The version that `plan` starts from; 0 for the first. Not always the number before: cancelled versions are skipped.
    pub base: u32,
    /// What a database looks like at this version.
    pub template: Arc<Template>,
    /// The steps from `base`.
    pub plan: Plan,
    /// How far it has come.
    pub state: VersionState,
    /// Hash of the template.
    pub hash: String,
}

/// A version as a push brings it. The number is given when it is stored.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The template's name.
    pub name: Name,
    /// The version the plan starts from, which must still be the latest; 0 for a new template.
    pub base: u32,
    /// The template.
    pub template: Arc<Template>,
    /// The steps from `base`.
    pub plan: Plan,
    /// Hash of the template.
    pub hash: String,
    /// The id its job will have.
    pub job: JobId,
}

/// A line of a template's history.
#[derive(Clone, Debug)]
pub struct VersionRecord {
    /// The number.
    pub version: u32,
    /// How far it has come.
    pub state: VersionState,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The job that brought it.
    pub job: JobId,
    /// Unix seconds.
    pub created_at: i64,
}

/// A job: one push over its template's databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// What it does: `push`.
    pub kind: String,
    /// The template.
    pub template: Name,
    /// The version it brings.
    pub version: u32,
    /// How far it has come.
    pub status: JobStatus,
    /// Databases it is to move.
    pub total: u64,
    /// Databases it has moved. A database that was deleted meanwhile counts too.
    pub done: u64,
    /// Databases it has set aside.
    pub failed: u64,
    /// The database that is moved before the version is released.
    pub canary: Option<DatabaseId>,
    /// Why it was cancelled.
    pub error: Option<(Code, String)>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub finished_at: Option<i64>,
}

/// A database that a job could not move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// Its id.
    pub database: DatabaseId,
    /// Its name.
    pub name: Name,
    /// What kind of failure.
    pub code: Code,
    /// What happened.
    pub detail: String,
}

/// A service key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The only database it reaches, where it is bound to one.
    pub database: Option<DatabaseId>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds from which on it is refused.
    pub expires_at: Option<i64>,
}

/// SHA-256 of a key.
pub(crate) type KeyHash = [u8; 32];
