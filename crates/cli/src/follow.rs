//! Follows a job on the server to its end, across broken connections, and says how it ended. Used by `push` and `jobs retry`.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::answers::{Job, read};
use crate::client::{Client, encode};
use crate::exit::{Exit, Failure, Outcome};
use crate::print::Terminal;
use crate::units::{count, duration};

/// Without a word for so long, the server is lost: with the last attempt's overhead a command still ends within 5 seconds.
const PATIENCE: Duration = Duration::from_millis(4_300);
/// A stream that is silent for so long is opened again, which asks for the job's state.
const SILENCE: Duration = Duration::from_millis(1_500);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(150);
const MAX_FAILURES_SHOWN: usize = 10;

/// A job that has ended, as the server sent it and as it is read here.
pub(crate) struct Ended {
    pub job: Job,
    pub raw: Value,
}

/// Waits for the job's end and shows its progress. `started` is when the person began to wait.
pub(crate) fn follow(
    client: &Client,
    terminal: &mut Terminal,
    job_id: &str,
    started: Instant,
) -> Outcome<Ended> {
    let ended = wait(client, terminal, job_id)?;
    report(terminal, &ended.job, started.elapsed());
    Ok(ended)
}

/// The failure that a job which did not complete is.
pub(crate) fn judge(job: &Job) -> Outcome<()> {
    let id = &job.id;
    match job.status.as_str() {
        "completed" => Ok(()),
        "cancelled" => Err(Failure::new(
            Exit::Failed,
            format!(
                "Job {id} was cancelled: the first database could not be moved, so no other was touched."
            ),
        )
        .hint(format!(
            "Mend its data or the schema, then push again. `atomicbase jobs show {id}` tells more."
        ))),
        _ => Err(Failure::new(
            Exit::Failed,
            format!("Job {id} set {} aside; they stay at their old version.", count(job.failed, "database")),
        )
        .hint(format!(
            "Mend their data, then `atomicbase jobs retry {id}`. `atomicbase jobs show {id}` tells more."
        ))),
    }
}

fn wait(client: &Client, terminal: &mut Terminal, job_id: &str) -> Outcome<Ended> {
    let path = format!("/platform/jobs/{}/events", encode(job_id));
    let mut heard = Instant::now();
    loop {
        let left = PATIENCE.saturating_sub(heard.elapsed());
        if left.is_zero() {
            return Err(lost(client, job_id));
        }
        match client.events(&path, SILENCE.min(left)) {
            // Read errors and the stream's end are one case: the connection is gone, the job is not.
            Ok(mut events) => {
                while let Ok(Some(event)) = events.read_next() {
                    heard = Instant::now();
                    if event.kind != "progress" {
                        continue;
                    }
                    let Ok(raw) = serde_json::from_str::<Value>(&event.data) else { continue };
                    let job: Job = read(&raw)?;
                    terminal.progress(job.done + job.failed, job.total);
                    if job.has_ended() {
                        return Ok(Ended { job, raw });
                    }
                }
            }
            Err(failure) if is_passing(&failure) => {}
            Err(failure) => return Err(failure),
        }
        thread::sleep(BETWEEN_ATTEMPTS.min(left));
    }
}

/// Is it worth another attempt? A server that stops or starts says `UNAVAILABLE`.
fn is_passing(failure: &Failure) -> bool {
    failure.exit == Exit::ServerLost || failure.code() == Some("UNAVAILABLE")
}

fn lost(client: &Client, job_id: &str) -> Failure {
    Failure::new(
        Exit::ServerLost,
        format!("Lost the server at {}. Job {job_id} goes on there as soon as it runs.", client.address()),
    )
    .hint(format!("`atomicbase jobs show {job_id}` tells how far it is."))
}

fn report(terminal: &mut Terminal, job: &Job, elapsed: Duration) {
    if job.total > 0 {
        terminal.progress_ends(job.done + job.failed, job.total);
    }
    let moved = format!("{} updated in {}", count(job.done, "database"), duration(elapsed));
    match job.status.as_str() {
        "completed" if job.total == 0 => {
            terminal.success(&format!("v{} is ready; there are no tenant databases to sync", job.version));
        }
        "completed" => terminal.success(&moved),
        "cancelled" => terminal.trouble(&format!("v{} was cancelled", job.version)),
        _ => {
            terminal.success(&moved);
            terminal.trouble(&format!("{} set aside", count(job.failed, "database")));
        }
    }
    list_failures(terminal, job, MAX_FAILURES_SHOWN);
}

/// The databases that a job set aside, `most` at most.
pub(crate) fn list_failures(terminal: &mut Terminal, job: &Job, most: usize) {
    for set_aside in job.failures.iter().take(most) {
        terminal.say(&format!("  {}: {}", set_aside.name(), set_aside.reason()));
    }
    let shown = job.failures.len().min(most) as u64;
    if job.failed > shown && shown > 0 {
        terminal.say(&format!("  and {} more", job.failed - shown));
    }
}
