//! Databases are found by id and name, and no cache ever answers what is no longer so.

use std::sync::Arc;

use atomicbase_core::{Code, JobId};
use directory::InsertedDatabase;
use tokio::task::JoinSet;

use crate::{Fixture, name, record};

#[tokio::test]
async fn a_database_is_found_by_id_and_by_name_until_it_is_deleted() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let directory = &fixture.directory;
    assert!(directory.find_database("acme").await.unwrap().is_none());
    let record = fixture.create_database("acme", 1).await;
    for wanted in ["acme", record.id.as_str()] {
        assert_eq!(*directory.find_database(wanted).await.unwrap().unwrap(), record);
    }
    for unknown in ["", "acm", "ACME", "db_", "db_../x", "acme\0", "' OR 1=1 --"] {
        assert!(directory.find_database(unknown).await.unwrap().is_none(), "{unknown}");
    }
    assert!(directory.delete_database(&record.id).await.unwrap());
    assert!(!directory.delete_database(&record.id).await.unwrap());
    for wanted in ["acme", record.id.as_str()] {
        assert!(directory.find_database(wanted).await.unwrap().is_none());
    }
    assert_eq!(directory.count_databases(&name("notes")).await.unwrap(), 0);
    assert_eq!(directory.list_databases_to_drop().await.unwrap(), std::slice::from_ref(&record.id));
    directory.record_dropped(&record.id).await.unwrap();
    assert!(directory.list_databases_to_drop().await.unwrap().is_empty());
}

#[tokio::test]
async fn of_fifty_databases_with_one_name_one_comes_to_be() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let mut inserts = JoinSet::new();
    for _ in 0..50 {
        let directory = Arc::clone(&fixture.directory);
        inserts.spawn(async move { directory.insert_database(&record("acme", 1)).await.unwrap() });
    }
    let outcomes = inserts.join_all().await;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count(InsertedDatabase::Inserted), count(InsertedDatabase::NameTaken)), (1, 49));
}

#[tokio::test]
async fn a_deleted_name_is_not_given_again() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let first = fixture.create_database("acme", 1).await;
    fixture.directory.delete_database(&first.id).await.unwrap();
    assert!(fixture.directory.database_name_is_taken(&name("acme")).await.unwrap());
    let again = fixture.directory.insert_database(&record("acme", 1)).await.unwrap();
    assert_eq!(again, InsertedDatabase::NameTaken);
}

#[tokio::test]
async fn a_database_made_at_another_version_than_the_released_one_is_not_taken() {
    let fixture = Fixture::start().await;
    let absent = fixture.directory.insert_database(&record("early", 1)).await.unwrap();
    assert_eq!(absent, InsertedDatabase::VersionMoved);
    fixture.create_template(1).await;
    fixture.push(1, 2).await;
    let late = fixture.directory.insert_database(&record("late", 1)).await.unwrap();
    assert_eq!(late, InsertedDatabase::VersionMoved);
    fixture.create_database("late", 2).await;
}

#[tokio::test]
async fn a_move_is_mirrored_and_never_backwards() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let acme = fixture.create_database("acme", 1).await;
    assert_eq!(fixture.version_of(&acme.id).await, 1);
    fixture.directory.record_moved(&acme.id, 3);
    fixture.directory.record_moved(&acme.id, 2);
    fixture.directory.flush().await.unwrap();
    assert_eq!(fixture.version_of(&acme.id).await, 3);
    fixture.directory.record_moved(&acme.id, 2);
    fixture.directory.flush().await.unwrap();
    assert_eq!(fixture.version_of(&acme.id).await, 3);
    let fixture = fixture.restart().await;
    assert_eq!(fixture.version_of(&acme.id).await, 3);
}

#[tokio::test]
async fn a_thousand_moves_are_all_mirrored() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let mut records = Vec::new();
    for number in 0..1_000 {
        records.push(record(&format!("t-{number}"), 1));
    }
    let inserts = records.iter().map(|record| fixture.directory.insert_database(record));
    for inserted in futures_util::future::join_all(inserts).await {
        assert_eq!(inserted.unwrap(), InsertedDatabase::Inserted);
    }
    records.iter().for_each(|record| fixture.directory.record_moved(&record.id, 2));
    fixture.directory.flush().await.unwrap();
    let behind = fixture.directory.list_databases_behind(&name("notes"), 2, None, 10).await.unwrap();
    assert!(behind.is_empty());
    assert_eq!(fixture.directory.count_databases(&name("notes")).await.unwrap(), 1_000);
}

#[tokio::test]
async fn a_database_is_set_aside_until_it_has_come_to_the_version() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let acme = fixture.create_database("acme", 1).await;
    let job = fixture.push(1, 2).await;
    let find = async || fixture.directory.find_database("acme").await.unwrap().unwrap();
    assert!(find().await.set_aside.is_none());
    // Not naming a job means the one that brought the version.
    fixture.directory.record_set_aside(&acme.id, 2, None, Code::MigrationFailed, "no").await.unwrap();
    let aside = find().await.set_aside.clone().unwrap();
    assert_eq!(
        (aside.to_version, &aside.job, aside.code, aside.detail.as_str()),
        (2, &job.id, Code::MigrationFailed, "no")
    );
    fixture.directory.record_moved(&acme.id, 1);
    fixture.directory.flush().await.unwrap();
    assert!(find().await.set_aside.is_some(), "a late word of an earlier move changes nothing");
    fixture.directory.record_moved(&acme.id, 2);
    fixture.directory.flush().await.unwrap();
    assert!(find().await.set_aside.is_none());
    let other = JobId::new();
    fixture.directory.record_set_aside(&acme.id, 2, Some(&other), Code::MigrationFailed, "no").await.unwrap();
    assert!(find().await.set_aside.is_none(), "it is there already");
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let mut made = Vec::new();
    for number in 0..7 {
        made.push(fixture.create_database(&format!("t-{number}"), 1).await);
    }
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(|record: &directory::DatabaseRecord| record.id.clone());
        let page = fixture.directory.list_databases(Some(&name("notes")), after.as_ref(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, made);
    assert_eq!(fixture.directory.list_databases(None, None, 100).await.unwrap(), made);
    assert!(fixture.directory.list_databases(Some(&name("other")), None, 100).await.unwrap().is_empty());
}

/// Readers fill the cache while writers change the same rows: whoever asks after a write has returned sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_is_answered_what_a_finished_write_has_changed() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let mut work = JoinSet::new();
    for number in 0..8 {
        let record = fixture.create_database(&format!("t-{number}"), 1).await;
        let finished = Arc::new(std::sync::atomic::AtomicU32::new(1));
        for _ in 0..3 {
            let (directory, record, finished) =
                (Arc::clone(&fixture.directory), record.clone(), Arc::clone(&finished));
            work.spawn(async move {
                loop {
                    let least = finished.load(std::sync::atomic::Ordering::SeqCst);
                    let found = directory.find_database(record.id.as_str()).await.unwrap().unwrap().version;
                    assert!(found >= least, "version {found} after {least} was written");
                    if found == 40 {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
        let directory = Arc::clone(&fixture.directory);
        work.spawn(async move {
            for version in 2..=40 {
                directory.record_moved(&record.id, version);
                directory.flush().await.unwrap();
                finished.store(version, std::sync::atomic::Ordering::SeqCst);
            }
        });
    }
    work.join_all().await;
}

/// A request that is dropped in the middle of its write must not leave the old row in the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_went_away_is_seen_by_others() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    for round in 0..50 {
        let record = fixture.create_database(&format!("t-{round}"), 1).await;
        fixture.directory.find_database(record.id.as_str()).await.unwrap();
        let (directory, id) = (Arc::clone(&fixture.directory), record.id.clone());
        let deleting = tokio::spawn(async move { directory.delete_database(&id).await });
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        deleting.abort();
        drop(deleting.await);
        // Writes are done in order: after this one, the deletion is done or was never begun.
        fixture.create_database(&format!("after-{round}"), 1).await;
        let listed = fixture.directory.list_databases(None, None, 1_000).await.unwrap();
        let exists = listed.iter().any(|other| other.id == record.id);
        let agrees = async || {
            let found = fixture.directory.find_database(record.id.as_str()).await.unwrap();
            found.is_some() == exists
        };
        let mut looks = 0;
        while !agrees().await {
            looks += 1;
            assert!(looks < 10_000, "round {round}: what is deleted is still found");
            tokio::task::yield_now().await;
        }
    }
}
