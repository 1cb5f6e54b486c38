//! Databases of a store: made once, listed, opened again, dropped; names that are no ids reach nothing.

use db::{ErrorKind, build_image};

use super::{CREATE, Subject, count, insert};

/// What was written is there after the last handle is gone.
pub async fn what_was_written_is_there_after_the_last_handle_is_gone(subject: Subject) {
    let fixture = subject.fixture().await;
    fixture.database.run(insert(1, "one")).await.unwrap();
    drop(fixture.database);
    let again = fixture.store.open("db_1").await.unwrap();
    assert_eq!(count(&again).await, 1);
}

/// Many databases are made at once and none twice.
pub async fn many_databases_are_made_at_once_and_none_twice(subject: Subject) {
    let fixture = subject.fixture().await;
    let image = build_image(&[CREATE.to_owned()], 1).unwrap();
    let names: Vec<String> = (0..100).map(|number| format!("db_m{number}")).collect();
    let made = names.iter().map(|name| fixture.store.create(name, image.clone()));
    for outcome in futures_util::future::join_all(made).await {
        outcome.unwrap();
    }
    assert_eq!(fixture.store.list().await.unwrap().len(), 101);
    fixture.database.run(insert(1, "kept")).await.unwrap();
    assert!(fixture.store.create("db_1", image).await.is_err());
    assert_eq!(count(&fixture.database).await, 1);
}

/// Names cannot leave the folder.
pub async fn names_cannot_leave_the_folder(subject: Subject) {
    let fixture = subject.fixture().await;
    for name in ["../db_1", "trash/db_1", "", "db_1\0", "db.1"] {
        assert_eq!(fixture.store.open(name).await.err().unwrap().kind, ErrorKind::Missing, "{name:?}");
    }
}

/// A dropped database is gone for everybody.
pub async fn a_dropped_database_is_gone(subject: Subject) {
    let fixture = subject.fixture().await;
    drop(fixture.database);
    fixture.store.drop_database("db_1").await.unwrap();
    assert_eq!(fixture.store.open("db_1").await.err().unwrap().kind, ErrorKind::Missing);
    assert_eq!(fixture.store.drop_database("db_1").await.unwrap_err().kind, ErrorKind::Missing);
    assert!(fixture.store.list().await.unwrap().is_empty());
}
