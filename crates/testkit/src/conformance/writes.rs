//! Writes that wait for the same database: one harms none of its neighbours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Batch, ErrorKind, JsonColumn, JsonShape, Kind, Statement};

use super::{ENDLESS, Subject, count, insert, texts};

/// A thousand writers all get their row.
pub async fn a_thousand_writers_all_get_their_row(subject: Subject) {
    let fixture = subject.fixture().await;
    let writes: Vec<_> = (0..1_000)
        .map(|id| {
            let database = fixture.database.clone();
            tokio::spawn(async move { database.run(insert(id, &format!("note {id}"))).await })
        })
        .collect();
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap().rows_affected(), 1);
    }
    assert_eq!(count(&fixture.database).await, 1_000);
}

/// A failing write fails alone.
pub async fn a_failing_write_fails_alone(subject: Subject) {
    let fixture = subject.fixture().await;
    fixture.database.run(insert(0, "taken")).await.unwrap();
    let writes: Vec<_> = (1..=200)
        .map(|id| {
            let database = fixture.database.clone();
            let text = if id % 10 == 0 { "taken".to_owned() } else { format!("note {id}") };
            tokio::spawn(async move { (id, database.run(insert(id, &text)).await) })
        })
        .collect();
    for write in writes {
        let (id, outcome) = write.await.unwrap();
        match outcome {
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Unique("notes.text".to_owned()));
                assert_eq!(id % 10, 0);
            }
            Ok(_) => assert_ne!(id % 10, 0),
        }
    }
    assert_eq!(count(&fixture.database).await, 1 + 180);
}

/// A write whose rows are too large to answer is not kept by the commit that it shares.
pub async fn a_write_too_large_to_answer_is_undone(subject: Subject) {
    let fixture = subject.fixture().await;
    let writes: Vec<_> = (0..200_i64)
        .map(|id| {
            let database = fixture.database.clone();
            tokio::spawn(async move {
                let shape = JsonShape {
                    columns: vec![JsonColumn::new("text", Kind::Plain)],
                    keys: 0,
                    ..JsonShape::default()
                };
                let sql = "INSERT INTO notes VALUES (?1, ?2) RETURNING text";
                let values = vec![id.into(), format!("a note of some length {id}").into()];
                let mut batch = Batch::write().with(Statement::json(sql, values, Arc::new(shape)));
                batch.max_bytes = if id % 2 == 0 { 10 } else { 1_000 };
                (id, database.run(batch).await)
            })
        })
        .collect();
    for write in writes {
        let (id, outcome) = write.await.unwrap();
        match outcome {
            Err(error) => assert_eq!((error.kind, id % 2), (ErrorKind::TooBig, 0)),
            Ok(_) => assert_eq!(id % 2, 1),
        }
    }
    assert_eq!(count(&fixture.database).await, 100);
}

/// An interrupted write takes nobody with it.
pub async fn an_interrupted_write_takes_nobody_with_it(subject: Subject) {
    let fixture = subject.fixture().await;
    let endless = || {
        let sql = format!("INSERT INTO notes(text) {ENDLESS}");
        let mut batch = Batch::write().with(Statement::new(sql, vec![]));
        batch.deadline = Some(Instant::now() + Duration::from_millis(150));
        batch
    };
    let writes: Vec<_> = (0..120)
        .map(|id| {
            let database = fixture.database.clone();
            let batch = if id % 40 == 20 { endless() } else { insert(id, &format!("note {id}")) };
            tokio::spawn(async move { (id, database.run(batch).await) })
        })
        .collect();
    for write in writes {
        let (id, outcome) = write.await.unwrap();
        match outcome {
            Err(error) => assert_eq!((error.kind, id % 40), (ErrorKind::Timeout, 20)),
            Ok(_) => assert_ne!(id % 40, 20),
        }
    }
    assert_eq!(count(&fixture.database).await, 117);
}

/// Several statements are all or nothing.
pub async fn several_statements_are_all_or_nothing(subject: Subject) {
    let fixture = subject.fixture().await;
    fixture.database.run(insert(1, "one")).await.unwrap();
    let batch = insert(2, "two").with(Statement::new("INSERT INTO notes VALUES (3, 'one')", vec![]));
    let (failed, kept) = tokio::join!(fixture.database.run(batch), fixture.database.run(insert(4, "four")));
    let error = failed.unwrap_err();
    assert_eq!((error.kind, error.statement), (ErrorKind::Unique("notes.text".to_owned()), Some(1)));
    kept.unwrap();
    assert_eq!(texts(&fixture.database).await, ["one", "four"]);
}

/// A write compiled for another version does nothing.
pub async fn a_write_compiled_for_another_version_does_nothing(subject: Subject) {
    let fixture = subject.fixture().await;
    let mut batch = insert(1, "one");
    batch.expect_version = Some(2);
    let error = fixture.database.run(batch).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StaleVersion { found: 1 });
    assert_eq!(count(&fixture.database).await, 0);
}

/// A schema change moves the version with it or not at all.
pub async fn a_schema_change_moves_the_version_with_it_or_not_at_all(subject: Subject) {
    let fixture = subject.fixture().await;
    let mut change = Batch::new(db::Mode::Schema)
        .with(Statement::new("ALTER TABLE notes ADD COLUMN done INTEGER", vec![]))
        .with(Statement::new("ALTER TABLE missing ADD COLUMN done INTEGER", vec![]));
    change.expect_version = Some(1);
    change.set_version = Some(2);
    assert_eq!(fixture.database.run(change.clone()).await.unwrap_err().statement, Some(1));
    change.statements.pop();
    fixture.database.run(change.clone()).await.unwrap();
    let again = fixture.database.run(change).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::StaleVersion { found: 2 });
}
