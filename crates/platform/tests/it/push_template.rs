//! `POST /platform/templates/{name}/push`: canary, release, sweep.

use atomicbase_core::{DatabaseId, Limits};
use axum::http::StatusCode;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use testkit::{Answer, TestServer};

use crate::{columns, moves, notes, record, start, store_version, unique_notes, with_doubles};

async fn push(server: &TestServer, template: &Value) -> Answer {
    server.post("/platform/templates/notes/push", json!({"template": template})).await
}

async fn versions(server: &TestServer) -> Vec<u64> {
    let listed = server.get("/platform/databases?limit=1000").await.json();
    listed["data"].as_array().unwrap().iter().map(|database| database["version"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_brings_every_database_to_the_next_version() {
    let names: Vec<String> = (0..40).map(|number| format!("t-{number}")).collect();
    let server = start(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let pushed = push(&server, &notes(&["title", "body"])).await;
    assert_eq!(pushed.status, StatusCode::ACCEPTED);
    let body = pushed.json();
    assert_eq!(
        (&body["version"], &body["from_version"], &body["databases"]),
        (&json!(2), &json!(1), &json!(40))
    );
    let job = server.finish_job(body["job_id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["status"], &job["total"], &job["done"], &job["failed"]),
        (&json!("completed"), &json!(40), &json!(40), &json!(0))
    );
    assert_eq!(versions(&server).await, [2; 40]);
    for name in &names {
        assert!(columns(&server, name).await.contains("body"));
        assert_eq!(moves(&server, name).await, 1);
    }
    let history = server.get("/platform/templates/notes/history").await.json();
    assert_eq!(history["data"][0]["state"], "complete");
}

#[tokio::test]
async fn a_push_without_databases_is_done_at_once_and_creates_what_is_not_there() {
    let server = TestServer::start().await;
    let created = push(&server, &notes(&["title"])).await;
    assert_eq!((created.status, &created.json()["from_version"]), (StatusCode::ACCEPTED, &Value::Null));
    let pushed = push(&server, &notes(&["title", "body"])).await.json();
    let job = server.get(&format!("/platform/jobs/{}", pushed["job_id"].as_str().unwrap())).await.json();
    assert_eq!((&job["status"], &job["version"]), (&json!("completed"), &json!(2)));
    assert_eq!(server.create_database("acme", "notes").await["version"], 2);
}

#[tokio::test]
async fn a_push_of_what_is_there_changes_nothing() {
    let server = start(&["acme"]).await;
    let pushed = push(&server, &notes(&["title"])).await;
    assert_eq!(pushed.status, StatusCode::OK);
    let wanted = json!({"name": "notes", "version": 1, "from_version": 1, "job_id": null, "changes": [], "databases": 1});
    assert_eq!(pushed.json(), wanted);
    assert_eq!(server.get("/platform/jobs").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_is_lost_only_where_that_is_allowed() {
    let server = start(&["acme"]).await;
    let refused = push(&server, &notes(&[])).await;
    assert_eq!(refused.code(), "DESTRUCTIVE_CHANGE");
    assert_eq!(refused.json()["errors"], json!([{"path": "notes.title", "message": "- notes.title (TEXT)"}]));
    assert!(columns(&server, "acme").await.contains("title"));
    assert_eq!(server.push(notes(&[])).await["status"], "completed");
    assert!(!columns(&server, "acme").await.contains("title"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_alone_make_a_version() {
    let server = start(&["acme"]).await;
    let mut template = notes(&["title"]);
    template["policies"] = json!({"notes": {"member": {"select": true}}});
    let pushed = push(&server, &template).await;
    assert_eq!(pushed.status, StatusCode::ACCEPTED);
    assert_eq!(pushed.json()["changes"][0]["kind"], "add_policies");
    assert_eq!(server.finish_job(pushed.json()["job_id"].as_str().unwrap()).await["status"], "completed");
    assert_eq!((versions(&server).await, moves(&server, "acme").await), (vec![2], 1));
    template["policies"]["notes"]["member"]["hidden"] = json!(["title"]);
    let changed = server.push(template.clone()).await;
    assert_eq!((&changed["status"], &changed["version"]), (&json!("completed"), &json!(3)));
    assert_eq!(push(&server, &template).await.status, StatusCode::OK, "the same policies are no change");
    template["policies"]["notes"]["member"]["hidden"] = json!(["id"]);
    let refused = push(&server, &template).await;
    assert_eq!(refused.code(), "INVALID_TEMPLATE");
    assert_eq!(refused.json()["errors"][0]["path"], "policies.notes.member.hidden[0]");
}

#[tokio::test]
async fn a_condition_that_no_request_could_read_is_refused_by_its_path() {
    let server = start(&["acme"]).await;
    let member = |rules: Value| {
        let mut template = notes(&["title"]);
        template["policies"] = json!({"notes": {"member": rules}});
        template
    };
    for (rules, path) in [
        (json!({"select": [{"titel": {"eq": "x"}}]}), "policies.notes.member.select[0].titel"),
        (
            json!({"select": [{"title": {"eq": {"__auth": "user"}}}]}),
            "policies.notes.member.select[0].title.eq",
        ),
        (
            json!({"insert": [{"title": {"eq": {"__col": "body"}}}]}),
            "policies.notes.member.insert[0].title.eq",
        ),
        (json!({"delete": [{"title": {"gt": 5}}]}), "policies.notes.member.delete[0].title.gt"),
        (json!({"delete": [{"authors": {"some": []}}]}), "policies.notes.member.delete[0].authors"),
        (
            json!({"update": {"using": true, "check": [{"or": []}]}}),
            "policies.notes.member.update.check[0].or",
        ),
        (json!({"update": ["title"]}), "policies.notes.member.update[0]"),
    ] {
        let refused = push(&server, &member(rules.clone())).await;
        assert_eq!(refused.code(), "INVALID_TEMPLATE", "{rules}");
        assert!(
            refused.json()["errors"][0]["path"].as_str().unwrap().starts_with(path),
            "{}",
            refused.json()
        );
    }
    let own = json!({"select": [{"title": {"eq": {"__auth": "user_id"}}}]});
    assert_eq!(push(&server, &member(own)).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_not_right_is_refused_before_anything_is_stored() {
    let server = start(&["acme"]).await;
    let mut retyped = notes(&["title"]);
    retyped["tables"][0]["columns"][1]["type"] = json!("integer");
    assert_eq!(push(&server, &retyped).await.code(), "CHANGE_NOT_SUPPORTED");
    let mut other = notes(&["title"]);
    other["name"] = json!("other");
    assert_eq!(push(&server, &other).await.code(), "INVALID_TEMPLATE");
    let mut broken = notes(&["title", "body"]);
    broken["tables"][0]["columns"][2]["check"] = json!("length(nothing) > 1");
    assert_eq!(push(&server, &broken).await.code(), "INVALID_TEMPLATE");
    let rings = json!({"template": notes(&[]), "rings": [1]});
    assert_eq!(server.post("/platform/templates/notes/push", rings).await.code(), "INVALID_QUERY");
    assert_eq!(
        server.get("/platform/templates/notes/history").await.json()["data"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_fails_cancels_the_version_and_nothing_else_is_touched() {
    let server = start(&["first", "second"]).await;
    with_doubles(&server, "first").await;
    let job = server.push(unique_notes(&["title"])).await;
    assert_eq!((&job["status"], &job["done"], &job["failed"]), (&json!("cancelled"), &json!(0), &json!(1)));
    assert_eq!(job["failures"][0]["database"], "first");
    assert_eq!(job["failures"][0]["error"]["code"], "MIGRATION_FAILED");
    for name in ["first", "second"] {
        let database = server.get(&format!("/platform/databases/{name}")).await.json();
        assert_eq!((&database["status"], &database["version"]), (&json!("ready"), &json!(1)));
        assert_eq!(moves(&server, name).await, 0);
    }
    let template = server.get("/platform/templates/notes").await.json();
    assert_eq!((&template["version"], &template["latest_version"]), (&json!(1), &json!(1)));
    assert_eq!(server.create_database("third", "notes").await["version"], 1);

    // The next push starts from version 1 and takes the number after the cancelled one.
    let pushed = push(&server, &notes(&["title", "body"])).await.json();
    assert_eq!((&pushed["from_version"], &pushed["version"]), (&json!(1), &json!(3)));
    assert_eq!(server.finish_job(pushed["job_id"].as_str().unwrap()).await["status"], "completed");
    assert_eq!(versions(&server).await, [3, 3, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_is_set_aside_and_the_others_move() {
    let server = start(&["first", "second", "third"]).await;
    with_doubles(&server, "second").await;
    let job = server.push(unique_notes(&["title"])).await;
    assert_eq!(
        (&job["status"], &job["total"], &job["done"], &job["failed"]),
        (&json!("failed"), &json!(3), &json!(2), &json!(1))
    );
    assert_eq!(job["failures"].as_array().unwrap().len(), 1);
    let second = server.get("/platform/databases/second").await.json();
    assert_eq!((&second["status"], &second["version"]), (&json!("set_aside"), &json!(1)));
    assert_eq!(second["error"]["code"], "MIGRATION_FAILED");
    assert!(second["error"]["detail"].as_str().unwrap().contains("notes.title"), "{second}");

    // It is served as it is, and a later push skips it.
    assert_eq!(columns(&server, "second").await.len(), 2);
    let later = server.push(unique_notes(&["title", "body"])).await;
    assert_eq!(
        (&later["status"], &later["total"], &later["done"]),
        (&json!("completed"), &json!(2), &json!(2))
    );
    assert_eq!(versions(&server).await, [3, 1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_release_on_each_request_finds_the_new_version() {
    let server = start(&["first", "second"]).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    assert!(!columns(&server, "first").await.contains("body"), "stored is not released");
    let job = server.directory.begin_job(&job.id, &job.template, job.version).await.unwrap().unwrap();
    assert!(!columns(&server, "first").await.contains("body"), "neither is a canary");
    server.directory.release_version(&job).await.unwrap();
    let requests = (0..50).map(|_| columns(&server, "second"));
    assert!(join_all(requests).await.iter().all(|columns| columns.contains("body")));
    assert_eq!(moves(&server, "second").await, 1);
    let shown = server.get("/platform/databases/second").await.json();
    assert_eq!(shown["version"], 2);
}

#[tokio::test]
async fn while_a_job_runs_another_push_waits() {
    let server = start(&["acme"]).await;
    let job = store_version(&server, notes(&["title", "body"])).await;
    let refused = push(&server, &notes(&["title", "body", "more"])).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(refused.json()["detail"].as_str().unwrap().contains(job.id.as_str()), "{refused:?}");
    assert!(refused.json()["hint"].as_str().unwrap().contains("atomicbase jobs show"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_pushes_at_once_one_is_stored() {
    let server = start(&["first", "second", "third"]).await;
    let template = notes(&["title", "body"]);
    let answers = join_all((0..50).map(|_| push(&server, &template))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(StatusCode::ACCEPTED), 1);
    assert_eq!(count(StatusCode::OK) + count(StatusCode::CONFLICT), 49);
    let stored = answers.iter().find(|answer| answer.status == StatusCode::ACCEPTED).unwrap().json();
    server.finish_job(stored["job_id"].as_str().unwrap()).await;
    assert_eq!(versions(&server).await, [2, 2, 2]);
    assert_eq!(server.get("/platform/templates/notes").await.json()["latest_version"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_that_come_and_go_during_pushes_end_at_the_last_version() {
    let first: Vec<String> = (0..20).map(|number| format!("old-{number}")).collect();
    let server = start(&first.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let pushes = async {
        let mut columns = vec!["title"];
        for name in ["a", "b", "c", "d", "e"] {
            columns.push(name);
            let job = server.push(notes(&columns)).await;
            assert_eq!(job["status"], "completed", "{job}");
            assert_eq!(job["done"], job["total"]);
        }
    };
    let comings = join_all((0..40).map(|number| {
        let server = &server;
        async move {
            // Spread over the pushes: each waits for as many answers as its number.
            for _ in 0..number {
                server.get("/platform/templates").await;
            }
            server.create_database(&format!("new-{number}"), "notes").await;
            if number % 4 == 0 {
                let path = format!("/platform/databases/old-{}", number / 2);
                let deleted = server.request(axum::http::Method::DELETE, path).send().await;
                assert_eq!(deleted.status, StatusCode::NO_CONTENT);
            }
        }
    }));
    join(pushes, comings).await;
    assert_eq!(versions(&server).await, [6; 50]);
    for number in 0..40 {
        assert_eq!(columns(&server, &format!("new-{number}")).await.len(), 7);
        assert_eq!(record(&server, &format!("new-{number}")).await.version, 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_and_a_lost_one_do_not_hold_up_the_others() {
    let server = start(&["first", "broken", "lost", "last"]).await;
    let (broken, lost) = (record(&server, "broken").await, record(&server, "lost").await);
    let folder = server.stop().await;
    let file = |id: &DatabaseId| folder.path().join("tenants").join(format!("{id}.db"));
    std::fs::write(file(&broken.id), "this is no database at all").unwrap();
    std::fs::remove_file(file(&lost.id)).unwrap();
    let mut server = TestServer::start_in(folder, Limits::default(), 100).await;
    server.expect_log("a database could not be moved");

    let job = server.push(notes(&["title", "body"])).await;
    assert_eq!((&job["status"], &job["done"], &job["failed"]), (&json!("failed"), &json!(2), &json!(2)));
    let failures = job["failures"].as_array().unwrap();
    let names: Vec<_> = failures.iter().map(|failure| &failure["database"]).collect();
    assert_eq!(names, ["broken", "lost"]);
    assert_eq!(failures[1]["error"]["code"], "DATABASE_NOT_FOUND");
    for name in ["first", "last"] {
        assert_eq!(moves(&server, name).await, 1);
    }
}
