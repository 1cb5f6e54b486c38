//! What a command says when it cannot: refusals of the server, foreign servers, none, and faults in schema files.

use std::net::TcpListener;

use cli::Exit;
use serde_json::json;

use crate::folder::{Folder, SAAS_APP};
use crate::server::{Answer, Server};

#[test]
fn a_problem_is_shown_with_its_hint_its_paths_and_its_request() {
    let server = Server::start(|_| {
        Answer::Json(
            422,
            json!({ "type": "about:blank", "title": "Invalid template", "status": 422, "code": "INVALID_TEMPLATE",
                    "detail": "The template is not valid.", "hint": "Change it.", "request_id": "req_7",
                    "errors": [{ "path": "tables[0].name", "message": "is \u{1b}[31mred" }] }),
        )
    });
    let ran = Folder::new().in_color().run_at(&server.url(), "push");
    let expected = "\
\u{1b}[31merror:\u{1b}[0m The template is not valid.
  tables[0].name: is \\u{1b}[31mred
\u{1b}[33mhint:\u{1b}[0m Change it.
\u{1b}[2m(INVALID_TEMPLATE, request req_7)\u{1b}[0m
";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (Exit::Failed, "", expected));
}

#[test]
fn a_server_that_refuses_to_lose_data_ends_with_its_exit_code() {
    let server = Server::start(|request| match request.path.ends_with("diff") {
        true => Answer::Json(200, json!({ "from_version": 1, "to_version": 2, "changes": [] })),
        false => Answer::Json(
            422,
            json!({ "code": "DESTRUCTIVE_CHANGE", "detail": "Data would be lost.",
                    "errors": [{ "path": "tasks.notes", "message": "- tasks.notes (TEXT)" }] }),
        ),
    });
    let ran = Folder::new().run_at(&server.url(), "push");
    assert_eq!(ran.exit, Exit::Destructive);
    assert!(ran.err.contains("\n  - tasks.notes (TEXT)\n"), "{}", ran.err);
}

#[test]
fn a_key_that_is_not_taken_says_where_one_is_given() {
    let server =
        Server::start(|_| Answer::Json(401, json!({ "code": "UNAUTHENTICATED", "detail": "Unknown key." })));
    let ran = Folder::new().run_at(&server.url(), "jobs list");
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("hint: Give a valid service key with --api-key"), "{}", ran.err);
}

#[test]
fn a_refusal_fits_a_terminal_and_says_nothing_twice() {
    let server = Server::start(|_| {
        Answer::Json(
            400,
            json!({ "code": "INVALID_QUERY", "request_id": "req_01a20cfab31f75b985eb280d097f0fe9",
                    "detail": "`X` is no name for a database: a name consists of lowercase letters, digits and hyphens.",
                    "hint": "Choose another, such as the one in `atomicbase databases create acme --template app`.",
                    "errors": [{ "path": "name", "message": "a name consists of lowercase letters, digits and hyphens" }] }),
        )
    });
    let ran = Folder::new().in_terminal("").run_at(&server.url(), "databases create X --template app");
    let expected = "\
error: `X` is no name for a database: a name consists of lowercase letters,
       digits and hyphens.
hint: Choose another, such as the one in
      `atomicbase databases create acme --template app`.
(INVALID_QUERY, request req_01a20cfab31f75b985eb280d097f0fe9)
";
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Failed, expected));
}

#[test]
fn no_server_is_an_exit_code_of_its_own() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for command in ["push", "databases list", "databases delete acme"] {
        let ran = Folder::new().run_at(&format!("http://{nobody}"), command);
        assert_eq!(ran.exit, Exit::ServerLost);
        assert!(
            ran.err.starts_with(&format!("error: Cannot reach http://{nobody}: connection refused.\n")),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("`atomicbase dev`"), "{}", ran.err);
    }
    let json = Folder::new().run_at(&format!("http://{nobody}"), "jobs list --json").json();
    assert_eq!(json["error"]["exit"], 4);
}

#[test]
fn other_servers_are_recognized() {
    let cases = [
        (
            Answer::Raw(200, "content-type: text/html", "<html>hello"),
            "does not answer like an Atomicbase server: <html>hello",
        ),
        (
            Answer::Raw(404, "content-type: text/html", "<html>"),
            "does not answer like an Atomicbase server: 404",
        ),
        (Answer::Json(200, json!({ "hello": 1 })), "a list without `data`"),
        (Answer::Json(200, json!({ "data": [{ "hello": 1 }] })), "is not one this version understands"),
        (Answer::Raw(308, "location: https://elsewhere.test/", ""), "redirects to https://elsewhere.test/"),
    ];
    for (answer, expected) in cases {
        let mut answer = Some(answer);
        let server = Server::start(move |_| answer.take().unwrap());
        let ran = Folder::new().run_at(&server.url(), "databases list");
        assert_eq!(ran.exit, Exit::Failed, "{ran:?}");
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    let server = Server::start(|_| Answer::Raw(502, "x: y", "<html>"));
    assert_eq!(Folder::new().run_at(&server.url(), "jobs list").exit, Exit::ServerLost);
}

#[test]
fn a_fault_in_a_schema_file_is_shown_where_it_is_and_nothing_is_sent() {
    let folder = Folder::new();
    folder.write(
        "schemas/broken.schema.ts",
        "import { c } from '@atomicbase/schema'\n\nexport default c.intger()\n",
    );
    folder.write("schemas/empty.schema.ts", "export const nothing = 1\n");
    let ran = folder.run_at("http://127.0.0.1:9", "push");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("broken.schema.ts:3:"), "{}", ran.err);
    assert!(ran.err.contains("empty.schema.ts"), "both files' faults: {}", ran.err);
}

#[test]
fn two_files_cannot_define_one_template() {
    let folder = Folder::new();
    folder.write("schemas/twin.schema.ts", SAAS_APP);
    let ran = folder.run_at("http://127.0.0.1:9", "push");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("twin.schema.ts both define the template \"saas-app\""), "{}", ran.err);
}

#[test]
fn missing_schemas_say_how_to_get_one() {
    let folder = Folder::empty();
    let ran = folder.run_at("http://127.0.0.1:9", "push");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("`atomicbase init`"), "{}", ran.err);
    assert_eq!(folder.run_at("http://127.0.0.1:9", "push nothing.schema.ts").exit, Exit::Usage);
    folder.write("schemas/readme.md", "");
    assert!(folder.run_at("http://127.0.0.1:9", "diff").err.contains("There is no *.schema.ts in "));
}

#[test]
fn sql_that_is_more_than_an_expression_is_refused_with_its_path_before_anything_is_sent() {
    let folder = Folder::new();
    let text =
        SAAS_APP.replace("notNull()", "default(sql`1); DROP TABLE projects`)").replace("c }", "c, sql }");
    folder.write("schemas/saas-app.schema.ts", &text);
    let ran = folder.run_at("http://127.0.0.1:9", "push");
    assert_eq!(ran.exit, Exit::Usage);
    let expected = "saas-app.schema.ts does not define a valid template.\n  tables[0].columns[1].default";
    assert!(ran.err.contains(expected), "{}", ran.err);
}
