//! G5: view, list and create against PocketBase; our creates durable, its at its own default.

use crate::atomicbase::{Atomicbase, query};
use crate::figures::{Contestant, Ratio, interleave, sample};
use crate::load::Load;
use crate::report::Report;
use crate::workloads::{insert_rows, list_rows, point_read};
use crate::{Bench, Result, pocketbase};

/// Numbers above all rows that are there, apart by more than a round creates.
const ROUND: u64 = 10_000_000;

pub fn run(bench: &Bench) -> Result<Report> {
    let title = "G5 against PocketBase";
    let binary = match pocketbase::install(&bench.folder) {
        Ok(binary) => binary,
        Err(reason) => {
            let mut report = Report::new(title, &[]);
            report.note(format!("Not measured: PocketBase is not here ({reason})."));
            return Ok(report);
        }
    };
    let folder = bench.scratch()?;
    let peer = pocketbase::start(bench, &binary, &folder.path().join("peer"))?;
    let ours = Atomicbase::start_with_rows(bench, &folder.path().join("ours"))?;
    let first = |round: u32| ROUND * (u64::from(round) + 1);
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant {
                name: "PocketBase, view",
                round: Box::new(|_| sample(&peer, &pocketbase::view_load(bench, &peer))),
            },
            Contestant {
                name: "atomicbase, view",
                round: Box::new(|_| sample(&ours.server, &point_read::load(bench, &ours))),
            },
            Contestant {
                name: "PocketBase, list 20",
                round: Box::new(|_| sample(&peer, &pocketbase::list_load(bench, &peer))),
            },
            Contestant {
                name: "atomicbase, list 20",
                round: Box::new(|_| sample(&ours.server, &list_rows::load(bench, &ours, 20))),
            },
            Contestant {
                name: "PocketBase, create",
                round: Box::new(|round| sample(&peer, &pocketbase::create_load(bench, &peer, first(round)))),
            },
            Contestant {
                name: "atomicbase, create",
                round: Box::new(|round| sample(&ours.server, &create_load(bench, &ours, first(round)))),
            },
        ],
    )?;
    let mut report = Report::of_requests(title, &series.iter().collect::<Vec<_>>());
    for (pair, what) in series.chunks(2).zip(["view", "list", "create"]) {
        if let [peer, ours] = pair {
            let what = format!("CPU of a {what}, PocketBase : atomicbase");
            report.ratios.push(Ratio::new(&what, peer, ours, |it| it.cpu_us, ">= 10"));
        }
    }
    report.note(
        "Kept easy for PocketBase: rules open to all (no key to check), no count of all rows in its lists; \
         its creates are not synced one by one, ours are on disk when answered.",
    );
    Ok(report)
}

fn create_load(bench: &Bench, ours: &Atomicbase, first: u64) -> Load {
    ours.load(bench, query("bench", "tasks", "insert"), move |number, body| {
        body.extend_from_slice(insert_rows::insert_body(first + number).as_bytes());
    })
}
