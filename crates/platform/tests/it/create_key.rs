//! `POST /platform/keys`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::TestServer;

use crate::{record, start};

/// A GET with another key than the bootstrap key.
pub(crate) async fn get_as(server: &TestServer, key: &str, path: &str) -> testkit::Answer {
    let request = server.request(Method::GET, path).anonymous();
    request.header("authorization", &format!("Bearer {key}")).send().await
}

pub(crate) async fn create(server: &TestServer, body: Value) -> Value {
    let created = server.post("/platform/keys", body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    created.json()
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    let server = start(&["acme"]).await;
    let acme = record(&server, "acme").await;
    let body = json!({"name": "CI", "scopes": ["data", "platform"], "database": "acme", "expires_at": 1_700_000_100});
    let created = create(&server, body).await;
    assert_eq!((&created["name"], &created["scopes"]), (&json!("CI"), &json!(["platform", "data"])));
    assert_eq!(
        (&created["database"], &created["expires_at"]),
        (&json!(acme.id.as_str()), &json!(1_700_000_100))
    );
    let key = created["key"].as_str().unwrap();
    assert_eq!(key.len(), "atb_sk_".len() + 43);
    assert_eq!(get_as(&server, key, "/platform/databases/acme").await.status, StatusCode::OK);
    server.clock.advance(100);
    assert_eq!(get_as(&server, key, "/platform/databases/acme").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_key_has_only_its_scopes() {
    let server = start(&["acme"]).await;
    let created = create(&server, json!({"name": "data only", "scopes": ["data"]})).await;
    let refused = get_as(&server, created["key"].as_str().unwrap(), "/platform/databases").await;
    assert_eq!(refused.code(), "FORBIDDEN");
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_do_more_than_their_own() {
    let server = start(&[]).await;
    let created = create(&server, json!({"name": "platform", "scopes": ["platform"]})).await;
    let key = format!("Bearer {}", created["key"].as_str().unwrap());
    let make = async |scopes: Value| {
        let request =
            server.request(Method::POST, "/platform/keys").anonymous().header("authorization", &key);
        request.json(json!({"name": "x", "scopes": scopes})).send().await
    };
    assert_eq!(make(json!(["platform", "data"])).await.code(), "FORBIDDEN");
    assert_eq!(make(json!(["platform"])).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let server = start(&[]).await;
    for (body, path) in [
        (json!({"name": "", "scopes": ["data"]}), "name"),
        (json!({"name": "a\nb", "scopes": ["data"]}), "name"),
        (json!({"name": "x".repeat(101), "scopes": ["data"]}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["root"]}), "scopes"),
        (json!({"name": "x", "scopes": ["data"], "expires_at": 1_700_000_000}), "expires_at"),
    ] {
        let refused = server.post("/platform/keys", body.clone()).await;
        assert_eq!(refused.code(), "INVALID_QUERY", "{body}");
        assert_eq!(refused.json()["errors"][0]["path"], path, "{body}");
    }
    let typo = server.post("/platform/keys", json!({"name": "x", "scopes": ["plattform"]})).await;
    assert_eq!(typo.json()["hint"], "Did you mean `platform`?");
    let unknown =
        server.post("/platform/keys", json!({"name": "x", "scopes": ["data"], "database": "acme"})).await;
    assert_eq!(unknown.code(), "DATABASE_NOT_FOUND");
    for body in [
        json!({"name": "x"}),
        json!({"name": "x", "scopes": "data"}),
        json!({"name": "x", "scopes": ["data"], "key": "y"}),
    ] {
        assert_eq!(server.post("/platform/keys", body).await.code(), "INVALID_QUERY");
    }
    assert_eq!(server.get("/platform/keys").await.json(), json!({"data": []}));
}

#[tokio::test]
async fn a_key_that_expires_gives_none_that_outlives_it() {
    let server = start(&[]).await;
    let expires_at = server.clock.now() + 100;
    let own =
        create(&server, json!({"name": "short", "scopes": ["platform"], "expires_at": expires_at})).await;
    for wanted in [json!(null), json!(expires_at + 1), json!(expires_at - 1)] {
        let body = json!({"name": "heir", "scopes": ["platform"], "expires_at": wanted});
        let request = server.request(Method::POST, "/platform/keys").anonymous();
        let request = request.header("authorization", &format!("Bearer {}", own["key"].as_str().unwrap()));
        let heir = request.json(body).send().await.json();
        assert!(heir["expires_at"].as_i64().unwrap() <= expires_at, "{heir}");
    }
}
