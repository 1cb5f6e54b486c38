//! Deleting rows.

use serde_json::json;

use crate::agency::Agency;

#[tokio::test]
async fn the_rows_that_are_found_go_and_those_that_follow_them() {
    let agency = Agency::start().await;
    let body = json!({"where": {"id": {"eq": 1}}, "returning": ["id", "name"]});
    let answer = agency.answer("delete", "projects", body).await;
    assert_eq!(answer, json!({"data": [{"id": 1, "name": "Website"}], "rows_affected": 1}));
    assert_eq!(agency.rows("tasks", json!({"select": "id"})).await, json!([{"id": "t3"}]));
    assert_eq!(agency.rows("members", json!({})).await, json!([]));
    let again = json!({"where": {"id": {"eq": 1}}});
    assert_eq!(agency.answer("delete", "projects", again).await, json!({"rows_affected": 0}));
}

#[tokio::test]
async fn each_refusal_deletes_nothing() {
    let agency = Agency::start().await;
    for (body, status, code, path) in [
        (json!({}), 400, "MISSING_WHERE_CLAUSE", Some("where")),
        (json!({"where": null}), 400, "MISSING_WHERE_CLAUSE", Some("where")),
        (json!({"where": {"not": []}}), 400, "INVALID_QUERY", Some("where.not")),
        (json!({"where": {"or": []}}), 400, "INVALID_QUERY", Some("where.or")),
        (json!({"where": {"id": {}}}), 400, "INVALID_QUERY", Some("where.id")),
        (json!({"where": {"di": {"eq": "u1"}}}), 400, "COLUMN_NOT_FOUND", Some("where.di")),
        (json!({"where": {"id": {"eq": 1}}}), 400, "TYPE_MISMATCH", Some("where.id.eq")),
        (json!({"where": {"id": {"eq": "u1"}}, "data": {}}), 400, "INVALID_QUERY", Some("data")),
        (json!({"where": {"id": {"eq": "u1"}}}), 409, "FOREIGN_KEY_VIOLATION", None),
        (json!({"where": {"id": {"not": null}}}), 409, "FOREIGN_KEY_VIOLATION", None),
    ] {
        let problem = agency.refused("delete", "users", body).await;
        assert_eq!(
            (problem["status"].as_u64(), problem["code"].as_str()),
            (Some(status), Some(code)),
            "{problem}"
        );
        assert_eq!(problem["errors"][0]["path"].as_str(), path, "{problem}");
    }
}
