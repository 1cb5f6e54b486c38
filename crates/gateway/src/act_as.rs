//! `Act-As: role=viewer; user=usr_…` or `anonymous`: a key asks with another caller's rights, and gets exactly these.

use atomicbase_core::{Caller, Code, DatabaseId, Problem, Subject, closest, shown};
use axum::http::HeaderMap;
use directory::Settings;

use crate::Gateway;

impl Gateway {
    /// The caller that `key` acts as; `None` without the header.
    pub(crate) async fn act_as(&self, key: &Caller, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let mut values = headers.get_all("act-as").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let Caller::Key { database, .. } = key else {
            return Err(Problem::new(Code::Unauthenticated, "`Act-As` needs a service key.")
                .hint("Send `Authorization: Bearer atb_sk_…` with it."));
        };
        let text = value.to_str().map_err(|_| invalid("it holds a character that no header may hold"))?;
        if values.next().is_some() {
            return Err(invalid("it is sent more than once"));
        }
        read(text, database.clone(), &*self.directory.settings().await?).map(Some)
    }
}

/// The caller that the header names; it reaches no further than the key.
fn read(text: &str, database: Option<DatabaseId>, settings: &Settings) -> Result<Caller, Problem> {
    if text.trim() == Subject::ANONYMOUS {
        return Ok(Caller::Anonymous);
    }
    let (mut user, mut role, mut organization) = (None, None, None);
    for part in text.split(';') {
        let (name, value) =
            part.trim().split_once('=').ok_or_else(|| invalid("a part is not `name=value`"))?;
        let slot = match name.trim() {
            "user" => &mut user,
            "role" => &mut role,
            "org" => &mut organization,
            _ => return Err(invalid("its parts are `user`, `org` and `role`")),
        };
        if slot.replace(value.trim()).is_some() {
            return Err(invalid("a part stands twice"));
        }
    }
    let Some(role) = role else {
        let who = shown(user.or(organization).unwrap_or_default());
        return Err(Problem::new(Code::NotFound, format!("There is no user or organization `{who}`."))
            .hint("With `role=` the user's id is taken as given: `Act-As: role=member; user=usr_…`."));
    };
    if organization.is_some() {
        return Err(invalid("`role` and `org` exclude each other"));
    }
    if !settings.roles().any(|known| known == role) {
        return Err(no_role(role, settings));
    }
    let subject = Subject { user: user.map(str::to_owned), organization: None, role: Some(role.to_owned()) };
    Ok(Caller::Subject { subject, database })
}

fn no_role(role: &str, settings: &Settings) -> Problem {
    let problem = Problem::new(Code::InvalidQuery, format!("`Act-As`: there is no role `{}`.", shown(role)));
    if role == Subject::ANONYMOUS {
        return problem.hint("Write `Act-As: anonymous`.");
    }
    match closest(role, settings.roles()) {
        Some(meant) => problem.hint(format!("Did you mean `{meant}`?")),
        None => {
            let known: Vec<&str> = settings.roles().collect();
            problem.hint(format!("The roles are {}.", known.join(", ")))
        }
    }
}

fn invalid(why: &str) -> Problem {
    Problem::new(Code::InvalidQuery, format!("`Act-As` is not valid: {why}."))
        .hint("Write `Act-As: role=viewer; user=usr_…` or `Act-As: anonymous`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acting(value: &str) -> Result<Caller, Problem> {
        let roles = serde_json::from_str(r#"{"editor": {}}"#).unwrap();
        read(value, None, &Settings { roles: Some(roles), ..Settings::default() })
    }

    #[test]
    fn a_role_is_taken_as_given() {
        for role in ["viewer", "editor"] {
            let Caller::Subject { subject, .. } = acting(&format!("role={role}; user=usr_1")).unwrap() else {
                panic!("{role} is a subject");
            };
            assert_eq!((subject.role.as_deref(), subject.user.as_deref()), (Some(role), Some("usr_1")));
        }
        assert_eq!(acting("anonymous").unwrap(), Caller::Anonymous);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "viewer",
            "role=viewer; role=owner",
            "role=root",
            "role=anonymous",
            "role=viewer; org=a",
            "name=x; role=viewer",
        ] {
            assert_eq!(acting(bad).unwrap_err().code(), Code::InvalidQuery, "{bad}");
        }
        assert_eq!(acting("user=usr_1; org=acme").unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn the_hint_knows_the_projects_own_roles() {
        assert_eq!(acting("role=editr").unwrap_err().hint_text(), Some("Did you mean `editor`?"));
        let known = acting("role=root").unwrap_err();
        assert_eq!(known.hint_text(), Some("The roles are owner, admin, member, viewer, editor."));
        assert_eq!(acting("role=anonymous").unwrap_err().hint_text(), Some("Write `Act-As: anonymous`."));
    }
}
