//! G1: one row by its primary key, from one tenant.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, interleave, sample, sample_loop};
use crate::load::{Load, scatter};
use crate::report::Report;
use crate::saas::{self, TASKS};
use crate::{Bench, Result, floor, yardstick};

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let echo = yardstick::start(bench)?;
    let ours = Atomicbase::start_with_rows(bench, &folder.path().join("ours"))?;
    let bare = floor::with_rows(&folder.path().join("floor.db"), saas::TASKS)?;
    let (echo_load, our_load, mut out) = (yardstick::load(bench, &echo), load(bench, &ours), Vec::new());
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "axum echo", round: Box::new(|_| sample(&echo, &echo_load)) },
            Contestant { name: "atomicbase", round: Box::new(|_| sample(&ours.server, &our_load)) },
            Contestant {
                name: "SQLite bare, one thread",
                round: Box::new(|_| {
                    sample_loop(bench.window, |n| floor::read_point(&bare, scatter(n) % TASKS, &mut out))
                }),
            },
        ],
    )?;
    let [echo, ours, _] = &series[..] else { return Err("three contestants".into()) };
    let mut report = Report::of_requests("G1 point read by key", &series.iter().collect::<Vec<_>>());
    report.ratios.push(Ratio::new("CPU, atomicbase : echo", ours, echo, |it| it.cpu_us, "<= 1.25"));
    report.ratios.push(Ratio::new("per second, atomicbase : echo", ours, echo, |it| it.per_second, ""));
    Ok(report)
}

/// Point reads of random tasks.
pub fn load(bench: &Bench, ours: &Atomicbase) -> Load {
    ours.load(bench, query("bench", "tasks", "select"), |number, body| {
        let task = saas::task_id(scatter(number) % TASKS);
        body.extend_from_slice(format!(r#"{{"where":[{{"id":{{"eq":"{task}"}}}}]}}"#).as_bytes());
    })
}
