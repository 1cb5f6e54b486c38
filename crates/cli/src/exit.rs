//! How a command ends: the exit codes, which scripts may rely on, and the failure that carries one. Prints nothing.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The exit codes. Their numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The server refused, or a job failed.
    Failed = 1,
    /// The command line, the settings or a schema file is wrong; nothing was sent.
    Usage = 2,
    /// Data would be lost and that was not allowed; nothing was changed.
    Destructive = 3,
    /// The server cannot be reached, or was lost on the way.
    ServerLost = 4,
    /// Interrupted, and what there was to clean up is clean.
    Interrupted = 130,
}

/// What `--help` says about exit codes and `--json`.
pub const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    the server refused, a job failed, or policies are not as tested
  2    the command line, the settings or a schema file is wrong
  3    data would be lost and that was not allowed; nothing was changed
  4    the server cannot be reached, or was lost on the way
  130  interrupted; a job that had started goes on on the server

With --json a command prints one JSON document on standard output and
nothing else. One that fails prints beside what was done before it
{\"error\": {message, hint?, code?, request_id?, errors?, exit}}.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// One fault at a path, as in a problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldError {
    #[serde(default)]
    pub path: String,
    pub message: String,
}

/// Why a command ended without doing what it was asked, in the words that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub exit: Exit,
    pub message: String,
    pub hint: Option<String>,
    pub errors: Vec<FieldError>,
    /// Where the server said it.
    pub reference: Option<Box<Reference>>,
    /// What was done before it, as the members of `--json`'s document.
    pub done: Option<Box<Value>>,
}

/// What finds a failure in the documentation and in the server's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub code: String,
    pub request_id: Option<String>,
}

/// What a command that talks to people or servers answers.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, errors: Vec::new(), reference: None, done: None }
    }

    /// The command line, the settings or a schema file is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The server's error code.
    pub fn code(&self) -> Option<&str> {
        self.reference.as_ref().map(|reference| reference.code.as_str())
    }

    #[must_use]
    pub fn after(mut self, done: Value) -> Self {
        self.done = Some(Box::new(done));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{AFTER_HELP, Exit};

    #[test]
    fn the_help_names_every_code() {
        for exit in [Exit::Done, Exit::Failed, Exit::Usage, Exit::Destructive, Exit::ServerLost] {
            assert!(AFTER_HELP.contains(&format!("\n  {}    ", exit as u8)), "{exit:?}");
        }
    }
}
