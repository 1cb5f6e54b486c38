//! Rates: what each request counts for, and what a refusal says.

use atomicbase_core::{Limits, Rate};
use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Answer, TestServer};

const READ: &str = "/data/query/notes";

fn rate(requests_per_second: u32, burst: u32) -> Option<Rate> {
    Some(Rate { requests_per_second, burst })
}

/// A server whose databases `one` and `two` let everybody read their notes. What came before these limits counts for none.
async fn start(limits: Limits) -> TestServer {
    let server = TestServer::start().await;
    server
        .push(json!({"format": 1, "name": "notes", "tables": [{"name": "notes", "primary_key": ["id"],
            "columns": [{"name": "id", "type": "integer"}]}],
            "policies": {"notes": {"viewer": {"select": true}, "anonymous": {"select": true}}}}))
        .await;
    for name in ["one", "two"] {
        server.create_database(name, "notes").await;
    }
    TestServer::start_in(server.stop().await, limits, 100).await
}

async fn read(server: &TestServer, database: &str) -> u16 {
    server.query(database, "notes", "", json!({})).await.status.as_u16()
}

async fn read_with(server: &TestServer, key: &str, database: &str) -> Answer {
    let request = server.request(Method::POST, READ).anonymous().header("database", database);
    request.header("authorization", &format!("Bearer {key}")).json(json!({})).send().await
}

async fn key(server: &TestServer, body: Value) -> String {
    server.post("/platform/keys", body).await.json()["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_requests_at_once_exactly_the_burst_comes_in() {
    for burst in [1, 20] {
        let server = start(Limits { tenant_rate: rate(5, burst), ..Limits::default() }).await;
        let asked = (0..50).map(|_| read(&server, "one"));
        let answered = futures_util::future::join_all(asked).await;
        let count = |status| answered.iter().filter(|answered| **answered == status).count();
        assert_eq!((count(200), count(429)), (burst as usize, 50 - burst as usize));
    }
}

#[tokio::test]
async fn a_tenant_that_is_used_up_leaves_others_alone_and_comes_back_when_it_was_said() {
    let server = start(Limits { tenant_rate: rate(4, 2), ..Limits::default() }).await;
    for status in [200, 200, 429] {
        assert_eq!(read(&server, "one").await, status);
    }
    assert_eq!(read(&server, "two").await, 200);
    let refused = server.query("one", "notes", "", json!({})).await;
    assert_eq!(
        (refused.code().as_str(), &refused.headers["retry-after"]),
        ("RATE_LIMITED", &"1".parse().unwrap())
    );
    let problem = refused.json();
    assert_eq!(problem["detail"], "More requests than this database takes: 4 per second, 2 at once.");
    assert!(problem["hint"].as_str().unwrap().contains("`limits.tenant_requests_per_second`"), "{problem}");
    // A quarter of a second for each request, and no sooner.
    server.clock.advance_ms(249);
    assert_eq!(read(&server, "one").await, 429);
    server.clock.advance_ms(1);
    for status in [200, 429] {
        assert_eq!(read(&server, "one").await, status);
    }
    server.clock.advance(60);
    for status in [200, 200, 429] {
        assert_eq!(read(&server, "one").await, status, "a rest saves up no more than the burst");
    }
    // What concerns no tenant's data is not the tenants' to pay.
    assert_eq!(server.get("/platform/databases/one").await.status, 200);
}

#[tokio::test]
async fn a_key_counts_on_every_route_and_in_every_database() {
    let server = start(Limits { key_rate: rate(10, 3), ..Limits::default() }).await;
    let other = key(&server, json!({"name": "other", "scopes": ["data", "platform"]})).await;
    server.clock.advance(1);
    assert_eq!(read(&server, "one").await, 200);
    assert_eq!(read(&server, "two").await, 200);
    assert_eq!(read(&server, "missing").await, 404, "what is refused for another reason counts");
    let refused = server.get("/platform/databases").await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(refused.headers["retry-after"], "1");
    let problem = refused.json();
    assert_eq!(problem["detail"], "More requests than this key may send: 10 per second, 3 at once.");
    assert!(problem["hint"].as_str().unwrap().contains("`limits.key_requests_per_second`"), "{problem}");
    // Act-As is the key's request; other keys, callers without one and open routes are not.
    let acting = server.request(Method::POST, READ).header("database", "one").header("act-as", "role=viewer");
    assert_eq!(acting.json(json!({})).send().await.status, 429);
    assert_eq!(read_with(&server, &other, "one").await.status, 200);
    let nobody = server.request(Method::POST, READ).anonymous().header("database", "one");
    assert_eq!(nobody.json(json!({})).send().await.status, 200);
    assert_eq!(server.get("/health").await.status, 200);
    server.clock.advance_ms(100);
    assert_eq!(read(&server, "one").await, 200);
}

#[tokio::test]
async fn a_tenants_refusals_cost_its_key_nothing_and_it_counts_whoever_asks() {
    let server = start(Limits { tenant_rate: rate(1, 2), key_rate: rate(1, 4), ..Limits::default() }).await;
    let nobody = server.request(Method::POST, READ).anonymous().header("database", "one");
    assert_eq!(nobody.json(json!({})).send().await.status, 200);
    assert_eq!(read(&server, "one").await, 200);
    for _ in 0..10 {
        let refused = server.query("one", "notes", "", json!({})).await.json();
        assert!(refused["detail"].as_str().unwrap().contains("this database"), "{refused}");
    }
    for status in [200, 200] {
        assert_eq!(read(&server, "two").await, status);
    }
    assert_eq!(server.get("/platform/databases").await.status, 200);
    assert_eq!(server.get("/platform/databases").await.status, 429);
}

#[tokio::test]
async fn retry_after_is_when_the_next_request_comes_in() {
    let server = start(Limits { key_rate: rate(1, 3), ..Limits::default() }).await;
    for _ in 0..3 {
        assert_eq!(read(&server, "one").await, 200);
    }
    server.clock.advance_ms(1);
    assert_eq!(server.get("/platform/databases").await.headers["retry-after"], "1");
    server.clock.advance_ms(998);
    assert_eq!(server.get("/platform/databases").await.headers["retry-after"], "1", "never none");
    server.clock.advance_ms(1);
    assert_eq!(server.get("/platform/databases").await.status, 200);
}

#[tokio::test]
async fn a_database_out_of_reach_shows_no_rate() {
    let server = start(Limits { tenant_rate: rate(1, 1), ..Limits::default() }).await;
    let bound = key(&server, json!({"name": "bound", "scopes": ["data"], "database": "two"})).await;
    assert_eq!(read(&server, "one").await, 200);
    for _ in 0..3 {
        assert_eq!(read_with(&server, &bound, "one").await.code(), "DATABASE_NOT_FOUND");
    }
    server.clock.advance(1);
    assert_eq!(read(&server, "one").await, 200, "nor does who cannot reach it use it up");
}
