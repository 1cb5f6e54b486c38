//! From schema files to checked templates, before anything is sent. Knows `evaluate` and `schema`; no server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exit::{Failure, FieldError, Outcome};
use crate::settings::Project;

const SCHEMA_SUFFIX: &str = ".schema.ts";

/// A template as a file says it.
pub(crate) struct SchemaFile {
    pub path: PathBuf,
    /// The template's name.
    pub name: String,
    pub template: Value,
}

/// The templates of `file`, or of every `*.schema.ts` of the project, by file name. The faults of all files are reported
/// together.
pub(crate) fn load(project: &Project, folder: &Path, file: Option<&Path>) -> Outcome<Vec<SchemaFile>> {
    let paths = match file {
        Some(file) => vec![folder.join(file)],
        None => find(&project.schemas, SCHEMA_SUFFIX, "`atomicbase init` writes one to start from.")?,
    };
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        match read(project, path) {
            Ok(file) => files.push(file),
            Err(failure) => faults.push(failure),
        }
    }
    if let Some(failure) = together(faults) {
        return Err(failure);
    }
    for (i, file) in files.iter().enumerate() {
        if let Some(other) = files[..i].iter().find(|other| other.name == file.name) {
            return Err(Failure::usage(format!(
                "{} and {} both define the template \"{}\".",
                other.path.display(),
                file.path.display(),
                file.name
            ))
            .hint("A template's name is the first argument of defineSchema; give each its own."));
        }
    }
    Ok(files)
}

/// The files of the schemas' folder whose names end so; `hint` says where one comes from.
pub(crate) fn find(schemas: &Path, suffix: &str, hint: &str) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(schemas).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("There is no folder {} with schemas.", schemas.display()),
            _ => format!("Cannot read the schemas' folder {}: {error}.", schemas.display()),
        };
        Failure::usage(message)
            .hint("`atomicbase init` makes one here; `schemas` in atomicbase.config.ts names another.")
    })?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(suffix))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::usage(format!("There is no *{suffix} in {}.", schemas.display())).hint(hint));
    }
    Ok(paths)
}

fn read(project: &Project, path: PathBuf) -> Outcome<SchemaFile> {
    if !path.is_file() {
        return Err(Failure::usage(format!("There is no schema file {}.", path.display())));
    }
    let template = evaluate::evaluate_schema(&path, root_of(project, &path), &evaluate::Limits::default())
        .map_err(|error| Failure::usage(error.to_string()))?;
    let name = check(&template, &path)?;
    Ok(SchemaFile { path, name, template })
}

/// The folder that a file may import from. One given by hand may lie outside the project; its imports then stay beside it.
pub(crate) fn root_of<'a>(project: &'a Project, path: &'a Path) -> &'a Path {
    let inside = || Some(path.canonicalize().ok()?.starts_with(project.root.canonicalize().ok()?));
    if inside() == Some(true) { &project.root } else { path.parent().unwrap_or(&project.root) }
}

/// The template's name, when nothing is wrong with it.
fn check(template: &Value, path: &Path) -> Outcome<String> {
    let faults = match schema::Template::parse(template) {
        Ok(template) => return Ok(template.name),
        Err(faults) => faults,
    };
    let mut failure = Failure::usage(format!("{} does not define a valid template.", path.display()));
    failure.errors =
        faults.into_iter().map(|fault| FieldError { path: fault.path, message: fault.message }).collect();
    Err(failure)
}

/// Many failures as one; the hint only where it is the only one.
fn together(mut failures: Vec<Failure>) -> Option<Failure> {
    if failures.len() < 2 {
        return failures.pop();
    }
    let messages: Vec<String> = failures
        .into_iter()
        .map(|failure| {
            let faults = failure.errors.iter().map(|fault| format!("\n  {}: {}", fault.path, fault.message));
            failure.message.clone() + &faults.collect::<String>()
        })
        .collect();
    Some(Failure::usage(messages.join("\n\n")))
}
