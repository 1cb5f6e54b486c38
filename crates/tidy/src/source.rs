//! The repository's files as the rules see them: text, the same text without comments and literals, and where tests are.
//! A lexer of the few Rust tokens that matter; knows no rule.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// One text file of the repository.
pub struct Source {
    /// Path from the repository's root, with `/`.
    pub path: String,
    pub text: String,
    /// For Rust: `text` with comments and the insides of literals blanked, byte for byte as long. Else equal to `text`.
    pub code: String,
    tests: Vec<Range<usize>>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let rust = path.ends_with(".rs");
        let code = if rust { blank(text) } else { text.to_owned() };
        let tests = match rust {
            _ if is_test_file(path) => std::iter::once(0..text.len()).collect(),
            true => test_items(&code),
            false => Vec::new(),
        };
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// Whether the byte at `offset` belongs to test code.
    pub fn in_tests(&self, offset: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&offset))
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Lines outside tests.
    pub fn lines_of_code(&self) -> usize {
        let mut offset = 0;
        self.text
            .split_inclusive('\n')
            .filter(|line| {
                let outside = !self.in_tests(offset);
                offset += line.len();
                outside
            })
            .count()
    }

    /// Where `word` stands in the code, not as a part of a longer name on either side.
    pub fn find(&self, word: &str) -> Vec<usize> {
        let is_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (first, last) = (word.chars().next(), word.chars().last());
        self.code
            .match_indices(word)
            .filter(|(at, _)| {
                let before = self.code[..*at].chars().next_back();
                let after = self.code[at + word.len()..].chars().next();
                !(is_name(first) && is_name(before) || is_name(last) && is_name(after))
            })
            .map(|(at, _)| at)
            .collect()
    }
}

/// Whole files of tests. `tidy` and `testkit` serve tests alone, so they count as such.
fn is_test_file(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
    let folder = |name: &str| path.starts_with(&format!("{name}/")) || path.contains(&format!("/{name}/"));
    stem.ends_with("tests")
        || path.contains(".test.")
        || path.contains(".test-d.")
        || ["tests", "e2e", "fuzz", "crates/tidy", "crates/testkit"].into_iter().any(folder)
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every file of ours whose name ends in one of `extensions`, in order of path.
pub fn sources(extensions: &[&str]) -> Vec<Source> {
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &mut files);
    let mut sources: Vec<Source> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| extensions.contains(&e.to_str().unwrap())))
        .map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            Source::new(path, &std::fs::read_to_string(file).unwrap())
        })
        .collect();
    mark_test_modules(&mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Files that another one includes as `#[cfg(test)] mod name;` are tests from end to end.
fn mark_test_modules(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in sources {
        let within = |module: &String| {
            source.path.strip_prefix(module).is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        if modules.iter().any(within) {
            source.tests.push(0..source.text.len());
        }
    }
}

/// Paths, without `.rs`, of the modules that a file includes for tests only.
fn test_modules(source: &Source) -> Vec<String> {
    let (folder, name) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let folder = match name.strip_suffix(".rs").unwrap_or(name) {
        "lib" | "main" | "mod" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    };
    let names = source.tests.iter().filter_map(|test| {
        let (_, name) = source.code[test.clone()].strip_suffix(';')?.rsplit_once("mod ")?;
        Some(format!("{folder}/{name}"))
    });
    names.collect()
}

/// Files below `folder`, without hidden folders, build outputs and other people's packages.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let not_ours = name.starts_with('.') || ["target", "node_modules", "dist"].contains(&name.as_str());
        match entry.file_type().unwrap() {
            _ if not_ours => {}
            kind if kind.is_dir() => walk(&path, files),
            kind if kind.is_file() => files.push(path),
            _ => {}
        }
    }
}

/// The end of the block whose `{` is the first after `from`, or of the `;` that comes before any.
pub fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b';' if depth == 0 => return at + 1,
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The items behind `#[cfg(test)]`, and test functions that stand alone.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let markers = ["#[cfg(test)]", "#[test]", "#[tokio::test"];
    let item = |at: usize| at..item_end(code, at + code[at..].find(']').map_or(0, |close| close + 1));
    markers.iter().flat_map(|marker| code.match_indices(marker).map(|(at, _)| item(at))).collect()
}

/// `text` with comments, and the insides of string and character literals, as blanks.
fn blank(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), text.as_bytes().to_vec(), 0);
    while at < bytes.len() {
        let Some((from, to, end)) = literal_or_comment(bytes, at) else {
            at += 1;
            continue;
        };
        for byte in &mut out[from..to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).unwrap()
}

/// If a comment or a literal begins at `at`: what to blank (from, to) and where it ends.
fn literal_or_comment(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let rest = &bytes[at..];
    let find = |needle: &[u8], from: usize| {
        bytes[from..]
            .windows(needle.len())
            .position(|w| w == needle)
            .map_or(bytes.len(), |found| from + found)
    };
    if rest.starts_with(b"//") {
        let end = find(b"\n", at);
        return Some((at, end, end));
    }
    if rest.starts_with(b"/*") {
        let end = block_comment_end(bytes, at);
        return Some((at, end, end));
    }
    let in_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if !in_name && let Some(hashes) = raw_string(rest) {
        let open = find(b"\"", at) + 1;
        let close = find(format!("\"{}", "#".repeat(hashes)).as_bytes(), open);
        return Some((open, close, (close + 1 + hashes).min(bytes.len())));
    }
    match rest[0] {
        b'"' => {
            let close = quote_end(bytes, at + 1, b'"');
            Some((at + 1, close, (close + 1).min(bytes.len())))
        }
        // A character, not a lifetime: 'x', '\n' or one wide character.
        b'\'' if rest.get(1) == Some(&b'\\') || wide_char(rest) => {
            let close = quote_end(bytes, at + 1, b'\'');
            Some((at + 1, close, (close + 1).min(bytes.len())))
        }
        _ => None,
    }
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// How many `#` a raw string that begins here has.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let rest = rest.strip_prefix(b"b").or(rest.strip_prefix(b"c")).unwrap_or(rest).strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

fn wide_char(rest: &[u8]) -> bool {
    let width = match rest.get(1) {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..) => 4,
        _ => 1,
    };
    rest.get(1 + width) == Some(&b'\'')
}

fn quote_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "let a = \"x.unwrap()\"; // panic!\nlet b = r#\"todo!\"#; /* axum /* deep */ axum */ let c: &'a str = '\"'; let d = '\\''; e";
    let source = Source::new("a.rs", text);
    assert_eq!(source.code.len(), text.len());
    for hidden in ["unwrap", "panic", "todo", "axum", "deep"] {
        assert_eq!(source.find(hidden), [] as [usize; 0], "{hidden} in {}", source.code);
    }
    assert_eq!(source.find("e").len(), 1);
    assert_eq!(source.find("str").len(), 1);
    assert_eq!(source.line(text.find("let b").unwrap()), 2);
}

#[test]
fn tests_inside_a_file_are_told_from_its_code() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more_tests;\nfn d() {}\n";
    let source = Source::new("crates/x/src/lib.rs", text);
    let in_tests = |name: &str| source.in_tests(source.find(name)[0]);
    assert_eq!([in_tests("a"), in_tests("b"), in_tests("c"), in_tests("d")], [false, true, false, false]);
    assert_eq!(source.lines_of_code(), 3);
    assert!(Source::new("crates/x/src/a.rs", "#[test]\nfn a() {}").in_tests(9));
    assert!(Source::new("crates/x/tests/it/a.rs", "fn a() {}").in_tests(0));
    assert!(Source::new("web/packages/sdk/src/query.test.ts", "x").in_tests(0));
    assert!(!Source::new("crates/x/src/latest.rs", "fn a() {}").in_tests(0));
}

#[test]
fn modules_that_only_tests_include_are_tests() {
    let mut sources = [
        Source::new("crates/x/src/lib.rs", "mod stubborn;\n#[cfg(test)]\nmod stub;\n"),
        Source::new("crates/x/src/stub.rs", "fn a() {}"),
        Source::new("crates/x/src/stub/deep.rs", "fn a() {}"),
        Source::new("crates/x/src/stubborn.rs", "fn a() {}\n#[cfg(test)] mod probe;\n"),
        Source::new("crates/x/src/stubborn/probe.rs", "fn a() {}"),
    ];
    mark_test_modules(&mut sources);
    assert_eq!(sources.map(|source| source.in_tests(0)), [false, true, true, false, true]);
}
