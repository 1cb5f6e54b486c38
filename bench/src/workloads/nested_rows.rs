//! G3: twenty projects with their ten tasks each, against the same rows read bare: a statement per project, streamed.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, interleave, sample, sample_loop};
use crate::report::Report;
use crate::{Bench, Result, floor, saas};

/// Ten tasks of each project.
const TASKS: u64 = 10 * saas::PROJECTS;

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let ours = Atomicbase::start(bench, &folder.path().join("ours"))?;
    ours.create_template()?;
    ours.create_database("bench")?;
    ours.insert_rows("bench", TASKS)?;
    let bare = floor::with_rows(&folder.path().join("floor.db"), TASKS)?;
    let nested = ours.load(bench, query("bench", "projects", "select"), |_, body| {
        body.extend_from_slice(br#"{"select":["id","name",{"tasks":["id","title","status"]}],"limit":20}"#);
    });
    let mut out = Vec::new();
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "atomicbase, 20 × 10", round: Box::new(|_| sample(&ours.server, &nested)) },
            Contestant {
                name: "SQLite to JSON, a statement per project",
                round: Box::new(|_| sample_loop(bench.window, |_| floor::read_nested(&bare, 20, &mut out))),
            },
        ],
    )?;
    let [ours, bare] = &series[..] else { return Err("two contestants".into()) };
    let mut report = Report::of_requests("G3 nested rows", &series.iter().collect::<Vec<_>>());
    report.ratios.push(Ratio::new("CPU, SQLite to JSON : ours", bare, ours, |it| it.cpu_us, ">= 0.70"));
    report.note("Ours answers over HTTP, with everything around it; the loop does not.");
    Ok(report)
}
