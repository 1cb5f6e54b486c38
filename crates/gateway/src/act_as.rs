//! `Act-As: role=viewer; user=usr_…` or `anonymous`: a key asks with another caller's rights, and gets exactly these.

use atomicbase_core::{Caller, Code, Problem, Subject, closest};
use axum::http::HeaderMap;

/// The caller that `key` acts as: itself without the header.
pub(crate) fn act_as(key: Caller, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut values = headers.get_all("act-as").iter();
    let Some(value) = values.next() else { return Ok(key) };
    let Caller::Key { database, .. } = key else {
        return Err(Problem::new(Code::Unauthenticated, "`Act-As` needs a service key.")
            .hint("Send `Authorization: Bearer atb_sk_…` with it."));
    };
    let text = value.to_str().map_err(|_| invalid("it holds a character that no header may hold"))?;
    if values.next().is_some() {
        return Err(invalid("it is sent more than once"));
    }
    if text.trim() == "anonymous" {
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
        let who = user.or(organization).unwrap_or_default();
        return Err(Problem::new(Code::NotFound, format!("There is no user or organization `{who}`."))
            .hint("With `role=` the user's id is taken as given: `Act-As: role=member; user=usr_…`."));
    };
    if organization.is_some() {
        return Err(invalid("`role` and `org` exclude each other"));
    }
    if !Subject::ROLES.contains(&role) {
        let known = Subject::ROLES.join(", ");
        let problem = Problem::new(Code::InvalidQuery, format!("`Act-As`: there is no role `{role}`."));
        return Err(match closest(role, Subject::ROLES) {
            Some(meant) => problem.hint(format!("Did you mean `{meant}`?")),
            None => problem.hint(format!("The roles are {known}.")),
        });
    }
    let subject = Subject { user: user.map(str::to_owned), role: Some(role.to_owned()) };
    Ok(Caller::Subject { subject, database })
}

fn invalid(why: &str) -> Problem {
    Problem::new(Code::InvalidQuery, format!("`Act-As` is not valid: {why}."))
        .hint("Write `Act-As: role=viewer; user=usr_…` or `Act-As: anonymous`.")
}

#[cfg(test)]
mod tests {
    use atomicbase_core::{DataAccess, Scopes};

    use super::*;

    fn acting(value: &str) -> Result<Caller, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("act-as", value.parse().unwrap());
        act_as(Caller::Key { id: None, scopes: Scopes::ALL, database: None }, &headers)
    }

    #[test]
    fn a_role_is_taken_as_given() {
        let caller = acting("role=viewer; user=usr_1").unwrap();
        assert_eq!(caller.data_access().unwrap(), DataAccess::Read);
        assert_eq!(acting("anonymous").unwrap(), Caller::Anonymous);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "viewer",
            "role=viewer; role=owner",
            "role=root",
            "role=viewer; org=a",
            "name=x; role=viewer",
        ] {
            assert_eq!(acting(bad).unwrap_err().code(), Code::InvalidQuery, "{bad}");
        }
        assert_eq!(acting("user=usr_1; org=acme").unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn nobody_but_a_key_acts() {
        let mut headers = HeaderMap::new();
        headers.insert("act-as", "role=owner".parse().unwrap());
        assert_eq!(act_as(Caller::Anonymous, &headers).unwrap_err().code(), Code::Unauthenticated);
    }
}
