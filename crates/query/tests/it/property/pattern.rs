//! LIKE and GLOB as SQLite documents them, letter by letter.

/// `%` is any text, `_` any one letter; ASCII letters are the same in both cases.
pub(crate) fn is_like(pattern: &str, text: &str) -> bool {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['%', rest @ ..], _) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
            (['_', pattern @ ..], [_, text @ ..]) => fits(pattern, text),
            ([wanted, pattern @ ..], [found, text @ ..]) => {
                wanted.eq_ignore_ascii_case(found) && fits(pattern, text)
            }
            _ => false,
        }
    }
    fits(&letters(pattern), &letters(text))
}

/// `*` is any text, `?` any one letter, `[a-c]` one of these, `[^a-c]` none of these; case counts.
pub(crate) fn is_glob(pattern: &str, text: &str) -> bool {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
            (['?', pattern @ ..], [_, text @ ..]) => fits(pattern, text),
            (['[', rest @ ..], [found, text @ ..]) => match set(rest) {
                Some(Set { negated, ranges, behind }) => {
                    let within = ranges.iter().any(|(low, high)| low <= found && found <= high);
                    within != negated && fits(behind, text)
                }
                None => false,
            },
            ([wanted, pattern @ ..], [found, text @ ..]) => wanted == found && fits(pattern, text),
            _ => false,
        }
    }
    fits(&letters(pattern), &letters(text))
}

/// What stands in brackets, and the pattern behind it.
struct Set<'a> {
    negated: bool,
    ranges: Vec<(char, char)>,
    behind: &'a [char],
}

/// Without a closing bracket there is no set, and the pattern fits nothing.
fn set(pattern: &[char]) -> Option<Set<'_>> {
    let (negated, mut rest) = match pattern {
        ['^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut ranges = Vec::new();
    // A bracket that stands first is a member.
    if let [']', after @ ..] = rest {
        ranges.push((']', ']'));
        rest = after;
    }
    loop {
        match rest {
            [']', behind @ ..] => return Some(Set { negated, ranges, behind }),
            [low, '-', high, after @ ..] if *high != ']' => {
                ranges.push((*low, *high));
                rest = after;
            }
            [one, after @ ..] => {
                ranges.push((*one, *one));
                rest = after;
            }
            [] => return None,
        }
    }
}

fn letters(text: &str) -> Vec<char> {
    text.chars().collect()
}
