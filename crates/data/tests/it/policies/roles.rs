//! Who may do what with which table: roles that every project has, roles of its own, anonymous callers, direct grants.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Answer, TestServer};

/// `Act-As` of each caller; the key itself is like a direct grant.
const CALLERS: [Option<&str>; 7] = [
    None,
    Some("role=owner"),
    Some("role=admin"),
    Some("role=member"),
    Some("role=viewer"),
    Some("role=editor"),
    Some("anonymous"),
];

/// Table: what each of `CALLERS` may do, as select, insert, update, delete; `-` is refused.
const RIGHTS: [(&str, [&str; 7]); 6] = [
    //                key     owner   admin   member  viewer  editor  anonymous
    ("plain", ["siud", "siud", "siud", "siud", "s---", "----", "----"]),
    ("nobody", ["siud", "siud", "----", "----", "----", "----", "----"]),
    ("members", ["siud", "siud", "----", "siud", "----", "----", "----"]),
    ("readers", ["siud", "s---", "s---", "s---", "s---", "s---", "s---"]),
    // A rule for select is wanted by update and delete, and insert does without.
    ("writers", ["siud", "-i--", "-i--", "-i--", "-i--", "-i--", "-i--"]),
    ("editors", ["siud", "siud", "siud", "si--", "s-u-", "s--d", "siud"]),
];

fn template() -> Value {
    let table = |name: &&str| json!({"name": name, "primary_key": ["id"], "columns": [{"name": "id", "type": "integer"}, {"name": "v", "type": "text"}]});
    let tables: Vec<Value> = RIGHTS.iter().map(|(name, _)| table(name)).collect();
    let everybody = |rules: &Value| -> Value {
        let roles = ["owner", "admin", "member", "viewer", "editor", "anonymous"];
        roles.iter().map(|role| ((*role).to_owned(), rules.clone())).collect()
    };
    json!({"format": 1, "name": "roles", "tables": tables, "policies": {
        "nobody": {},
        "members": {"member": "all"},
        "readers": everybody(&json!({"select": true})),
        "writers": everybody(&json!({"insert": true, "update": true, "delete": true})),
        "editors": {
            "admin": "all",
            "member": {"select": true, "insert": true},
            "viewer": {"select": true, "update": true},
            "editor": {"select": true, "delete": true},
            "anonymous": "all",
        },
    }})
}

async fn start() -> TestServer {
    let server = TestServer::start().await;
    let settings = server.request(Method::PUT, "/platform/settings").json(json!({"roles": {"editor": {}}}));
    assert_eq!(settings.send().await.status, 200);
    server.push(template()).await;
    server.create_database("acme", "roles").await;
    server
}

async fn ask(server: &TestServer, who: Option<&str>, operation: &str, table: &str, body: Value) -> Answer {
    let request = server.request(Method::POST, format!("/data/query/{table}")).header("database", "acme");
    let request = request.header("prefer", &format!("operation={operation}")).json(body);
    match who {
        Some(who) => request.header("act-as", who).send().await,
        None => request.send().await,
    }
}

#[tokio::test]
async fn each_caller_may_do_what_the_table_says() {
    let server = start().await;
    let row = json!({"id": {"eq": 1}});
    for (table, rights) in RIGHTS {
        for (who, rights) in CALLERS.into_iter().zip(rights) {
            for (operation, body) in [
                ("select", json!({})),
                ("insert", json!({"data": {"v": "x"}})),
                ("update", json!({"data": {"v": "y"}, "where": row})),
                ("delete", json!({"where": row})),
            ] {
                let answer = ask(&server, who, operation, table, body).await;
                if rights.contains(&operation[..1]) {
                    assert_eq!(answer.status, 200, "{who:?} {operation} {table}: {answer:?}");
                } else {
                    // Who has no name yet may be told to give one.
                    let code = answer.code();
                    let asks_who = who == Some("anonymous") && code == "UNAUTHENTICATED";
                    assert!(asks_who || code == "FORBIDDEN", "{who:?} {operation} {table}: {code}");
                }
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_select_gets_nothing_back() {
    let server = start().await;
    let body = json!({"data": {"v": "x"}, "returning": ["id"]});
    assert_eq!(ask(&server, Some("role=member"), "insert", "writers", body).await.code(), "FORBIDDEN");
    let upsert = json!({"data": {"id": 1, "v": "x"}, "on_conflict": {"action": "update"}});
    assert_eq!(ask(&server, Some("role=member"), "insert", "editors", upsert).await.code(), "FORBIDDEN");
    let ignore = json!({"data": {"id": 1, "v": "x"}, "on_conflict": {"action": "ignore"}});
    assert_eq!(ask(&server, Some("role=member"), "insert", "editors", ignore).await.status, 200);
    for table in ["writers", "editors"] {
        let rows = ask(&server, None, "select", table, json!({})).await.json();
        let wanted = if table == "writers" { json!([]) } else { json!([{"id": 1, "v": "x"}]) };
        assert_eq!(rows["data"], wanted);
    }
}

#[tokio::test]
async fn a_caller_without_a_key_is_anonymous() {
    let server = start().await;
    let request = async |database: &str, table: &str| {
        let request = server.request(Method::POST, format!("/data/query/{table}")).anonymous();
        request.header("database", database).json(json!({})).send().await
    };
    assert_eq!(request("acme", "readers").await.json(), json!({"data": []}));
    assert_eq!(request("acme", "plain").await.code(), "UNAUTHENTICATED");
    assert_eq!(request("acme", "members").await.code(), "UNAUTHENTICATED");
    assert_eq!(request("nowhere", "readers").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_export_is_for_keys() {
    let server = start().await;
    let export = async |who: Option<&str>| {
        let request = server.request(Method::POST, "/data/query/readers").header("database", "acme");
        let request = request.header("accept", "application/x-ndjson").json(json!({}));
        match who {
            Some(who) => request.header("act-as", who).send().await,
            None => request.send().await,
        }
    };
    assert_eq!(export(None).await.status, 200);
    for who in CALLERS.into_iter().flatten() {
        let answer = export(Some(who)).await;
        assert!([401, 403].contains(&answer.status.as_u16()), "{who}: {answer:?}");
    }
}
