//! `databases`, `templates` and `jobs`.

use cli::Exit;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::server::{Answer, Server};

fn database(name: &str) -> Value {
    json!({ "id": "db_1", "name": name, "template": "saas-app", "version": 4, "status": "ready",
            "created_at": 1_795_508_411 })
}

#[test]
fn databases_are_listed_page_after_page() {
    let server = Server::start(|request| match request.path.contains("cursor=a%2Fb") {
        true => Answer::Json(200, json!({ "data": [database("zeta")] })),
        false => Answer::Json(200, json!({ "data": [database("acme-prod")], "next": "a/b" })),
    });
    let ran = Folder::new().run_at(&server.url(), "databases list --template saas-app");
    let expected = "\
NAME       TEMPLATE  VERSION  STATUS  CREATED
acme-prod  saas-app  v4       ready   2026-11-24 08:20:11
zeta       saas-app  v4       ready   2026-11-24 08:20:11
";
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Done, expected));
    assert_eq!(
        server.asked(),
        [
            "GET /platform/databases?template=saas-app&limit=1000",
            "GET /platform/databases?template=saas-app&limit=1000&cursor=a%2Fb"
        ]
    );
}

#[test]
fn a_limit_ends_the_paging() {
    let server = Server::start(|_| Answer::Json(200, json!({ "data": [database("acme")], "next": "more" })));
    let ran = Folder::new().run_at(&server.url(), "databases list --limit 2 --json");
    assert_eq!(ran.json()["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        server.asked(),
        ["GET /platform/databases?limit=2", "GET /platform/databases?limit=1&cursor=more"]
    );
}

#[test]
fn lists_fit_80_columns_in_a_terminal_and_are_whole_in_a_pipe() {
    let id = format!("job_{}", "0".repeat(32));
    let entry = json!({ "id": id, "kind": "push", "template": "a-template-with-a-long-name", "version": 12,
                        "status": "completed", "created_at": 1_795_508_411 });
    let server = Server::start(move |_| Answer::Json(200, json!({ "data": [entry] })));
    let live = Folder::new().in_terminal("").run_at(&server.url(), "jobs list").out;
    assert!(live.lines().all(|line| line.chars().count() <= 80), "{live}");
    assert!(live.contains(" v12 a-templa… completed 2026-11-24 08:20:11"), "{live}");
    let piped = Folder::new().run_at(&server.url(), "jobs list").out;
    assert!(piped.contains("  v12 a-template-with-a-long-name  completed  2026-11-24 08:20:11\n"), "{piped}");
}

#[test]
fn empty_lists_say_what_fills_them() {
    let server = Server::start(|_| Answer::Json(200, json!({ "data": [] })));
    for list in ["databases list", "templates list", "jobs list"] {
        let ran = Folder::new().run_at(&server.url(), list);
        assert!(ran.out.contains(" yet. `atomicbase "), "{}", ran.out);
        assert_eq!(
            Folder::new().run_at(&server.url(), &format!("{list} --json")).json(),
            json!({ "data": [] })
        );
    }
}

#[test]
fn a_database_is_created_and_deleted() {
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => Answer::Json(201, database("acme")),
        _ => Answer::Raw(204, "x: y", ""),
    });
    let folder = Folder::new();
    let created = folder.run_at(&server.url(), "databases create acme --template saas-app");
    assert_eq!(
        (created.exit, created.out.as_str()),
        (Exit::Done, "✓ Created acme from saas-app v4\n  id db_1\n")
    );
    let deleted = folder.run_at(&server.url(), "databases delete a/c");
    assert_eq!((deleted.exit, deleted.out.as_str()), (Exit::Done, "✓ Deleted a/c\n"));
    assert_eq!(server.requests()[0].body, json!({ "name": "acme", "template": "saas-app" }));
    assert_eq!(server.asked()[1], "DELETE /platform/databases/a%2Fc");
}

#[test]
fn deleting_asks_in_a_terminal() {
    let server = Server::start(|_| Answer::Raw(204, "x: y", ""));
    let refused = Folder::new().in_terminal("no\n").run_at(&server.url(), "databases delete acme");
    assert_eq!(refused.exit, Exit::Destructive);
    assert!(server.requests().is_empty());
    assert_eq!(
        Folder::new().in_terminal("yes\n").run_at(&server.url(), "databases delete acme").exit,
        Exit::Done
    );
    assert_eq!(
        Folder::new().in_terminal("").run_at(&server.url(), "databases delete acme --yes").exit,
        Exit::Done
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn templates_show_the_version_that_is_released() {
    let server = Server::start(|_| {
        let template = |name: &str, version: u64, latest: u64| {
            json!({ "name": name, "version": version, "latest_version": latest, "databases": 847,
                    "created_at": 1_795_508_411 })
        };
        Answer::Json(200, json!({ "data": [template("a", 4, 4), template("b", 3, 4), template("c", 0, 1)] }))
    });
    let ran = Folder::new().run_at(&server.url(), "templates list");
    let expected = "\
NAME  VERSION          DATABASES  CREATED
a     v4               847        2026-11-24 08:20:11
b     v3 (latest v4)   847        2026-11-24 08:20:11
c     v1 not released  847        2026-11-24 08:20:11
";
    assert_eq!(ran.out, expected);
}

#[test]
fn history_shows_what_each_version_changed() {
    let server = Server::start(|_| {
        let changes = json!([{ "summary": "- tasks.notes (TEXT)", "destructive": true }]);
        Answer::Json(
            200,
            json!({ "data": [
                { "version": 2, "state": "complete", "changes": changes, "created_at": 1_795_508_411, "job_id": "job_2" },
                { "version": 1, "state": "complete", "changes": [], "created_at": 0, "job_id": null },
            ] }),
        )
    });
    let ran = Folder::new().run_at(&server.url(), "templates history saas-app");
    let expected = "\
v2  complete  2026-11-24 08:20:11  job_2
  - tasks.notes (TEXT)
v1  complete  1970-01-01 00:00:00  -
";
    assert_eq!(ran.out, expected);
}

#[test]
fn a_job_is_shown_with_what_it_set_aside() {
    let server = Server::start(|_| {
        Answer::Json(
            200,
            json!({ "id": "job_1", "kind": "push", "template": "saas-app", "version": 4, "status": "failed",
                    "total": 3, "done": 2, "failed": 1, "created_at": 1_795_508_411, "finished_at": 1_795_508_445,
                    "failures": [{ "database_id": "db_7", "database": "acme", "error": { "code": "MIGRATION_FAILED",
                                   "detail": "UNIQUE constraint failed: tasks.email" } }] }),
        )
    });
    let ran = Folder::new().run_at(&server.url(), "jobs show job_1");
    let expected = "\
job        job_1
kind       push
template   saas-app v4
status     failed
databases  2 of 3 updated, 1 set aside
created    2026-11-24 08:20:11
finished   2026-11-24 08:20:45

✗ 1 database set aside
  acme: UNIQUE constraint failed: tasks.email

Mend their data, then `atomicbase jobs retry job_1`.
";
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Done, expected));
}

#[test]
fn a_cancelled_job_is_not_to_be_retried() {
    let server = Server::start(|_| {
        Answer::Json(
            200,
            json!({ "id": "job_1", "kind": "push", "template": "saas-app", "version": 4, "status": "cancelled",
                    "total": 3, "done": 0, "failed": 1, "created_at": 1_795_508_411, "finished_at": 1_795_508_445,
                    "failures": [{ "database": "acme", "error": { "code": "UNIQUE_VIOLATION", "detail": "no" } }] }),
        )
    });
    let ran = Folder::new().run_at(&server.url(), "jobs show job_1");
    assert!(ran.out.contains("databases  0 of 3 updated\n"), "{}", ran.out);
    let trouble = "✗ The first database could not be moved, so no other was touched\n  acme: no\n";
    assert!(ran.out.contains(trouble), "{}", ran.out);
    assert!(ran.out.ends_with("Mend its data or the schema, then push again.\n"), "{}", ran.out);
}

#[test]
fn a_retry_is_followed_to_its_end() {
    let job = |status: &str, done: u64| json!({ "id": "job_1", "template": "saas-app", "version": 4, "status": status, "total": 3, "done": done });
    let server = Server::start(move |request| match request.method.as_str() {
        "POST" => Answer::Json(202, job("running", 2)),
        _ => Answer::Events(vec![job("running", 2), job("completed", 3)]),
    });
    let ran = Folder::new().run_at(&server.url(), "jobs retry job_1");
    assert_eq!(ran.exit, Exit::Done);
    assert!(ran.out.starts_with("Retrying \"saas-app\" v4...\n[████"), "{}", ran.out);
    assert!(ran.out.contains("✓ 3 databases updated in "), "{}", ran.out);
    let json = Folder::new().run_at(&server.url(), "jobs retry job_1 --json").json();
    assert_eq!(json["status"], "completed");
    let detached = Folder::new().run_at(&server.url(), "jobs retry job_1 --detach");
    assert_eq!(detached.out, "Job job_1 runs on the server.\n");
}
