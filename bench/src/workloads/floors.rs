//! G0: what the goals are measured against, alone: the echo, and SQLite bare on one thread. Needs no server of ours.

use crate::figures::{Contestant, interleave, sample, sample_loop};
use crate::load::scatter;
use crate::report::Report;
use crate::saas::TASKS;
use crate::{Bench, Result, floor, yardstick};

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let echo = yardstick::start(bench)?;
    let reads = floor::with_rows(&folder.path().join("reads.db"), TASKS)?;
    let writes = floor::with_rows(&folder.path().join("writes.db"), TASKS)?;
    let (echo_load, mut out, mut long) = (yardstick::load(bench, &echo), Vec::new(), Vec::new());
    // Keys go on counting over all rounds and loops, so that none comes twice.
    let next = std::cell::Cell::new(TASKS);
    let insert = |rows: u64| {
        let first = next.replace(next.get() + rows);
        floor::insert(&writes, first..first + rows)
    };
    let window = bench.window;
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "axum echo", round: Box::new(|_| sample(&echo, &echo_load)) },
            Contestant {
                name: "SQLite, point read",
                round: Box::new(|_| {
                    sample_loop(window, |n| floor::read_point(&reads, scatter(n) % TASKS, &mut out))
                }),
            },
            Contestant {
                name: "SQLite, list 20",
                round: Box::new(|_| sample_loop(window, |_| floor::read_list(&reads, 20, &mut long))),
            },
            Contestant {
                name: "SQLite, durable insert",
                round: Box::new(|_| sample_loop(window, |_| insert(1))),
            },
            Contestant {
                name: "SQLite, 64 rows a commit",
                round: Box::new(|_| sample_loop(window, |_| insert(64))),
            },
        ],
    )?;
    let mut report = Report::of_requests("G0 floors", &series.iter().collect::<Vec<_>>());
    report.note("`64 rows a commit` counts commits.");
    Ok(report)
}
