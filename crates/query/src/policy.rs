//! Policies proved when they are pushed: read by the reader that will enforce them.

use atomicbase_core::{Caller, FieldError, Limits, Scopes};
use schema::{RolePolicy, Rule, Template};

use super::fault::Place;
use super::filter::policy;
use super::scope::Scope;
use super::view::View;

/// Every fault of a template's policies: names that no table has, operators and values that do not fit.
#[must_use]
pub fn check_policies(template: &Template, limits: &Limits) -> Vec<FieldError> {
    let key = Caller::Key { id: None, scopes: Scopes::ALL, database: None };
    let scope = Scope::new(template, limits, &key, "", &[0; 32]);
    let mut faults = Vec::new();
    for (name, roles) in template.policies.iter().flat_map(|policies| &policies.0) {
        let Some(table) = template.table(name) else { continue };
        for (role, policy) in roles {
            let RolePolicy::Rules(rules) = policy else { continue };
            let same = rules.update.using == rules.update.check;
            let check = if same { &Rule::Always } else { &rules.update.check };
            for (operation, rule) in [
                ("select", &rules.select),
                ("insert", &rules.insert),
                (if same { "update" } else { "update.using" }, &rules.update.using),
                ("update.check", check),
                ("delete", &rules.delete),
            ] {
                let path = format!("policies.{name}.{role}.{operation}");
                faults.extend(check_rule(&scope, View::whole(table), rule, &path));
            }
        }
    }
    faults
}

fn check_rule(scope: &Scope<'_>, view: View<'_>, rule: &Rule, path: &str) -> Vec<FieldError> {
    let Rule::When(conditions) = rule else { return Vec::new() };
    match policy(scope, view, conditions, &Place::Start(path)) {
        Ok(_) => Vec::new(),
        Err(problem) if problem.errors().is_empty() => {
            vec![FieldError { path: path.to_owned(), message: problem.detail().to_owned() }]
        }
        Err(problem) => problem.errors().to_vec(),
    }
}
