//! TypeScript to JavaScript by removing types, with a map back to the source. It does not check types: editors do.

use std::path::Path;
use std::thread;

use oxc_allocator::Allocator;
use oxc_ast::ast::{ImportDeclarationSpecifier, Program, Statement};
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{SourceType, Span};
use oxc_transformer::{TransformOptions, Transformer};

use crate::error::{EvaluateError, Position};
use crate::source::{Source, count};

/// The message for a module that is asked for while the program runs.
pub const IMPORT_CALL: &str = "import() does not work here; write `import … from '…'` at the top of the file";

/// A module's JavaScript.
pub struct JavaScript {
    /// The code that runs.
    pub code: String,
    /// The modules it needs, types aside.
    pub imports: Vec<Import>,
    /// Where each part of the code came from.
    tokens: Vec<Token>,
}

/// One `import` or `export … from`.
pub struct Import {
    /// What is written between the quotes.
    pub specifier: String,
    /// Byte offset of the specifier.
    pub offset: usize,
    /// The names it asks for, with their byte offsets.
    pub names: Vec<(String, usize)>,
}

/// Lines and UTF-16 columns from 0: the code's, and the source's.
struct Token {
    code: (u32, u32),
    source: (u32, u32),
}

impl JavaScript {
    /// The place in the source behind a line (from 1) and a byte column (from 1) of the code.
    pub fn original(&self, line: u32, column_bytes: u32) -> Option<Position> {
        let line = line.checked_sub(1)?;
        let text = self.code.split('\n').nth(line as usize)?;
        let bytes = (column_bytes.saturating_sub(1) as usize).min(text.len());
        let column = text.char_indices().take_while(|(at, _)| *at < bytes).map(|(_, c)| c.len_utf16()).sum();
        let after = self.tokens.partition_point(|token| token.code <= (line, count(column)));
        let token = self.tokens.get(after.checked_sub(1)?).filter(|token| token.code.0 == line)?;
        Some(Position { line: token.source.0 + 1, column: token.source.1 + 1 })
    }
}

/// The parser and the passes after it recurse as deep as the source nests, without a limit of their own. The deepest
/// nesting a byte can make (`type A = [[[[…`) was measured at 3,794 bytes of stack in an unoptimised build.
const STACK_BYTES_PER_SOURCE_BYTE: usize = 4096;

/// Room for what does not nest.
const STACK_BYTES: usize = 1 << 20;

/// Removes the types from a source, on a stack that no nesting overflows; only pages that are touched cost memory.
pub fn transpile_with_room(source: &Source, path: &Path) -> Result<JavaScript, EvaluateError> {
    let stack_bytes = STACK_BYTES + source.text.len() * STACK_BYTES_PER_SOURCE_BYTE;
    let failed = |message: &str| EvaluateError::about_file(source.name.clone(), message.to_owned());
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(stack_bytes)
            .spawn_scoped(scope, || transpile(source, path))
            .map_err(|error| failed(&format!("no memory to parse it: {error}")))?
            .join()
            .unwrap_or_else(|_| Err(failed("the parser itself failed on this file; please report it")))
    })
}

/// `path` tells TypeScript from JavaScript.
fn transpile(source: &Source, path: &Path) -> Result<JavaScript, EvaluateError> {
    let is_typescript = path.extension().is_some_and(|extension| extension == "ts");
    let source_type = if is_typescript { SourceType::ts() } else { SourceType::mjs() };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &source.text, source_type.with_module(true)).parse();
    refuse_faults(source, &parsed.diagnostics)?;
    if let Some(dynamic) = parsed.module_record.dynamic_imports.first() {
        return Err(source.error_at_offset(dynamic.span.start as usize, IMPORT_CALL));
    }

    let mut program = parsed.program;
    let checked = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(&program);
    refuse_faults(source, &checked.diagnostics)?;
    let scoping = checked.semantic.into_scoping();
    let options = TransformOptions::default();
    let transformed = Transformer::new(&allocator, path, &options).build_with_scoping(scoping, &mut program);
    refuse_faults(source, &transformed.diagnostics)?;

    let options = CodegenOptions { source_map_path: Some(path.to_owned()), ..CodegenOptions::default() };
    let generated = Codegen::new().with_options(options).build(&program);
    let tokens = generated.map.iter().flat_map(|map| map.get_tokens()).map(|token| Token {
        code: (token.get_dst_line(), token.get_dst_col()),
        source: (token.get_src_line(), token.get_src_col()),
    });
    Ok(JavaScript { tokens: tokens.collect(), code: generated.code, imports: imports(&program) })
}

fn refuse_faults(source: &Source, faults: &Diagnostics) -> Result<(), EvaluateError> {
    match faults.iter().next() {
        Some(fault) => Err(syntax_error(source, fault)),
        None => Ok(()),
    }
}

fn syntax_error(source: &Source, fault: &OxcDiagnostic) -> EvaluateError {
    let message = match &fault.help {
        Some(help) => format!("{} ({help})", fault.message),
        None => fault.message.to_string(),
    };
    match fault.labels.first() {
        Some(label) => source.error_at_offset(label.offset() as usize, &message),
        None => EvaluateError::about_file(source.name.clone(), message),
    }
}

/// What the program imports once its types are gone.
fn imports(program: &Program<'_>) -> Vec<Import> {
    program.body.iter().filter_map(import).collect()
}

fn import(statement: &Statement<'_>) -> Option<Import> {
    let offset = |span: Span| span.start as usize;
    let (source, names) = match statement {
        Statement::ImportDeclaration(import) => {
            let specifiers = import.specifiers.iter().flatten();
            let names = specifiers.filter_map(|specifier| match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => {
                    Some((named.imported.name().to_string(), offset(named.span)))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(default) => {
                    Some(("default".to_owned(), offset(default.span)))
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
            });
            (&import.source, names.collect())
        }
        Statement::ExportFromDeclaration(export) => {
            let named = export.specifiers.iter();
            let names = named.map(|specifier| (specifier.local.name().to_string(), offset(specifier.span)));
            (&export.source, names.collect())
        }
        Statement::ExportAllDeclaration(export) => (&export.source, Vec::new()),
        _ => return None,
    };
    Some(Import { specifier: source.value.to_string(), offset: offset(source.span), names })
}
