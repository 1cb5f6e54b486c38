//! Templates, their pushes, databases, keys and settings: everything an operator or a deployment does, by service key.
//! This file is the room's index; each verb has a file of its own.

mod answers;
mod create_database;
mod create_key;
mod create_template;
mod delete_database;
mod delete_key;
mod diff_template;
mod get_database;
mod get_job;
mod get_settings;
mod get_template;
mod jobs;
mod list_databases;
mod list_jobs;
mod list_keys;
mod list_template_databases;
mod list_templates;
mod list_versions;
mod proof;
mod proposal;
mod push_template;
mod put_settings;
mod reach;
mod retry_job;
mod state;
mod watch_job;

use atomicbase_core::Scope;
use atomicbase_http::{Access, Described, Route};
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post, put};

pub use state::Platform;

/// Every route of this room.
#[must_use]
#[rustfmt::skip]
pub fn routes(platform: &Platform) -> Vec<Route> {
    let mount = |method, path, operation, described, handler: MethodRouter<Platform>| {
        mount(platform, method, path, operation, described, handler)
    };
    vec![
        mount(Method::POST, "/platform/templates", "create_template", create_template::described(), post(create_template::create_template)),
        mount(Method::GET, "/platform/templates", "list_templates", list_templates::described(), get(list_templates::list_templates)),
        mount(Method::GET, "/platform/templates/{name}", "get_template", get_template::described(), get(get_template::get_template)),
        mount(Method::POST, "/platform/templates/{name}/diff", "diff_template", diff_template::described(), post(diff_template::diff_template)),
        mount(Method::POST, "/platform/templates/{name}/push", "push_template", push_template::described(), post(push_template::push_template)),
        mount(Method::GET, "/platform/templates/{name}/history", "list_versions", list_versions::described(), get(list_versions::list_versions)),
        mount(Method::GET, "/platform/templates/{name}/databases", "list_template_databases", list_template_databases::described(), get(list_template_databases::list_template_databases)),
        mount(Method::POST, "/platform/databases", "create_database", create_database::described(), post(create_database::create_database)),
        mount(Method::GET, "/platform/databases", "list_databases", list_databases::described(), get(list_databases::list_databases)),
        mount(Method::GET, "/platform/databases/{id}", "get_database", get_database::described(), get(get_database::get_database)),
        mount(Method::DELETE, "/platform/databases/{id}", "delete_database", delete_database::described(), delete(delete_database::delete_database)),
        mount(Method::GET, "/platform/jobs", "list_jobs", list_jobs::described(), get(list_jobs::list_jobs)),
        mount(Method::GET, "/platform/jobs/{id}", "get_job", get_job::described(), get(get_job::get_job)),
        mount(Method::GET, "/platform/jobs/{id}/events", "watch_job", watch_job::described(), get(watch_job::watch_job)),
        mount(Method::POST, "/platform/jobs/{id}/retry", "retry_job", retry_job::described(), post(retry_job::retry_job)),
        mount(Method::POST, "/platform/keys", "create_key", create_key::described(), post(create_key::create_key)),
        mount(Method::GET, "/platform/keys", "list_keys", list_keys::described(), get(list_keys::list_keys)),
        mount(Method::DELETE, "/platform/keys/{id}", "delete_key", delete_key::described(), delete(delete_key::delete_key)),
        mount(Method::GET, "/platform/settings", "get_settings", get_settings::described(), get(get_settings::get_settings)),
        mount(Method::PUT, "/platform/settings", "put_settings", put_settings::described(), put(put_settings::put_settings)),
    ]
}

/// A route with its state, behind the scope `platform`.
fn mount(
    platform: &Platform,
    method: Method,
    path: &'static str,
    operation: &'static str,
    described: Described,
    handler: MethodRouter<Platform>,
) -> Route {
    let handler = handler.with_state(platform.clone());
    Route { method, path, operation, access: Access::Key(Scope::Platform), described, handler }
}
