//! Runs a module graph in QuickJS: no files, no network, no clock; bounded memory, stack, time and output.
//! Speaks of the user's TypeScript in every error.

use std::rc::Rc;
use std::time::Instant;

use rquickjs::context::intrinsic;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, Evaluated};
use rquickjs::promise::PromiseState;
use rquickjs::{Context, Ctx, Error, FromJs, Function, Module, Object, Promise, Runtime, Value};

use crate::error::EvaluateError;
use crate::modules::{self, ModuleGraph, SCHEMA_PACKAGE, Target, size};
use crate::thrown::Thrown;
use crate::{Expected, Limits};

/// The same file as the npm package, so that both speak the same language.
const SCHEMA_SOURCE: &str = include_str!("../../../web/packages/schema/schema.js");

const GLOBALS_SOURCE: &str = include_str!("sandbox.js");

const DEFINE_SCHEMA: &str = "export default defineSchema('name', { … })";
const DEFINE_POLICY_TESTS: &str = "export default definePolicyTests(schema, { rows: { … }, cases: [ … ] })";

/// In JavaScript, because asking what a value is may run the user's code.
const CONTENT_OF_SOURCE: &str = "(value, Class) => (value instanceof Class ? value.toJSON() : undefined)";

/// The language without what makes a run differ from the next: no clock but `Date`, no weak references.
type Language = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// Runs the graph's first module and answers its default export as JSON.
pub fn run(
    graph: ModuleGraph,
    limits: &Limits,
    deadline: Instant,
    expected: Expected,
) -> Result<serde_json::Value, EvaluateError> {
    let graph = Rc::new(graph);
    let evaluation = Evaluation { graph: &graph, limits, deadline };
    let context = evaluation.context().map_err(|error| evaluation.entry_error(&error.to_string()))?;
    let json = context.with(|ctx| evaluation.default_export(&ctx, expected))?;
    serde_json::from_str(&json)
        .map_err(|error| evaluation.entry_error(&format!("the default export is not plain JSON: {error}")))
}

/// The message for a file that takes too long.
pub fn out_of_time(limits: &Limits) -> String {
    format!("did not finish within {} s; is there an endless loop?", limits.time.as_secs_f32())
}

struct Evaluation<'a> {
    graph: &'a Rc<ModuleGraph>,
    limits: &'a Limits,
    deadline: Instant,
}

impl Evaluation<'_> {
    fn context(&self) -> rquickjs::Result<Context> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(self.limits.memory_bytes);
        runtime.set_max_stack_size(self.limits.stack_bytes);
        let deadline = self.deadline;
        runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() >= deadline)));
        runtime.set_loader(Files(Rc::clone(self.graph)), Files(Rc::clone(self.graph)));
        Context::custom::<Language>(&runtime)
    }

    fn default_export(&self, ctx: &Ctx<'_>, expected: Expected) -> Result<String, EvaluateError> {
        let explain = |error: Error| self.explain(ctx, &error);
        ctx.eval::<(), _>(GLOBALS_SOURCE).map_err(explain)?;
        let language: Object = self.settle(ctx, &Module::import(ctx, SCHEMA_PACKAGE).map_err(explain)?)?;
        let entry = self.evaluate_entry(ctx)?;
        let export: Value = entry.get("default").map_err(explain)?;
        if export.is_undefined() {
            let advice = match expected {
                Expected::Schema => DEFINE_SCHEMA,
                Expected::Config => "export default defineConfig({ … })",
                Expected::PolicyTests => DEFINE_POLICY_TESTS,
            };
            return Err(self.entry_error(&format!("has no default export; write `{advice}`")));
        }
        let plain = match expected {
            Expected::Schema => {
                self.content(ctx, &language, export, "Schema", ("a schema", DEFINE_SCHEMA))?
            }
            Expected::PolicyTests => {
                let wanted = ("tests of policies", DEFINE_POLICY_TESTS);
                self.content(ctx, &language, export, "PolicyTests", wanted)?
            }
            Expected::Config => {
                let define_config: Function = language.get("defineConfig").map_err(explain)?;
                define_config.call((export,)).map_err(explain)?
            }
        };
        self.json(ctx, plain)
    }

    fn evaluate_entry<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>, EvaluateError> {
        let explain = |error: Error| self.explain(ctx, &error);
        let entry = self.graph.entry();
        let declared = Module::declare(ctx.clone(), modules::Module::name(0), entry.javascript.code.as_str());
        let (module, promise): (Module<'js, Evaluated>, Promise<'js>) =
            declared.and_then(Module::eval).map_err(explain)?;
        self.settle::<()>(ctx, &promise)?;
        module.namespace().map_err(explain)
    }

    /// What an export that is one of the language's own classes holds. `wanted` is what else to call it, and how to write it.
    fn content<'js>(
        &self,
        ctx: &Ctx<'js>,
        language: &Object<'js>,
        export: Value<'js>,
        class: &str,
        (wanted, advice): (&str, &str),
    ) -> Result<Value<'js>, EvaluateError> {
        let content: rquickjs::Result<Value> = language.get(class).and_then(|class: Value| {
            let content_of: Function = ctx.eval(CONTENT_OF_SOURCE)?;
            content_of.call((export, class))
        });
        let content = content.map_err(|error| self.explain(ctx, &error))?;
        if content.is_undefined() {
            let message = format!("the default export is not {wanted}; write `{advice}`");
            return Err(self.entry_error(&message));
        }
        Ok(content)
    }

    fn json<'js>(&self, ctx: &Ctx<'js>, value: Value<'js>) -> Result<String, EvaluateError> {
        let text = ctx.json_stringify(value).and_then(|text| text.map(|text| text.to_string()).transpose());
        let Some(text) = text.map_err(|error: Error| self.explain(ctx, &error))? else {
            return Err(self.entry_error("the default export is not plain JSON"));
        };
        if text.len() > self.limits.output_bytes {
            let most = size(self.limits.output_bytes);
            return Err(self.entry_error(&format!("evaluates to more than {most} of JSON")));
        }
        Ok(text)
    }

    /// Runs jobs until the promise has an answer.
    fn settle<'js, T: FromJs<'js>>(
        &self,
        ctx: &Ctx<'js>,
        promise: &Promise<'js>,
    ) -> Result<T, EvaluateError> {
        // Time is looked at here too: short jobs that queue each other may never come to the interrupt handler.
        while promise.state() == PromiseState::Pending && !self.time_is_up() {
            if !ctx.execute_pending_job() {
                break;
            }
        }
        match promise.result() {
            Some(result) => result.map_err(|error: Error| self.explain(ctx, &error)),
            None if self.time_is_up() => Err(self.entry_error(&out_of_time(self.limits))),
            None => Err(self
                .entry_error("never finishes: nothing is left to run, and an await at the top still waits")),
        }
    }

    fn time_is_up(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// What the script threw, as an error in the TypeScript.
    fn explain(&self, ctx: &Ctx<'_>, error: &Error) -> EvaluateError {
        if !error.is_exception() {
            return self.entry_error(&error.to_string());
        }
        let thrown = Thrown::take(ctx);
        if self.time_is_up() {
            return thrown.place(self.graph, &out_of_time(self.limits));
        }
        thrown.explain(self.graph, self.limits)
    }

    fn entry_error(&self, message: &str) -> EvaluateError {
        EvaluateError::about_file(self.graph.entry().source.name.clone(), message.to_owned())
    }
}

/// The files of the graph, for QuickJS, which asks by name.
struct Files(Rc<ModuleGraph>);

impl Resolver for Files {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        specifier: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let target = match self.0.named(base) {
            Some(importer) => importer.targets.get(specifier).copied(),
            None => (specifier == SCHEMA_PACKAGE).then_some(Target::SchemaPackage),
        };
        match target {
            Some(Target::SchemaPackage) => Ok(SCHEMA_PACKAGE.to_owned()),
            Some(Target::Module(number)) => Ok(modules::Module::name(number)),
            None => Err(Error::new_resolving(base, specifier)),
        }
    }
}

impl Loader for Files {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let code = match self.0.named(name) {
            Some(module) => module.javascript.code.as_str(),
            None => SCHEMA_SOURCE,
        };
        Module::declare(ctx.clone(), name, code)
    }
}
