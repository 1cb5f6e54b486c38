//! `GET /platform/settings`.

use serde_json::json;
use testkit::TestServer;

#[tokio::test]
async fn settings_are_empty_until_somebody_sets_them() {
    let server = TestServer::start().await;
    let answer = server.get("/platform/settings").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
}
