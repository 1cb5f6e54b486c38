//! Templates in `fixtures/`, shared with the TypeScript tests: the valid ones are canonical, the invalid ones have their
//! faults beside them. `UPDATE_FIXTURES=1` writes the faults anew, to be read before they are committed.

use std::fs;
use std::path::{Path, PathBuf};

use schema::Template;
use serde_json::Value;

pub(crate) fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind)
}

/// A valid fixture by its name.
pub(crate) fn template(name: &str) -> Template {
    let json = fs::read(folder("valid").join(format!("{name}.json"))).unwrap();
    Template::parse_json(&json).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"))
}

fn names(kind: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder(kind))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !name.ends_with(".errors"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

pub(crate) fn valid_names() -> Vec<String> {
    names("valid")
}

#[test]
fn valid_fixtures_are_read_and_written_back_unchanged() {
    for name in valid_names() {
        let json: Value =
            serde_json::from_slice(&fs::read(folder("valid").join(format!("{name}.json"))).unwrap()).unwrap();
        let template = template(&name);
        // Values are compared, not text: the order of keys carries nothing.
        assert_eq!(
            serde_json::from_str::<Value>(&template.to_json()).unwrap(),
            json,
            "{name} is not canonical"
        );
        assert_eq!(serde_json::from_str::<Template>(&template.to_json()).unwrap(), template, "{name}");
    }
}

/// The schema package writes policies as they are stored.
#[test]
fn policies_of_the_schema_package_are_canonical() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/packages/schema/fixtures");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let templates: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert!(templates.len() >= 4, "{templates:?}");
    for path in templates {
        let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let template = Template::parse(&json).unwrap_or_else(|errors| panic!("{path:?}: {errors:#?}"));
        let policies = template.policies.map(|policies| serde_json::to_value(policies).unwrap());
        assert_eq!(policies.as_ref(), json.get("policies"), "{path:?}");
    }
}

#[test]
fn invalid_fixtures_are_refused_with_the_faults_beside_them() {
    for name in names("invalid") {
        let json = fs::read(folder("invalid").join(format!("{name}.json"))).unwrap();
        let found = Template::parse_json(&json).expect_err(&name);
        let found = serde_json::to_value(found).unwrap();
        let expected = folder("invalid").join(format!("{name}.errors.json"));
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&expected, format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
        }
        let expected: Value = serde_json::from_slice(&fs::read(expected).expect(&name)).unwrap();
        assert_eq!(found, expected, "{name}");
    }
}
