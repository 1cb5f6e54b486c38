//! A disk that fills up: writes are refused with a clear error, reads go on, what was answered is there afterwards.

use serde_json::{Value, json};

use crate::program::{Start, notes};

/// Files cannot grow beyond this many blocks of 512 bytes; the log of a database reaches it first.
const BLOCKS: usize = 1_500;
const ROWS: usize = 60;

#[test]
fn what_does_not_fit_is_refused_and_what_was_answered_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let words = ["sh", "-c", &format!("ulimit -f {BLOCKS}; exec \"$@\""), "sh"];
    let through = words.map(str::to_owned).to_vec();
    let program = Start { through, ..Start::on(&data_dir) }.run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    program.create("one", "notes");

    let (mut answered, mut refused) = (0, 0);
    for batch in 0..40 {
        let rows: Vec<Value> =
            (0..ROWS).map(|row| json!({"id": batch * ROWS + row, "text": "x".repeat(1_000)})).collect();
        let (status, answer) = program.insert("one", "notes", &json!(rows)).unwrap();
        match status {
            200 => answered += ROWS,
            507 => {
                refused += 1;
                assert_eq!(answer["code"], "STORAGE_FULL");
                assert!(answer["hint"].is_string() && answer["request_id"].is_string(), "{answer}");
            }
            _ => panic!("{answer}"),
        }
    }
    assert!(answered > 0 && refused > 0, "{answered} rows, {refused} refusals");
    let count = |program: &crate::program::Program| {
        let headers = [("database", "one"), ("prefer", "count=exact")];
        program.post("/data/query/notes", &headers, &json!({"limit": 0})).unwrap().1["count"].clone()
    };
    assert_eq!(count(&program), answered);
    program.kill();

    let again = Start::on(&data_dir).run();
    assert_eq!(count(&again), answered);
    let row = json!({"id": 1_000_000, "text": "there is room again"});
    assert_eq!(again.insert("one", "notes", &row).unwrap().0, 200);
}
