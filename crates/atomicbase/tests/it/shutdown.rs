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
    let rows = |round: i64| {
        let rows = (0..1_000).map(|id| json!({"id": round * 1_000 + id, "text": "x".repeat(200)}));
        rows.collect::<Vec<_>>()
    };
    let answered = std::thread::scope(|scope| {
        let (sent, accepted) = std::sync::mpsc::channel();
        let writer = scope.spawn(|| {
            let sent = sent;
            // Each round is answered in full, or cannot be sent any more.
            (0..)
                .map_while(|round| {
                    let answer = program.insert("one", "notes", &json!(rows(round))).ok()?;
                    assert_eq!(answer.0, 200, "{answer:?}");
                    sent.send(()).ok();
                    Some(1_000)
                })
                .sum::<i64>()
        });
        accepted.recv().unwrap();
        program.signal("TERM");
        writer.join().unwrap()
    });
    let began = Instant::now();
    let mut program = program;
    assert!(program.child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(20));
    let again = Start::on(folder.path()).run();
    let headers = [("database", "one"), ("prefer", "count=exact")];
    let (_, answer) = again.post("/data/query/notes", &headers, &json!({"limit": 0})).unwrap();
    assert!(answer["count"].as_i64().unwrap() >= answered, "{answer} after {answered} rows were answered");
}

#[test]
fn a_client_that_does_not_read_does_not_hold_a_second_signal_up() {
    let folder = tempfile::tempdir().unwrap();
    let program = Start::on(folder.path()).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    program.create("one", "notes");
    for id in 0..30 {
        let row = json!({"id": id, "text": "x".repeat(900_000)});
        assert_eq!(program.insert("one", "notes", &row).unwrap().0, 200);
    }
    // Far more than socket buffers hold is answered, and none of it read.
    let mut stalled = std::net::TcpStream::connect(&program.address).unwrap();
    let request = format!(
        "POST /data/query/notes HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ndatabase: one\r\ncontent-length: 2\r\n\r\n{{}}",
        crate::program::KEY
    );
    std::io::Write::write_all(&mut stalled, request.as_bytes()).unwrap();
    let mut first = [0_u8; 1];
    std::io::Read::read_exact(&mut stalled, &mut first).unwrap();
    program.signal("TERM");
    program.wait_for_log("stopping");
    program.signal("TERM");
    let mut program = program;
    let began = Instant::now();
    assert!(program.child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(10));
    program.expect_log("second signal");
}
