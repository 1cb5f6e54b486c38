//! What the author of a schema reads when something is wrong.

use evaluate::Limits;

use crate::project::{Project, at, columns, fault};

#[test]
fn a_wrong_default_is_named_and_shown_where_it_stands() {
    let error = fault(&columns("    id: c.id(),\n    status: c.text().notNull().default(5),"));
    assert_eq!(
        error.to_string(),
        "app.schema.ts:5:32: t.status: default 5 is not text\n\n  \
         |\n5 |     status: c.text().notNull().default(5),\n  |                                ^"
    );
}

#[test]
fn a_misspelt_word_of_the_language_is_answered_with_the_right_one() {
    for (column, position, message) in [
        ("c.intger()", 11, "c.intger is not a column type. Did you mean c.integer?"),
        ("c.text().notNul()", 18, "t.id: notNul() is not a verb of a column. Did you mean notNull()?"),
        ("c.whatever()", 11, "c.whatever is not a column type."),
    ] {
        let error = fault(&columns(&format!("    id: {column},")));
        assert_eq!((error.position, error.message.as_str()), (at(4, position), message));
    }
}

#[test]
fn faults_that_need_two_places_name_both() {
    let error = fault(&columns("    id: c.id(),\n    other: c.text().references('t.idd'),"));
    assert_eq!(error.message, "t.other: references t.idd, but t has no column idd. Did you mean id?");
    let error = fault(&columns("    id: c.id(),\n    other: c.text().references('u.id'),"));
    assert_eq!(error.message, "t.other: references u.id, but there is no table u. Did you mean t?");
    let error = fault(&columns("    a: c.text().primaryKey(),\n    b: c.text().primaryKey(),"));
    assert!(error.message.contains("primaryKey(['a', 'b'])"), "{error}");
}

#[test]
fn syntax_errors_point_into_the_typescript() {
    let error = fault("import { c } from '@atomicbase/schema'\nexport default c.text(\n");
    assert_eq!(error.position, at(3, 1), "{error}");
    let error = fault("const a: string = 'x'\nconst a = 2\n");
    assert_eq!(error.position, at(1, 7), "{error}");
}

#[test]
fn a_runtime_error_points_into_the_typescript_behind_the_types_that_were_removed() {
    let error = fault(
        "interface Shape {\n  a?: { b(): void }\n}\n\ntype Unused = string\nconst shape: Shape = {} as Shape\n\
         const café: string = '🙂🙂'; shape.a!.b()\n",
    );
    // Columns count UTF-16 units: each emoji is two.
    assert_eq!(error.position, at(7, 30), "{error}");
    assert!(error.message.contains("undefined"), "{error}");
    let snippet = error.snippet.unwrap();
    let (code, caret) = snippet.split_once("\n  | ").unwrap();
    assert!(code.ends_with("shape.a!.b()"), "{snippet}");
    assert_eq!(caret.len(), 30, "{snippet}");
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let padding = "x".repeat(500);
    for source in [
        format!("const a = '{padding}'; missing(); const b = '{padding}'\n"),
        format!("const a = '{}'; missing()\n", "漢字".repeat(100)),
        format!("missing(); const a = '{}'\n", "\t\u{1b}[31m".repeat(100)),
    ] {
        let error = fault(&source);
        let snippet = error.snippet.unwrap();
        let lines: Vec<&str> = snippet.lines().collect();
        let width = |line: &str| {
            line.chars().map(|c| if ('漢'..='龥').contains(&c) || c == '字' { 2 } else { 1 }).sum::<usize>()
        };
        assert!(lines.iter().all(|line| width(line) <= 80), "{snippet}");
        assert!(!snippet.contains('\u{1b}'), "{snippet:?}");
        let before_caret: usize = width(lines[2]) - 1;
        let mut column = 0;
        let under_caret: String = lines[1]
            .chars()
            .skip_while(|c| {
                column += width(&c.to_string());
                column <= before_caret
            })
            .collect();
        assert!(under_caret.starts_with("missing"), "{snippet}");
    }
}

#[test]
fn what_is_thrown_cannot_drive_the_terminal_or_fill_it() {
    let error = fault("throw new Error('\\x1b[2Jgone' + '!'.repeat(100000))");
    assert!(error.message.chars().count() <= 601 && !error.message.contains('\u{1b}'), "{error}");
    assert_eq!(fault("throw 'just text'").message, "just text");
    assert_eq!(fault("throw { a: 1 }").message, "threw a value of type object instead of an Error");
    let hostile =
        "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw e } }); throw e";
    assert_eq!(fault(hostile).message, "threw an error without a message");
}

#[test]
fn a_stack_that_the_file_made_up_is_only_text() {
    for stack in
        ["    at x (m0:99999:1)", "at (m7:1:1)", "(m0:-1:0)", "m0:1:99999", "::::", "(m0:0:0)\\n(m0:1:1)"]
    {
        let error = fault(&format!("const e = new Error('made up'); e.stack = '{stack}'; throw e"));
        assert_eq!(error.message, "made up");
    }
}

#[test]
fn the_default_export_must_be_a_schema() {
    assert!(
        fault("export const x = 1")
            .message
            .contains("no default export; write `export default defineSchema(")
    );
    for value in
        ["{ name: 'x' }", "5", "() => {}", "null", "{ template: { format: 1 } }", "Promise.resolve(1)"]
    {
        assert!(fault(&format!("export default {value}")).message.contains("is not a schema"), "{value}");
    }
}

#[test]
fn what_a_sandbox_lacks_is_explained() {
    let error = fault("export default process.env.NAME");
    assert!(error.message.contains("ATOMICBASE_API_KEY"), "{error}");
    assert_eq!(error.position, at(1, 16));
    for name in ["console", "require", "fetch", "setTimeout"] {
        assert!(fault(&format!("{name}('x')")).message.contains("without Node or a browser"), "{name}");
    }
}

#[test]
fn nothing_in_a_schema_can_differ_from_push_to_push() {
    for expression in ["Date.now()", "new Date()", "Date()", "new Date().constructor.now()", "Math.random()"]
    {
        let error = fault(&columns(&format!("    at: c.timestamp().default({expression}),")));
        assert!(error.message.contains("a different schema at every push"), "{expression}: {error}");
    }
    let fixed = columns("    at: c.timestamp().default(new Date('2024-01-01T00:00:00Z').getTime() / 1000),");
    let template = Project::with_schema(&fixed).schema().unwrap();
    assert_eq!(template["tables"][0]["columns"][0]["default"]["value"], 1_704_067_200);
    for name in ["performance", "WeakRef", "FinalizationRegistry"] {
        assert!(fault(&format!("new {name}()")).message.contains("is not defined"), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_said_so() {
    let project = Project::with_schema("");
    let missing =
        evaluate::evaluate_schema(&project.path("no.schema.ts"), &project.path(""), &Limits::default());
    assert!(missing.unwrap_err().message.contains("No such file"));
    std::fs::write(project.path("app.schema.ts"), [0xff, 0xfe, 0]).unwrap();
    assert_eq!(project.schema().unwrap_err().message, "is not UTF-8 text");
    let folder = evaluate::evaluate_schema(&project.path(""), &project.path(""), &Limits::default());
    assert!(folder.is_err());
}

#[test]
fn a_configuration_is_checked_by_name() {
    let config = |body: &str| {
        let source = format!("import {{ defineConfig }} from '@atomicbase/schema'\n{body}");
        Project::with_schema("").file("atomicbase.config.ts", &source).config()
    };
    let settings =
        config("export default defineConfig({ url: 'http://localhost:8080', users: { templates: [] } })");
    assert_eq!(
        settings.unwrap(),
        serde_json::json!({ "url": "http://localhost:8080", "users": { "templates": [] } })
    );
    assert_eq!(config("export default { apiKey: 'k' }").unwrap(), serde_json::json!({ "apiKey": "k" }));
    for (body, message) in [
        ("export default defineConfig({ urll: 'x' })", "urll is not a known setting. Did you mean url?"),
        ("export default defineConfig({ url: 5 })", "url takes text, not 5"),
        ("export default { roles: { a: () => 1 } }", "roles.a is a function, which is not JSON"),
        ("export const url = 'x'", "export default defineConfig("),
        ("export default 5", "takes an object, not 5"),
    ] {
        let error = config(body).unwrap_err();
        assert!(error.message.contains(message), "{error}");
    }
}
