//! Which server and which key: flags before the configuration before the key of `atomicbase dev`.

use cli::Exit;
use serde_json::json;

use crate::folder::{Folder, KEY, SAAS_APP};
use crate::server::{Answer, Server};

fn empty_list() -> Server {
    Server::start(|_| Answer::Json(200, json!({ "data": [] })))
}

fn config(url: &str, key: &str) -> String {
    format!(
        "import {{ defineConfig }} from '@atomicbase/schema'\n\
         export default defineConfig({{ url: '{url}', apiKey: '{key}', schemas: './tables' }})\n"
    )
}

#[test]
fn the_configuration_names_server_key_and_schemas() {
    let server = Server::start(|_| {
        Answer::Json(200, json!({ "from_version": 1, "to_version": 1, "changes": [], "databases": 0 }))
    });
    let folder = Folder::empty();
    folder.write("atomicbase.config.ts", &config(&format!("{}/", server.url()), KEY));
    folder.write("tables/saas-app.schema.ts", SAAS_APP);
    let ran = folder.run("diff");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Done, "Schema \"saas-app\" v1: no changes.\n"));
    assert_eq!(server.requests()[0].authorization, format!("Bearer {KEY}"));
}

#[test]
fn flags_win_over_the_configuration() {
    let (server, other) = (empty_list(), empty_list());
    let folder = Folder::empty();
    folder.write("elsewhere/config.ts", &config(&other.url(), "atb_sk_other"));
    let ran =
        folder.run(&format!("jobs list --config elsewhere/config.ts --url {} --api-key {KEY}", server.url()));
    assert_eq!(ran.exit, Exit::Done, "{ran:?}");
    assert_eq!(server.requests()[0].authorization, format!("Bearer {KEY}"));
    assert!(other.requests().is_empty());
}

#[test]
fn the_key_of_dev_is_found_and_goes_to_this_machine_only() {
    let server = empty_list();
    let folder = Folder::empty();
    folder.write("atomicbase-data/dev-key", &format!("{KEY}\n"));
    assert_eq!(folder.run(&format!("jobs list --url {}", server.url())).exit, Exit::Done);
    assert_eq!(server.requests()[0].authorization, format!("Bearer {KEY}"));
    let ran = folder.run("jobs list --url https://api.example.test");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.starts_with("error: No service key for https://api.example.test.\n"), "{}", ran.err);
}

#[test]
fn addresses_that_are_none_are_refused() {
    for url in ["localhost:8080", "ftp://x", "http://", "http://key@x", "http://x?y", "/x"] {
        let ran = Folder::empty().run_at(url, "jobs list");
        assert_eq!(ran.exit, Exit::Usage, "{url}");
        assert!(ran.err.contains("is not a server's address"), "{url}: {}", ran.err);
    }
}

#[test]
fn a_configuration_that_is_named_must_exist() {
    let ran = Folder::empty().run_at("http://127.0.0.1:9", "jobs list --config nowhere.ts");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("There is no configuration at "), "{}", ran.err);
}
