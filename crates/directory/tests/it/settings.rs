//! Settings are replaced whole, and never lose a role that policies name; the secret is made once.

use std::sync::Arc;

use atomicbase_core::Clock;
use db::Workers;
use directory::{Directory, NewVersion, OrganizationSettings, ReplacedSettings, Settings, UserSettings};
use schema::Template;
use serde_json::json;

use crate::{Fixture, name, version};

fn with_roles(roles: &[&str]) -> Settings {
    let roles = roles.iter().map(|role| ((*role).to_owned(), json!({}))).collect();
    Settings { roles: Some(roles), ..Settings::default() }
}

/// A version whose policies name these roles.
fn naming(base: u32, roles: &[&str]) -> NewVersion {
    let new = version(base, 1);
    let mut json = serde_json::to_value(&*new.template).unwrap();
    json["policies"] = json!({"notes": roles.iter().map(|role| (*role, "all")).collect::<std::collections::HashMap<_, _>>()});
    let template = Template::parse(&json).unwrap();
    NewVersion { hash: template.hash(), template: Arc::new(template), ..new }
}

async fn put(fixture: &Fixture, settings: &Settings) -> ReplacedSettings {
    fixture.directory.replace_settings(settings).await.unwrap()
}

#[tokio::test]
async fn settings_are_empty_until_set_then_replaced_whole() {
    let fixture = Fixture::start().await;
    assert_eq!(*fixture.directory.settings().await.unwrap(), Settings::default());
    let organizations = OrganizationSettings {
        default_template: Some("app".to_owned()),
        templates: Some(vec!["app".to_owned()]),
    };
    let first = Settings {
        organizations: Some(organizations),
        users: Some(UserSettings::default()),
        plans: json!({"pro": {"seats": 5}}).as_object().cloned(),
        ..with_roles(&["editor", "author"])
    };
    assert_eq!(put(&fixture, &first).await, ReplacedSettings::Replaced);
    assert_eq!(*fixture.directory.settings().await.unwrap(), first);
    let roles: Vec<String> = first.roles().map(str::to_owned).collect();
    assert_eq!(roles, ["owner", "admin", "member", "viewer", "editor", "author"]);
    let fixture = fixture.restart().await;
    assert_eq!(*fixture.directory.settings().await.unwrap(), first, "in their order, too");
    put(&fixture, &Settings::default()).await;
    assert_eq!(*fixture.directory.settings().await.unwrap(), Settings::default());
}

#[tokio::test]
async fn a_version_that_names_a_role_the_project_lacks_is_not_stored() {
    let fixture = Fixture::start().await;
    let directory = &fixture.directory;
    assert!(directory.create_template(&naming(0, &["editor"])).await.unwrap().is_none());
    assert!(directory.find_template("notes").await.unwrap().is_none(), "and no template without a version");
    let built_in = naming(0, &["owner", "admin", "member", "viewer", "anonymous"]);
    assert!(directory.create_template(&built_in).await.unwrap().is_some());
    assert!(directory.push_version(&naming(1, &["editor"])).await.unwrap().is_none());
    put(&fixture, &with_roles(&["editor"])).await;
    assert!(directory.push_version(&naming(1, &["editor", "viewer"])).await.unwrap().is_some());
}

#[tokio::test]
async fn a_role_that_a_latest_version_names_stays() {
    let fixture = Fixture::start().await;
    put(&fixture, &with_roles(&["editor", "author"])).await;
    fixture.directory.create_template(&naming(0, &["editor", "member"])).await.unwrap().unwrap();
    let in_use = ReplacedSettings::RoleInUse { template: name("notes"), role: "editor".to_owned() };
    for lacking in [with_roles(&["author"]), Settings::default()] {
        assert_eq!(put(&fixture, &lacking).await, in_use);
    }
    assert_eq!(*fixture.directory.settings().await.unwrap(), with_roles(&["editor", "author"]));
    assert_eq!(put(&fixture, &with_roles(&["editor"])).await, ReplacedSettings::Replaced);
    fixture.directory.push_version(&naming(1, &["member"])).await.unwrap().unwrap();
    assert_eq!(put(&fixture, &Settings::default()).await, ReplacedSettings::Replaced);
}

#[tokio::test]
async fn the_secret_is_made_once() {
    let fixture = Fixture::start().await;
    let secret = fixture.directory.secret();
    assert_ne!(secret, [0; 32]);
    assert_ne!(secret, Fixture::start().await.directory.secret(), "another project has another");
    assert_eq!(fixture.restart().await.directory.secret(), secret);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_agree_on_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenants.db");
    let starts = (0..8).map(|_| {
        let path = path.clone();
        tokio::spawn(async move {
            let database = tokio::task::spawn_blocking(move || {
                let workers = Workers::start(10).unwrap();
                db::open_infrastructure(&workers, &path, directory::MIGRATIONS).unwrap()
            });
            Directory::open(database.await.unwrap(), Clock::fixed(0)).await.unwrap().secret()
        })
    });
    let secrets = futures_util::future::join_all(starts).await;
    let first = secrets[0].as_ref().unwrap();
    assert!(secrets.iter().all(|secret| secret.as_ref().unwrap() == first));
}
