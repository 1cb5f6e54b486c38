//! Words that must not stand in the sources: what may panic, what silences a check, what promises work for later.

use crate::finding::{Finding, assert_none};
use crate::source::{Source, sources};

/// Where a word is refused.
#[derive(Clone, Copy)]
enum Where {
    /// In the program.
    OutsideTests,
    /// In tests.
    InTests,
    Everywhere,
}

const PANICS: &[(&str, Where, &str)] = &[
    (
        ".unwrap()",
        Where::OutsideTests,
        "Return the error, or write the case that cannot fail so that it needs none.",
    ),
    (
        ".expect(",
        Where::OutsideTests,
        "Return the error, or write the case that cannot fail so that it needs none.",
    ),
    ("panic!", Where::OutsideTests, "Return an error: a request must not end a process."),
    ("todo!", Where::OutsideTests, "Finish it, or leave the whole ability out."),
    ("unimplemented!", Where::OutsideTests, "Finish it, or leave the whole ability out."),
];

const SILENCED: &[(&str, Where, &str)] = &[
    ("#[allow", Where::Everywhere, "Mend the cause, or use `#[expect(.., reason = \"..\")]`."),
    ("#![allow", Where::Everywhere, "Mend the cause, or use `#![expect(.., reason = \"..\")]`."),
    ("#[ignore", Where::Everywhere, "Mend the test or delete it."),
];

const SKIPPED: &[(&str, Where, &str)] = &[
    ("test.skip(", Where::InTests, "Mend the test or delete it."),
    ("it.skip(", Where::InTests, "Mend the test or delete it."),
    ("describe.skip(", Where::InTests, "Mend the tests or delete them."),
    ("test.only(", Where::InTests, "The other tests must run too."),
    ("it.only(", Where::InTests, "The other tests must run too."),
    ("describe.only(", Where::InTests, "The other tests must run too."),
];

const SLEEPS: &[(&str, Where, &str)] = &[
    ("sleep(", Where::InTests, "Wait for the event itself: a line, a channel, an answer."),
    ("waitForTimeout(", Where::InTests, "Wait for the event itself: an element, a response."),
];

fn check(source: &Source, words: &[(&str, Where, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (word, place, advice) in words {
        for at in source.find(word) {
            let refused = match place {
                Where::OutsideTests => !source.in_tests(at),
                Where::InTests => source.in_tests(at),
                Where::Everywhere => true,
            };
            // A parser's own `expect` is a method of its own, and returns an error.
            let own_method = *word == ".expect(" && source.code[..at].ends_with("self");
            if refused && !own_method {
                let message = format!("`{word}` must not stand here. {advice}");
                findings.push(Finding::new(&source.path, source.line(at), message));
            }
        }
    }
    findings
}

/// Work promised for later, also in comments: hence the raw text.
fn check_promises(source: &Source) -> Vec<Finding> {
    let promises = |line: &str| {
        line.split(|c: char| !c.is_alphanumeric())
            .any(|word| [concat!("TO", "DO"), concat!("FIX", "ME")].contains(&word))
    };
    let message = "A promise for later. Do it now, or write it down as an issue.";
    let lines = source.text.lines().enumerate().filter(|(_, line)| promises(line));
    lines.map(|(at, _)| Finding::new(&source.path, at + 1, message)).collect()
}

fn check_all(extensions: &[&str], words: &[(&str, Where, &str)]) {
    let found: Vec<_> = sources(extensions).iter().flat_map(|source| check(source, words)).collect();
    assert_none(&found);
}

#[test]
fn the_program_does_not_panic() {
    check_all(&["rs"], PANICS);
}

#[test]
fn no_check_is_silenced() {
    check_all(&["rs"], SILENCED);
}

#[test]
fn no_test_is_skipped() {
    check_all(&["ts", "tsx", "js", "mjs"], SKIPPED);
}

#[test]
fn no_test_sleeps() {
    check_all(&["rs", "ts", "tsx", "js", "mjs", "py", "sh"], SLEEPS);
}

#[test]
fn nothing_is_promised_for_later() {
    let kinds = ["rs", "ts", "tsx", "js", "mjs", "css", "toml", "sh", "sql", "yaml"];
    let found: Vec<_> = sources(&kinds).iter().flat_map(check_promises).collect();
    assert_none(&found);
}

#[test]
fn each_word_is_found_where_it_is_refused() {
    for (word, refused, _) in [PANICS, SILENCED, SKIPPED, SLEEPS].concat() {
        for (path, is_test) in [("crates/x/src/a.rs", false), ("crates/x/tests/a.rs", true)] {
            let source = Source::new(path, &format!("//! Head.\nfn a() {{ value {word} }}\n"));
            let wanted = match refused {
                Where::OutsideTests => !is_test,
                Where::InTests => is_test,
                Where::Everywhere => true,
            };
            let lines: Vec<_> = check(&source, &[(word, refused, "")]).iter().map(|it| it.line).collect();
            assert_eq!(lines, if wanted { vec![2] } else { Vec::new() }, "{word} in {path}");
        }
    }
}

#[test]
fn words_in_comments_strings_and_other_names_are_not_meant() {
    let text =
        "//! Head.\n// never panic!\nfn a() { log(\"todo!\"); self.expect(Token::Comma)?; no_panic!(); }\n";
    assert_eq!(check(&Source::new("crates/x/src/a.rs", text), PANICS), []);
}

#[test]
fn a_promise_is_found_in_comments_too() {
    let found = |text: &str| check_promises(&Source::new("a.rs", text)).len();
    assert_eq!(found(concat!("// TO", "DO: later\n// FIX", "ME\n")), 2);
    assert_eq!(found("let status = 'todo';\n"), 0);
}
