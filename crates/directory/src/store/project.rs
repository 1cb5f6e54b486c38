//! Statements about the project's one row.

use db::Statement;

/// Makes the row where there is none; whoever comes second finds the first one's.
pub(crate) fn insert(secret: [u8; 32]) -> Statement {
    Statement::new(
        "INSERT INTO project (id, secret) VALUES (1, ?1) ON CONFLICT DO NOTHING",
        vec![secret.to_vec().into()],
    )
}

pub(crate) fn secret() -> Statement {
    Statement::query("SELECT secret FROM project", vec![])
}

pub(crate) fn settings() -> Statement {
    Statement::query("SELECT settings FROM project", vec![])
}

macro_rules! missing_role {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM policy_roles
              WHERE role IN (SELECT role FROM project_roles EXCEPT SELECT key FROM json_each(?1, '$.roles'))"
        )
    };
}

/// A role that these settings no longer have although policies name it, and whose policies.
pub(crate) fn missing_role(document: &str) -> Statement {
    Statement::query(
        concat!(missing_role!("template, role"), " ORDER BY template, role LIMIT 1"),
        vec![document.into()],
    )
}

/// Nothing where a role would be missing.
pub(crate) fn replace_settings(document: &str) -> Statement {
    Statement::new(
        concat!("UPDATE project SET settings = ?1 WHERE NOT EXISTS (", missing_role!("1"), ")"),
        vec![document.into()],
    )
}
