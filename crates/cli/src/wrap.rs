//! Breaks text for a terminal's width. Pure: `print` shows the lines.

/// `text` with its lines broken at spaces, where they are longer than `width`; what follows a break is indented by `hang`.
///
/// Words are never cut, and neither is what stands between backticks: it is there to be copied. From the first empty line on
/// the text is as it was, for an excerpt of a file follows there.
pub(crate) fn wrap(text: &str, width: usize, hang: usize) -> String {
    let (prose, excerpt) = text.find("\n\n").map_or((text, ""), |end| text.split_at(end));
    let lines: Vec<String> = prose.split('\n').map(|line| wrap_line(line, width, hang)).collect();
    lines.join("\n") + excerpt
}

fn wrap_line(line: &str, width: usize, hang: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut wrapped = line[..indent].to_owned();
    let mut column = indent;
    for (i, word) in words(&line[indent..]).enumerate() {
        let length = word.chars().count();
        if i > 0 && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', hang));
            column = hang;
        } else if i > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped += word;
        column += length;
    }
    wrapped
}

/// The parts of a line between its spaces; a pair of backticks keeps its spaces.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let paired = line.matches('`').count().is_multiple_of(2);
    line.split(move |c| {
        quoted ^= c == '`' && paired;
        c == ' ' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", 7, 2), "one two\n  three");
        assert_eq!(wrap("one two\nthree four", 7, 0), "one two\nthree\nfour");
        assert_eq!(wrap("  an indented line", 9, 4), "  an\n    indented\n    line");
        assert_eq!(wrap("äöü äöü", 7, 0), "äöü äöü");
    }

    #[test]
    fn what_is_to_be_copied_stays_whole() {
        assert_eq!(wrap("run `a b c` again", 8, 0), "run\n`a b c`\nagain");
        assert_eq!(wrap("a ` b c", 3, 0), "a `\nb c");
        assert_eq!(wrap("verylongword", 4, 2), "verylongword");
    }

    #[test]
    fn an_excerpt_is_left_alone() {
        assert_eq!(wrap("a b\n\n1 | a b c", 2, 0), "a\nb\n\n1 | a b c");
        assert_eq!(wrap("", 80, 0), "");
    }
}
