//! The text of one file: where its lines are, and how to show one of them. Knows nothing of what the text means.

use unicode_width::UnicodeWidthChar;

use crate::error::{EvaluateError, Position};

/// The width a snippet keeps to.
const TERMINAL_COLUMNS: usize = 80;

/// A source file as the user wrote it.
#[derive(Debug)]
pub struct Source {
    /// Its path relative to the project's root.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// An error at a byte offset.
    pub fn error_at_offset(&self, offset: usize, message: &str) -> EvaluateError {
        self.error_at(self.position(offset), message)
    }

    /// An error at a line and column.
    pub fn error_at(&self, position: Position, message: &str) -> EvaluateError {
        EvaluateError::at(self.name.clone(), position, message, self.snippet(position))
    }

    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let last_line = lines(before).last().unwrap_or_default();
        Position { line: count(lines(before).count()), column: count(last_line.encode_utf16().count() + 1) }
    }

    /// `12 | the line` and, below, a caret under the column. A long line is cut around the caret.
    fn snippet(&self, position: Position) -> Option<String> {
        let line = lines(&self.text).nth(position.line.checked_sub(1)? as usize)?;
        let number = position.line.to_string();
        let width = TERMINAL_COLUMNS - number.len() - " | ".len();
        let (shown, caret) = cut(line, position.column as usize - 1, width);
        let gutter = " ".repeat(number.len());
        Some(format!("{gutter} |\n{number} | {shown}\n{gutter} | {}^", " ".repeat(caret)))
    }
}

/// The lines of a text as ECMAScript ends them. A text that ends with a line's end has an empty last line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let Some(end) = current.find(['\n', '\r', '\u{2028}', '\u{2029}']) else {
            rest = None;
            return Some(current);
        };
        let (line, terminated) = current.split_at(end);
        let mut after = terminated.chars();
        after.next();
        rest = Some(terminated.strip_prefix("\r\n").unwrap_or(after.as_str()));
        Some(line)
    })
}

/// As much of a line as fits, and how many columns in the caret stands.
fn cut(line: &str, column_utf16: usize, width: usize) -> (String, usize) {
    let cells: Vec<char> = line.chars().flat_map(printable).collect();
    let caret_cell = cells_before(line, column_utf16);
    let widths: Vec<usize> = cells.iter().map(|c| c.width().unwrap_or(0)).collect();
    let total = |from: usize, to: usize| widths[from..to].iter().sum::<usize>();
    // One column stays free for a caret behind the last character.
    if total(0, cells.len()) < width {
        return (cells.iter().collect(), total(0, caret_cell));
    }
    // Two columns are for the marks of what was cut off.
    let room = width - 2;
    let mut start = caret_cell;
    while start > 0 && total(start - 1, caret_cell) <= room * 2 / 3 {
        start -= 1;
    }
    let mut end = start;
    while end < cells.len() && total(start, end + 1) <= room {
        end += 1;
    }
    let (left, right) = (if start > 0 { "…" } else { "" }, if end < cells.len() { "…" } else { "" });
    let shown: String = cells[start..end].iter().collect();
    (format!("{left}{shown}{right}"), left.chars().count() + total(start, caret_cell))
}

/// How many printed characters stand before a column.
fn cells_before(line: &str, column_utf16: usize) -> usize {
    let mut units = 0;
    line.chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= column_utf16
        })
        .flat_map(printable)
        .count()
}

/// A tab takes two columns; other control characters must not reach the terminal.
fn printable(c: char) -> impl Iterator<Item = char> {
    let (shown, times) = match c {
        '\t' => (' ', 2),
        c if c.is_control() => ('\u{fffd}', 1),
        c => (c, 1),
    };
    std::iter::repeat_n(shown, times)
}

/// Sources are far smaller than 4 GiB.
pub fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Source, lines};
    use crate::error::Position;

    #[test]
    fn lines_end_as_in_ecmascript() {
        let found: Vec<_> = lines("a\nb\r\nc\rd\u{2028}e\u{2029}\n").collect();
        assert_eq!(found, ["a", "b", "c", "d", "e", "", ""]);
        assert_eq!(lines("").collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn offsets_become_lines_and_utf16_columns() {
        let source = Source { name: "a.ts".to_owned(), text: "é\r\n🙂x\n".to_owned() };
        for (offset, line, column) in [(0, 1, 1), (2, 1, 2), (4, 2, 1), (8, 2, 3), (10, 3, 1), (99, 3, 1)] {
            assert_eq!(source.position(offset), Position { line, column }, "{offset}");
        }
    }

    #[test]
    fn a_place_that_does_not_exist_has_no_snippet_or_a_caret_at_the_end() {
        let source = Source { name: "a.ts".to_owned(), text: "ab".to_owned() };
        assert_eq!(source.snippet(Position { line: 0, column: 1 }), None);
        assert_eq!(source.snippet(Position { line: 9, column: 1 }), None);
        let beyond = source.snippet(Position { line: 1, column: 99 });
        assert_eq!(beyond.as_deref(), Some("  |\n1 | ab\n  |   ^"));
    }
}
