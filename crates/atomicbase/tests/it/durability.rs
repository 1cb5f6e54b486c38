//! Durability as the system sees it: killing a process proves nothing, since its writes live on in the page cache. Traced
//! system calls show, row by row, that the log was synced after the row went into it and before its answer went out.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Program, Start, notes};

const SINGLE: usize = 5;
const CLIENTS: usize = 8;
const EACH: usize = 10;

#[test]
fn the_log_is_synced_before_the_answer_for_single_and_grouped_writes() {
    assert!(Command::new("strace").arg("--version").output().is_ok(), "this test needs strace");
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    // Strings as long as a log frame, so that a row's text is seen in what is written.
    let words = ["strace", "-f", "-y", "-s", "6000", "-o", trace.to_str().unwrap(), "-e"];
    let mut through: Vec<String> = words.map(str::to_owned).to_vec();
    through.push("trace=pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync".to_owned());
    let data_dir = folder.path().join("data");
    let mut program = Start { through, ..Start::on(&data_dir) }.run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    program.create("one", "notes");
    for number in 0..SINGLE {
        write(&program, number);
    }
    std::thread::scope(|scope| {
        for client in 1..=CLIENTS {
            let program = &program;
            scope.spawn(move || (0..EACH).for_each(|number| write(program, client * 100 + number)));
        }
    });
    program.signal("TERM");
    program.child.wait().unwrap();

    let text = std::fs::read_to_string(&trace).unwrap();
    let trace = Trace::read(&text);
    assert_eq!(trace.answered.len(), SINGLE + CLIENTS * EACH, "every row's answer was traced");
    for (row, answered) in &trace.answered {
        let written = trace.written.get(row).unwrap_or_else(|| panic!("{row} was answered but never logged"));
        let synced = trace.syncs.iter().any(|sync| sync.began > *written && sync.ended < *answered);
        assert!(synced, "{row} was answered at line {answered}, logged at {written}, and not synced between");
    }
    let shared: HashSet<_> =
        trace.answered.iter().map(|(_, answered)| trace.syncs_before(*answered)).collect();
    assert!(shared.len() < trace.answered.len(), "writes of {CLIENTS} clients shared their syncs");
}

fn write(program: &Program, number: usize) {
    let body = json!({"data": {"id": number, "text": marker(number)}, "returning": ["text"]});
    let headers = [("database", "one"), ("prefer", "operation=insert")];
    let (status, answer): (u16, Value) = program.post("/data/query/notes", &headers, &body).unwrap();
    assert_eq!(status, 200, "{answer}");
}

fn marker(number: usize) -> String {
    format!("row-{number:04}-mark")
}

#[derive(Default)]
struct Trace {
    /// By row, the first line that writes it to a tenant's log.
    written: HashMap<String, usize>,
    /// Row and line of each answer.
    answered: Vec<(String, usize)>,
    syncs: Vec<Sync>,
}

struct Sync {
    began: usize,
    ended: usize,
}

impl Trace {
    fn read(text: &str) -> Self {
        let mut trace = Self::default();
        let mut unfinished: HashMap<&str, usize> = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let Some((process, call)) = line.trim_start().split_once(' ') else { continue };
            let call = call.trim_start();
            let on_log = call.contains("/tenants/db_") && call.contains(".db-wal>");
            if call.starts_with("pwrite64(") && on_log {
                for row in markers(call) {
                    trace.written.entry(row).or_insert(number);
                }
            } else if call.starts_with("fdatasync(") && on_log {
                if call.contains("<unfinished") {
                    unfinished.insert(process, number);
                } else {
                    trace.syncs.push(Sync { began: number, ended: number });
                }
            } else if call.starts_with("<... fdatasync resumed>") {
                if let Some(began) = unfinished.remove(process) {
                    trace.syncs.push(Sync { began, ended: number });
                }
            } else if call.contains("rows_affected") && call.contains("HTTP/1.1 200") {
                trace.answered.extend(markers(call).into_iter().map(|row| (row, number)));
            }
        }
        trace
    }

    fn syncs_before(&self, line: usize) -> usize {
        self.syncs.iter().filter(|sync| sync.ended < line).count()
    }
}

fn markers(call: &str) -> Vec<String> {
    let starts = call.match_indices("row-").map(|(start, _)| start);
    starts
        .filter_map(|start| call.get(start..start + 13))
        .filter(|row| row.ends_with("-mark"))
        .map(str::to_owned)
        .collect()
}
