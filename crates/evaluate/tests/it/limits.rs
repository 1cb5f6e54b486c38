//! A schema file that loops, eats memory or nests without end is answered in time, and never takes the process along.

use std::time::{Duration, Instant};

use evaluate::{EvaluateError, Limits};

use crate::project::{Project, at, columns};

/// Evaluates under a short time limit, and holds the answer to it.
fn hurried(source: &str) -> EvaluateError {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let start = Instant::now();
    let error = Project::with_schema(source).schema_within(&limits).unwrap_err();
    // The slack is for a loaded machine; without a limit each of these runs for minutes or for ever.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?} for {error}", start.elapsed());
    error
}

#[test]
fn what_never_ends_is_stopped() {
    for source in [
        "while (true);",
        "for (let i = 0; ; i++) [i].map((x) => x)",
        "try { while (true); } catch {} finally { while (true); }",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "Function('while (true);')()",
        "eval('while (true);')",
        "const spin = (): void => { Promise.resolve().then(spin) }\nspin()\nawait new Promise(() => {})",
        "async function f() { while (true) await null }\nawait f()",
        "function* endless() { while (true) yield 1 }\nfor (const x of endless()) x",
        "class A { static { while (true); } }",
        "export default new Proxy({}, { getPrototypeOf() { while (true); } })",
        // Builtins that never ask whether time is up.
        "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
        "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
    ] {
        let error = hurried(source);
        assert!(error.message.starts_with("did not finish within 0.3 s"), "{source}: {error}");
    }
}

#[test]
fn an_endless_loop_is_shown_where_it_is() {
    let error = hurried("const ok = 1\nfunction spin(): void {\n  for (;;) ok.toString()\n}\nspin()\n");
    assert_eq!(error.position.map(|position| position.line), Some(3), "{error}");
}

#[test]
fn an_await_of_nothing_is_said_so() {
    let error = hurried("await new Promise(() => {})\nexport default 1");
    assert!(error.message.contains("an await at the top still waits"), "{error}");
}

#[test]
fn memory_is_bounded() {
    for source in [
        "'x'.repeat(2 ** 30 - 2).repeat(1)",
        "const a: number[][] = []\nwhile (true) a.push(new Array(100000).fill(1))",
        "new Array(2 ** 32 - 1).fill(1)",
        "new ArrayBuffer(2 ** 30)",
        "const m = new Map()\nwhile (true) m.set(m.size, {})",
        "let s = ['x'.repeat(1000)]\nwhile (true) s = [...s, ...s]",
    ] {
        let error = Project::with_schema(source).schema().unwrap_err();
        assert!(error.message.contains("needs more than 64 MiB of memory"), "{source}: {error}");
    }
    let error = Project::with_schema("let s = 'x'\nwhile (true) s += s").schema().unwrap_err();
    assert_eq!(error.position, at(2, 19), "{error}");
    let small = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let error = Project::with_schema("new ArrayBuffer(8 * 2 ** 20)").schema_within(&small).unwrap_err();
    assert!(error.message.contains("needs more than 4 MiB of memory"), "{error}");
}

#[test]
fn recursion_is_bounded_and_shown() {
    let error =
        Project::with_schema("const f = (n: number): number => f(n + 1) + 1\nf(0)\n").schema().unwrap_err();
    assert_eq!((error.position, error.message.contains("the stack is full")), (at(1, 36), true), "{error}");
    for source in [
        "let j: unknown = 1\nfor (let i = 0; i < 1e5; i++) j = [j]\nJSON.stringify(j)",
        "JSON.parse('['.repeat(1e6))",
        "const a: unknown[] = []\na[0] = a\na.flat(Infinity)",
        "new RegExp('('.repeat(1e6))",
        "eval('('.repeat(1e6))",
    ] {
        Project::with_schema(source).schema().unwrap_err();
    }
}

#[test]
fn nesting_of_the_source_is_bounded() {
    let most = Limits::default().file_bytes - 64;
    for (open, close) in [
        ("(", ""),
        ("(", ")"),
        ("[", ""),
        ("{a:", "}"),
        ("`${", "}`"),
        ("!", ""),
        ("f(", ")"),
        ("a?.", ""),
        ("1+", ""),
        ("a=>", ""),
        ("(function(){", "})"),
        ("class{a=", "}"),
        ("f<", ""),
        ("new ", ""),
        ("(a=", ")"),
    ] {
        let levels = most / (open.len() + close.len());
        let source = format!("export default {}1{}", open.repeat(levels), close.repeat(levels));
        hurried(&source);
    }
    // The deepest stack a byte can make the parser use.
    hurried(&format!("type A = {}", "[".repeat(most)));
}

#[test]
fn sources_and_results_are_bounded() {
    let error = Project::with_schema(&"/".repeat(300 << 10)).schema().unwrap_err();
    assert_eq!(error.message, "holds more than 256 KiB; split it and import its parts");

    let comment = format!("//{}\nexport {{}}\n", "x".repeat(200 << 10));
    let imports: String = (0..12).map(|n| format!("import './part{n}'\n")).collect();
    let project = (0..12)
        .fold(Project::with_schema(&imports), |project, n| project.file(&format!("part{n}.ts"), &comment));
    assert_eq!(project.schema().unwrap_err().message, "the files together hold more than 2 MiB");

    let chain = (0..300).fold(Project::with_schema("import './n0'"), |project, n| {
        project.file(&format!("n{n}.ts"), &format!("import './n{}'", n + 1))
    });
    assert_eq!(chain.schema().unwrap_err().message, "a schema is made of at most 256 files");

    let error =
        Project::with_schema(&columns("    a: c.text().default('x'.repeat(3e6)),")).schema().unwrap_err();
    assert_eq!(error.message, "evaluates to more than 1 MiB of JSON");
    let deep = "    a: c.json().default(JSON.parse('['.repeat(1000) + ']'.repeat(1000))),";
    let error = Project::with_schema(&columns(deep)).schema().unwrap_err();
    assert!(error.message.contains("nests deeper than 32 levels"), "{error}");
    assert_eq!(error.position.map(|position| position.line), Some(4), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_not_waited_for() {
    use std::os::unix::fs::symlink;

    let project = Project::with_schema("import './endless'");
    symlink("/dev/zero", project.path("endless.ts")).unwrap();
    assert!(project.schema().unwrap_err().message.contains("there is no file"));
    let made = std::process::Command::new("mkfifo").arg(project.path("pipe.schema.ts")).status().unwrap();
    assert!(made.success());
    let error =
        evaluate::evaluate_schema(&project.path("pipe.schema.ts"), &project.path(""), &Limits::default());
    assert_eq!(error.unwrap_err().message, "is not a file");
}
