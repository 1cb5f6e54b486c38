//! Reads: slow, endless, bounded, unable to write, and of one moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Batch, ErrorKind, JsonColumn, JsonShape, Kind, Rows, Statement, Value};

use super::{ENDLESS, Subject, insert};

/// A slow read moves to another thread and answers.
pub async fn a_slow_read_moves_to_another_thread_and_answers(subject: Subject) {
    let fixture = subject.fixture().await;
    // About a million steps: far beyond the inline budget, far below a deadline.
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n";
    let outcome = fixture.database.run(Batch::read().with(Statement::query(sql, vec![]))).await.unwrap();
    assert_eq!(outcome.into_values(), [[Value::Integer(300_000)]]);
}

/// An endless read ends at its deadline and the database goes on.
pub async fn an_endless_read_ends_at_its_deadline_and_the_database_goes_on(subject: Subject) {
    let fixture = subject.fixture().await;
    let mut batch = Batch::read().with(Statement::query(ENDLESS, vec![]));
    batch.deadline = Some(Instant::now() + Duration::from_millis(50));
    assert_eq!(fixture.database.run(batch).await.unwrap_err().kind, ErrorKind::Timeout);
    fixture.database.run(insert(1, "one")).await.unwrap();
}

/// A read cannot write.
pub async fn a_read_cannot_write(subject: Subject) {
    let fixture = subject.fixture().await;
    let sneaky = Batch::read().with(Statement::new("INSERT INTO notes VALUES (1, 'x') RETURNING id", vec![]));
    assert_eq!(fixture.database.run(sneaky).await.unwrap_err().kind, ErrorKind::ReadOnly);
}

/// Rows come as json with their hidden keys.
pub async fn rows_come_as_json_with_their_hidden_keys(subject: Subject) {
    let fixture = subject.fixture().await;
    fixture.database.run(insert(7, "a \"quoted\" note")).await.unwrap();
    let shape = Arc::new(JsonShape {
        columns: vec![JsonColumn::new("text", Kind::Plain)],
        keys: 1,
        ..JsonShape::default()
    });
    let statement = Statement::json("SELECT text, id FROM notes", vec![], shape);
    let outcome = fixture.database.run(Batch::read().with(statement)).await.unwrap();
    let Rows::Json(rows) = &outcome.statements[0].rows else { panic!("not JSON") };
    assert_eq!(rows.keys(0), [Value::Integer(7)]);
    let mut out = Vec::new();
    rows.write_array(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), r#"[{"text":"a \"quoted\" note"}]"#);
}

/// An answer has a largest size.
pub async fn an_answer_has_a_largest_size(subject: Subject) {
    let fixture = subject.fixture().await;
    for id in 0..10 {
        fixture.database.run(insert(id, &format!("{id}{}", "x".repeat(1_000)))).await.unwrap();
    }
    let shape = Arc::new(JsonShape {
        columns: vec![JsonColumn::new("text", Kind::Plain)],
        keys: 0,
        ..JsonShape::default()
    });
    let mut batch = Batch::read().with(Statement::json("SELECT text FROM notes", vec![], shape));
    batch.max_bytes = 5_000;
    assert_eq!(fixture.database.run(batch).await.unwrap_err().kind, ErrorKind::TooBig);
}

/// Statements of a read see the same rows.
pub async fn statements_of_a_read_see_the_same_rows(subject: Subject) {
    let fixture = subject.fixture().await;
    let writer = fixture.database.clone();
    let writes = tokio::spawn(async move {
        for id in 0..200 {
            writer.run(insert(id, &id.to_string())).await.unwrap();
        }
    });
    while !writes.is_finished() {
        let count = "SELECT count(*) FROM notes";
        let mut batch =
            Batch::read().with(Statement::query(count, vec![])).with(Statement::query(count, vec![]));
        batch.expect_version = Some(1);
        let outcome = fixture.database.run(batch).await.unwrap();
        let counts: Vec<_> = outcome
            .statements
            .into_iter()
            .map(|statement| match statement.rows {
                Rows::Values(rows) => rows[0][0].clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(counts[0], counts[1]);
    }
    writes.await.unwrap();
}
