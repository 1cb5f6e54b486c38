//! Updating rows.

use serde_json::json;

use crate::agency::Agency;

#[tokio::test]
async fn the_rows_that_are_found_change_and_no_others() {
    let agency = Agency::start().await;
    let body = json!({"data": {"points": 8, "status": "done", "reviewer_id": "u1"}, "where": [{"project_id": {"eq": 1}}, {"points": {"is": null}}], "returning": ["id", "points"]});
    let answer = agency.answer("update", "tasks", body).await;
    assert_eq!(answer, json!({"data": [{"id": "t2", "points": 8}], "rows_affected": 1}));
    let rows = agency.rows("tasks", json!({"select": ["id", "points", "status"]})).await;
    assert_eq!(
        rows,
        json!([{"id": "t1", "points": 3, "status": "done"}, {"id": "t2", "points": 8, "status": "done"}, {"id": "t3", "points": null, "status": "todo"}])
    );
    let nobody = json!({"data": {"points": 0}, "where": {"id": {"eq": "t9"}}, "returning": ["id"]});
    assert_eq!(agency.answer("update", "tasks", nobody).await, json!({"data": [], "rows_affected": 0}));
}

#[tokio::test]
async fn a_key_can_change_and_json_is_replaced_whole() {
    let agency = Agency::start().await;
    let body = json!({"data": {"id": 7}, "where": {"id": {"eq": 2}}});
    assert_eq!(agency.refused("update", "projects", body).await["code"], "FOREIGN_KEY_VIOLATION");
    let body = json!({"data": {"meta": {"__inc": 1}, "photo": null}, "where": {"id": {"eq": 1}}, "returning": ["meta", "photo"]});
    let answer = agency.answer("update", "projects", body).await;
    assert_eq!(answer["data"], json!([{"meta": {"__inc": 1}, "photo": null}]));
}

#[tokio::test]
async fn each_refusal_changes_nothing() {
    let agency = Agency::start().await;
    let one = json!({"id": {"eq": "t1"}});
    for (body, status, code, path) in [
        (json!({"data": {"title": "x"}}), 400, "MISSING_WHERE_CLAUSE", "where"),
        (json!({"data": {"title": "x"}, "where": []}), 400, "MISSING_WHERE_CLAUSE", "where"),
        (json!({"data": {"title": "x"}, "where": [{}]}), 400, "INVALID_QUERY", "where[0]"),
        (json!({"where": one}), 400, "INVALID_QUERY", "data"),
        (json!({"data": {}, "where": one}), 400, "INVALID_QUERY", "data"),
        (json!({"data": [{"title": "x"}], "where": one}), 400, "INVALID_QUERY", "data"),
        (json!({"data": {"titel": "x"}, "where": one}), 400, "COLUMN_NOT_FOUND", "data.titel"),
        (json!({"data": {"title": null}, "where": one}), 400, "NOT_NULL_VIOLATION", "data.title"),
        (json!({"data": {"title": 5}, "where": one}), 400, "TYPE_MISMATCH", "data.title"),
        (
            json!({"data": {"points": {"__inc": "1"}}, "where": one}),
            400,
            "TYPE_MISMATCH",
            "data.points.__inc",
        ),
        (json!({"data": {"title": {"__inc": 1}}, "where": one}), 400, "INVALID_OPERATOR", "data.title"),
        (json!({"data": {"status": "later"}, "where": one}), 400, "CHECK_VIOLATION", "data.status"),
        (json!({"data": {"points": 100}, "where": one}), 400, "CHECK_VIOLATION", "data"),
        (json!({"data": {"project_id": 99}, "where": one}), 409, "FOREIGN_KEY_VIOLATION", "data"),
        (json!({"data": {"title": "Choose the photos"}, "where": one}), 409, "UNIQUE_VIOLATION", "data"),
        // The first row would do, the second breaks the rule: neither changes.
        (
            json!({"data": {"title": "same"}, "where": {"project_id": {"eq": 1}}}),
            409,
            "UNIQUE_VIOLATION",
            "data",
        ),
        (
            json!({"data": {"title": "x"}, "where": one, "returning": [{"n": {"count": "*"}}]}),
            400,
            "INVALID_QUERY",
            "returning[0].n",
        ),
        (json!({"data": {"title": "x"}, "where": one, "limit": 1}), 400, "INVALID_QUERY", "limit"),
    ] {
        let problem = agency.refused("update", "tasks", body).await;
        assert_eq!(
            (problem["status"].as_u64(), problem["code"].as_str()),
            (Some(status), Some(code)),
            "{problem}"
        );
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
    }
}
