//! `atomicbase jobs`: the pushes, past and running.

use std::time::Instant;

use serde_json::json;

use crate::answers::{Job, read, time};
use crate::client::{Client, encode};
use crate::exit::Outcome;
use crate::follow::{follow, judge, list_failures};
use crate::print::Terminal;
use crate::table::Table;
use crate::units::count;

/// Verbs of `jobs`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum JobsCommand {
    /// List jobs, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show a job and the databases it set aside
    Show {
        /// The job's id
        id: String,
    },
    /// Try again the databases that a job set aside
    Retry {
        /// The job's id
        id: String,
        /// Return at once, instead of waiting for the end
        #[arg(long)]
        detach: bool,
    },
}

pub(crate) fn run(command: &JobsCommand, client: &Client, terminal: &mut Terminal) -> Outcome<()> {
    match command {
        JobsCommand::List { limit } => list(client, terminal, *limit),
        JobsCommand::Show { id } => show(client, terminal, id),
        JobsCommand::Retry { id, detach } => retry(client, terminal, id, *detach),
    }
}

fn list(client: &Client, terminal: &mut Terminal, limit: u32) -> Outcome<()> {
    let entries = client.list("/platform/jobs", &[], Some(limit as usize))?;
    let mut table = Table::new(&["ID", "PUSHED", "STATUS", "CREATED"], &[1]);
    for entry in &entries {
        let job: Job = read(entry)?;
        let pushed = format!("v{} {}", job.version, job.template);
        table.row([job.id, pushed, job.status, time(job.created_at)]);
    }
    if entries.is_empty() && !terminal.json() {
        terminal.say("No jobs yet. `atomicbase push` starts one.");
        return Ok(());
    }
    terminal.table(&table);
    terminal.document(&json!({ "data": entries }));
    Ok(())
}

fn show(client: &Client, terminal: &mut Terminal, id: &str) -> Outcome<()> {
    let answer = client.get(&format!("/platform/jobs/{}", encode(id)))?;
    let job: Job = read(&answer)?;
    let facts = [
        ("job", job.id.clone()),
        ("kind", job.kind.clone()),
        ("template", format!("{} v{}", job.template, job.version)),
        ("status", job.status.clone()),
        ("databases", databases(&job)),
        ("created", time(job.created_at)),
        ("finished", time(job.finished_at)),
    ];
    for (name, value) in facts {
        terminal.say(&format!("{name:<10} {value}"));
    }
    if job.failed > 0 {
        let cancelled = job.status == "cancelled";
        let trouble = format!("{} set aside", count(job.failed, "database"));
        terminal.say("");
        terminal.trouble(if cancelled {
            "The first database could not be moved, so no other was touched"
        } else {
            &trouble
        });
        list_failures(terminal, &job, usize::MAX);
        terminal.say("");
        terminal.say_dim(&if cancelled {
            "Mend its data or the schema, then push again.".to_owned()
        } else {
            format!("Mend their data, then `atomicbase jobs retry {}`.", job.id)
        });
    }
    terminal.document(&answer);
    Ok(())
}

/// How far a job is, in words.
fn databases(job: &Job) -> String {
    let updated = format!("{} of {} updated", job.done, job.total);
    // The one that stopped a cancelled push stays where it was, as all others.
    if job.status == "cancelled" { updated } else { format!("{updated}, {} set aside", job.failed) }
}

fn retry(client: &Client, terminal: &mut Terminal, id: &str, detach: bool) -> Outcome<()> {
    let started = Instant::now();
    let answer = client.post(&format!("/platform/jobs/{}/retry", encode(id)), &json!({}))?;
    let job: Job = read(&answer)?;
    if detach {
        terminal.say(&format!("Job {} runs on the server.", job.id));
        terminal.document(&answer);
        return Ok(());
    }
    terminal.say(&format!("Retrying \"{}\" v{}...", job.template, job.version));
    let ended = follow(client, terminal, &job.id, started)?;
    judge(&ended.job).map_err(|failure| failure.after(json!({ "job": ended.raw })))?;
    terminal.document(&ended.raw);
    Ok(())
}
