//! Who makes a request and what that allows. Filled by `gateway`; `Act-As` and (later) sessions make the same `Subject`.

use crate::{Code, DatabaseId, KeyId, Problem};

/// What a service key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Templates, databases, jobs, keys.
    Platform,
    /// Users and organizations.
    Auth,
    /// Rows of tenant databases.
    Data,
    /// Files.
    Storage,
    /// Usage and invoices.
    Billing,
}

impl Scope {
    /// Every scope with its name on the wire.
    pub const ALL: [(Scope, &'static str); 5] = [
        (Scope::Platform, "platform"),
        (Scope::Auth, "auth"),
        (Scope::Data, "data"),
        (Scope::Storage, "storage"),
        (Scope::Billing, "billing"),
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope there is and will be.
    pub const ALL: Scopes = Scopes(u8::MAX);

    /// Reads scopes by name; the first unknown name is the error.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names.into_iter().try_fold(Scopes(0), |set, name| {
            let (scope, _) = Scope::ALL.iter().find(|(_, known)| *known == name).ok_or(name)?;
            Ok(Scopes(set.0 | 1 << *scope as u8))
        })
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// The names in the set.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Scope::ALL.iter().filter(|(scope, _)| self.contains(*scope)).map(|(_, name)| *name).collect()
    }
}

/// Somebody whose rights come from a role or a grant, not from a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The user's id (`usr_…`), where one is known.
    pub user: Option<String>,
    /// The id of the organization through which the database is reached (`org_…`), where there is one.
    pub organization: Option<String>,
    /// The role on the database's organization; `None` is a direct grant: everything.
    pub role: Option<String>,
}

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A service key, within its scopes and, where bound, its one database.
    Key {
        /// The key's id; `None` is the bootstrap key.
        id: Option<KeyId>,
        /// What it may be used for.
        scopes: Scopes,
        /// The only database it reaches, where it is bound to one.
        database: Option<DatabaseId>,
    },
    /// A user, or a role that a key acts as.
    Subject {
        /// Who, and in which role.
        subject: Subject,
        /// The only database reached, inherited from the key that acts.
        database: Option<DatabaseId>,
    },
    /// Nobody in particular.
    Anonymous,
}

impl Caller {
    /// The caller as a key with `scope`, or why not.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        match self {
            Caller::Key { scopes, .. } if scopes.contains(scope) => Ok(()),
            Caller::Key { .. } => {
                Err(Problem::new(Code::Forbidden, format!("This key lacks the scope `{}`.", scope.as_str()))
                    .hint("Use a key that was created with this scope."))
            }
            Caller::Subject { .. } => Err(Problem::new(Code::Forbidden, "Only a service key may do this.")
                .hint("Send the request without `Act-As`.")),
            Caller::Anonymous => Err(unauthenticated()),
        }
    }

    /// The only database this caller reaches, where it is bound to one.
    #[must_use]
    pub fn bound_database(&self) -> Option<&DatabaseId> {
        match self {
            Caller::Key { database, .. } | Caller::Subject { database, .. } => database.as_ref(),
            Caller::Anonymous => None,
        }
    }
}

/// The roles every project has.
impl Subject {
    /// Names of the built-in roles, highest first.
    pub const ROLES: [&'static str; 4] = ["owner", "admin", "member", "viewer"];
    /// What policies call [`Caller::Anonymous`]. Nobody has it as a role.
    pub const ANONYMOUS: &'static str = "anonymous";
}

/// What meets a caller without a key where one is needed.
#[must_use]
pub fn unauthenticated() -> Problem {
    Problem::new(Code::Unauthenticated, "This needs a service key.")
        .hint("Send `Authorization: Bearer atb_sk_…`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_named() {
        let scopes = Scopes::parse(["data", "platform"]).unwrap();
        assert!(scopes.contains(Scope::Data) && !scopes.contains(Scope::Billing));
        assert_eq!(scopes.names(), ["platform", "data"]);
        assert_eq!(Scopes::parse(["data", "root"]), Err("root"));
    }

    #[test]
    fn a_scope_is_a_keys() {
        let subject = Subject { user: None, organization: None, role: None };
        let subject = Caller::Subject { subject, database: None };
        assert_eq!(subject.require(Scope::Platform).unwrap_err().code(), Code::Forbidden);
        assert_eq!(Caller::Anonymous.require(Scope::Data).unwrap_err().code(), Code::Unauthenticated);
    }
}
