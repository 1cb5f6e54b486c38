//! The workspace's packages as cargo sees them, and what every manifest must say.

use crate::finding::{Finding, assert_none};
use crate::source::root;
use std::path::Path;
use std::process::Command;

/// A package of ours.
pub struct Package {
    /// Its folder, which is what the table of arrows calls it.
    pub room: String,
    /// Path of its manifest from the repository's root.
    pub manifest: String,
    /// The manifest's text.
    pub text: String,
    pub dependencies: Vec<Dependency>,
}

/// One line under `[dependencies]`, `[build-dependencies]` or `[dev-dependencies]`.
pub struct Dependency {
    pub name: String,
    /// The folder of a package of ours; `None` is somebody else's crate, which may have the same name.
    pub room: Option<String>,
    pub dev: bool,
}

impl Package {
    /// The manifest's line that names a dependency, counted from 1.
    pub fn line_of(&self, dependency: &str) -> usize {
        self.text.lines().position(|line| line.starts_with(dependency)).map_or(1, |at| at + 1)
    }
}

/// Every package of the workspace.
pub fn packages() -> Vec<Package> {
    let root = root();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let folder = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    let dependency = |it: &serde_json::Value| Dependency {
        name: it["name"].as_str().unwrap().to_owned(),
        room: it["path"].as_str().map(folder),
        dev: it["kind"] == "dev",
    };
    let package = |it: &serde_json::Value| {
        let manifest = Path::new(it["manifest_path"].as_str().unwrap());
        Package {
            room: folder(manifest.parent().unwrap().to_str().unwrap()),
            manifest: manifest.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
            text: std::fs::read_to_string(manifest).unwrap(),
            dependencies: it["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
        }
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

/// What a manifest must inherit: the lints, and the compiler that cargo resolves versions for.
fn check(package: &Package) -> Vec<Finding> {
    let lines: Vec<&str> = package.text.lines().map(str::trim).collect();
    let lints = lines.windows(2).any(|pair| pair == ["[lints]", "workspace = true"]);
    let rust_version = lines.contains(&"rust-version.workspace = true");
    let missing = |has: bool, what: &str| {
        (!has).then(|| Finding::new(&package.manifest, 1, format!("The manifest lacks `{what}`. Add it.")))
    };
    missing(lints, "[lints] workspace = true")
        .into_iter()
        .chain(missing(rust_version, "rust-version.workspace = true"))
        .collect()
}

#[test]
fn packages_inherit_lints_and_compiler() {
    let found: Vec<_> = packages().iter().flat_map(check).collect();
    assert_none(&found);
}

#[test]
fn a_manifest_without_lints_is_found() {
    let package = |text: &str| Package {
        room: "x".into(),
        manifest: "crates/x/Cargo.toml".into(),
        text: text.into(),
        dependencies: Vec::new(),
    };
    assert_eq!(check(&package("[package]\nname = \"x\"\n")).len(), 2);
    assert_eq!(check(&package("rust-version.workspace = true\n[lints]\nworkspace = true\n")), []);
}
