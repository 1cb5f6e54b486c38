//! `atomicbase diff`: what a push would change. Changes nothing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::answers::{Change, Plan, read};
use crate::client::{Client, encode};
use crate::exit::Outcome;
use crate::print::Terminal;
use crate::schemas;
use crate::settings::Settings;
use crate::units::count;

/// Arguments of `diff`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DiffArgs {
    /// The schema file; without it, every *.schema.ts in the schemas' folder
    pub file: Option<PathBuf>,
}

pub(crate) fn run(
    args: &DiffArgs,
    settings: &Settings,
    folder: &Path,
    terminal: &mut Terminal,
) -> Outcome<()> {
    let files = schemas::load(settings.project(), folder, args.file.as_deref())?;
    let client = Client::new(&settings.connection()?);
    let mut answers = Vec::<Value>::new();
    for (i, file) in files.iter().enumerate() {
        let path = format!("/platform/templates/{}/diff", encode(&file.name));
        let answer = client.post(&path, &json!({ "template": file.template }))?;
        if i > 0 {
            terminal.say("");
        }
        show(terminal, &file.name, &read(&answer)?);
        answers.push(answer);
    }
    terminal.document(&json!({ "data": answers }));
    Ok(())
}

fn show(terminal: &mut Terminal, name: &str, plan: &Plan) {
    let from = match plan.from_version {
        Some(version) if plan.changes.is_empty() => {
            return terminal.say(&format!("Schema \"{name}\" v{version}: no changes."));
        }
        Some(version) => format!("v{version}"),
        None => "(new)".to_owned(),
    };
    terminal.say(&format!("Schema \"{name}\" {from} → v{}", plan.to_version));
    show_changes(terminal, &plan.changes);
    terminal.say("");
    terminal.say(&format!("A push would sync {}.", count(plan.databases, "tenant database")));
    if plan.destructive {
        terminal.trouble("It would lose data that cannot be restored; that needs --allow-destructive.");
    }
}

/// The list of changes, as `push` and `diff` print it.
pub(crate) fn show_changes(terminal: &mut Terminal, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    terminal.say("Changes:");
    for change in changes {
        terminal.change(&change.summary);
    }
}
