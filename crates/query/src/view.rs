//! A table as its caller may see it: a hidden column does not exist, and what a role may not do is refused.
//! Policies are the template's; which rows they mean is read in `filter`.

use atomicbase_core::{Caller, Code, Problem};
use schema::{Column, RolePolicy, Rule, Rules, Table, Template};

use super::fault::{Fault, Place, did_you_mean, shown};

/// A table with its caller's rights.
#[derive(Clone, Copy, Debug)]
pub struct View<'t> {
    /// The table.
    pub table: &'t Table,
    access: Access<'t>,
}

#[derive(Clone, Copy, Debug)]
enum Access<'t> {
    /// A service key, a direct grant, a role that may do all.
    Everything,
    /// A viewer, where the table has no policies.
    ReadOnly,
    /// A role that is not named.
    Nothing {
        anonymous: bool,
    },
    Rules(&'t Rules),
}

/// What is done with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Select,
    Insert,
    Update,
    Delete,
}

static ALWAYS: Rule = Rule::Always;
static NEVER: Rule = Rule::Never;

impl<'t> View<'t> {
    /// The table as `caller` sees it.
    #[must_use]
    pub fn of(template: &'t Template, table: &'t Table, caller: &Caller) -> Self {
        Self { table, access: access(template, table, caller) }
    }

    /// The table as a policy sees it: whole.
    pub(super) fn whole(table: &'t Table) -> Self {
        Self { table, access: Access::Everything }
    }

    /// Whether its rows may be read at all.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        *self.using(Action::Select) != Rule::Never
    }

    /// Whether some of its rows are hidden.
    pub(super) fn hides_rows(&self) -> bool {
        matches!(self.using(Action::Select), Rule::When(_))
    }

    /// Whether some of the columns that its full-text search is over are hidden.
    pub(super) fn hides_searched(&self) -> bool {
        let searched = self.table.fts.iter().flat_map(|fts| &fts.columns);
        searched.into_iter().any(|name| self.hidden().contains(name))
    }

    /// The columns that are there.
    pub fn columns(&self) -> impl Iterator<Item = &'t Column> + use<'t> {
        let hidden = self.hidden();
        self.table.columns.iter().filter(move |column| !hidden.contains(&column.name))
    }

    /// Whether this column of the table is there.
    #[must_use]
    pub fn shows(&self, column: &Column) -> bool {
        !self.hidden().contains(&column.name)
    }

    /// The column of this name, where it is there.
    pub(super) fn column(&self, name: &str) -> Option<&'t Column> {
        self.table.column(name).filter(|column| self.shows(column))
    }

    /// The column of this name, or its refusal.
    pub(super) fn find(&self, name: &str, place: &Place<'_>) -> Result<&'t Column, Problem> {
        self.column(name).ok_or_else(|| self.unknown_column(name, place))
    }

    pub(super) fn unknown_column(&self, name: &str, place: &Place<'_>) -> Problem {
        let message = format!("`{}` has no column `{}`.", self.table.name, shown(name));
        let problem = Fault::at(Code::ColumnNotFound, place, message);
        let names: Vec<&str> = self.columns().map(|column| column.name.as_str()).collect();
        did_you_mean(problem, name, names.iter().copied())
    }

    /// The rows that an action may touch. An insert touches none.
    pub(super) fn using(&self, action: Action) -> &'t Rule {
        match (self.access, action) {
            (Access::Everything, _) | (Access::ReadOnly, Action::Select) => &ALWAYS,
            (Access::ReadOnly | Access::Nothing { .. }, _) => &NEVER,
            (Access::Rules(rules), Action::Select) => &rules.select,
            (Access::Rules(rules), Action::Insert) => &rules.insert,
            (Access::Rules(rules), Action::Update) => &rules.update.using,
            (Access::Rules(rules), Action::Delete) => &rules.delete,
        }
    }

    /// The rows that may result from an insert or an update.
    pub(super) fn check(&self, action: Action) -> &'t Rule {
        match (self.access, action) {
            (Access::Rules(rules), Action::Update) => &rules.update.check,
            _ => self.using(action),
        }
    }

    /// Refuses a table of which the caller may read nothing.
    ///
    /// # Errors
    /// `FORBIDDEN`, or `UNAUTHENTICATED` where the caller is nobody in particular.
    pub fn require_visible(&self) -> Result<(), Problem> {
        self.require(Action::Select, &Place::Start(""))
    }

    /// Refuses what the caller may do with no row at all.
    pub(super) fn require(&self, action: Action, place: &Place<'_>) -> Result<(), Problem> {
        if *self.using(action) != Rule::Never && *self.check(action) != Rule::Never {
            return Ok(());
        }
        let verb = match action {
            Action::Select => "read",
            Action::Insert => "insert into",
            Action::Update => "update",
            Action::Delete => "delete from",
        };
        if matches!(self.access, Access::Nothing { anonymous: true }) {
            let message = format!("Nobody may {verb} `{}` without a key or a session.", self.table.name);
            return Err(
                Fault::at(Code::Unauthenticated, place, message).hint("Send `Authorization: Bearer …`.")
            );
        }
        let message = format!("This caller may not {verb} `{}`.", self.table.name);
        let hint = match self.access {
            Access::ReadOnly => "Writing needs the role owner, admin or member.",
            _ => "The caller's role needs a policy of the table that allows it.",
        };
        Err(Fault::at(Code::Forbidden, place, message).hint(hint))
    }

    pub(super) fn hidden(&self) -> &'t [String] {
        match self.access {
            Access::Rules(rules) => &rules.hidden,
            _ => &[],
        }
    }
}

/// The seed's table where the table has no policies; else what they say.
fn access<'t>(template: &'t Template, table: &Table, caller: &Caller) -> Access<'t> {
    let (role, anonymous) = match caller {
        Caller::Key { .. } => return Access::Everything,
        Caller::Subject { subject, .. } => match subject.role.as_deref() {
            None => return Access::Everything,
            Some(role) => (role, false),
        },
        Caller::Anonymous => ("anonymous", true),
    };
    let Some(policies) = template.policies.as_ref().and_then(|policies| policies.table(&table.name)) else {
        return match role {
            "owner" | "admin" | "member" => Access::Everything,
            "viewer" => Access::ReadOnly,
            _ => Access::Nothing { anonymous },
        };
    };
    match policies.get(role) {
        Some(RolePolicy::All) => Access::Everything,
        Some(RolePolicy::Rules(rules)) => Access::Rules(rules),
        None if role == "owner" => Access::Everything,
        None => Access::Nothing { anonymous },
    }
}
