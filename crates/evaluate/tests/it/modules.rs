//! What a schema file may import, and how far.

use crate::project::{Project, at};

const TABLES: &str = "import { c, defineTable } from '@atomicbase/schema'\n\
                      export const tables = { t: defineTable({ id: c.id() }) }\n";

fn importing(specifier: &str) -> Project {
    Project::with_schema(&format!(
        "import {{ defineSchema }} from '@atomicbase/schema'\nimport {{ tables }} from '{specifier}'\n\
         export default defineSchema('app', tables)\n"
    ))
}

#[test]
fn relative_files_are_found_as_typescript_finds_them() {
    for (specifier, file) in [
        ("./tables", "tables.ts"),
        ("./tables.ts", "tables.ts"),
        ("./tables.js", "tables.ts"),
        ("./tables.js", "tables.js"),
        ("./tables", "tables.js"),
        ("./deep/down/../../deep/tables.schema", "deep/tables.schema.ts"),
    ] {
        let project = importing(specifier).file(file, TABLES).file("deep/down/x.ts", "");
        let template = project.schema().unwrap_or_else(|error| panic!("{specifier}: {error}"));
        assert_eq!(template["tables"][0]["name"], "t");
    }
}

#[test]
fn files_may_import_each_other_and_re_export() {
    let project = importing("./a")
        .file("a.ts", "export * from './b'\nexport const fromA = 1\n")
        .file(
            "b.ts",
            "import { fromA } from './a'\nexport { tables } from './c'\nexport const later = () => fromA\n",
        )
        .file("c.ts", TABLES);
    project.schema().unwrap();
}

#[test]
fn types_are_gone_before_files_are_looked_for() {
    let source = "import type { Nothing } from './nowhere'\nimport { type Also, c, defineSchema, defineTable } from '@atomicbase/schema'\n\
                  import { OnlyAType } from './nowhere-either'\n\
                  enum Size { Small = 3, Large = Small * 2 }\nconst enum Color { Red = 'red' }\n\
                  const table = defineTable({ id: c.id(), a: c.integer().default(Size.Large), b: c.text().default(Color.Red) }) satisfies unknown\n\
                  const unused: OnlyAType | Nothing | Also | undefined = undefined\n\
                  export default defineSchema('app', { t: table! } as { t: typeof table })\n";
    let template = Project::with_schema(source).schema().unwrap();
    assert_eq!(template["tables"][0]["columns"][1]["default"]["value"], 6);
    assert_eq!(template["tables"][0]["columns"][2]["default"]["value"], "red");
}

#[test]
fn an_error_in_an_imported_file_names_that_file() {
    let error = importing("./sub/tables")
        .file("sub/tables.ts", "export const tables = {}\n\nnull.x\n")
        .schema()
        .unwrap_err();
    assert_eq!((error.file.as_str(), error.position), ("sub/tables.ts", at(3, 1)), "{error}");
    let error = importing("./sub/tables").file("sub/tables.ts", "export const = 5\n").schema().unwrap_err();
    assert_eq!((error.file.as_str(), error.position), ("sub/tables.ts", at(1, 14)), "{error}");
}

#[test]
fn a_missing_export_is_shown_at_the_import_that_asks_for_it() {
    let error = importing("./a")
        .file("a.ts", "export * from './b'")
        .file("b.ts", "export const table = 1")
        .schema()
        .unwrap_err();
    assert_eq!((error.message.as_str(), error.position), ("'./a' has no export tables", at(2, 10)));
    let error = Project::with_schema("import { defineTabel as t } from '@atomicbase/schema'\nt()")
        .schema()
        .unwrap_err();
    assert_eq!(error.message, "'@atomicbase/schema' has no export defineTabel");
    assert_eq!(error.position, at(1, 10));
}

#[test]
fn anything_but_files_of_the_project_is_refused_where_it_is_imported() {
    for (specifier, message) in [
        ("node:fs", "'node:fs' cannot be imported: this file runs without Node"),
        ("fs", "'fs' cannot be imported: packages are not installed"),
        ("zod", "'zod' cannot be imported: packages are not installed"),
        ("/etc/passwd", "write the path relative to this file"),
        ("file:///etc/passwd", "write the path relative to this file"),
        ("https://example.com/x.ts", "write the path relative to this file"),
        ("./nothing", "there is no file './nothing'"),
        ("./data.json", "JSON cannot be imported"),
        ("./folder", "there is no file './folder'"),
        ("..", "cannot be imported"),
    ] {
        let error =
            importing(specifier).file("folder/index.txt", "").file("data.json", "{}").schema().unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert_eq!(error.position, at(2, 24), "{error}");
    }
}

#[test]
fn imports_at_run_time_are_refused() {
    for source in
        ["await import('./x')", "const name = './x'\nawait import(name)", "await eval('import(\"./x\")')"]
    {
        let error = Project::with_schema(source).file("x.ts", "").schema().unwrap_err();
        assert!(error.message.starts_with("import() does not work here"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_dots_do_not_lead_out_of_the_project() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("tables.ts"), TABLES).unwrap();
    let leaving = "leads out of the project's folder";

    let project = importing("./linked");
    symlink(outside.path().join("tables.ts"), project.path("linked.ts")).unwrap();
    assert!(project.schema().unwrap_err().message.contains(leaving));

    let project = importing("./folder/tables");
    symlink(outside.path(), project.path("folder")).unwrap();
    assert!(project.schema().unwrap_err().message.contains(leaving));

    let beside = outside.path().file_name().unwrap().to_str().unwrap().to_owned();
    let project = importing(&format!("../{beside}/tables"));
    assert!(project.schema().unwrap_err().message.contains(leaving));

    let project = Project::with_schema("");
    std::fs::remove_file(project.path("app.schema.ts")).unwrap();
    symlink(outside.path().join("tables.ts"), project.path("app.schema.ts")).unwrap();
    assert!(project.schema().unwrap_err().message.contains("outside the project's folder"));

    let project = importing("./inside").file("real/tables.ts", TABLES);
    symlink(project.path("real/tables.ts"), project.path("inside.ts")).unwrap();
    project.schema().unwrap();
}
