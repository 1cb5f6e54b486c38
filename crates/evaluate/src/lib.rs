//! From a `.schema.ts` file to its template, from `atomicbase.config.ts` to its settings, and from a `.policies.ts` file to its
//! cases, in a sandbox.
//! It knows the language of schema files; what a template may be is the business of the crate `schema`.

mod error;
mod modules;
mod sandbox;
mod source;
mod thrown;
mod transpile;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use error::{EvaluateError, Position};
use modules::ModuleGraph;

/// What an evaluation may use. Reaching a limit is an error that names it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the JavaScript heap.
    pub memory_bytes: usize,
    /// Bytes of the JavaScript stack.
    pub stack_bytes: usize,
    /// Bytes of one source file. Its parser gets four KiB of stack for each.
    pub file_bytes: usize,
    /// Bytes of all source files together.
    pub source_bytes: usize,
    /// Bytes of the resulting JSON.
    pub output_bytes: usize,
    /// Time until the answer, parsing included.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            stack_bytes: 512 << 10,
            file_bytes: 256 << 10,
            source_bytes: 2 << 20,
            output_bytes: 1 << 20,
            time: Duration::from_secs(5),
        }
    }
}

/// Evaluates a schema file to its template (format 1). Imports stay below `root`.
pub fn evaluate_schema(path: &Path, root: &Path, limits: &Limits) -> Result<Value, EvaluateError> {
    evaluate(path, root, limits, Expected::Schema)
}

/// Evaluates a configuration file to its settings, their names as written (`apiKey`). Imports stay below `root`.
pub fn evaluate_config(path: &Path, root: &Path, limits: &Limits) -> Result<Value, EvaluateError> {
    evaluate(path, root, limits, Expected::Config)
}

/// Evaluates a file of policy tests: `template`, `schema` where the file imports it, `rows` and `cases`. Imports stay below `root`.
pub fn evaluate_policy_tests(path: &Path, root: &Path, limits: &Limits) -> Result<Value, EvaluateError> {
    evaluate(path, root, limits, Expected::PolicyTests)
}

/// What the default export must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Schema,
    Config,
    PolicyTests,
}

/// What Rust needs beside the stack that QuickJS counts.
const NATIVE_STACK_BYTES: usize = 2 << 20;

/// How much longer than its own limit an evaluation may take before it is given up.
const GRACE: Duration = Duration::from_millis(500);

/// Runs on a thread of its own, because the parser and some builtins (`indexOf` over an array-like of length 2^53)
/// never ask whether time is up. Such a thread is left behind; it ends with the process.
fn evaluate(path: &Path, root: &Path, limits: &Limits, expected: Expected) -> Result<Value, EvaluateError> {
    let about_file = |message: String| EvaluateError::about_file(modules::name_of(path, root), message);
    let (sender, answer) = mpsc::sync_channel(1);
    let job = {
        let deadline = Instant::now() + limits.time;
        let (path, root, limits) = (path.to_owned(), root.to_owned(), limits.clone());
        move || {
            let result = ModuleGraph::load(&path, &root, &limits)
                .and_then(|graph| sandbox::run(graph, &limits, deadline, expected));
            // Nobody listens any more once the time is up.
            let _ = sender.send(result);
        }
    };
    thread::Builder::new()
        .name("evaluate".to_owned())
        .stack_size(limits.stack_bytes + NATIVE_STACK_BYTES)
        .spawn(job)
        .map_err(|error| about_file(format!("no thread to evaluate it on: {error}")))?;
    match answer.recv_timeout(limits.time + GRACE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(about_file(sandbox::out_of_time(limits))),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Err(about_file("the evaluator itself failed on this file; please report it".to_owned()))
        }
    }
}
