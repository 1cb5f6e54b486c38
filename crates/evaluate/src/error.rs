//! What went wrong and where, in the words and lines of the TypeScript that the user wrote.

use std::fmt;

/// Longer messages are cut: what a schema file throws may be of any length.
const MESSAGE_CHARS: usize = 600;

/// A schema or configuration file that could not be evaluated. Displays as `file:line:column: message` and a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluateError {
    /// The file at fault, relative to the project's root.
    pub file: String,
    /// The place in the file, unless the fault is the file's as a whole.
    pub position: Option<Position>,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The line at fault with a caret under the column, at most 80 columns wide.
    pub snippet: Option<String>,
}

/// A place in a source file as editors and `tsc` count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
}

impl EvaluateError {
    pub(crate) fn about_file(file: String, message: String) -> Self {
        Self { file, position: None, message: presentable(&message), snippet: None }
    }

    pub(crate) fn at(file: String, position: Position, message: &str, snippet: Option<String>) -> Self {
        Self { file, position: Some(position), message: presentable(message), snippet }
    }
}

/// Without control characters, which could drive the terminal, and not endless.
fn presentable(message: &str) -> String {
    let cut = message.char_indices().nth(MESSAGE_CHARS).map_or(message.len(), |(end, _)| end);
    let mut text: String =
        message[..cut].chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    if cut < message.len() {
        text.push('…');
    }
    text
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}: {}", self.file, self.message)?,
            None => write!(f, "{}: {}", self.file, self.message)?,
        }
        match &self.snippet {
            Some(snippet) => write!(f, "\n\n{snippet}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for EvaluateError {}
