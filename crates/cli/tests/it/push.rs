//! `push` and `diff`: the seed's output, what asks, what is refused, and what happens when the server goes.

use std::time::{Duration, Instant};

use cli::Exit;
use serde_json::{Value, json};

use crate::folder::{Folder, KEY, SAAS_APP};
use crate::server::{Answer, Request, Server};

const BAR: &str = "[████████████████████████████████████████] 100%";

fn changes() -> Value {
    json!([
        { "op": "add", "kind": "add_column", "table": "tasks", "name": "assigned_to",
          "summary": "+ tasks.assigned_to (TEXT)", "destructive": false },
        { "op": "add", "kind": "add_index", "table": "tasks", "name": "idx_project",
          "summary": "+ idx_project on tasks(project_id)", "destructive": false },
    ])
}

fn plan(changes: &Value, destructive: bool) -> Value {
    json!({ "name": "saas-app", "from_version": 3, "to_version": 4, "changes": changes,
            "destructive": destructive, "databases": 847 })
}

fn pushed(changes: &Value) -> Value {
    json!({ "job_id": "job_1", "version": 4, "from_version": 3, "changes": changes, "databases": 847 })
}

fn job(status: &str, done: u64, failed: u64) -> Value {
    json!({ "id": "job_1", "kind": "push", "template": "saas-app", "version": 4, "status": status,
            "total": 847, "done": done, "failed": failed, "created_at": 1_795_508_411, "failures": [] })
}

/// A server with v3 that takes the push to v4.
fn v3(request: &Request) -> Answer {
    match request.path.rsplit('/').next().unwrap() {
        "diff" => Answer::Json(200, plan(&changes(), false)),
        "push" => Answer::Json(202, pushed(&changes())),
        "events" => {
            Answer::Events(vec![job("running", 1, 0), job("running", 500, 0), job("completed", 847, 0)])
        }
        other => panic!("asked for {other}"),
    }
}

/// The output with the time it took made the same for every run.
fn timeless(out: &str) -> String {
    match out.split_once(" updated in ") {
        Some((before, after)) => {
            let time = after.split_whitespace().next().unwrap();
            format!("{before} updated in {}", after.replacen(time, "34s", 1))
        }
        None => out.to_owned(),
    }
}

#[test]
fn a_push_prints_what_the_seed_prints() {
    let server = Server::start(v3);
    let ran = Folder::new().run_at(&server.url(), "push");
    let expected = format!(
        "\
Pushing schema \"saas-app\" v3 → v4...
Changes:
  + tasks.assigned_to (TEXT)
  + idx_project on tasks(project_id)

Syncing 847 tenant databases...
{BAR}
✓ 847 databases updated in 34s
"
    );
    assert_eq!((ran.exit, timeless(&ran.out), ran.err.as_str()), (Exit::Done, expected, ""));
}

#[test]
fn a_push_sends_the_template_and_the_key() {
    let server = Server::start(v3);
    Folder::new().run_at(&server.url(), "push schemas/saas-app.schema.ts");
    let requests = server.requests();
    assert_eq!(
        server.asked(),
        [
            "POST /platform/templates/saas-app/diff",
            "POST /platform/templates/saas-app/push",
            "GET /platform/jobs/job_1/events"
        ]
    );
    assert!(requests.iter().all(|request| request.authorization == format!("Bearer {KEY}")));
    assert_eq!(requests[1].body["template"]["name"], "saas-app");
    assert_eq!(requests[1].body["template"]["format"], 1);
    assert_eq!(requests[1].body["allow_destructive"], false);
}

#[test]
fn the_bar_moves_in_a_terminal_only() {
    let server = Server::start(v3);
    let live = Folder::new().in_terminal("").in_color().run_at(&server.url(), "push").out;
    assert!(live.contains("\r[███████████████████████░"), "{live}");
    assert!(live.contains(&format!("\r{BAR}\n\u{1b}[32m✓\u{1b}[0m 847")), "{live}");
    assert!(live.contains("  \u{1b}[32m+ tasks.assigned_to (TEXT)\u{1b}[0m\n"), "{live}");
    let piped = Folder::new().run_at(&server.url(), "push").out;
    assert!(!piped.contains(|c: char| c.is_control() && c != '\n'), "{piped}");
    assert!(piped.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn a_new_template_without_databases_is_just_ready() {
    let server = Server::start(|request| match request.path.rsplit('/').next().unwrap() {
        "diff" => {
            let changes = json!([{ "summary": "+ table projects (2 columns)" }]);
            Answer::Json(
                200,
                json!({ "from_version": null, "to_version": 1, "changes": changes, "databases": 0 }),
            )
        }
        "push" => Answer::Json(202, json!({ "job_id": "job_1", "version": 1, "from_version": null })),
        _ => Answer::Events(vec![json!({ "id": "job_1", "version": 1, "status": "completed", "total": 0 })]),
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    let expected = "\
Pushing schema \"saas-app\" (new) → v1...
Changes:
  + table projects (2 columns)

✓ v1 is ready; there are no tenant databases to sync
";
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Done, expected));
}

#[test]
fn an_equal_schema_is_nothing_to_push() {
    let server = Server::start(|request| {
        let mut answer = json!({ "from_version": 4, "to_version": 4, "changes": [], "databases": 847 });
        if request.path.ends_with("push") {
            answer = json!({ "job_id": null, "version": 4, "changes": [], "databases": 847 });
        }
        Answer::Json(200, answer)
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (Exit::Done, "Nothing to push: \"saas-app\" v4 is what the schema says.\n")
    );
}

#[test]
fn a_version_without_changes_of_tables_is_announced_when_it_is_made() {
    let server = Server::start(|request| match request.path.rsplit('/').next().unwrap() {
        "diff" => Answer::Json(200, plan(&json!([]), false)),
        "push" => Answer::Json(202, pushed(&json!([]))),
        _ => Answer::Events(vec![job("completed", 847, 0)]),
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert!(ran.out.starts_with("Pushing schema \"saas-app\" v3 → v4...\n\nSyncing 847"), "{}", ran.out);
}

fn destructive(request: &Request) -> Answer {
    let changes = json!([
        { "summary": "+ tasks.assigned_to (TEXT)", "destructive": false },
        { "summary": "- tasks.notes (TEXT)", "destructive": true },
    ]);
    match request.path.rsplit('/').next().unwrap() {
        "diff" => Answer::Json(200, plan(&changes, true)),
        "push" => {
            assert_eq!(request.body["allow_destructive"], true);
            Answer::Json(202, pushed(&changes))
        }
        _ => Answer::Events(vec![job("completed", 847, 0)]),
    }
}

#[test]
fn losing_data_is_refused_in_a_pipe_also_with_yes() {
    let server = Server::start(destructive);
    let ran = Folder::new().run_at(&server.url(), "push --yes");
    assert_eq!(ran.exit, Exit::Destructive);
    let expected = "\
error: This push loses data in 847 tenant databases.
This version keeps no old state: what is lost cannot be restored.
  - tasks.notes (TEXT)
hint: Nothing was changed. If the data may go, push again with --allow-destructive.
";
    assert_eq!(ran.err, expected);
    assert_eq!(server.asked(), ["POST /platform/templates/saas-app/diff"]);
}

#[test]
fn losing_data_is_asked_about_in_a_terminal() {
    let server = Server::start(destructive);
    for (typed, exit) in [("y\n", Exit::Done), ("n\n", Exit::Destructive), ("", Exit::Destructive)] {
        let ran = Folder::new().in_terminal(typed).run_at(&server.url(), "push --yes");
        assert_eq!(ran.exit, exit, "{typed:?} {ran:?}");
        assert!(ran.out.contains("cannot be restored"), "{ran:?}");
        assert!(ran.err.contains("Push, and lose it? [y/N]"), "{ran:?}");
    }
    assert_eq!(server.asked().iter().filter(|asked| asked.ends_with("push")).count(), 1);
}

#[test]
fn losing_data_may_be_allowed_beforehand() {
    let server = Server::start(destructive);
    let ran = Folder::new().run_at(&server.url(), "push --allow-destructive");
    assert_eq!(ran.exit, Exit::Done, "{ran:?}");
}

#[test]
fn detach_names_the_job_and_returns() {
    let server = Server::start(v3);
    let ran = Folder::new().run_at(&server.url(), "push --detach");
    assert_eq!(ran.exit, Exit::Done);
    assert!(ran.out.contains("\nJob job_1 runs on the server.\n`atomicbase jobs show job_1`"), "{}", ran.out);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn databases_that_were_set_aside_are_listed_up_to_ten() {
    let server = Server::start(|request| {
        if request.path.ends_with("events") {
            let mut ended = job("failed", 833, 14);
            let failure = |i| json!({ "database": format!("acme-{i}"), "database_id": "db_1", "error": "UNIQUE constraint failed" });
            ended["failures"] = (0..14).map(failure).collect();
            return Answer::Events(vec![ended]);
        }
        v3(request)
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.out.contains("✓ 833 databases updated in "), "{}", ran.out);
    let expected = "✗ 14 databases set aside\n  acme-0: UNIQUE constraint failed\n";
    assert!(ran.out.contains(expected), "{}", ran.out);
    assert!(ran.out.ends_with("  acme-9: UNIQUE constraint failed\n  and 4 more\n"), "{}", ran.out);
    assert!(ran.err.contains("`atomicbase jobs retry job_1`"), "{}", ran.err);
}

#[test]
fn a_canary_that_fails_is_a_failed_push() {
    let server = Server::start(|request| match request.path.ends_with("events") {
        true => Answer::Events(vec![job("cancelled", 0, 1)]),
        false => v3(request),
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.out.contains("✗ v4 was cancelled"), "{}", ran.out);
    assert!(ran.err.contains("no other was touched"), "{}", ran.err);
}

#[test]
fn a_broken_stream_is_opened_again() {
    let mut opened = 0;
    let server = Server::start(move |request| {
        if !request.path.ends_with("events") {
            return v3(request);
        }
        opened += 1;
        match opened {
            1 => Answer::Events(vec![job("running", 10, 0)]),
            2 => Answer::Json(503, json!({ "code": "UNAVAILABLE", "detail": "starting" })),
            3 => Answer::Raw(502, "x: y", "bad gateway"),
            4 => Answer::EventsThenSilence(vec![job("running", 20, 0)]),
            _ => Answer::Events(vec![job("completed", 847, 0)]),
        }
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert_eq!(ran.exit, Exit::Done, "{ran:?}");
    assert_eq!(server.asked().len(), 7);
}

#[test]
fn a_server_that_is_gone_ends_the_push_within_five_seconds() {
    let server = Server::start(|request| match request.path.ends_with("events") {
        true => Answer::EventsThenGone(vec![job("running", 10, 0)]),
        false => v3(request),
    });
    let folder = Folder::new().in_terminal("");
    let started = Instant::now();
    let ran = folder.run_at(&server.url(), "push");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(ran.exit, Exit::ServerLost);
    assert!(ran.out.ends_with("]   1%\n"), "the bar's line is ended: {:?}", ran.out);
    assert!(
        ran.err.contains(&format!("Lost the server at {}. Job job_1 goes on", server.url())),
        "{}",
        ran.err
    );
}

#[test]
fn a_server_that_falls_silent_is_lost_as_well() {
    let server = Server::start(|request| match request.path.ends_with("events") {
        true => Answer::EventsThenSilence(vec![]),
        false => v3(request),
    });
    let started = Instant::now();
    let ran = Folder::new().run_at(&server.url(), "push");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(ran.exit, Exit::ServerLost);
}

#[test]
fn every_schema_file_is_pushed_in_the_order_of_names() {
    let server = Server::start(v3);
    let folder = Folder::new();
    folder.write("schemas/billing.schema.ts", &SAAS_APP.replace("saas-app", "billing"));
    folder.write("schemas/notes.ts", "not a schema");
    let ran = folder.run_at(&server.url(), "push --json");
    let document = ran.json();
    let names: Vec<&str> = document["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["template"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["billing", "saas-app"]);
    assert_eq!(document["data"][0]["job"]["status"], "completed");
    assert_eq!(document["data"][0]["changes"], changes());
}

#[test]
fn json_tells_what_was_pushed_before_a_failure() {
    let server = Server::start(|request| match request.path.contains("saas-app") {
        true => {
            Answer::Json(422, json!({ "code": "CHANGE_NOT_SUPPORTED", "detail": "Cannot change a type." }))
        }
        false => v3(request),
    });
    let folder = Folder::new();
    folder.write("schemas/billing.schema.ts", &SAAS_APP.replace("saas-app", "billing"));
    let ran = folder.run_at(&server.url(), "push --json");
    let document = ran.json();
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Failed, ""));
    assert_eq!(document["data"][0]["template"], "billing");
    assert_eq!(
        document["error"],
        json!({ "message": "Cannot change a type.", "code": "CHANGE_NOT_SUPPORTED", "exit": 1 })
    );
}

#[test]
fn diff_shows_and_changes_nothing() {
    let server = Server::start(destructive);
    let ran = Folder::new().run_at(&server.url(), "diff");
    let expected = "\
Schema \"saas-app\" v3 → v4
Changes:
  + tasks.assigned_to (TEXT)
  - tasks.notes (TEXT)

A push would sync 847 tenant databases.
✗ It would lose data that cannot be restored; that needs --allow-destructive.
";
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Done, expected));
    assert_eq!(server.asked(), ["POST /platform/templates/saas-app/diff"]);
}
