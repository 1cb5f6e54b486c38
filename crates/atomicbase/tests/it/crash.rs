//! `kill -9` in the middle of a push: every database ends at the new version, once, and whole.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Start, notes, tenant_files};

const DATABASES: usize = 120;
const KILLS: u64 = 8;

#[test]
fn a_push_that_is_killed_again_and_again_ends_exactly_once_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let program = Start::on(folder.path()).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    let created: Vec<_> =
        (0..DATABASES).map(|number| program.create(&format!("t-{number}"), "notes")).collect();
    for (number, database) in created.iter().enumerate() {
        let id = database["id"].as_str().unwrap();
        let (status, answer) =
            program.insert(id, "notes", &json!({"id": 1, "text": format!("kept {number}")})).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    let (status, pushed) = program.push(&notes(2));
    assert_eq!(status, 202, "{pushed}");
    let job = pushed["job_id"].as_str().unwrap().to_owned();
    let mut program = program;
    let started = Instant::now();
    for kill in 0..KILLS {
        // Moments spread over the life of a push, odd enough to fall between its steps.
        spin(Duration::from_micros(
            700 + kill * kill * 1_900 + u64::from(started.elapsed().subsec_nanos()) % 3_000,
        ));
        program.kill();
        program = Start::on(folder.path()).run();
    }
    let ended = program.finish(&job);
    assert_eq!(ended["status"], "completed", "{ended}");
    assert_eq!((&ended["done"], &ended["total"]), (&json!(DATABASES), &json!(DATABASES)));
    for number in [0, DATABASES / 2, DATABASES - 1] {
        let headers = [("database", &*format!("t-{number}"))];
        let (_, answer) = program.post("/data/query/notes", &headers, &json!({})).unwrap();
        assert_eq!(answer["data"], json!([{"id": 1, "text": format!("kept {number}"), "done": 0}]));
    }
    program.kill();

    let files = tenant_files(folder.path());
    assert_eq!(files.len(), DATABASES);
    for file in files {
        let database = rusqlite::Connection::open(&file).unwrap();
        let one =
            |sql: &str| database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        assert_eq!(one("PRAGMA user_version"), 2.into());
        assert_eq!(one("SELECT count(*) FROM _atomicbase_moves WHERE version = 2"), 1.into());
        assert_eq!(one("SELECT count(*) FROM pragma_table_info('notes') WHERE name = 'done'"), 1.into());
        assert_eq!(one("PRAGMA integrity_check"), "ok".to_owned().into());
        assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0.into());
        assert_eq!(one("SELECT count(*) FROM notes"), 1.into());
    }
}

/// Waits without yielding the moment to the scheduler.
fn spin(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

#[test]
fn a_write_that_was_answered_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let program = Start::on(folder.path()).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    program.create("one", "notes");
    let answered = std::sync::atomic::AtomicI64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (program, answered) = (&program, &answered);
            scope.spawn(move || {
                for number in 0..40 {
                    let id = writer * 1_000 + number;
                    match program.insert("one", "notes", &json!({"id": id, "text": "x"})) {
                        Ok((200, _)) => answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
                        other => panic!("{other:?}"),
                    };
                }
            });
        }
    });
    program.kill();
    let again = Start::on(folder.path()).run();
    let headers = [("database", "one"), ("prefer", "count=exact")];
    let (_, answer) = again.post("/data/query/notes", &headers, &json!({"limit": 0})).unwrap();
    assert_eq!(answer["count"], answered.into_inner());
}
