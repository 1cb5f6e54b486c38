//! `atomicbase push`: brings every tenant database of a template to what the schema file says.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use crate::answers::{Change, Plan, Pushed, read};
use crate::client::{Client, encode};
use crate::diff::show_changes;
use crate::exit::{Exit, Failure, FieldError, Outcome};
use crate::follow::{follow, judge};
use crate::print::Terminal;
use crate::project_settings::{self, Sending};
use crate::schemas::{self, SchemaFile};
use crate::settings::Settings;
use crate::units::count;

/// Arguments of `push`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PushArgs {
    /// The schema file; without it, every *.schema.ts in the schemas' folder
    pub file: Option<PathBuf>,
    /// Answer yes to every question, except whether data may be lost
    #[arg(long, short)]
    pub yes: bool,
    /// Allow changes that lose data (dropped tables and columns); this version keeps no copy of it
    #[arg(long)]
    pub allow_destructive: bool,
    /// Print the job's id and return, instead of waiting for its end
    #[arg(long)]
    pub detach: bool,
}

pub(crate) fn run(
    args: &PushArgs,
    settings: &Settings,
    folder: &Path,
    terminal: &mut Terminal,
) -> Outcome<()> {
    let files = schemas::load(settings.project(), folder, args.file.as_deref())?;
    let client = Client::new(&settings.connection()?);
    let mut sending = match &settings.for_server {
        Some(wanted) => project_settings::send(&client, wanted, terminal)?,
        None => Sending::default(),
    };
    let mut results = Vec::new();
    for (i, file) in files.iter().enumerate() {
        if i > 0 || sending.changed.is_some() {
            terminal.say("");
        }
        if let Err(failure) = push(args, &client, file, terminal, &mut results) {
            note_the_rest(&files[i + 1..], terminal);
            return Err(failure.after(document(&results, &sending)));
        }
    }
    sending.finish(&client, terminal).map_err(|failure| failure.after(document(&results, &sending)))?;
    terminal.document(&document(&results, &sending));
    Ok(())
}

fn document(results: &[Value], sending: &Sending) -> Value {
    let mut document = json!({ "data": results });
    if let Some(settings) = &sending.changed {
        document["settings"] = settings.clone();
    }
    document
}

fn push(
    args: &PushArgs,
    client: &Client,
    file: &SchemaFile,
    terminal: &mut Terminal,
    results: &mut Vec<Value>,
) -> Outcome<()> {
    let path = format!("/platform/templates/{}", encode(&file.name));
    let plan: Plan = read(&client.post(&format!("{path}/diff"), &json!({ "template": file.template }))?)?;
    if !plan.changes.is_empty() {
        announce(terminal, &file.name, plan.from_version, plan.to_version, &plan.changes);
    }
    let allowed = args.allow_destructive || !plan.destructive || may_lose(&plan, terminal)?;
    let started = Instant::now();
    let body = json!({ "template": file.template, "allow_destructive": allowed && plan.destructive });
    let answer = client.post(&format!("{path}/push"), &body)?;
    let pushed: Pushed = read(&answer)?;

    let mut result = json!({ "template": file.name });
    merge(&mut result, &answer);
    results.push(result);
    let Some(job_id) = &pushed.job_id else {
        terminal
            .say(&format!("Nothing to push: \"{}\" v{} is what the schema says.", file.name, pushed.version));
        return Ok(());
    };
    if plan.changes.is_empty() || pushed.version != plan.to_version {
        // Not what the diff foresaw: policies alone changed, or somebody else pushed in between.
        announce(terminal, &file.name, pushed.from_version, pushed.version, &pushed.changes);
    }
    if args.detach {
        terminal.say("");
        terminal.say(&format!("Job {job_id} runs on the server."));
        terminal.say_dim(&format!("`atomicbase jobs show {job_id}` tells how far it is."));
        return Ok(());
    }
    terminal.say("");
    if pushed.databases > 0 {
        terminal.say(&format!("Syncing {}...", count(pushed.databases, "tenant database")));
    }
    let ended = follow(client, terminal, job_id, started)?;
    if let Some(result) = results.last_mut() {
        result["job"] = ended.raw;
    }
    judge(&ended.job)
}

fn announce(terminal: &mut Terminal, name: &str, from: Option<u64>, to: u64, changes: &[Change]) {
    let from = from.map_or_else(|| "(new)".to_owned(), |version| format!("v{version}"));
    terminal.say(&format!("Pushing schema \"{name}\" {from} → v{to}..."));
    show_changes(terminal, changes);
}

/// Asks whether the data may be lost; where nobody can answer, that is a refusal.
fn may_lose(plan: &Plan, terminal: &mut Terminal) -> Outcome<bool> {
    let lost: Vec<&Change> = plan.changes.iter().filter(|change| change.destructive).collect();
    let databases = count(plan.databases, "tenant database");
    let message = format!(
        "This push loses data in {databases}.\nThis version keeps no old state: what is lost cannot be restored."
    );
    if !terminal.asks() {
        let mut failure = Failure::new(Exit::Destructive, message)
            .hint("Nothing was changed. If the data may go, push again with --allow-destructive.");
        failure.errors = lost
            .iter()
            .map(|change| FieldError { path: String::new(), message: change.summary.clone() })
            .collect();
        return Err(failure);
    }
    terminal.say("");
    terminal.trouble(&message);
    for change in lost {
        terminal.change(&change.summary);
    }
    if terminal.confirms("Push, and lose it?") {
        return Ok(true);
    }
    Err(Failure::new(Exit::Destructive, "Not pushed; nothing was changed."))
}

fn note_the_rest(files: &[SchemaFile], terminal: &mut Terminal) {
    if !files.is_empty() {
        let names: Vec<String> = files.iter().map(|file| format!("\"{}\"", file.name)).collect();
        terminal.say(&format!("Not pushed after this: {}.", names.join(", ")));
    }
}

fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
