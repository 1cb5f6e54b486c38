//! The evaluator answers the JSON that the npm package answers in Node: both are held to the same files.

use std::fs;
use std::path::{Path, PathBuf};

use evaluate::{Limits, evaluate_config, evaluate_policy_tests, evaluate_schema};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_fixture_evaluates_to_its_json() {
    let folder = repository().join("web/packages/schema/fixtures");
    let mut seen = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".schema.ts") else { continue };
        let template =
            evaluate_schema(&path, &folder, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        let expected = json(&folder.join(format!("{stem}.json")));
        // As text: the order of tables and columns is part of a template.
        assert_eq!(template.to_string(), expected.to_string(), "{name}");
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} fixtures in {}", folder.display());
}

#[test]
fn the_sample_project_is_the_fixture() {
    let root = repository().join("examples/saas-app");
    let schema = root.join("schemas/saas-app.schema.ts");
    let template =
        evaluate_schema(&schema, &root, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(template, json(&repository().join("web/packages/schema/fixtures/saas-app.json")));
    let config = evaluate_config(&root.join("atomicbase.config.ts"), &root, &Limits::default());
    assert_eq!(config.unwrap_or_else(|error| panic!("{error}"))["schemas"], "./schemas");
}

#[test]
fn tests_of_policies_bring_the_schema_they_import() {
    let folder = repository().join("web/packages/schema/fixtures");
    let project = crate::project::Project::with_schema(
        "import { c, defineSchema, defineTable } from '@atomicbase/schema'\n\
         export default defineSchema('app', { t: defineTable({ id: c.id(), owner: c.text() }) })\n",
    );
    let tests = |schema: &str| {
        format!(
            "import {{ definePolicyTests }} from '@atomicbase/schema'\nimport schema from './app.schema.ts'\n\
             export default definePolicyTests({schema}, {{ rows: {{ t: [{{ id: '1' }}] }}, cases: [\n\
             {{ as: 'member; user=ada', select: 't', where: ({{ row, auth, eq }}) => eq(row.owner, 'ada'), sees: [] }},\n] }})\n"
        )
    };
    let evaluate = |source: &str| {
        let project = project.path("app.policies.ts");
        fs::write(&project, source).unwrap();
        evaluate_policy_tests(&project, project.parent().unwrap(), &Limits::default())
    };
    let found = evaluate(&tests("schema")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&found["template"], &found["schema"]["tables"][0]["name"]), (&"app".into(), &"t".into()));
    let case = serde_json::json!({
        "as": {"role": "member", "user": "ada"}, "operation": "select", "table": "t",
        "where": [{"owner": {"eq": "ada"}}], "sees": [],
    });
    assert_eq!(found["cases"], serde_json::json!([case]));
    let fault = evaluate(&tests("'app'")).unwrap_err();
    assert!(fault.to_string().contains("a function needs the schema itself"), "{fault}");
    let fault = evaluate_policy_tests(&folder.join("saas-app.schema.ts"), &folder, &Limits::default());
    assert!(fault.unwrap_err().to_string().contains("the default export is not tests of policies"));
}
