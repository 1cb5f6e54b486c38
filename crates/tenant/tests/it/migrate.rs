//! Moving: once however many ask, the whole way or nothing, and never at the cost of rows.

use std::sync::Arc;

use atomicbase_core::Code;
use futures_util::future::join_all;
use serde_json::json;
use tenant::MoveError;

use crate::{Fixture, count, insert, notes, with_column};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_first_requests_move_a_database_once() {
    let fixture = Fixture::start(10).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    insert(&fixture.tenants.open(&record).await.unwrap(), "kept").await;
    fixture.release(&with_column("done")).await;
    let asks = (0..500).map(|_| {
        let (tenants, record) = (Arc::clone(&fixture.tenants), Arc::clone(&record));
        tokio::spawn(async move { tenants.open(&record).await.unwrap().version().version })
    });
    for version in join_all(asks).await {
        assert_eq!(version.unwrap(), 2);
    }
    let tenant = fixture.tenants.open(&record).await.unwrap();
    assert_eq!(count(&tenant, "SELECT count(*) FROM _atomicbase_moves").await, 1);
    assert_eq!(count(&tenant, "SELECT count(*) FROM notes WHERE text = 'kept' AND done IS NULL").await, 1);
    fixture.directory.flush().await.unwrap();
    assert_eq!(fixture.record(&record.id).await.version, 2);
}

#[tokio::test]
async fn a_database_far_behind_takes_every_step_in_one_transaction() {
    let fixture = Fixture::start(10).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    let tenant = fixture.tenants.open(&record).await.unwrap();
    insert(&tenant, "twice").await;
    insert(&tenant, "twice").await;
    let unique = |table: &mut serde_json::Value| table["unique"] = json!([["text"]]);
    let first = fixture.release(&notes(unique)).await;
    fixture.tenants.open(&record).await.unwrap();
    let first = fixture.directory.find_job(&first).await.unwrap().unwrap();
    assert!(
        fixture.directory.finish_job(&first).await.unwrap().is_some(),
        "a database set aside holds nobody up"
    );
    let both = |table: &mut serde_json::Value| {
        unique(table);
        table["columns"].as_array_mut().unwrap().push(json!({"name": "done", "type": "boolean"}));
    };
    let second = fixture.release(&notes(both)).await;
    assert!(matches!(fixture.tenants.bring_to(&record, 3, Some(&second)).await, Err(MoveError::Refused(_))));
    assert_eq!(tenant.version().version, 1, "not half of the way");
    let mended = "DELETE FROM notes WHERE id = 2";
    tenant.run(db::Batch::write().with(db::Statement::new(mended, vec![]))).await.unwrap();
    fixture.tenants.bring_to(&record, 3, Some(&second)).await.unwrap();
    assert_eq!(tenant.version().version, 3);
    assert_eq!(count(&tenant, "SELECT count(*) FROM _atomicbase_moves WHERE version IN (2, 3)").await, 2);
    assert_eq!(count(&tenant, "SELECT count(*) FROM notes WHERE done IS NULL").await, 1);
}

#[tokio::test]
async fn data_that_refuses_a_step_stays_as_it_is_and_is_served() {
    let fixture = Fixture::start(10).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    let tenant = fixture.tenants.open(&record).await.unwrap();
    insert(&tenant, "twice").await;
    insert(&tenant, "twice").await;
    let job = fixture.release(&notes(|table| table["unique"] = json!([["text"]]))).await;

    let served = fixture.tenants.open(&record).await.unwrap();
    assert_eq!(served.version().version, 1);
    let aside = fixture.record(&record.id).await.set_aside.clone().unwrap();
    assert_eq!((aside.to_version, aside.code, &aside.job), (2, Code::MigrationFailed, &job));
    assert!(aside.detail.contains("notes.text"), "{}", aside.detail);
    assert!(!aside.detail.contains("twice"), "no value is told: {}", aside.detail);
    assert_eq!(count(&served, "SELECT count(*) FROM notes").await, 2);
    assert_eq!(count(&served, "SELECT count(*) FROM _atomicbase_moves").await, 0);

    let again = fixture.tenants.bring_to(&record, 2, Some(&job)).await.unwrap_err();
    assert!(matches!(again, MoveError::Refused(_)), "{again:?}");
    let mended = "DELETE FROM notes WHERE id = 2";
    served.run(db::Batch::write().with(db::Statement::new(mended, vec![]))).await.unwrap();
    fixture.tenants.bring_to(&record, 2, Some(&job)).await.unwrap();
    assert_eq!(fixture.tenants.open(&record).await.unwrap().version().version, 2);
}
