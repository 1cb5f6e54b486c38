//! What `push` tells the server of the project, and when.

use std::sync::{Arc, Mutex};

use cli::Exit;
use serde_json::{Value, json};

use crate::folder::{Folder, SAAS_APP};
use crate::server::{Answer, Request, Server};

const SETTINGS: &str = "/platform/settings";

/// A server that keeps settings and finds templates unchanged.
fn keeping(settings: Value) -> Server {
    let kept = Arc::new(Mutex::new(settings));
    Server::start(move |request: &Request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", SETTINGS) => Answer::Json(200, kept.lock().unwrap().clone()),
        ("PUT", SETTINGS) => {
            kept.lock().unwrap().clone_from(&request.body);
            Answer::Json(200, request.body.clone())
        }
        (_, path) if path.ends_with("/diff") => {
            Answer::Json(200, json!({ "from_version": 1, "to_version": 1, "changes": [] }))
        }
        _ => Answer::Json(200, json!({ "job_id": null, "version": 1, "from_version": 1, "changes": [] })),
    })
}

fn folder(config: &str) -> Folder {
    let folder = Folder::empty();
    folder.write("schemas/saas-app.schema.ts", SAAS_APP);
    let text = format!(
        "import {{ defineConfig }} from '@atomicbase/schema'\nexport default defineConfig({{ {config} }})\n"
    );
    folder.write("atomicbase.config.ts", &text);
    folder
}

fn puts(server: &Server) -> Vec<Value> {
    let requests = server.requests().into_iter();
    requests.filter(|request| request.method == "PUT").map(|request| request.body).collect()
}

#[test]
fn settings_go_before_the_templates_and_are_told_in_a_line() {
    let server = keeping(json!({}));
    let folder = folder(
        "organizations: { defaultTemplate: 'saas-app' }, users: { templates: ['saas-app'] }, \
         roles: { editor: {} }, plans: { pro: { seats: 5 } }",
    );
    let ran = folder.run_at(&server.url(), "push");
    let said = "✓ Settings updated: organizations, users, roles, plans\n\nNothing to push: \"saas-app\" v1 is what the schema says.\n";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (Exit::Done, said, ""));
    let asked = server.asked();
    assert_eq!(asked[..2], ["GET /platform/settings", "PUT /platform/settings"]);
    assert!(asked[2].ends_with("/diff"), "{asked:?}");
    let wanted = json!({
        "organizations": {"default_template": "saas-app"}, "users": {"templates": ["saas-app"]},
        "roles": {"editor": {}}, "plans": {"pro": {"seats": 5}},
    });
    assert_eq!(puts(&server), std::slice::from_ref(&wanted));

    let again = folder.run_at(&server.url(), "push --json");
    assert_eq!(puts(&server).len(), 1, "nothing has changed");
    assert!(again.json().get("settings").is_none());
}

#[test]
fn a_configuration_without_them_leaves_the_servers_alone() {
    let server = keeping(json!({"roles": {"editor": {}}}));
    assert_eq!(folder("schemas: './schemas'").run_at(&server.url(), "push").exit, Exit::Done);
    assert!(server.asked().iter().all(|asked| !asked.ends_with(SETTINGS)), "{:?}", server.asked());
}

#[test]
fn a_diff_sends_none() {
    let server = keeping(json!({}));
    assert_eq!(folder("roles: { editor: {} }").run_at(&server.url(), "diff").exit, Exit::Done);
    assert!(server.asked().iter().all(|asked| !asked.ends_with(SETTINGS)), "{:?}", server.asked());
}

#[test]
fn a_role_goes_after_the_templates_that_may_have_named_it() {
    let server = keeping(json!({"roles": {"old": {"a": 1}, "kept": {}}}));
    let ran = folder("roles: { kept: {}, fresh: {} }").run_at(&server.url(), "push --json");
    assert_eq!(ran.exit, Exit::Done, "{ran:?}");
    let sent = puts(&server);
    assert_eq!(sent[0], json!({"roles": {"kept": {}, "fresh": {}, "old": {"a": 1}}}));
    assert_eq!(sent[1..], [json!({"roles": {"kept": {}, "fresh": {}}})]);
    assert_eq!(ran.json()["settings"], sent[1]);
    let asked = server.asked();
    let of = |what: &str| asked.iter().rposition(|asked| asked.contains(what)).unwrap();
    assert!(of("PUT /platform/settings") > of("/push"), "{asked:?}");
}

#[test]
fn settings_that_are_refused_stop_the_push() {
    let server = Server::start(|request| match request.method.as_str() {
        "GET" => Answer::Json(200, json!({})),
        _ => Answer::Json(
            400,
            json!({"status": 400, "code": "INVALID_QUERY",
                "detail": "The settings are not valid: `roles.owner` is built in and cannot be defined.",
                "errors": [{"path": "roles.owner", "message": "is built in and cannot be defined"}]}),
        ),
    });
    let ran = folder("roles: { owner: {} }").run_at(&server.url(), "push");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failed, ""));
    assert!(ran.err.contains("`roles.owner` is built in"), "{}", ran.err);
    assert_eq!(server.asked().len(), 2);
}
