//! The isolation matrix: every route that is mounted × every kind of caller. A new route enrols itself from the route table;
//! a new kind of access does not compile until it has its column here.

use std::collections::HashMap;

use atomicbase_http::Access;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::{KEY, TestServer};

/// What a caller may meet at a route.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    /// Comes in: anything but 401 and 403.
    Open,
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 404 or 403: neither a look at another tenant nor a word that it exists.
    Shut,
    /// 404 `DATABASE_NOT_FOUND`, as if the database did not exist.
    NoSuchDatabase,
}

use Expect::{Forbidden, NoSuchDatabase, Open, Shut, Unknown};

/// Caller, then what it meets at public, platform and database routes.
const MATRIX: [(&str, Expect, Expect, Expect); 12] = [
    //                           public platform   database
    ("nobody", Open, Unknown, Unknown),
    ("no key at all", Open, Unknown, Unknown),
    ("unknown key", Open, Unknown, Unknown),
    ("revoked key", Open, Unknown, Unknown),
    ("expired key", Open, Unknown, Unknown),
    ("data key", Open, Forbidden, Open),
    ("platform key", Open, Open, Forbidden),
    ("key of another database", Open, Shut, NoSuchDatabase),
    ("acting as viewer", Open, Forbidden, Open),
    ("acting as owner", Open, Forbidden, Open),
    ("acting as anonymous", Open, Unknown, Unknown),
    ("bootstrap key", Open, Open, Open),
];

struct World {
    server: TestServer,
    /// Headers by caller.
    callers: HashMap<&'static str, Vec<(&'static str, String)>>,
    /// The database that is not the bound key's.
    victim: String,
    job: String,
    key: String,
}

fn template() -> Value {
    json!({"format": 1, "name": "notes", "tables": [{"name": "notes", "primary_key": ["id"],
        "columns": [{"name": "id", "type": "integer"}, {"name": "text", "type": "text"}]}]})
}

async fn world() -> World {
    let server = TestServer::start().await;
    let job = server.push(template()).await;
    let victim = server.create_database("victim", "notes").await["id"].as_str().unwrap().to_owned();
    let other = server.create_database("other", "notes").await["id"].as_str().unwrap().to_owned();
    let key = async |body: Value| {
        let made = server.post("/platform/keys", body).await.json();
        (made["key"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
    };
    let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
    let (data, _) = key(json!({"name": "data", "scopes": ["data"]})).await;
    let (platform, id) = key(json!({"name": "platform", "scopes": ["platform"]})).await;
    let (bound, _) = key(json!({"name": "bound", "scopes": ["data", "platform"], "database": other})).await;
    let (revoked, revoked_id) = key(json!({"name": "revoked", "scopes": ["data", "platform"]})).await;
    let gone = server.request(Method::DELETE, format!("/platform/keys/{revoked_id}")).send().await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let expires_at = server.clock.now() + 10;
    let (expired, _) =
        key(json!({"name": "short", "scopes": ["data", "platform"], "expires_at": expires_at})).await;
    server.clock.advance(10);
    let acting = |who: &str| vec![bearer(KEY), ("act-as", who.to_owned())];
    let callers = HashMap::from([
        ("nobody", vec![]),
        ("no key at all", vec![("authorization", "Basic YTpi".to_owned())]),
        ("unknown key", vec![bearer(&format!("atb_sk_{}", "A".repeat(43)))]),
        ("revoked key", vec![bearer(&revoked)]),
        ("expired key", vec![bearer(&expired)]),
        ("data key", vec![bearer(&data)]),
        ("platform key", vec![bearer(&platform)]),
        ("key of another database", vec![bearer(&bound)]),
        ("acting as viewer", acting("role=viewer; user=usr_1")),
        ("acting as owner", acting("role=owner")),
        ("acting as anonymous", acting("anonymous")),
        ("bootstrap key", vec![bearer(KEY)]),
    ]);
    let job = job["id"].as_str().unwrap().to_owned();
    World { server, callers, victim, job, key: id }
}

impl World {
    /// A path with the victim's own ids in it.
    fn path(&self, route: &str) -> String {
        let id = match route {
            route if route.starts_with("/platform/jobs") => &self.job,
            route if route.starts_with("/platform/keys") => &self.key,
            _ => &self.victim,
        };
        route.replace("{id}", id).replace("{name}", "notes").replace("{table}", "notes")
    }

    async fn visit(&self, caller: &str, method: &Method, route: &str) -> testkit::Answer {
        let mut request = self.server.request(method.clone(), self.path(route)).anonymous();
        for (name, value) in &self.callers[caller] {
            request = request.header(name, value);
        }
        request = request.header("database", &self.victim);
        if *method == Method::GET { request } else { request.json(json!({})) }.send().await
    }
}

#[tokio::test]
async fn every_route_meets_every_caller_as_the_table_says() {
    let world = world().await;
    // Deletes go last: what they delete, the other routes need.
    let mut routes = world.server.routes.clone();
    routes.sort_by_key(|(method, _, _)| *method == Method::DELETE);
    assert!(routes.len() > 20, "the route table is mounted");
    for (caller, public, platform, database) in MATRIX {
        for (method, route, access) in &routes {
            let wanted = match access {
                Access::Public => public,
                Access::Key(_) => platform,
                Access::Database => database,
            };
            let answer = world.visit(caller, method, route).await;
            let status = answer.status.as_u16();
            let met = match wanted {
                Open => status != 401 && status != 403,
                Unknown => status == 401 && answer.code() == "UNAUTHENTICATED",
                Forbidden => status == 403 && answer.code() == "FORBIDDEN",
                Shut => status == 403 || status == 404,
                NoSuchDatabase => status == 404 && answer.code() == "DATABASE_NOT_FOUND",
            };
            assert!(met, "{caller} at {method} {route}: wanted {wanted:?}, met {status} {answer:?}");
            assert!(status < 500, "{caller} at {method} {route}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_database_out_of_reach_answers_like_one_that_does_not_exist() {
    let world = world().await;
    let ask = async |database: &str| {
        let mut request = world.server.request(Method::POST, "/data/query/notes").anonymous();
        for (name, value) in &world.callers["key of another database"] {
            request = request.header(name, value);
        }
        let mut answer = request.header("database", database).json(json!({})).send().await.json();
        answer["request_id"] = Value::Null;
        answer["detail"] = answer["detail"].as_str().unwrap().replace(database, "…").into();
        answer
    };
    let missing = format!("db_{}", "0".repeat(32));
    assert_eq!(ask(&world.victim).await, ask(&missing).await);
    assert_eq!(ask("victim").await, ask("missing").await);
}

#[tokio::test]
async fn a_key_of_one_database_needs_no_header_and_reaches_its_own() {
    let world = world().await;
    let bound = &world.callers["key of another database"][0].1;
    let request = world.server.request(Method::POST, "/data/query/notes").anonymous();
    let answer = request.header("authorization", bound).json(json!({})).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"data": []})));
}

#[tokio::test]
async fn a_viewer_reads_and_does_not_write() {
    let world = world().await;
    let row = json!({"data": {"id": 1, "text": "x"}});
    for (operation, body) in [
        ("insert", row.clone()),
        ("update", json!({"data": {"text": "y"}, "where": [{"id": {"eq": 1}}]})),
        ("delete", json!({"where": [{"id": {"eq": 1}}]})),
    ] {
        let request =
            world.server.request(Method::POST, "/data/query/notes").header("database", &world.victim);
        let request =
            request.header("act-as", "role=viewer").header("prefer", &format!("operation={operation}"));
        assert_eq!(request.json(body).send().await.code(), "FORBIDDEN", "{operation}");
    }
    let batch = json!({"operations": [{"operation": "insert", "table": "notes", "body": row}]});
    let request = world.server.request(Method::POST, "/data/batch").header("database", &world.victim);
    assert_eq!(request.header("act-as", "role=viewer").json(batch).send().await.code(), "FORBIDDEN");
    let rows = world.server.query("victim", "notes", "", json!({})).await;
    assert_eq!(rows.json(), json!({"data": []}));
}
