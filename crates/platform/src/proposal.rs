//! A template that somebody wants: read, compared with the latest version, planned, and proved.
//! Stores nothing; after it a push can still fail on a database's rows, but not on its SQL.

use std::sync::Arc;

use atomicbase_core::{Code, FieldError, JobId, Name, Problem, Subject, closest, shown};
use directory::{NewVersion, Settings, TemplateRecord, TemplateVersion};
use schema::{Plan, Template, TemplateJson};

use crate::Platform;
use crate::proof::{invalid, prove_steps, prove_template};

/// A template that can be pushed.
pub(crate) struct Proposal {
    pub name: Name,
    pub template: Arc<Template>,
    pub hash: String,
    /// What it would follow; `None` where there is no such template yet.
    pub base: Option<Base>,
    pub plan: Plan,
}

/// The version that a proposal starts from.
pub(crate) struct Base {
    pub record: Arc<TemplateRecord>,
    pub version: Arc<TemplateVersion>,
}

impl Proposal {
    /// Whether the latest version is the same already.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.version.hash == self.hash)
    }

    /// The number of the version it starts from.
    pub(crate) fn base_version(&self) -> Option<u32> {
        self.base.as_ref().map(|base| base.version.version)
    }

    /// Refuses to lose data that nobody said may go.
    pub(crate) fn allow(&self, allow_destructive: bool) -> Result<(), Problem> {
        let lost = self.plan.changes.iter().filter(|change| change.destructive);
        let lost: Vec<_> =
            lost.map(|change| FieldError { path: change.path(), message: change.summary.clone() }).collect();
        if lost.is_empty() || allow_destructive {
            return Ok(());
        }
        Err(Problem::new(Code::DestructiveChange, "The push would lose data, and no copy of it is kept.")
            .hint(
                "If the data may go, send `allow_destructive: true` (`atomicbase push --allow-destructive`).",
            )
            .with_errors(lost))
    }

    /// The version to be stored.
    pub(crate) fn version(&self) -> NewVersion {
        NewVersion {
            name: self.name.clone(),
            base: self.base_version().unwrap_or(0),
            template: Arc::clone(&self.template),
            plan: self.plan.clone(),
            hash: self.hash.clone(),
            job: JobId::new(),
        }
    }
}

impl Platform {
    /// Reads and proves a template that is to be pushed: its policies name only roles that there are.
    pub(crate) async fn propose_push(&self, name: &str, json: TemplateJson) -> Result<Proposal, Problem> {
        let settings = self.directory.settings().await?;
        self.propose_with(name, json, Some(settings)).await
    }

    /// Reads and proves a template that follows the latest version of its name. Settings come with a push and before it, so that
    /// roles are not looked at here.
    pub(crate) async fn propose(&self, name: &str, json: TemplateJson) -> Result<Proposal, Problem> {
        self.propose_with(name, json, None).await
    }

    /// Refuses policies that name a role that the settings do not have.
    pub(crate) async fn check_roles(&self, template: &Template) -> Result<(), Problem> {
        check_roles(template, &*self.directory.settings().await?)
    }

    async fn propose_with(
        &self,
        name: &str,
        json: TemplateJson,
        settings: Option<Arc<Settings>>,
    ) -> Result<Proposal, Problem> {
        let base = match self.directory.find_template(name).await? {
            None => None,
            Some(record) => {
                let version = self.directory.find_version(name, record.latest).await?;
                Some(Base { record, version })
            }
        };
        let name = name.to_owned();
        // Reading and proving a large template takes a while of CPU; other requests of this thread do not wait for it.
        let proposed = tokio::task::spawn_blocking(move || {
            let (name, template) = read(&name, json)?;
            if let Some(settings) = settings {
                check_roles(&template, &settings)?;
            }
            prepare(name, template, base)
        });
        proposed.await.map_err(Problem::internal)?
    }
}

/// Reads a template and its name.
fn read(name: &str, json: TemplateJson) -> Result<(Name, Template), Problem> {
    let template = json.parse().map_err(invalid)?;
    if template.name != name {
        return Err(invalid(vec![FieldError {
            path: "name".to_owned(),
            message: format!("is `{}`, but the address says `{}`", template.name, shown(name)),
        }]));
    }
    let name = Name::parse(name)
        .map_err(|error| invalid(vec![FieldError { path: "name".to_owned(), message: error.to_string() }]))?;
    Ok((name, template))
}

fn check_roles(template: &Template, settings: &Settings) -> Result<(), Problem> {
    let known = || settings.roles().chain([Subject::ANONYMOUS]);
    let tables = template.policies.iter().flat_map(|policies| &policies.0);
    let named = tables.flat_map(|(table, roles)| roles.keys().map(move |role| (table, role)));
    let unknown: Vec<_> = named.filter(|(_, role)| !known().any(|known| known == *role)).collect();
    let Some((_, first)) = unknown.first() else { return Ok(()) };
    let add = "add it to `roles` in atomicbase.config.ts";
    let hint = match closest(first, known()) {
        Some(meant) => format!("Did you mean `{meant}`? If `{first}` is a role of its own, {add}."),
        None => format!("If `{first}` is a role of your project, {add}."),
    };
    let fault = |(table, role): &(&String, &String)| FieldError {
        path: format!("policies.{table}.{role}"),
        message: format!("there is no role `{role}`"),
    };
    Err(invalid(unknown.iter().map(fault).collect()).hint(hint))
}

fn prepare(name: Name, template: Template, base: Option<Base>) -> Result<Proposal, Problem> {
    let hash = template.hash();
    let mut proposal = Proposal { name, template: Arc::new(template), hash, base, plan: Plan::default() };
    if !proposal.is_unchanged() {
        let old = proposal.base.as_ref().map(|base| &*base.version.template);
        prove_template(&proposal.template)?;
        proposal.plan = plan(old, &proposal.template)?;
    }
    Ok(proposal)
}

fn plan(old: Option<&Template>, new: &Template) -> Result<Plan, Problem> {
    let plan = schema::plan(old, new).map_err(|unsupported| {
        let refused = unsupported.refused.iter();
        let refused =
            refused.map(|change| FieldError { path: change.path(), message: change.summary.clone() });
        Problem::new(Code::ChangeNotSupported, format!("The push is refused: {unsupported}."))
            .hint("Nothing was changed. Leave these changes out, or make a new table or column instead.")
            .with_errors(refused.collect())
    })?;
    let steps: Vec<String> = plan.steps.iter().map(|step| step.sql.clone()).collect();
    prove_steps(old, &steps)?;
    Ok(plan)
}
