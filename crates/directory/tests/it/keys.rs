//! Keys are known until they expire or are revoked, and no longer.

use atomicbase_core::{DatabaseId, KeyId, Scope, Scopes};
use directory::NewKey;

use crate::Fixture;

fn key(name: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        scopes: Scopes::parse(["data"]).unwrap(),
        database: None,
        expires_at: None,
    }
}

#[tokio::test]
async fn a_key_is_known_until_it_is_revoked() {
    let fixture = Fixture::start().await;
    let directory = &fixture.directory;
    let (record, secret) = directory.create_key(key("ci")).await.unwrap().unwrap();
    for _ in 0..2 {
        let found = directory.authenticate_key(&secret).await.unwrap().unwrap();
        assert_eq!(*found, record);
        assert!(found.scopes.contains(Scope::Data) && !found.scopes.contains(Scope::Platform));
    }
    assert_eq!(directory.find_key(&record.id).await.unwrap().as_ref(), Some(&record));
    assert_eq!(directory.list_keys(None, 10).await.unwrap(), std::slice::from_ref(&record));
    assert!(directory.revoke_key(&record.id).await.unwrap());
    assert!(directory.authenticate_key(&secret).await.unwrap().is_none());
    assert!(directory.find_key(&record.id).await.unwrap().is_none());
    assert!(!directory.revoke_key(&record.id).await.unwrap());
    assert!(!directory.revoke_key(&KeyId::new()).await.unwrap());
    assert!(directory.list_keys(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_expires_also_where_it_is_cached() {
    let fixture = Fixture::start().await;
    let new = NewKey { expires_at: Some(fixture.clock.now() + 60), ..key("short") };
    let (_, secret) = fixture.directory.create_key(new).await.unwrap().unwrap();
    assert!(fixture.directory.authenticate_key(&secret).await.unwrap().is_some());
    fixture.clock.advance(59);
    assert!(fixture.directory.authenticate_key(&secret).await.unwrap().is_some());
    fixture.clock.advance(1);
    assert!(fixture.directory.authenticate_key(&secret).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_no_key_is_unknown() {
    let fixture = Fixture::start().await;
    let (_, secret) = fixture.directory.create_key(key("ci")).await.unwrap().unwrap();
    let almost = format!("{}!", &secret[..secret.len() - 1]);
    for wrong in [
        "",
        "atb_sk_",
        "x",
        &secret[..secret.len() - 1],
        &format!("{secret}x"),
        &almost,
        &secret.to_uppercase(),
    ] {
        assert!(fixture.directory.authenticate_key(wrong).await.unwrap().is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn a_key_is_bound_only_to_a_database_that_exists() {
    let fixture = Fixture::start().await;
    fixture.create_template(1).await;
    let acme = fixture.create_database("acme", 1).await;
    let bound = |id: &DatabaseId| NewKey { database: Some(id.clone()), ..key("bound") };
    let (record, secret) = fixture.directory.create_key(bound(&acme.id)).await.unwrap().unwrap();
    assert_eq!(record.database, Some(acme.id.clone()));
    assert!(fixture.directory.create_key(bound(&DatabaseId::new())).await.unwrap().is_none());
    fixture.directory.delete_database(&acme.id).await.unwrap();
    assert!(fixture.directory.create_key(bound(&acme.id)).await.unwrap().is_none());
    let still = fixture.directory.authenticate_key(&secret).await.unwrap().unwrap();
    assert_eq!(still.database, Some(acme.id), "it reaches nothing, and never everything");
}

#[tokio::test]
async fn the_key_itself_is_stored_nowhere() {
    let fixture = Fixture::start().await;
    let (_, secret) = fixture.directory.create_key(key("ci")).await.unwrap().unwrap();
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found);
    }
}
