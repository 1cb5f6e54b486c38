//! Databases as files: made, listed, dropped; names that are no ids reach nothing.

use db::{DatabaseStore, EmbeddedStore, ErrorKind, Workers, build_image, lock_folder};

use crate::{CREATE, count, fixture, insert};

#[tokio::test]
async fn what_was_written_is_there_after_the_last_handle_is_gone() {
    let fixture = fixture().await;
    fixture.database.run(insert(1, "one")).await.unwrap();
    drop(fixture.database);
    let again = fixture.store.open("db_1").await.unwrap();
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn many_databases_are_made_at_once_and_none_twice() {
    let fixture = fixture().await;
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

#[tokio::test]
async fn a_dropped_database_is_in_the_trash_with_all_its_rows() {
    let fixture = fixture().await;
    fixture.database.run(insert(1, "one")).await.unwrap();
    drop(fixture.database);
    fixture.store.drop_database("db_1").await.unwrap();
    assert_eq!(fixture.store.open("db_1").await.err().unwrap().kind, ErrorKind::Missing);
    let trash =
        EmbeddedStore::open(&fixture.folder.path().join("trash"), Workers::start(10).unwrap()).unwrap();
    assert_eq!(count(&trash.open("db_1").await.unwrap()).await, 1);
}

#[tokio::test]
async fn names_cannot_leave_the_folder() {
    let fixture = fixture().await;
    for name in ["../db_1", "trash/db_1", "", "db_1\0", "db.1"] {
        assert_eq!(fixture.store.open(name).await.err().unwrap().kind, ErrorKind::Missing, "{name:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged() {
    let fixture = fixture().await;
    std::fs::write(fixture.folder.path().join("db_2.db"), vec![7_u8; 8192]).unwrap();
    assert_eq!(fixture.store.open("db_2").await.err().unwrap().kind, ErrorKind::Corrupt);
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let held = lock_folder(folder.path()).unwrap();
    let refused = lock_folder(folder.path()).unwrap_err();
    assert!(refused.message.contains("another process already serves"), "{refused}");
    drop(held);
    lock_folder(folder.path()).unwrap();
}
