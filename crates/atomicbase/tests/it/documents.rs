//! The generated pages of docs/ say what the program says. `make docs` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use atomicbase_core::Code;

use crate::program::Start;

#[test]
fn docs_are_current() {
    let folder = tempfile::tempdir().unwrap();
    let program = Start::on(folder.path()).run();
    let (status, openapi) = program.get("/openapi.json").unwrap();
    assert_eq!(status, 200);
    let mut openapi = serde_json::to_string_pretty(&openapi).unwrap();
    openapi.push('\n');
    check("docs/openapi.json", &openapi);
    check("docs/errors.md", &errors());
    check("web/packages/sdk/src/codes.ts", &codes());
}

fn check(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("ATOMICBASE_WRITE_DOCS").is_some() {
        std::fs::write(&file, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "{path} is not what the program says; write it anew with `make docs`");
}

fn errors() -> String {
    let mut page = String::from(
        "# Error codes\n\nGenerated from `crates/core/src/code.rs` by `make docs`.\n\n\
         Every error is `application/problem+json` (RFC 9457): `type title status detail`, and `code` (stable: branch on it),\n\
         `hint` (what to do next), `request_id` (finds it in the log) and, for faults in a body, `errors: [{path, message}]`.\n\n\
         | code | status | meaning |\n| --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let anchor = code.as_str();
        writeln!(
            page,
            "| <a id=\"{anchor}\"></a>`{anchor}` | {} | {} |",
            code.status(),
            code.meaning().trim()
        )
        .unwrap();
    }
    page
}

fn codes() -> String {
    let mut file = String::from(
        "// The error codes a server may answer with. Generated from the one table of codes (crates/core/src/code.rs); do not edit.\n\n\
         export const CODES = [\n",
    );
    for code in Code::ALL {
        writeln!(file, "  '{}',", code.as_str()).unwrap();
    }
    file.push_str("] as const\n");
    file
}
