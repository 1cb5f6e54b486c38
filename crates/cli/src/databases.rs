//! `atomicbase databases`: the tenant databases.

use serde_json::json;

use crate::answers::{Database, read, time};
use crate::client::{Client, encode};
use crate::exit::{Exit, Failure, Outcome};
use crate::print::Terminal;
use crate::table::Table;

/// Verbs of `databases`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum DatabasesCommand {
    /// List tenant databases
    List {
        /// Only those of this template
        #[arg(long, short)]
        template: Option<String>,
        /// At most so many [default: all]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
    },
    /// Create a tenant database
    Create {
        /// Its name: lowercase letters, digits and hyphens
        name: String,
        /// The template it is created from
        #[arg(long, short)]
        template: String,
    },
    /// Delete a tenant database and its data; asks in a terminal
    Delete {
        /// Its name or id
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(crate) fn run(command: &DatabasesCommand, client: &Client, terminal: &mut Terminal) -> Outcome<()> {
    match command {
        DatabasesCommand::List { template, limit } => list(client, terminal, template.as_deref(), *limit),
        DatabasesCommand::Create { name, template } => create(client, terminal, name, template),
        DatabasesCommand::Delete { name, yes } => delete(client, terminal, name, *yes),
    }
}

fn list(client: &Client, terminal: &mut Terminal, template: Option<&str>, limit: Option<u32>) -> Outcome<()> {
    let query: Vec<(&str, &str)> = template.map(|template| ("template", template)).into_iter().collect();
    let entries = client.list("/platform/databases", &query, limit.map(|limit| limit as usize))?;
    let mut table = Table::new(&["NAME", "TEMPLATE", "VERSION", "STATUS", "CREATED"], &[0, 1]);
    for entry in &entries {
        let database: Database = read(entry)?;
        let version = format!("v{}", database.version);
        table.row([database.name, database.template, version, database.status, time(database.created_at)]);
    }
    if entries.is_empty() && !terminal.json() {
        terminal.say("No databases yet. `atomicbase databases create NAME --template TEMPLATE` makes one.");
        return Ok(());
    }
    terminal.table(&table);
    terminal.document(&json!({ "data": entries }));
    Ok(())
}

fn create(client: &Client, terminal: &mut Terminal, name: &str, template: &str) -> Outcome<()> {
    let answer = client.post("/platform/databases", &json!({ "name": name, "template": template }))?;
    let database: Database = read(&answer)?;
    terminal.success(&format!("Created {} from {} v{}", database.name, database.template, database.version));
    terminal.say_dim(&format!("  id {}", database.id));
    terminal.document(&answer);
    Ok(())
}

fn delete(client: &Client, terminal: &mut Terminal, name: &str, yes: bool) -> Outcome<()> {
    if !yes && terminal.asks() && !terminal.confirms(&format!("Delete {name} and all its data?")) {
        return Err(Failure::new(Exit::Destructive, "Not deleted; nothing was changed."));
    }
    client.delete(&format!("/platform/databases/{}", encode(name)))?;
    terminal.success(&format!("Deleted {name}"));
    terminal.document(&json!({ "deleted": name }));
    Ok(())
}
