//! Open handles: bounded, one per database, never taken from whoever uses them.

use std::sync::Arc;

use atomicbase_core::Code;
use db::DatabaseStore;
use futures_util::future::join_all;

use crate::{Fixture, count, insert, notes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handful_of_handles_serves_many_databases() {
    let fixture = Fixture::start(4).await;
    fixture.release(&notes(|_| {})).await;
    let mut records = Vec::new();
    for number in 0..20 {
        records.push(fixture.create(&format!("t-{number}")).await);
    }
    for round in 0..3 {
        for record in &records {
            let tenant = fixture.tenants.open(record).await.unwrap();
            insert(&tenant, &format!("round {round}")).await;
        }
        assert!(fixture.tenants.open_count() <= 5, "{} are open", fixture.tenants.open_count());
    }
    for record in &records {
        let tenant = fixture.tenants.open(record).await.unwrap();
        assert_eq!(count(&tenant, "SELECT count(*) FROM notes").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_opens_a_database_at_the_same_time_gets_the_same_handle() {
    let fixture = Fixture::start(4).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    let opens = (0..100).map(|_| {
        let (tenants, record) = (Arc::clone(&fixture.tenants), Arc::clone(&record));
        tokio::spawn(async move { tenants.open(&record).await.unwrap() })
    });
    let handles: Vec<_> = join_all(opens).await.into_iter().map(Result::unwrap).collect();
    assert!(handles.iter().all(|handle| Arc::ptr_eq(handle, &handles[0])));
}

#[tokio::test]
async fn a_handle_in_use_stays_when_others_need_room() {
    let fixture = Fixture::start(1).await;
    fixture.release(&notes(|_| {})).await;
    let (held, other) = (fixture.create("held").await, fixture.create("other").await);
    let first = fixture.tenants.open(&held).await.unwrap();
    for _ in 0..10 {
        fixture.tenants.open(&other).await.unwrap();
    }
    let second = fixture.tenants.open(&held).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn a_drop_waits_for_whoever_uses_the_database_and_then_it_is_gone() {
    let fixture = Fixture::start(4).await;
    fixture.release(&notes(|_| {})).await;
    let record = fixture.create("one").await;
    let in_use = fixture.tenants.open(&record).await.unwrap();
    let (tenants, id) = (Arc::clone(&fixture.tenants), record.id.clone());
    let dropping = tokio::spawn(async move { tenants.drop_database(&id).await });
    // The drop has begun once nobody can open the database any more.
    while fixture.tenants.open(&record).await.is_ok() {
        tokio::task::yield_now().await;
    }
    insert(&in_use, "still here").await;
    drop(in_use);
    dropping.await.unwrap().unwrap();
    let gone = fixture.tenants.open(&record).await.unwrap_err();
    assert_eq!(gone.code(), Code::DatabaseNotFound);
    assert!(!fixture.store.list().await.unwrap().contains(&record.id.to_string()));
}
