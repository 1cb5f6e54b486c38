//! The files a schema file is made of: found below the project's root, read once, stripped of their types.
//! Everything is resolved before anything runs, so the sandbox never touches a file.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Limits;
use crate::error::EvaluateError;
use crate::source::Source;
use crate::transpile::{Import, JavaScript, transpile_with_room};

/// The one package a schema file may import.
pub const SCHEMA_PACKAGE: &str = "@atomicbase/schema";

/// A schema of more files than this is a mistake.
const MAX_MODULES: usize = 256;

/// A file and all it imports.
pub struct ModuleGraph {
    /// In the order they were met, the file itself first.
    pub modules: Vec<Module>,
}

/// One file.
pub struct Module {
    /// As the user wrote it.
    pub source: Source,
    /// As it runs.
    pub javascript: JavaScript,
    /// What each of its specifiers leads to.
    pub targets: HashMap<String, Target>,
}

/// What an import leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The schema language itself.
    SchemaPackage,
    /// The module of this number in the graph.
    Module(usize),
}

impl ModuleGraph {
    /// Reads `path` and everything it imports.
    pub fn load(path: &Path, root: &Path, limits: &Limits) -> Result<Self, EvaluateError> {
        let about_file = |message| EvaluateError::about_file(name_of(path, root), message);
        // The parent of a bare file name is the empty path.
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let root = root
            .canonicalize()
            .map_err(|error| about_file(format!("the project's folder {}: {error}", root.display())))?;
        let entry = path.canonicalize().map_err(|error| about_file(error.to_string()))?;
        if !entry.starts_with(&root) {
            return Err(about_file(format!("lies outside the project's folder {}", root.display())));
        }
        // Opening a pipe would wait for its other end.
        if !entry.is_file() {
            return Err(about_file("is not a file".to_owned()));
        }
        let mut loader = Loader { paths: vec![entry], root, bytes_left: limits.source_bytes, limits };
        let mut modules = Vec::new();
        while let Some(path) = loader.paths.get(modules.len()).cloned() {
            modules.push(loader.module(&path)?);
        }
        Ok(Self { modules })
    }

    /// The file that was asked for.
    pub fn entry(&self) -> &Module {
        &self.modules[0]
    }

    /// The module that the sandbox knows by this name.
    pub fn named(&self, name: &str) -> Option<&Module> {
        self.modules.get(name.strip_prefix('m')?.parse::<usize>().ok()?)
    }
}

impl Module {
    /// The name by which the sandbox knows the module of this number; short, and nothing a stack trace could confuse.
    pub fn name(number: usize) -> String {
        format!("m{number}")
    }
}

struct Loader<'a> {
    root: PathBuf,
    /// Every file met so far, canonical; its place here is its number in the graph.
    paths: Vec<PathBuf>,
    bytes_left: usize,
    limits: &'a Limits,
}

impl Loader<'_> {
    fn module(&mut self, path: &Path) -> Result<Module, EvaluateError> {
        let source = self.read(path)?;
        let javascript = transpile_with_room(&source, path)?;
        let mut targets = HashMap::new();
        for import in &javascript.imports {
            let target = self
                .target(import, path)
                .map_err(|message| source.error_at_offset(import.offset, &message))?;
            targets.insert(import.specifier.clone(), target);
        }
        Ok(Module { source, javascript, targets })
    }

    fn read(&mut self, path: &Path) -> Result<Source, EvaluateError> {
        let name = name_of(path, &self.root);
        let about_file = |message| EvaluateError::about_file(name.clone(), message);
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(self.limits.file_bytes as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| about_file(error.to_string()))?;
        if bytes.len() > self.limits.file_bytes {
            let most = size(self.limits.file_bytes);
            return Err(about_file(format!("holds more than {most}; split it and import its parts")));
        }
        self.bytes_left = self.bytes_left.checked_sub(bytes.len()).ok_or_else(|| {
            about_file(format!("the files together hold more than {}", size(self.limits.source_bytes)))
        })?;
        let text = String::from_utf8(bytes).map_err(|_| about_file("is not UTF-8 text".to_owned()))?;
        Ok(Source { text, name })
    }

    fn target(&mut self, import: &Import, importer: &Path) -> Result<Target, String> {
        let specifier = import.specifier.as_str();
        if specifier == SCHEMA_PACKAGE {
            return Ok(Target::SchemaPackage);
        }
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            return Err(foreign(specifier));
        }
        let written = importer.parent().unwrap_or(&self.root).join(specifier);
        let path = self.find(&written, specifier)?;
        if let Some(number) = self.paths.iter().position(|known| *known == path) {
            return Ok(Target::Module(number));
        }
        if self.paths.len() == MAX_MODULES {
            return Err(format!("a schema is made of at most {MAX_MODULES} files"));
        }
        self.paths.push(path);
        Ok(Target::Module(self.paths.len() - 1))
    }

    /// The file behind a relative specifier, symbolic links followed, inside the project.
    fn find(&self, written: &Path, specifier: &str) -> Result<PathBuf, String> {
        for candidate in candidates(written) {
            if !fs::metadata(&candidate).is_ok_and(|metadata| metadata.is_file()) {
                continue;
            }
            return match candidate.canonicalize() {
                Ok(path) if path.starts_with(&self.root) => Ok(path),
                Ok(_) => Err(format!("'{specifier}' leads out of the project's folder")),
                Err(error) => Err(format!("'{specifier}': {error}")),
            };
        }
        if Path::new(specifier).extension().is_some_and(|extension| extension == "json") {
            return Err("JSON cannot be imported; export it from a .ts file".to_owned());
        }
        Err(format!("there is no file '{specifier}' (.ts or .js)"))
    }
}

/// A file's path as errors show it: from the root, with slashes.
pub fn name_of(path: &Path, root: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(inside) => {
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        }
        Err(_) => path.display().to_string(),
    }
}

/// The files a path may mean, as TypeScript resolves it: `./x.js` may be written for `x.ts`.
fn candidates(written: &Path) -> Vec<PathBuf> {
    let append = |extension: &str| {
        let mut path = written.as_os_str().to_owned();
        path.push(extension);
        PathBuf::from(path)
    };
    match written.extension().and_then(|extension| extension.to_str()) {
        Some("ts") => vec![written.to_owned()],
        Some("js") => vec![written.to_owned(), written.with_extension("ts")],
        _ => vec![append(".ts"), append(".js")],
    }
}

fn foreign(specifier: &str) -> String {
    let advice = if specifier.starts_with("node:") {
        "this file runs without Node"
    } else if specifier.starts_with('/') || specifier.contains("://") {
        "write the path relative to this file, as in './tables'"
    } else {
        "packages are not installed where a schema file runs"
    };
    format!(
        "'{specifier}' cannot be imported: {advice}. It may import '{SCHEMA_PACKAGE}' and files of the project"
    )
}

/// A size as people say it.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
