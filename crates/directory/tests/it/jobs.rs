//! A job goes through its states one by one, and counts what is done from the databases.

use atomicbase_core::{Code, JobId};
use directory::{JobStatus, RetriedJob, VersionState};

use crate::{Fixture, name, record, version};

#[tokio::test]
async fn a_push_goes_from_stored_to_complete() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let (first, second) = (fixture.create_database("a", 1).await, fixture.create_database("b", 1).await);
    let job = fixture.push(1, 2).await;
    let directory = &fixture.directory;
    let state = async || directory.find_version("notes", 2).await.unwrap().state;
    let released = async || directory.find_template("notes").await.unwrap().unwrap().released;
    assert_eq!((state().await, released().await), (VersionState::Stored, 1));

    let job = fixture.begin(&job).await;
    assert_eq!((job.status, job.canary.as_ref()), (JobStatus::Running, Some(&first.id)));
    assert_eq!((state().await, released().await), (VersionState::Canary, 1));
    directory.record_moved(&first.id, 2);

    // Still at the old version: made before the release, and so counted by it.
    let third = fixture.create_database("c", 1).await;
    directory.release_version(&job).await.unwrap();
    assert_eq!((state().await, released().await), (VersionState::Released, 2));
    let counted = directory.count_job_progress(&job.id).await.unwrap().unwrap();
    assert_eq!((counted.total, counted.done, counted.failed), (3, 1, 0));
    assert!(directory.finish_job(&job).await.unwrap().is_none());

    let behind = directory.list_databases_behind(&name("notes"), 2, None, 10).await.unwrap();
    assert_eq!(behind.iter().map(|record| &record.id).collect::<Vec<_>>(), [&second.id, &third.id]);
    directory.record_moved(&second.id, 2);
    directory.record_moved(&third.id, 2);
    let ended = directory.finish_job(&job).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.total, ended.done, ended.failed), (JobStatus::Completed, 3, 3, 0));
    assert_eq!(ended.finished_at, Some(1_700_000_000));
    assert_eq!(state().await, VersionState::Complete);
    assert!(directory.begin_job(&job.id, &job.template, 2).await.unwrap().is_none());
    assert!(directory.finish_job(&job).await.unwrap().is_none());
}

#[tokio::test]
async fn a_canary_that_was_deleted_gives_its_place_to_the_next() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let (first, second) = (fixture.create_database("a", 1).await, fixture.create_database("b", 1).await);
    let job = fixture.push(1, 2).await;
    assert_eq!(fixture.begin(&job).await.canary, Some(first.id.clone()));
    assert_eq!(fixture.begin(&job).await.canary, Some(first.id.clone()), "a restart keeps it");
    fixture.directory.delete_database(&first.id).await.unwrap();
    assert_eq!(fixture.begin(&job).await.canary, Some(second.id.clone()));
    fixture.directory.delete_database(&second.id).await.unwrap();
    assert_eq!(fixture.begin(&job).await.canary, None);
}

#[tokio::test]
async fn a_failed_job_is_opened_again_with_what_it_set_aside() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let (good, bad) = (fixture.create_database("good", 1).await, fixture.create_database("bad", 1).await);
    let job = fixture.push(1, 2).await;
    let directory = &fixture.directory;
    let job = fixture.begin(&job).await;
    assert_eq!(directory.retry_job(&job.id).await.unwrap(), RetriedJob::NotFailed);
    directory.record_moved(&good.id, 2);
    directory.release_version(&job).await.unwrap();
    directory.record_set_aside(&bad.id, 2, Some(&job.id), Code::MigrationFailed, "no").await.unwrap();
    let failed = directory.finish_job(&job).await.unwrap().unwrap();
    assert_eq!((failed.status, failed.total, failed.done, failed.failed), (JobStatus::Failed, 2, 1, 1));
    assert_eq!(directory.find_version("notes", 2).await.unwrap().state, VersionState::Released);
    let failures = directory.list_job_failures(&job.id, 10).await.unwrap();
    assert_eq!((failures.len(), failures[0].name.as_str(), failures[0].detail.as_str()), (1, "bad", "no"));
    assert!(directory.find_database("bad").await.unwrap().unwrap().set_aside.is_some());

    let RetriedJob::Running(again) = directory.retry_job(&job.id).await.unwrap() else { panic!("it failed") };
    assert_eq!((again.status, again.failed, again.finished_at), (JobStatus::Running, 0, None));
    assert!(directory.find_database("bad").await.unwrap().unwrap().set_aside.is_none());
    assert_eq!(directory.retry_job(&job.id).await.unwrap(), RetriedJob::NotFailed);
    directory.record_moved(&bad.id, 2);
    let ended = directory.finish_job(&job).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.done, ended.failed), (JobStatus::Completed, 2, 0));
    assert_eq!(directory.find_version("notes", 2).await.unwrap().state, VersionState::Complete);
}

#[tokio::test]
async fn a_failed_job_waits_while_another_of_its_template_is_unfinished() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let (bad, good) = (fixture.create_database("bad", 1).await, fixture.create_database("good", 1).await);
    let first = fixture.push(1, 2).await;
    let first = fixture.begin(&first).await;
    let directory = &fixture.directory;
    directory.release_version(&first).await.unwrap();
    directory.record_set_aside(&bad.id, 2, None, Code::MigrationFailed, "no").await.unwrap();
    directory.record_moved(&good.id, 2);
    directory.finish_job(&first).await.unwrap().unwrap();
    let second = directory.push_version(&version(2, 3)).await.unwrap().unwrap();
    assert_eq!(second.total, 1, "what is set aside is skipped");
    assert_eq!(directory.retry_job(&first.id).await.unwrap(), RetriedJob::AnotherRuns);
    assert!(
        directory.find_database("bad").await.unwrap().unwrap().set_aside.is_some(),
        "nothing was changed"
    );
}

#[tokio::test]
async fn a_push_over_nothing_but_set_aside_databases_is_complete_at_once() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let bad = fixture.create_database("bad", 1).await;
    let first = fixture.push(1, 2).await;
    let first = fixture.begin(&first).await;
    fixture.directory.release_version(&first).await.unwrap();
    fixture.directory.record_set_aside(&bad.id, 2, None, Code::MigrationFailed, "no").await.unwrap();
    fixture.directory.finish_job(&first).await.unwrap().unwrap();
    let second = fixture.push(2, 3).await;
    assert_eq!((second.status, second.total), (JobStatus::Completed, 0));
    assert_eq!(
        fixture.directory.insert_database(&record("new", 3)).await.unwrap(),
        directory::InsertedDatabase::Inserted
    );
}

#[tokio::test]
async fn unfinished_jobs_are_found_by_the_next_process() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    fixture.create_database("acme", 1).await;
    let job = fixture.push(1, 2).await;
    let fixture = fixture.restart().await;
    let found = fixture.directory.list_unfinished_jobs().await.unwrap();
    assert_eq!(found.iter().map(|found| &found.id).collect::<Vec<_>>(), [&job.id]);
    assert_eq!(fixture.directory.find_job(&job.id).await.unwrap(), Some(job.clone()));
    assert!(fixture.directory.find_job(&JobId::new()).await.unwrap().is_none());
    let listed = fixture.directory.list_jobs(None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.version).collect::<Vec<_>>(), [2, 1], "newest first");
    let page = fixture.directory.list_jobs(Some(&job.id), 10).await.unwrap();
    assert_eq!(page.iter().map(|job| job.version).collect::<Vec<_>>(), [1]);
}
