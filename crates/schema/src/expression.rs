//! SQL expressions that a template carries: collected with their paths, and read as tokens so that none can be more than one
//! expression. Whether SQLite accepts one is proved elsewhere, on a scratch database.

use std::collections::HashSet;

use serde::Serialize;

use crate::template::{DefaultValue, Template};

/// Longest SQL expression, bytes.
pub const MAX_EXPRESSION_BYTES: usize = 4 * 1024;

/// One SQL expression of a template and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expression<'a> {
    /// Path in the template, such as `tables[0].columns[2].check`.
    pub path: String,
    /// The table it belongs to.
    pub table: &'a str,
    /// What it is for.
    pub kind: ExpressionKind,
    /// The SQL.
    pub sql: &'a str,
}

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpressionKind {
    /// A column's default; sees no column.
    Default,
    /// A condition for every row.
    Check,
    /// The value of a generated column.
    Generated,
    /// The rows that are in an index.
    Where,
}

impl Template {
    /// Every SQL expression that ends up in the database's schema, in template order.
    #[must_use]
    pub fn expressions(&self) -> Vec<Expression<'_>> {
        let mut found = Vec::new();
        for (t, table) in self.tables.iter().enumerate() {
            let mut add = |path: String, kind, sql| {
                found.push(Expression { path: format!("tables[{t}].{path}"), table: &table.name, kind, sql });
            };
            for (c, column) in table.columns.iter().enumerate() {
                if let Some(DefaultValue::Sql(sql)) = &column.default {
                    add(format!("columns[{c}].default.sql"), ExpressionKind::Default, sql);
                }
                if let Some(sql) = &column.check {
                    add(format!("columns[{c}].check"), ExpressionKind::Check, sql);
                }
                if let Some(generated) = &column.generated {
                    add(format!("columns[{c}].generated.sql"), ExpressionKind::Generated, &generated.sql);
                }
            }
            for (i, sql) in table.checks.iter().enumerate() {
                add(format!("checks[{i}]"), ExpressionKind::Check, sql);
            }
            for (i, index) in table.indexes.iter().enumerate() {
                if let Some(sql) = &index.filter {
                    add(format!("indexes[{i}].where"), ExpressionKind::Where, sql);
                }
            }
        }
        found
    }
}

/// Why a text is not one SQL expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpression {
    /// Nothing but white space.
    #[error("a SQL expression cannot be empty")]
    Empty,
    /// Longer than a template may carry.
    #[error("a SQL expression has at most 4096 bytes")]
    TooLong,
    /// A character with no meaning in an expression, or with one that is not welcome.
    #[error("{0:?} cannot stand in a SQL expression")]
    Character(char),
    /// `--` or `/*`.
    #[error("comments cannot stand in a SQL expression")]
    Comment,
    /// A string or quoted name without its end.
    #[error("a string or quoted name is not closed")]
    Unterminated,
    /// `x'…'` without pairs of hex digits in it.
    #[error("a blob is written x'…' with an even number of hex digits")]
    Blob,
    /// Parentheses that do not match.
    #[error("the parentheses do not match")]
    Parentheses,
    /// A comma outside parentheses.
    #[error("this is more than one expression: a comma stands outside parentheses")]
    Comma,
    /// `?`, `:x`, `@x`, `$x`.
    #[error("parameters cannot stand in a SQL expression")]
    Parameter,
    /// A subselect.
    #[error("a SQL expression cannot read other rows: {0} is not allowed")]
    Subselect(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    /// A bare word: a name, a function or a keyword.
    Word,
    /// A name in `"…"`, `` `…` `` or `[…]`.
    QuotedName,
    /// A string, a blob or a number.
    Literal,
    /// One character of an operator or of punctuation.
    Symbol(u8),
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
}

/// Says whether `sql` is lexically one expression: between parentheses it cannot reach what stands around it, and it names no
/// subselect.
///
/// # Errors
/// The first reason why it is not.
pub fn check_expression(sql: &str) -> Result<(), InvalidExpression> {
    if sql.len() > MAX_EXPRESSION_BYTES {
        return Err(InvalidExpression::TooLong);
    }
    let tokens = tokenize(sql)?;
    if tokens.is_empty() {
        return Err(InvalidExpression::Empty);
    }
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.checked_sub(1).ok_or(InvalidExpression::Parentheses)?,
            TokenKind::Symbol(b',') if depth == 0 => return Err(InvalidExpression::Comma),
            TokenKind::Word => check_word(token.text, tokens.get(i + 1))?,
            _ => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(InvalidExpression::Parentheses) }
}

fn check_word(word: &str, next: Option<&Token<'_>>) -> Result<(), InvalidExpression> {
    for keyword in ["SELECT", "WITH", "VALUES"] {
        if word.eq_ignore_ascii_case(keyword) {
            return Err(InvalidExpression::Subselect(keyword));
        }
    }
    // `x IN tasks` reads a whole table without saying SELECT.
    let list_follows = next.is_some_and(|token| token.kind == TokenKind::Symbol(b'('));
    if word.eq_ignore_ascii_case("IN") && !list_follows {
        return Err(InvalidExpression::Subselect("IN without a list"));
    }
    Ok(())
}

/// The names in an expression that may mean a column, in lowercase: bare or quoted words that are no function call.
/// A keyword counts too; a column that is meant is never left out. The expression is one that [`check_expression`] takes.
pub(crate) fn mentioned_names(sql: &str) -> HashSet<String> {
    let tokens = tokenize(sql).unwrap_or_default();
    let mut names = HashSet::new();
    for (i, token) in tokens.iter().enumerate() {
        let name = match token.kind {
            TokenKind::Word => token.text,
            TokenKind::QuotedName => &token.text[1..token.text.len() - 1],
            _ => continue,
        };
        if tokens.get(i + 1).is_none_or(|next| next.kind != TokenKind::Symbol(b'(')) {
            names.insert(name.to_ascii_lowercase());
        }
    }
    names
}

/// Whether the expression is nothing but a blob literal, the one constant that a template can write only as SQL.
pub(crate) fn is_blob_literal(sql: &str) -> bool {
    match tokenize(sql).as_deref() {
        Ok([only]) => only.kind == TokenKind::Literal && only.text.starts_with(['x', 'X']),
        _ => false,
    }
}

/// Reads tokens where SQLite's own tokenizer would find them; refuses what could mean something else to it.
fn tokenize(sql: &str) -> Result<Vec<Token<'_>>, InvalidExpression> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let (kind, end) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => {
                at += 1;
                continue;
            }
            b'-' if next == Some(b'-') => return Err(InvalidExpression::Comment),
            b'/' if next == Some(b'*') => return Err(InvalidExpression::Comment),
            b'\'' => (TokenKind::Literal, quoted_end(sql, at, b'\'')?),
            b'"' | b'`' => (TokenKind::QuotedName, quoted_end(sql, at, byte)?),
            b'[' => (TokenKind::QuotedName, bracket_end(sql, at)?),
            b'x' | b'X' if next == Some(b'\'') => (TokenKind::Literal, blob_end(sql, at)?),
            b'0'..=b'9' => (TokenKind::Literal, number_end(bytes, at)),
            b'.' if next.is_some_and(|b| b.is_ascii_digit()) => (TokenKind::Literal, number_end(bytes, at)),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => (TokenKind::Word, word_end(sql, at)?),
            b'?' | b':' | b'@' | b'$' | b'#' => return Err(InvalidExpression::Parameter),
            b'(' | b')' | b',' | b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'=' | b'<' | b'>' | b'!'
            | b'|' | b'&' | b'~' => (TokenKind::Symbol(byte), at + 1),
            other => return Err(InvalidExpression::Character(char::from(other))),
        };
        let text = sql.get(at..end).ok_or(InvalidExpression::Unterminated)?;
        // SQLite ends its text at the first NUL, whatever it stands in.
        if text.contains('\0') {
            return Err(InvalidExpression::Character('\0'));
        }
        tokens.push(Token { kind, text });
        at = end;
    }
    Ok(tokens)
}

/// The end of a string or name whose quote is doubled inside it.
fn quoted_end(sql: &str, start: usize, quote: u8) -> Result<usize, InvalidExpression> {
    let bytes = sql.as_bytes();
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == quote {
            if bytes.get(at) != Some(&quote) {
                return Ok(at);
            }
            at += 1;
        }
    }
    Err(InvalidExpression::Unterminated)
}

fn bracket_end(sql: &str, start: usize) -> Result<usize, InvalidExpression> {
    let length =
        sql.as_bytes()[start..].iter().position(|b| *b == b']').ok_or(InvalidExpression::Unterminated)?;
    Ok(start + length + 1)
}

/// The end of `x'…'`; anything but pairs of hex digits is refused, SQLite would read on differently.
fn blob_end(sql: &str, start: usize) -> Result<usize, InvalidExpression> {
    let rest = &sql.as_bytes()[start + 2..];
    let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    match rest.get(digits) {
        Some(b'\'') if digits % 2 == 0 => Ok(start + 2 + digits + 1),
        _ => Err(InvalidExpression::Blob),
    }
}

/// The end of a number with its fraction and exponent. A sign belongs to it only between `e` and a digit.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let exponent = matches!(byte, b'e' | b'E')
            && matches!(bytes.get(at + 1), Some(b'+' | b'-'))
            && bytes.get(at + 2).is_some_and(u8::is_ascii_digit);
        if exponent {
            at += 2;
        } else if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// The end of a bare word. Every character beyond ASCII belongs to a word, as in SQLite, except the byte order mark, which
/// SQLite takes for white space where a token starts.
fn word_end(sql: &str, start: usize) -> Result<usize, InvalidExpression> {
    let bytes = sql.as_bytes();
    let length = bytes[start..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || !b.is_ascii())
        .count();
    let end = start + length;
    if sql.get(start..end).is_some_and(|word| word.contains('\u{feff}')) {
        return Err(InvalidExpression::Character('\u{feff}'));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_given() {
        for (sql, reason) in [
            ("", InvalidExpression::Empty),
            (" \n\t", InvalidExpression::Empty),
            ("1)--", InvalidExpression::Comment),
            ("1) OR (1", InvalidExpression::Parentheses),
            ("1 /*", InvalidExpression::Comment),
            ("'a", InvalidExpression::Unterminated),
            ("'a''", InvalidExpression::Unterminated),
            ("[a", InvalidExpression::Unterminated),
            ("x'0g'", InvalidExpression::Blob),
            ("x'00", InvalidExpression::Blob),
            ("'\0'", InvalidExpression::Character('\0')),
            ("a\u{b}", InvalidExpression::Character('\u{b}')),
            ("\u{feff}select", InvalidExpression::Character('\u{feff}')),
            ("1, 2", InvalidExpression::Comma),
            ("1e--1", InvalidExpression::Comment),
            ("0x1e--1", InvalidExpression::Comment),
            (":x", InvalidExpression::Parameter),
            ("Select", InvalidExpression::Subselect("SELECT")),
        ] {
            assert_eq!(check_expression(sql), Err(reason), "{sql:?}");
        }
        let long = "1".repeat(MAX_EXPRESSION_BYTES);
        assert_eq!(check_expression(&long), Ok(()));
        assert_eq!(check_expression(&format!("{long}1")), Err(InvalidExpression::TooLong));
        assert_eq!(check_expression("\"select\" = 'select' + selected"), Ok(()));
    }

    #[test]
    fn names_are_found_however_they_are_quoted_and_functions_are_none() {
        let names = mentioned_names("Length(a) > \"B\" OR [c] = `d` || 'e' OR t.F IN (1)");
        for name in ["a", "b", "c", "d", "f"] {
            assert!(names.contains(name), "{name}");
        }
        for other in ["length", "e"] {
            assert!(!names.contains(other), "{other}");
        }
    }

    #[test]
    fn only_a_blob_alone_is_a_blob_literal() {
        assert!(is_blob_literal(" X'00ff' "));
        for other in ["x", "'x'", "x'00' || x'00'", "zeroblob(2)", "xyz", ""] {
            assert!(!is_blob_literal(other), "{other}");
        }
    }
}
