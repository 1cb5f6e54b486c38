//! `atomicbase templates`: the schema templates and their versions.

use crate::answers::{List, TemplateSummary, Version, read, time};
use crate::client::{Client, encode};
use crate::exit::Outcome;
use crate::print::Terminal;
use crate::table::Table;

/// Verbs of `templates`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum TemplatesCommand {
    /// List templates
    List,
    /// Show a template's versions and what each changed, newest first
    History {
        /// The template's name
        name: String,
    },
}

pub(crate) fn run(command: &TemplatesCommand, client: &Client, terminal: &mut Terminal) -> Outcome<()> {
    match command {
        TemplatesCommand::List => list(client, terminal),
        TemplatesCommand::History { name } => history(client, terminal, name),
    }
}

fn list(client: &Client, terminal: &mut Terminal) -> Outcome<()> {
    let answer = client.get("/platform/templates")?;
    let entries = read::<List>(&answer)?.data;
    let mut table = Table::new(&["NAME", "VERSION", "DATABASES", "CREATED"], &[0]);
    for entry in &entries {
        let template: TemplateSummary = read(entry)?;
        let version = match (template.version, template.latest_version) {
            (0, latest) => format!("v{latest} not released"),
            (version, latest) if latest > version => format!("v{version} (latest v{latest})"),
            (version, _) => format!("v{version}"),
        };
        table.row([template.name, version, template.databases.to_string(), time(template.created_at)]);
    }
    if entries.is_empty() && !terminal.json() {
        terminal.say("No templates yet. `atomicbase push` stores the first.");
        return Ok(());
    }
    terminal.table(&table);
    terminal.document(&answer);
    Ok(())
}

fn history(client: &Client, terminal: &mut Terminal, name: &str) -> Outcome<()> {
    let answer = client.get(&format!("/platform/templates/{}/history", encode(name)))?;
    for version in read::<List>(&answer)?.data {
        let version: Version = read(&version)?;
        let job = version.job_id.as_deref().unwrap_or("-");
        terminal.say(&format!(
            "v{}  {}  {}  {job}",
            version.version,
            version.state,
            time(version.created_at)
        ));
        for change in &version.changes {
            terminal.change(&change.summary);
        }
    }
    terminal.document(&answer);
    Ok(())
}
