//! `policies test` against a server whose policies are a closure: what is asked, what is said of it, and that nothing stays.

use cli::Exit;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::server::{Answer, Request, Server};

const SCHEMA: &str = "\
import { c, defineSchema, defineTable } from '@atomicbase/schema'

export default defineSchema('notes', {
  members: defineTable({ team: c.text(), person: c.text() }).primaryKey(['team', 'person']),
  notes: defineTable({ id: c.text().primaryKey(), parent: c.text().references('folders.id'), text: c.text() }),
  folders: defineTable({ id: c.text().primaryKey() }),
})
";

const ROWS: &str = "{ notes: [{ id: 'n1', parent: 'f1' }, { id: 'n2' }], folders: [{ id: 'f1' }] }";

fn folder(cases: &str) -> Folder {
    folder_of(&format!("schema, {{ rows: {ROWS}, cases: [{cases}] }}"))
}

fn folder_of(arguments: &str) -> Folder {
    let folder = Folder::empty();
    folder.write("schemas/notes.schema.ts", SCHEMA);
    let text = format!(
        "import {{ definePolicyTests }} from '@atomicbase/schema'\nimport schema from './notes.schema.ts'\n\
         export default definePolicyTests({arguments})\n"
    );
    folder.write("schemas/notes.policies.ts", &text);
    folder
}

/// A server with the schema at v4, which answers what `acting` says to whoever a key acts as.
fn pushed(acting: impl Fn(&Request) -> Answer + Send + 'static) -> Server {
    Server::start(move |request: &Request| {
        let operation = request.headers.get("prefer").map_or("", String::as_str);
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/platform/templates/notes/diff") => {
                Answer::Json(200, json!({ "from_version": 4, "to_version": 4, "changes": [] }))
            }
            ("POST", "/platform/databases") => Answer::Json(
                201,
                json!({ "id": "db_1", "name": request.body["name"], "template": "notes", "version": 4,
                        "status": "ready" }),
            ),
            ("DELETE", _) => Answer::Raw(204, "x: y", ""),
            _ if request.headers.contains_key("act-as") => acting(request),
            _ if operation.contains("insert") => {
                Answer::Json(200, json!({ "data": request.body["data"], "rows_affected": 1 }))
            }
            (_, "/data/batch") => Answer::Json(200, json!({ "results": [] })),
            _ => Answer::Json(200, json!({ "data": [{ "id": "n1" }, { "id": "n2" }], "count": 2 })),
        }
    })
}

fn refused(code: &str) -> Answer {
    Answer::Json(403, json!({ "status": 403, "code": code, "detail": format!("It is {code}.") }))
}

fn sees(keys: &[&str]) -> Answer {
    let rows: Vec<Value> = keys.iter().map(|key| json!({ "id": key })).collect();
    Answer::Json(200, json!({ "data": rows, "count": keys.len() }))
}

fn touched(rows: u64) -> Answer {
    Answer::Json(200, json!({ "rows_affected": rows }))
}

/// Found by the only case, and whether it held.
fn found(case: &str, acting: impl Fn(&Request) -> Answer + Send + 'static) -> (String, bool) {
    let server = pushed(acting);
    let ran = folder(case).run_at(&server.url(), "policies test --json");
    let result = ran.json()["data"][0]["cases"][0].clone();
    assert_eq!(ran.exit == Exit::Done, result["holds"].as_bool().unwrap(), "{ran:?}");
    assert!(server.asked().last().unwrap().starts_with("DELETE /platform/databases/policies-test-"));
    (result["found"].as_str().unwrap().to_owned(), result["holds"].as_bool().unwrap())
}

#[test]
fn each_expectation_is_met_or_not() {
    let select = "as: 'viewer', select: 'notes'";
    let update = "as: 'viewer', update: 'notes', data: { text: 'x' }";
    let forbidden = || refused("FORBIDDEN");
    type Acting = fn() -> Answer;
    let table: [(String, Acting, &str, bool); 22] = [
        (format!("{select}, sees: ['n2', 'n1']"), || sees(&["n1", "n2"]), "sees n1, n2", true),
        (format!("{select}, sees: ['n1']"), || sees(&["n1", "n2"]), "sees n1, n2", false),
        (format!("{select}, sees: []"), || sees(&[]), "sees nothing", true),
        (format!("{select}, sees: []"), forbidden, "not allowed", false),
        (format!("{select}, allowed: false"), forbidden, "not allowed", true),
        (format!("{select}, allowed: false"), || sees(&[]), "allowed", false),
        (format!("{select}, allowed: false"), || refused("UNAUTHENTICATED"), "UNAUTHENTICATED", false),
        (
            "as: 'anonymous', select: 'notes', allowed: false".to_owned(),
            || refused("UNAUTHENTICATED"),
            "not allowed",
            true,
        ),
        (format!("{select}, shows: ['text']"), || sees(&[]), "shows text", true),
        (format!("{select}, shows: ['text']"), || refused("COLUMN_NOT_FOUND"), "hides text", false),
        (
            format!("{select}, hides: ['text', 'parent']"),
            || refused("COLUMN_NOT_FOUND"),
            "hides text, parent",
            true,
        ),
        (format!("{select}, hides: ['text']"), forbidden, "not allowed", false),
        (format!("{update}, allowed: true"), || touched(2), "allowed", true),
        (format!("{update}, allowed: true"), || touched(1), "1 of 2 rows", false),
        (format!("{update}, allowed: false"), || touched(0), "not allowed", true),
        (format!("{update}, allowed: false"), forbidden, "not allowed", true),
        (format!("{update}, allowed: false"), || refused("COLUMN_NOT_FOUND"), "not allowed", true),
        (format!("{update}, allowed: false"), || refused("TYPE_MISMATCH"), "TYPE_MISMATCH", false),
        (format!("{update}, rows: 1"), || touched(1), "1 row", true),
        (format!("{update}, rows: 0"), forbidden, "not allowed", false),
        (
            "as: 'viewer', insert: 'notes', data: { id: 'n3' }, allowed: true".to_owned(),
            || touched(1),
            "allowed",
            true,
        ),
        (
            "as: 'viewer', insert: 'notes', data: { id: 'n1' }, allowed: false".to_owned(),
            || refused("UNIQUE_VIOLATION"),
            "UNIQUE_VIOLATION",
            false,
        ),
    ];
    for (case, acting, wanted, holds) in table {
        let case = format!("{{ {case} }}");
        assert_eq!(found(&case, move |_| acting()), (wanted.to_owned(), holds), "{case}");
    }
}

#[test]
fn a_case_about_no_row_proves_nothing() {
    let none = |request: &Request| match request.path.as_str() {
        "/platform/templates/notes/diff" => {
            Answer::Json(200, json!({ "from_version": 4, "to_version": 4, "changes": [] }))
        }
        "/platform/databases" => Answer::Json(
            201,
            json!({ "id": "db_1", "name": "policies-test-1", "template": "notes", "version": 4, "status": "ready" }),
        ),
        _ if request.headers.contains_key("act-as") => sees(&[]),
        _ => Answer::Json(200, json!({ "data": [], "count": 0, "rows_affected": 0 })),
    };
    for case in [
        "{ as: 'viewer', select: 'notes', row: 'n9', sees: [] }",
        "{ as: 'viewer', delete: 'notes', row: 'n9', allowed: false }",
        "{ as: 'viewer', update: 'notes', where: { text: { eq: 'x' } }, data: { text: 'y' }, rows: 0 }",
    ] {
        let server = Server::start(none);
        let ran = folder(case).run_at(&server.url(), "policies test --json");
        assert_eq!(ran.json()["data"][0]["cases"][0]["found"], "no such row", "{case}");
        assert_eq!(ran.exit, Exit::Failed);
    }
}

#[test]
fn a_run_asks_in_order_and_puts_the_rows_back_after_a_change() {
    let server =
        pushed(|request| if request.body.get("data").is_some() { touched(1) } else { refused("FORBIDDEN") });
    let ran = folder(
        "{ as: 'member; user=ada', update: 'notes', row: 'n1', data: { text: 'x' }, rows: 1 },\n\
         { as: { role: 'member' }, delete: 'members', row: ['acme', 'ada'], allowed: false },\n\
         { as: 'anonymous', select: 'notes', where: ({ row, isNull }) => isNull(row.parent), allowed: false }",
    );
    let ran = ran.run_at(&server.url(), "policies test");
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, ""), "{ran:?}");
    let requests = server.requests();
    let name = requests[1].body["name"].as_str().unwrap().to_owned();
    let to = |method: &str, path: &str| format!("{method} {path}");
    assert_eq!(
        server.asked(),
        [
            to("POST", "/platform/templates/notes/diff"),
            to("POST", "/platform/databases"),
            to("POST", "/data/query/folders"),
            to("POST", "/data/query/notes"),
            to("POST", "/data/query/notes"),
            to("POST", "/data/query/notes"),
            to("POST", "/data/batch"),
            to("POST", "/data/query/members"),
            to("POST", "/data/query/members"),
            to("POST", "/data/query/notes"),
            to("DELETE", &format!("/platform/databases/{name}")),
        ]
    );
    let acting: Vec<_> = requests.iter().filter_map(|request| request.headers.get("act-as")).collect();
    assert_eq!(acting, ["role=member; user=ada", "role=member", "anonymous"]);
    let with_database = requests.iter().filter(|request| request.path.starts_with("/data/"));
    assert!(with_database.clone().all(|request| request.headers["database"] == name));
    assert_eq!(requests[5].body, json!({"where": [{"id": {"eq": "n1"}}], "data": {"text": "x"}}));
    let operations = requests[6].body["operations"].as_array().unwrap();
    let shown: Vec<String> = operations
        .iter()
        .map(|operation| {
            format!("{} {}", operation["operation"].as_str().unwrap(), operation["table"].as_str().unwrap())
        })
        .collect();
    assert_eq!(shown, ["delete notes", "delete folders", "delete members", "insert folders", "insert notes"]);
    assert_eq!(operations[2]["body"], json!({"where": [{"not": {"team": {"is": null}}}]}));
    assert_eq!(requests[8].body["where"], json!([{"team": {"eq": "acme"}}, {"person": {"eq": "ada"}}]));
    assert_eq!(requests[9].body["where"], json!([{"parent": {"is": null}}]));
}

#[test]
fn cases_are_a_table_of_80_columns_and_a_failure_is_told_whole() {
    let server = pushed(|_| sees(&["n1"]));
    let cases = "{ as: 'viewer', select: 'notes', sees: ['n1'] },\n\
         { as: 'member; user=somebody', select: 'notes', where: { text: { like: '%a rather long pattern%' } }, sees: ['n1', 'n2'] }";
    let ran = folder(cases).run_at(&server.url(), "policies test");
    let out = ran.out.replace(&format!("{}/", folder("").path().display()), "");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].ends_with("schemas/notes.policies.ts: 2 cases at \"notes\" v4"), "{out}");
    assert!(lines[1].starts_with("  #  AS               DOES"), "{out}");
    assert!(lines[2].starts_with("✓ 1  viewer           select notes "), "{out}");
    assert!(lines[3].starts_with("✗ 2  member somebody  select notes where {\"text\""), "{out}");
    assert_eq!(lines[6..], ["  expected  sees n1, n2", "  found     sees n1"]);
    assert_eq!(
        (ran.exit, ran.err.as_str()),
        (Exit::Failed, "error: 1 of 2 cases did not come out as expected.\n")
    );
    let live = folder(cases).in_terminal("").run_at(&server.url(), "policies test").out;
    let (table, _) = live.split_once("\n\n").unwrap();
    assert!(table.lines().skip(1).all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn a_schema_that_is_not_pushed_is_pushed_first() {
    for plan in [
        json!({ "from_version": 4, "to_version": 5, "changes": [{ "summary": "~ policies of notes" }] }),
        json!({ "from_version": null, "to_version": 1, "changes": [] }),
    ] {
        let server = Server::start(move |_| Answer::Json(200, plan.clone()));
        let ran =
            folder("{ as: 'viewer', select: 'notes', allowed: true }").run_at(&server.url(), "policies test");
        assert_eq!(ran.exit, Exit::Failed);
        assert!(
            ran.err.contains("is not what was last pushed") && ran.err.contains("`atomicbase push` first"),
            "{}",
            ran.err
        );
        assert_eq!(server.asked(), ["POST /platform/templates/notes/diff"]);
    }
}

#[test]
fn what_does_not_fit_the_schema_is_said_before_anything_is_sent() {
    let server = pushed(|_| touched(0));
    for (arguments, wanted) in [
        (
            "'notes', { cases: [{ as: 'viewer', select: 'note', sees: [] }] }",
            "cases[0].select: there is no table `note`",
        ),
        (
            "'notes', { cases: [{ as: 'viewer', select: 'notes', shows: ['txt'] }] }",
            "cases[0].shows: `notes` has no column `txt`",
        ),
        (
            "'notes', { cases: [{ as: 'viewer', select: 'notes' }] }",
            "cases[0].select: a case says what comes of it",
        ),
        (
            "'notes', { cases: [{ as: 'viewer', insert: 'notes', allowed: true }] }",
            "cases[0].data: says which values",
        ),
        (
            "'notes', { cases: [{ as: 'viewer', update: 'notes', data: { txt: 1 }, allowed: true }] }",
            "cases[0].data: `notes` has no column `txt`",
        ),
        (
            "'notes', { cases: [{ as: 'viewer', delete: 'notes', rows: 1, allowed: true }] }",
            "cases[0].rows: is how many rows change",
        ),
        ("'notes', { cases: [{ as: 'a b', select: 'notes', sees: [] }] }", "cases[0].as: "),
        (
            "'notes', { cases: [{ as: 'a', select: 'members', row: 'x', sees: [] }] }",
            "is not a list of values of the key (team, person)",
        ),
        (
            "'notes', { cases: [{ as: 'a', select: 'notes', sees: [null] }] }",
            "`null` is not a value of the key `id`",
        ),
        ("'notes', { rows: { note: [] }, cases: [] }", "rows.note: there is no table `note`"),
        ("'notes', { rows: { notes: [{ txt: 1 }] }, cases: [] }", "rows.notes: `notes` has no column `txt`"),
        ("'notes', { cases: [] }", "cases: there is no case"),
        ("'other', { cases: [{ as: 'a', select: 'notes', sees: [] }] }", "defines \"other\""),
        ("schema, { cases: [{ as: 'a', selekt: 'notes' }] }", "cases[0] has one of select"),
    ] {
        let ran = folder_of(arguments).run_at(&server.url(), "policies test");
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Usage, ""), "{arguments}: {ran:?}");
        assert!(ran.err.contains(wanted), "{arguments}: {}", ran.err);
    }
    assert!(server.asked().is_empty());
}

#[test]
fn the_scratch_database_goes_when_its_rows_are_refused_or_the_server_falls_silent() {
    let refusing = |request: &Request| match request.headers.contains_key("prefer") {
        true => refused("NOT_NULL_VIOLATION"),
        false => touched(0),
    };
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/platform/templates/notes/diff" => {
            Answer::Json(200, json!({ "from_version": 4, "to_version": 4, "changes": [] }))
        }
        "/platform/databases" => Answer::Json(
            201,
            json!({ "id": "db_1", "name": "policies-test-1", "template": "notes", "version": 4, "status": "ready" }),
        ),
        _ => refusing(request),
    });
    let ran = folder("{ as: 'viewer', select: 'notes', sees: [] }").run_at(&server.url(), "policies test");
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("The rows of `folders` are refused: It is NOT_NULL_VIOLATION."), "{}", ran.err);
    assert_eq!(server.asked().last().unwrap(), "DELETE /platform/databases/policies-test-1");

    let server = pushed(|_| Answer::Raw(502, "content-type: text/html", "<html>"));
    let ran = folder("{ as: 'viewer', select: 'notes', sees: [] }").run_at(&server.url(), "policies test");
    assert_eq!(ran.exit, Exit::ServerLost, "{ran:?}");
    assert!(server.asked().last().unwrap().starts_with("DELETE /platform/databases/policies-test-"));
}

#[test]
fn a_version_that_is_not_released_is_not_tested() {
    let server = Server::start(|request: &Request| match request.path.as_str() {
        "/platform/templates/notes/diff" => {
            Answer::Json(200, json!({ "from_version": 4, "to_version": 4, "changes": [] }))
        }
        "/platform/databases" => Answer::Json(
            201,
            json!({ "id": "db_1", "name": "policies-test-1", "template": "notes", "version": 3, "status": "ready" }),
        ),
        _ => Answer::Raw(204, "x: y", ""),
    });
    let ran = folder("{ as: 'viewer', select: 'notes', sees: [] }").run_at(&server.url(), "policies test");
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("\"notes\" v4 is pushed and not released yet"), "{}", ran.err);
    assert_eq!(server.asked().last().unwrap(), "DELETE /platform/databases/policies-test-1");
}

#[test]
fn an_interrupted_run_leaves_no_database() {
    // The signal reaches the command some requests later; there are many more than that.
    let sent = std::sync::Once::new();
    let server = pushed(move |_| {
        sent.call_once(|| {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT).unwrap();
        });
        sees(&["n1"])
    });
    let many = "...Array.from({ length: 5000 }, () => ({ as: 'viewer', select: 'notes', sees: ['n1'] }))";
    let ran = folder(many).run_at(&server.url(), "policies test");
    assert_eq!(ran.exit, Exit::Interrupted, "{ran:?}");
    assert!(ran.err.contains("Interrupted"), "{}", ran.err);
    assert!(server.asked().last().unwrap().starts_with("DELETE /platform/databases/policies-test-"));
}
