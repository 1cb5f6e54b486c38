//! What a request said, as an answer may repeat it: whoever sends much does not get much back.

/// A name, short enough to be repeated: cut at its end.
#[must_use]
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    match name.char_indices().nth(LONGEST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

/// A message with a name somewhere in it: cut in its middle, for it begins with what is wrong and ends with where.
#[must_use]
pub fn abridged(message: &str) -> String {
    const HEAD: usize = 100;
    const TAIL: usize = 400;
    let starts: Vec<usize> = message.char_indices().map(|(start, _)| start).collect();
    match starts.len().checked_sub(HEAD + TAIL) {
        None | Some(0) => message.to_owned(),
        Some(left_out) => {
            format!("{}…{}", &message[..starts[HEAD]], &message[starts[HEAD + left_out]..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_stays_and_what_is_long_is_cut_between_characters() {
        for (length, wanted) in [(0, 0), (1, 1), (64, 64), (65, 65), (10_000, 65)] {
            assert_eq!(shown(&"é".repeat(length)).chars().count(), wanted);
        }
        assert_eq!(shown(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
        for (length, wanted) in [(0, 0), (500, 500), (501, 501), (10_000, 501)] {
            assert_eq!(abridged(&"é".repeat(length)).chars().count(), wanted);
        }
        let message = format!("unknown field `{}`, expected `name` at line 1", "é".repeat(10_000));
        let short = abridged(&message);
        assert!(short.starts_with("unknown field `é") && short.contains("é…é"), "{short}");
        assert!(short.ends_with("é`, expected `name` at line 1"), "{short}");
    }
}
