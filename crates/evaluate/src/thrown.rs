//! What a script threw: its words made helpful, and the place in the TypeScript that its stack leads to.

use rquickjs::{Coerced, Ctx};

use crate::Limits;
use crate::error::{EvaluateError, Position};
use crate::modules::{Module, ModuleGraph, SCHEMA_PACKAGE, Target, size};
use crate::transpile::IMPORT_CALL;

/// Names that people expect from Node or a browser.
const FOREIGN_GLOBALS: [&str; 9] =
    ["process", "console", "require", "module", "fetch", "setTimeout", "Buffer", "window", "Deno"];

/// A thrown value, taken out of the interpreter.
#[derive(Default)]
pub struct Thrown {
    /// The error's class; empty for what is no error.
    kind: String,
    message: String,
    /// One frame a line, the innermost first.
    stack: String,
}

impl Thrown {
    /// Takes the pending exception.
    pub fn take(ctx: &Ctx<'_>) -> Self {
        let value = ctx.catch();
        if let Some(error) = value.as_exception() {
            let kind = error.get::<_, Coerced<String>>("name");
            return Self {
                kind: kind.map(|name| name.0).unwrap_or_default(),
                message: error.message().unwrap_or_default(),
                stack: error.stack().unwrap_or_default(),
            };
        }
        // QuickJS throws null when there is no memory left for an error; hardly anything else does.
        if value.is_null() {
            return Self {
                kind: "InternalError".into(),
                message: "out of memory".into(),
                stack: String::new(),
            };
        }
        let message = match value.as_string().and_then(|text| text.to_string().ok()) {
            Some(text) => text,
            None => format!("threw a value of type {} instead of an Error", value.type_name()),
        };
        Self { message, ..Self::default() }
    }

    /// The error in the user's terms, at the user's line.
    pub fn explain(self, graph: &ModuleGraph, limits: &Limits) -> EvaluateError {
        if let Some(error) = self.missing_export(graph) {
            return error;
        }
        let message = match (self.kind.as_str(), self.message.as_str()) {
            ("InternalError", "out of memory") => {
                format!("needs more than {} of memory", size(limits.memory_bytes))
            }
            ("RangeError", "Maximum call stack size exceeded") => {
                "nests or calls itself too deep: the stack is full".to_owned()
            }
            (_, "") => "threw an error without a message".to_owned(),
            (_, message) if message.starts_with("Error resolving module") => IMPORT_CALL.to_owned(),
            ("ReferenceError", message) => foreign_global(message).unwrap_or_else(|| message.to_owned()),
            (_, message) => message.to_owned(),
        };
        self.place(graph, &message)
    }

    /// This message at the innermost frame of the user's code.
    pub fn place(&self, graph: &ModuleGraph, message: &str) -> EvaluateError {
        match self.stack.lines().find_map(|frame| original(frame, graph)) {
            Some((module, position)) => module.source.error_at(position, message),
            None => EvaluateError::about_file(graph.entry().source.name.clone(), message.to_owned()),
        }
    }

    /// QuickJS names the module that lacks an export, but not the import that asks for it.
    fn missing_export(&self, graph: &ModuleGraph) -> Option<EvaluateError> {
        let rest = self.message.strip_prefix("Could not find export '")?;
        let (export, module) = rest.strip_suffix('\'')?.split_once("' in module '")?;
        let is_wanted = |target: &Target| match target {
            Target::SchemaPackage => module == SCHEMA_PACKAGE,
            Target::Module(number) => module == Module::name(*number),
        };
        for importer in &graph.modules {
            for import in &importer.javascript.imports {
                let asks = import.names.iter().find(|(name, _)| name == export);
                let leads_there = importer.targets.get(&import.specifier).is_some_and(is_wanted);
                if let Some((_, offset)) = asks.filter(|_| leads_there) {
                    let message = format!("'{}' has no export {export}", import.specifier);
                    return Some(importer.source.error_at_offset(*offset, &message));
                }
            }
        }
        None
    }
}

/// The place behind a frame such as `    at defineSchema (m0:12:5)`; `None` for frames that are not the user's.
fn original<'a>(frame: &str, graph: &'a ModuleGraph) -> Option<(&'a Module, Position)> {
    let place = frame.trim_end_matches(')').rsplit(['(', ' ']).next()?;
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let module = graph.named(parts.next()?)?;
    Some((module, module.javascript.original(line, column)?))
}

fn foreign_global(message: &str) -> Option<String> {
    let name = message.strip_suffix(" is not defined")?;
    let advice = match name {
        "process" => "the command line reads ATOMICBASE_URL and ATOMICBASE_API_KEY by itself",
        _ => "it has no files, network, timers or console",
    };
    FOREIGN_GLOBALS
        .contains(&name)
        .then(|| format!("{name} is not defined: this file runs without Node or a browser; {advice}"))
}
