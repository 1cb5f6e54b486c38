//! Names that say nothing are refused: a folder or file is called after what it is for.

use crate::finding::{Finding, assert_none};
use crate::source::{root, walk};

const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

fn check(path: &str) -> Option<Finding> {
    let stem = |part: &str| part.split('.').next().unwrap_or(part).to_ascii_lowercase();
    let name = path.split('/').find(|part| EMPTY_NAMES.contains(&stem(part).as_str()))?;
    let message = format!("`{name}` says nothing. Name it after what it is for, in the field's words.");
    Some(Finding::new(path, 1, message))
}

#[test]
fn folders_and_files_are_named_after_their_purpose() {
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &mut files);
    let paths = files.iter().map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap());
    let found: Vec<_> = paths.filter_map(check).collect();
    assert_none(&found);
}

#[test]
fn an_empty_name_is_found() {
    for path in ["crates/data/src/utils/a.rs", "crates/data/src/helpers.rs", "web/packages/sdk/src/Common.ts"]
    {
        assert!(check(path).is_some(), "{path}");
    }
    assert!(check("crates/data/src/query/compile.rs").is_none());
}
