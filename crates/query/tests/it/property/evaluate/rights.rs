//! What a caller may do and see, by the product's section on roles and policies.

use atomicbase_core::Caller;
use schema::{RolePolicy, Rule, Rules, Table, Template, UpdateRule};
use serde_json::Value;

use super::World;

impl<'a> World<'a> {
    /// The rules for a table: the policies' or, of a table without, those of every project.
    pub(crate) fn rules(&self, table: &Table) -> Rules {
        if self.policies { rules(self.template, self.caller, &table.name) } else { everything() }
    }

    /// Whether a rule allows a row. Its conditions see every row and column there is.
    pub(super) fn allows(&self, rule: &Rule, table: &Table, row: &Value) -> bool {
        match rule {
            Rule::Never => false,
            Rule::Always => true,
            Rule::When(conditions) => {
                let whole = self.whole();
                conditions.iter().all(|condition| whole.holds(table, row, condition))
            }
        }
    }

    pub(super) fn sees(&self, table: &Table, row: &Value) -> bool {
        self.allows(&self.rules(table).select, table, row)
    }

    pub(super) fn is_hidden(&self, table: &str, column: &str) -> bool {
        self.policies && rules(self.template, self.caller, table).hidden.iter().any(|hidden| hidden == column)
    }

    /// The columns that exist for the caller, in the template's order.
    pub(super) fn columns<'t>(&self, table: &'t Table) -> Vec<&'t str> {
        let names = table.columns.iter().map(|column| column.name.as_str());
        names.filter(|name| !self.is_hidden(&table.name, name)).collect()
    }

    /// The columns that a search looks into.
    pub(super) fn searched(&self, table: &Table) -> Vec<String> {
        let searched = table.fts.iter().flat_map(|fts| &fts.columns);
        searched.filter(|name| !self.is_hidden(&table.name, name)).cloned().collect()
    }

    /// What a condition of a policy knows of the caller.
    pub(super) fn of_caller(&self, what: &str) -> Option<&'a str> {
        let Caller::Subject { subject, .. } = self.caller else { return None };
        match what {
            "user_id" => subject.user.as_deref(),
            "organization_id" => subject.organization.as_deref(),
            "role" => subject.role.as_deref(),
            other => panic!("{other}"),
        }
    }
}

fn everything() -> Rules {
    let always = || Rule::Always;
    let update = UpdateRule { using: Rule::Always, check: Rule::Always };
    Rules { select: always(), insert: always(), update, delete: always(), hidden: Vec::new() }
}

pub(crate) fn rules(template: &Template, caller: &Caller, table: &str) -> Rules {
    let role = match caller {
        Caller::Key { .. } => return everything(),
        Caller::Subject { subject, .. } => match &subject.role {
            Some(role) => role.as_str(),
            None => return everything(),
        },
        Caller::Anonymous => "anonymous",
    };
    let Some(policies) = template.policies.as_ref().and_then(|policies| policies.table(table)) else {
        return match role {
            "owner" | "admin" | "member" => everything(),
            "viewer" => Rules { select: Rule::Always, ..Rules::default() },
            _ => Rules::default(),
        };
    };
    match policies.get(role) {
        Some(RolePolicy::All) => everything(),
        Some(RolePolicy::Rules(rules)) => (**rules).clone(),
        None if role == "owner" => everything(),
        None => Rules::default(),
    }
}

/// The template without what a caller does not know, and the tables that it may not select.
pub(crate) fn known(template: &Template, caller: &Caller) -> (Template, Vec<String>) {
    let hidden = |table: &str, column: &str| {
        rules(template, caller, table).hidden.iter().any(|hidden| hidden == column)
    };
    let mut known = template.clone();
    for table in &mut known.tables {
        let Table { name, columns, unique, fts, .. } = table;
        columns.retain(|column| !hidden(name, &column.name));
        for column in columns {
            column.references =
                column.references.take().filter(|reference| !hidden(&reference.table, &reference.column));
        }
        unique.retain(|set| !set.iter().any(|column| hidden(name, column)));
        if let Some(fts) = fts {
            fts.columns.retain(|column| !hidden(name, column));
        }
    }
    let names = template.tables.iter().map(|table| &table.name);
    let closed = names.filter(|name| rules(template, caller, name).select == Rule::Never).cloned();
    (known, closed.collect())
}
