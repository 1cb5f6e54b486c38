//! Hidden rows: every observation answers as if they were not there, but for what SQLite cannot hide.

use serde_json::{Value, json};

use super::newsroom::{ADA, Newsroom, read};
use super::observations::{OF_ROWS, OF_ROWS_BY_WRITES};

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn no_query_tells_hidden_rows_from_none() {
    let newsroom = Newsroom::start().await;
    for (what, prefer, table, text) in OF_ROWS {
        let ask = async |who, database| read(&newsroom.ask(who, database, prefer, table, &body(text)).await);
        let (with, without) = (ask(Some(ADA), "with").await, ask(Some(ADA), "without").await);
        assert_eq!(with, without, "{what}");
        assert_eq!(with.0, 200, "{what}: {with:?}");
        assert!(!with.1.to_string().to_lowercase().contains("zebra"), "{what}: {with:?}");
        // It would be seen: who sees all rows is answered otherwise.
        assert_ne!(ask(None, "with").await, ask(None, "without").await, "{what} observes nothing");
    }
}

#[tokio::test]
async fn a_batch_answers_what_its_queries_answer() {
    let newsroom = Newsroom::start().await;
    let operation = |(_, _, table, text): &(&str, &str, &str, &str)| json!({"operation": "select", "table": table, "body": body(text)});
    let operations: Value = OF_ROWS.iter().map(operation).collect();
    let batch = async |database| {
        let mut answer = newsroom.batch(ADA, database, &operations).await.json();
        let results = answer["results"].as_array_mut().unwrap_or_else(|| panic!("no results"));
        results.iter_mut().for_each(|result| drop(result.as_object_mut().unwrap().remove("next")));
        answer
    };
    let with = batch("with").await;
    assert_eq!(with["results"].as_array().map(Vec::len), Some(OF_ROWS.len()), "{with}");
    assert_eq!(with, batch("without").await);
}

#[tokio::test]
async fn pages_pass_hidden_rows_over() {
    let newsroom = Newsroom::start().await;
    let mut body = json!({"select": ["id"], "order": {"points": "desc"}, "limit": 1});
    let mut pages = Vec::new();
    loop {
        let page = newsroom.ask(Some(ADA), "with", "count=exact", "stories", &body).await.json();
        pages.push((page["data"].clone(), page["count"].clone()));
        let Some(next) = page.get("next") else { break };
        body["cursor"] = next.clone();
    }
    assert_eq!(pages, [4, 2, 1].map(|id| (json!([{"id": id}]), json!(3))));
}

#[tokio::test]
async fn no_write_tells_hidden_rows_from_others() {
    let newsroom = Newsroom::start().await;
    let hidden = async |database| {
        let body = json!({"where": {"owner": {"eq": "bob"}}});
        newsroom.ask(None, database, "", "stories", &body).await.json()
    };
    let (with, without) = (hidden("with").await, hidden("without").await);
    for (what, operation, table, text) in OF_ROWS_BY_WRITES {
        let prefer = format!("operation={operation}");
        let ask =
            async |database| read(&newsroom.ask(Some(ADA), database, &prefer, table, &body(text)).await);
        let found = ask("with").await;
        assert_eq!(found, ask("without").await, "{what}");
        assert!(!found.1.to_string().to_lowercase().contains("zebra"), "{what}: {found:?}");
        assert!(found.0 < 500, "{what}: {found:?}");
        assert_eq!(
            (hidden("with").await, hidden("without").await),
            (with.clone(), without.clone()),
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_a_write_does_to_rows_it_does_not_see() {
    let newsroom = Newsroom::start().await;
    for (what, answers) in [
        ("update of a hidden row", json!({"data": [], "rows_affected": 0})),
        ("update by a hidden related row", json!({"rows_affected": 0})),
        ("update of no more than are seen", json!({"rows_affected": 3})),
        ("update of more than are allowed", json!("TOO_MANY_ROWS")),
        ("update that gives a row away", json!("FORBIDDEN")),
        ("update that takes a row over", json!({"rows_affected": 0})),
        ("delete of a hidden row", json!({"data": [], "rows_affected": 0})),
        ("insert of another's row", json!("FORBIDDEN")),
        ("insert with the key of a hidden row", json!("UNIQUE_VIOLATION")),
        ("insert that takes a hidden row over", json!("UNIQUE_VIOLATION")),
        ("insert that replaces a hidden row", json!("UNIQUE_VIOLATION")),
        ("insert that ignores a hidden row", json!({"data": [], "rows_affected": 0})),
    ] {
        let (_, operation, table, text) = OF_ROWS_BY_WRITES.iter().find(|(name, ..)| *name == what).unwrap();
        let before = newsroom.everything("with").await;
        let answer =
            newsroom.ask(Some(ADA), "with", &format!("operation={operation}"), table, &body(text)).await;
        match answers.as_str() {
            Some(code) => {
                assert_eq!(answer.code(), code, "{what}");
                assert_eq!(newsroom.everything("with").await, before, "{what}");
            }
            None => assert_eq!(answer.json(), answers, "{what}"),
        }
    }
}

#[tokio::test]
async fn a_row_may_leave_ones_sight_and_is_counted() {
    let newsroom = Newsroom::start().await;
    let ask = async |operation: &str, body: Value| {
        let prefer = format!("operation={operation}");
        newsroom.ask(Some("role=editor; user=ada"), "with", &prefer, "stories", &body).await.json()
    };
    let moved =
        ask("update", json!({"data": {"owner": "bob"}, "where": {"id": {"in": [1, 3]}}, "returning": ["*"]}))
            .await;
    assert_eq!(moved, json!({"data": [], "rows_affected": 1}));
    assert_eq!(ask("select", json!({"select": ["id"]})).await, json!({"data": [{"id": 2}, {"id": 4}]}));
    let rows = json!([{"id": 80, "title": "t", "owner": "bob"}, {"id": 81, "title": "t", "owner": "ada"}]);
    let inserted = ask("insert", json!({"data": rows, "returning": ["id"]})).await;
    assert_eq!((&inserted["data"], &inserted["rows_affected"]), (&json!([{"id": 81}]), &json!(2)));
}

#[tokio::test]
async fn what_sqlite_cannot_hide_names_no_value_and_changes_nothing() {
    let newsroom = Newsroom::start().await;
    let before = newsroom.everything("with").await;
    let ask = async |operation: &str, table: &str, body: Value| {
        newsroom.ask(Some(ADA), "with", &format!("operation={operation}"), table, &body).await
    };
    // A unique value that a hidden row has.
    let collides =
        ask("insert", "stories", json!({"data": {"id": 90, "title": "t", "owner": "ada", "code": "B3"}}))
            .await;
    assert_eq!(collides.code(), "UNIQUE_VIOLATION");
    let said = collides.json().to_string();
    assert!(said.contains("stories.code") && !said.contains("B3") && !said.contains("bob"), "{said}");
    let collides =
        ask("update", "stories", json!({"data": {"code": "B3"}, "where": {"id": {"eq": 1}}})).await;
    assert_eq!(collides.code(), "UNIQUE_VIOLATION");
    assert_eq!(newsroom.everything("with").await, before);
    // A key refers to a hidden row, and not to none.
    let refers = async |id: i64| ask("insert", "audits", json!({"data": {"id": id, "story_id": id}})).await;
    assert_eq!(refers(5).await.json(), json!({"rows_affected": 1, "last_insert_id": 5}));
    assert_eq!(refers(50).await.code(), "FOREIGN_KEY_VIOLATION");
    // The next number is one more than that of any row.
    let numbered = ask("insert", "stories", json!({"data": {"title": "t", "owner": "ada"}})).await.json();
    assert_eq!(numbered["last_insert_id"], 61);
    // What cascades, cascades.
    ask("delete", "stories", json!({"where": {"id": {"eq": 4}}})).await;
    assert_eq!(
        ask("delete", "stories", json!({"where": {"id": {"eq": 1}}})).await.code(),
        "FOREIGN_KEY_VIOLATION"
    );
}

#[tokio::test]
async fn the_rank_of_a_search_is_for_those_who_see_all_rows() {
    let newsroom = Newsroom::start().await;
    let search = json!({"__fts": {"fts": "apple"}});
    for body in [
        json!({"select": ["id", {"r": {"rank": "__fts"}}], "where": search}),
        json!({"select": ["id"], "where": search, "order": {"__rank": "asc"}}),
    ] {
        assert_eq!(newsroom.ask(Some(ADA), "with", "", "stories", &body).await.code(), "FORBIDDEN");
        let all = newsroom.ask(Some("role=admin"), "with", "", "stories", &body).await;
        assert_eq!(all.json()["data"].as_array().map(Vec::len), Some(3), "{all:?}");
        // A rank also tells how long a hidden column is.
        assert_eq!(newsroom.ask(Some("role=viewer"), "with", "", "stories", &body).await.code(), "FORBIDDEN");
    }
}
