//! A server with one database, `acme`, of the template `agency` with a few rows.

use serde_json::{Map, Value, json};
use testkit::{Answer, TestServer};

pub(crate) struct Agency {
    pub server: TestServer,
}

pub(crate) fn template() -> Value {
    serde_json::from_str(include_str!("../../../query/tests/fixtures/agency.json")).unwrap()
}

impl Agency {
    pub(crate) async fn start() -> Self {
        Self::fill(TestServer::start().await).await
    }

    /// On a server that was started otherwise.
    pub(crate) async fn fill(server: TestServer) -> Self {
        server.push(template()).await;
        server.create_database("acme", "agency").await;
        let rows: Map<String, Value> =
            serde_json::from_str(include_str!("../../../query/tests/fixtures/agency_rows.json")).unwrap();
        let inserts: Vec<Value> = rows
            .into_iter()
            .map(|(table, rows)| json!({"operation": "insert", "table": table, "body": {"data": rows}}))
            .collect();
        let agency = Self { server };
        let answer = agency.batch(json!({ "operations": inserts })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        agency
    }

    pub(crate) async fn query(&self, operation: &str, table: &str, body: Value) -> Answer {
        self.server.query("acme", table, &format!("operation={operation}"), body).await
    }

    pub(crate) async fn batch(&self, body: Value) -> Answer {
        let request = self.server.request(axum::http::Method::POST, "/data/batch");
        request.header("database", "acme").json(body).send().await
    }

    /// The answer of a query that succeeds at the first version of the template.
    pub(crate) async fn answer(&self, operation: &str, table: &str, body: Value) -> Value {
        let answer = self.query(operation, table, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["template-version"], "1");
        answer.json()
    }

    /// The rows that a select answers.
    pub(crate) async fn rows(&self, table: &str, body: Value) -> Value {
        self.answer("select", table, body).await["data"].take()
    }

    /// The problem of a query that is refused and changes nothing.
    pub(crate) async fn refused(&self, operation: &str, table: &str, body: Value) -> Value {
        let before = self.everything().await;
        let answer = self.query(operation, table, body).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.headers["template-version"], "1");
        assert_eq!(self.everything().await, before);
        answer.json()
    }

    /// Every row of every table.
    pub(crate) async fn everything(&self) -> Value {
        let mut all = Map::new();
        for table in ["users", "projects", "tasks", "members", "excluded"] {
            all.insert(table.to_owned(), self.rows(table, json!({})).await);
        }
        all.into()
    }
}
