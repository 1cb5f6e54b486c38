//! Versions are append-only, chained by their bases, and stored by one of several pushes.

use std::sync::Arc;

use atomicbase_core::Code;
use directory::{JobStatus, VersionState};
use tokio::task::JoinSet;

use crate::{Fixture, name, version};

#[tokio::test]
async fn without_databases_a_version_is_complete_at_once() {
    let fixture = Fixture::start().await;
    assert!(fixture.directory.find_template("notes").await.unwrap().is_none());
    let job = fixture.create_template(1).await;
    assert_eq!((job.status, job.version, job.total), (JobStatus::Completed, 1, 0));
    let job = fixture.push(1, 2).await;
    assert_eq!((job.status, job.version, job.total), (JobStatus::Completed, 2, 0));
    let template = fixture.directory.find_template("notes").await.unwrap().unwrap();
    assert_eq!((template.latest, template.released, template.newest), (2, 2, 2));
    let second = fixture.directory.find_version("notes", 2).await.unwrap();
    assert_eq!((second.version, second.base, second.state), (2, 1, VersionState::Complete));
    assert_eq!(second.template.tables[0].columns.len(), 3);
    assert_eq!(second.plan.steps.len(), 1);
    assert_eq!(fixture.directory.find_version("notes", 3).await.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn a_template_is_created_once() {
    let fixture = Fixture::start().await;
    let mut creations = JoinSet::new();
    for _ in 0..50 {
        let directory = Arc::clone(&fixture.directory);
        creations.spawn(async move { directory.create_template(&version(0, 1)).await.unwrap().is_some() });
    }
    assert_eq!(creations.join_all().await.into_iter().filter(|created| *created).count(), 1);
    assert_eq!(fixture.directory.list_versions(&name("notes")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_pushes_from_the_same_base_one_is_stored() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let mut pushes = JoinSet::new();
    for _ in 0..50 {
        let directory = Arc::clone(&fixture.directory);
        pushes.spawn(async move { directory.push_version(&version(1, 2)).await.unwrap().is_some() });
    }
    assert_eq!(pushes.join_all().await.into_iter().filter(|stored| *stored).count(), 1);
    assert_eq!(fixture.directory.find_template("notes").await.unwrap().unwrap().newest, 2);
}

#[tokio::test]
async fn while_a_job_is_unfinished_nothing_is_pushed_on_top_of_it() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    fixture.create_database("acme", 1).await;
    let job = fixture.push(1, 2).await;
    assert_eq!((job.status, job.total), (JobStatus::Pending, 1));
    assert!(fixture.directory.push_version(&version(2, 3)).await.unwrap().is_none());
    let unfinished = fixture.directory.find_unfinished_job(&name("notes")).await.unwrap();
    assert_eq!(unfinished.unwrap().id, job.id);
}

#[tokio::test]
async fn a_cancelled_version_keeps_its_number_and_is_nobodys_base() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let acme = fixture.create_database("acme", 1).await;
    let job = fixture.push(1, 2).await;
    let job = fixture.begin(&job).await;
    assert_eq!(job.canary.as_ref(), Some(&acme.id));
    fixture
        .directory
        .record_set_aside(&acme.id, 2, Some(&job.id), Code::MigrationFailed, "no")
        .await
        .unwrap();
    let cancelled =
        fixture.directory.cancel_version(&job, Code::MigrationFailed, "no").await.unwrap().unwrap();
    assert_eq!((cancelled.status, cancelled.failed), (JobStatus::Cancelled, 1));
    assert!(fixture.directory.find_database("acme").await.unwrap().unwrap().set_aside.is_none());
    let template = fixture.directory.find_template("notes").await.unwrap().unwrap();
    assert_eq!((template.latest, template.released, template.newest), (1, 1, 2));
    assert!(fixture.directory.push_version(&version(2, 3)).await.unwrap().is_none());
    assert_eq!(fixture.push(1, 2).await.version, 3);
    let third = fixture.directory.find_version("notes", 3).await.unwrap();
    assert_eq!((third.base, third.state), (1, VersionState::Stored));
    let history = fixture.directory.list_versions(&name("notes")).await.unwrap();
    let states: Vec<_> = history.iter().map(|version| (version.version, version.state)).collect();
    assert_eq!(
        states,
        [(3, VersionState::Stored), (2, VersionState::Cancelled), (1, VersionState::Complete)]
    );
    assert_eq!(history[0].changes[0].summary, "+ notes.c1 (TEXT)");
}

#[tokio::test]
async fn templates_are_listed_with_their_databases() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    fixture.create_database("a", 1).await;
    let deleted = fixture.create_database("b", 1).await;
    fixture.directory.delete_database(&deleted.id).await.unwrap();
    let listed = fixture.directory.list_templates().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].template.name.as_str(), listed[0].databases), ("notes", 1));
}
