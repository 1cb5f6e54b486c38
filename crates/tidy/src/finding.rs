//! What a rule found: where, which rule, what to do. Knows no rule.

use std::fmt;

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path from the repository's root.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The rule and what to do, one sentence each.
    pub message: String,
}

impl Finding {
    pub fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Fails with every finding on a line of its own, so that one run shows all there is to mend.
pub fn assert_none(findings: &[Finding]) {
    let list: Vec<String> = findings.iter().map(|finding| format!("  {finding}")).collect();
    assert!(findings.is_empty(), "{} broken rule(s):\n{}", findings.len(), list.join("\n"));
}
