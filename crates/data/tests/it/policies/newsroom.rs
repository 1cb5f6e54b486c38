//! A newsroom in which Ada sees her own stories and not their salary, whisper and reviewer; and the same room without Bob's.

use axum::http::Method;
use serde_json::{Map, Value, json};
use testkit::{Answer, Request, TestServer};

/// Who asks: Ada, by her role.
pub(super) const ADA: &str = "role=member; user=ada";

pub(super) struct Newsroom {
    pub server: TestServer,
}

/// Databases that are the same to Ada: `with` Bob's stories, `without` all but the one that hers refers to, which is another there,
/// and `other`, where what is hidden of her own stories is other than in `with`.
const DATABASES: [(&str, &str); 3] = [
    ("with", include_str!("../../../../query/tests/fixtures/newsroom_with.json")),
    ("without", include_str!("../../../../query/tests/fixtures/newsroom_without.json")),
    ("other", include_str!("../../../../query/tests/fixtures/newsroom_other.json")),
];

fn template() -> Value {
    serde_json::from_str(include_str!("../../../../query/tests/fixtures/newsroom.json")).unwrap()
}

impl Newsroom {
    pub(super) async fn start() -> Self {
        let newsroom = Self { server: TestServer::start().await };
        let settings = newsroom.server.request(Method::PUT, "/platform/settings");
        assert_eq!(settings.json(json!({"roles": {"editor": {}}})).send().await.status, 200);
        newsroom.server.push(template()).await;
        for (database, rows) in DATABASES {
            newsroom.fill(database, serde_json::from_str(rows).unwrap()).await;
        }
        newsroom
    }

    async fn fill(&self, database: &str, rows: Map<String, Value>) {
        self.server.create_database(database, "newsroom").await;
        let inserts = rows.into_iter();
        let inserts: Vec<Value> = inserts
            .map(|(table, rows)| json!({"operation": "insert", "table": table, "body": {"data": rows}}))
            .collect();
        let answer = self.request(database, "/data/batch").json(json!({"operations": inserts})).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    fn request(&self, database: &str, path: &str) -> Request<'_> {
        self.server.request(Method::POST, path).header("database", database)
    }

    /// A query with a `Prefer`, by whom `Act-As` says, or by the key.
    pub(super) async fn ask(
        &self,
        who: Option<&str>,
        database: &str,
        prefer: &str,
        table: &str,
        body: &Value,
    ) -> Answer {
        let request = self.request(database, &format!("/data/query/{table}")).header("prefer", prefer);
        let request = match who {
            Some(who) => request.header("act-as", who),
            None => request,
        };
        request.json(body.clone()).send().await
    }

    /// A batch.
    pub(super) async fn batch(&self, who: &str, database: &str, operations: &Value) -> Answer {
        let request = self.request(database, "/data/batch").header("act-as", who);
        request.json(json!({"operations": operations})).send().await
    }

    /// Every row of every table, as the key reads them.
    pub(super) async fn everything(&self, database: &str) -> Value {
        let mut all = Vec::new();
        for table in ["desks", "stories", "tags", "story_tags", "audits"] {
            all.push(self.ask(None, database, "operation=select", table, &json!({})).await.json());
        }
        all.into()
    }
}

/// An answer as the caller reads it, but for what differs with every request and database.
pub(super) fn read(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    let members = body.as_object_mut().unwrap();
    members.remove("request_id");
    for name in ["next", "prev"] {
        if let Some(cursor) = members.get_mut(name) {
            *cursor = json!("(a cursor)");
        }
    }
    (answer.status.as_u16(), body)
}
