//! `PUT /platform/settings`: the whole document at once, or nothing of it.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use testkit::{Answer, TestServer};

use crate::notes;

async fn put(server: &TestServer, settings: Value) -> Answer {
    server.request(Method::PUT, "/platform/settings").json(settings).send().await
}

async fn stored(server: &TestServer) -> Value {
    server.get("/platform/settings").await.json()
}

#[tokio::test]
async fn settings_are_replaced_whole() {
    let server = TestServer::start().await;
    let settings = json!({
        "organizations": {"default_template": "saas-app", "templates": ["saas-app", "crm"]},
        "users": {"templates": ["notes"]},
        "roles": {"editor": {}, "author": {"description": "Writes"}},
        "plans": {"pro": {"seats": 5, "price": {"month": 10.5}}},
    });
    let answer = put(&server, settings.clone()).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, settings.clone()));
    assert_eq!(stored(&server).await, settings);
    let answer = put(&server, json!({"roles": {}})).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"roles": {}})));
    assert_eq!(stored(&server).await, json!({"roles": {}}));
    assert_eq!(put(&server, json!({})).await.json(), json!({}));
    assert_eq!(stored(&server).await, json!({}));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_its_path_and_changes_nothing() {
    let server = TestServer::start().await;
    let kept = json!({"roles": {"editor": {}}});
    put(&server, kept.clone()).await;
    let many: Map<String, Value> = (0..101).map(|i| (format!("r{i}"), json!({}))).collect();
    for (body, path) in [
        (json!([]), ""),
        (json!({"role": {}}), "role"),
        (json!({"roles": []}), "roles"),
        (json!({"roles": null}), "roles"),
        (json!({"roles": {"editor": true}}), "roles.editor"),
        (json!({"roles": {"Editor": {}}}), "roles.Editor"),
        (json!({"roles": {"an_editor": {}}}), "roles.an_editor"),
        (json!({"roles": {"": {}}}), "roles."),
        (json!({"roles": {"owner": {}}}), "roles.owner"),
        (json!({"roles": {"viewer": {}}}), "roles.viewer"),
        (json!({"roles": {"anonymous": {}}}), "roles.anonymous"),
        (json!({"roles": many}), "roles"),
        (json!({"plans": {"pro": 5}}), "plans.pro"),
        (json!({"users": {"default_template": "a"}}), "users.default_template"),
        (json!({"users": {"templates": "a"}}), "users.templates"),
        (json!({"users": {"templates": ["a", 1]}}), "users.templates[1]"),
        (json!({"organizations": {"defaultTemplate": "a"}}), "organizations.defaultTemplate"),
        (json!({"organizations": {"default_template": "A b"}}), "organizations.default_template"),
        (json!({"organizations": {"templates": ["db_1"]}}), "organizations.templates[0]"),
    ] {
        let refused = put(&server, body.clone()).await;
        assert_eq!((refused.status, &*refused.code()), (StatusCode::BAD_REQUEST, "INVALID_QUERY"), "{body}");
        assert_eq!(refused.json()["errors"][0]["path"], path, "{body}");
        assert_eq!(stored(&server).await, kept, "{body}");
    }
    let two = put(&server, json!({"roles": {"a b": {}}, "orgs": {}, "users": 1})).await.json();
    assert_eq!(two["errors"].as_array().unwrap().len(), 3, "{two}");
    let typo = put(&server, json!({"organisations": {}})).await.json();
    assert_eq!(typo["hint"], "Did you mean `organizations`?");
}

#[tokio::test]
async fn settings_have_a_size() {
    let server = TestServer::start().await;
    let of = |bytes: usize| json!({"plans": {"pro": {"text": "x".repeat(bytes)}}});
    assert_eq!(put(&server, of(65_000)).await.status, StatusCode::OK);
    assert_eq!(put(&server, of(66_000)).await.code(), "PAYLOAD_TOO_LARGE");
    assert_eq!(stored(&server).await, of(65_000));
}

#[tokio::test]
async fn a_role_that_policies_name_cannot_be_removed() {
    let server = TestServer::start().await;
    put(&server, json!({"roles": {"editor": {}, "author": {}}})).await;
    let mut template = notes(&["title"]);
    template["policies"] = json!({"notes": {"editor": "all", "viewer": {"select": true}}});
    assert_eq!(server.push(template).await["status"], "completed");
    let refused = put(&server, json!({"roles": {"author": {}}})).await;
    assert_eq!((refused.status, &*refused.code()), (StatusCode::CONFLICT, "CONFLICT"));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`notes`") && detail.contains("`editor`"), "{detail}");
    assert_eq!(stored(&server).await, json!({"roles": {"editor": {}, "author": {}}}));
    assert_eq!(put(&server, json!({"roles": {"editor": {}}})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_role_goes_when_the_push_that_dropped_it_is_stored() {
    let server = TestServer::start().await;
    put(&server, json!({"roles": {"editor": {}}})).await;
    let mut template = notes(&["title"]);
    for (policies, status) in [
        (json!({"notes": {"editor": "all"}}), StatusCode::CONFLICT),
        (json!({"notes": {"viewer": "all"}}), StatusCode::OK),
    ] {
        template["policies"] = policies;
        server.push(template.clone()).await;
        assert_eq!(put(&server, json!({})).await.status, status);
    }
}

#[tokio::test]
async fn a_diff_looks_at_no_role() {
    // The command line sends roles when it pushes, and not before.
    let server = TestServer::start().await;
    let mut template = notes(&["title"]);
    template["policies"] = json!({"notes": {"editor": "all"}});
    let diff = server.post("/platform/templates/notes/diff", json!({"template": template})).await;
    assert_eq!(diff.status, StatusCode::OK);
}

#[tokio::test]
async fn policies_name_only_roles_that_there_are() {
    let server = TestServer::start().await;
    let mut template = notes(&["title"]);
    template["policies"] = json!({"notes": {"editor": "all", "anonymous": {"select": true}, "owner": "all"}});
    let push = async || server.post("/platform/templates/notes/push", json!({"template": template})).await;
    let create = async || server.post("/platform/templates", json!({"template": template})).await;
    for refused in [push().await, create().await] {
        assert_eq!((refused.status.as_u16(), &*refused.code()), (422, "INVALID_TEMPLATE"));
        let body = refused.json();
        assert_eq!(body["errors"][0]["path"], "policies.notes.editor", "{body}");
        let hint = body["hint"].as_str().unwrap();
        assert!(hint.contains("add it to `roles` in atomicbase.config.ts"), "{hint}");
    }
    put(&server, json!({"roles": {"editors": {}}})).await;
    let hint = push().await.json()["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("Did you mean `editors`?"), "{hint}");
    assert_eq!(server.get("/platform/templates").await.json(), json!({"data": []}));
}
