//! A project folder of a test's own.

use std::fs;
use std::path::PathBuf;

use evaluate::{EvaluateError, Limits, Position, evaluate_config, evaluate_schema};
use serde_json::Value;
use tempfile::TempDir;

pub struct Project {
    folder: TempDir,
}

impl Project {
    /// A project whose `app.schema.ts` holds this.
    pub fn with_schema(source: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        project.file("app.schema.ts", source)
    }

    pub fn file(self, name: &str, source: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, source).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn schema(&self) -> Result<Value, EvaluateError> {
        self.schema_within(&Limits::default())
    }

    pub fn schema_within(&self, limits: &Limits) -> Result<Value, EvaluateError> {
        evaluate_schema(&self.path("app.schema.ts"), self.folder.path(), limits)
    }

    pub fn config(&self) -> Result<Value, EvaluateError> {
        evaluate_config(&self.path("atomicbase.config.ts"), self.folder.path(), &Limits::default())
    }
}

/// The error of a schema file.
pub fn fault(source: &str) -> EvaluateError {
    Project::with_schema(source).schema().unwrap_err()
}

/// A table named `t` of these columns, in a schema file whose columns begin on line 4.
pub fn columns(columns: &str) -> String {
    format!(
        "import {{ defineSchema, defineTable, c, sql }} from '@atomicbase/schema'\n\
         export default defineSchema('app', {{\n  t: defineTable({{\n{columns}\n  }}),\n}})\n"
    )
}

pub fn at(line: u32, column: u32) -> Option<Position> {
    Some(Position { line, column })
}
