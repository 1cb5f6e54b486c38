//! `kill -9` in the middle of a push: every database ends at the new version, once, and whole.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{Start, notes, tenant_files};

const DATABASES: usize = 150;
const PUSHES: u32 = 6;
const KILLS: u32 = 3;

#[test]
fn pushes_that_are_killed_at_random_moments_end_exactly_once_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Start::on(folder.path()).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    for number in 0..DATABASES {
        let name = format!("t-{number}");
        program.create(&name, "notes");
        let (status, answer) = program.insert(&name, "notes", &json!({"id": 1, "text": name})).unwrap();
        assert_eq!(status, 200, "{answer}");
    }

    let mut unfinished = 0;
    for version in 2..=1 + PUSHES {
        let (status, pushed) = program.push(&notes(version));
        assert_eq!(status, 202, "{pushed}");
        let job = pushed["job_id"].as_str().unwrap().to_owned();
        for _ in 0..KILLS {
            spin(random_moment());
            let (_, seen) = program.get(&format!("/platform/jobs/{job}")).unwrap();
            unfinished += usize::from(seen["status"] != "completed");
            program.kill();
            program = Start::on(folder.path()).run();
        }
        let ended = program.finish(&job);
        assert_eq!(ended["status"], "completed", "{ended}");
        assert_eq!((&ended["done"], &ended["failed"]), (&json!(DATABASES), &json!(0)), "{ended}");
    }
    assert!(unfinished > 0, "no push was killed before its end");
    program.kill();

    let files = tenant_files(folder.path());
    assert_eq!(files.len(), DATABASES);
    for file in files {
        let database = rusqlite::Connection::open(&file).unwrap();
        let one =
            |sql: &str| database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        assert_eq!(one("PRAGMA user_version"), i64::from(1 + PUSHES).into());
        assert_eq!(
            one("SELECT group_concat(version) FROM _atomicbase_moves"),
            "2,3,4,5,6,7".to_owned().into()
        );
        assert_eq!(one("SELECT c2 + c3 + c4 + c5 + c6 + c7 FROM notes"), 27.into());
        assert_eq!(one("PRAGMA integrity_check"), "ok".to_owned().into());
        assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0.into());
        let name: String = database.query_row("SELECT text FROM notes", [], |row| row.get(0)).unwrap();
        assert!(name.starts_with("t-"), "{name}");
    }
}

/// Within the time that a push of this size takes, here and on slower machines.
fn random_moment() -> Duration {
    let nanoseconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    Duration::from_micros(u64::from(nanoseconds / 7 % 40_000))
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
