//! A signal to stop: what was accepted is finished, and nobody new is let in.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Start, notes};

#[test]
fn requests_in_flight_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    let program = Start::on(folder.path()).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    program.create("one", "notes");
    let rows: Vec<_> = (0..1_000).map(|id| json!({"id": id, "text": "x".repeat(200)})).collect();
    std::thread::scope(|scope| {
        let (sent, accepted) = std::sync::mpsc::channel();
        let writer = {
            let (program, rows) = (&program, &rows);
            scope.spawn(move || {
                sent.send(()).unwrap();
                let mut answered = 0;
                // Each round either is answered in full or cannot connect any more.
                for round in 0.. {
                    let rows: Vec<_> =
                        rows.iter().map(|row| json!({"id": row["id"].as_i64().unwrap() + round * 1_000, "text": row["text"]})).collect();
                    match program.insert("one", "notes", &json!(rows)) {
                        Ok((200, _)) => answered += 1,
                        Ok(other) => panic!("{other:?}"),
                        Err(_) => break,
                    }
                }
                answered
            })
        };
        accepted.recv().unwrap();
        program.signal("TERM");
        let answered: i64 = writer.join().unwrap();
        let began = Instant::now();
        let mut program = program;
        assert!(program.child.wait().unwrap().success());
        assert!(began.elapsed() < Duration::from_secs(20));
        let again = Start::on(folder.path()).run();
        let headers = [("database", "one"), ("prefer", "count=exact")];
        let (_, answer) = again.post("/data/query/notes", &headers, &json!({"limit": 0})).unwrap();
        assert!(answer["count"].as_i64().unwrap() >= answered * 1_000, "{answer} after {answered} answers");
    });
}
