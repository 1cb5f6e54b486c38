//! "Did you mean `title`?": the known name nearest to an unknown one.

/// The candidate that `word` was probably meant to be: at most a third of its letters away, else `None`.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long input cannot be near any name, and must not cost a large table.
    if word.len() > 64 {
        return None;
    }
    let allowed = word.chars().count().div_ceil(3).min(3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, ignoring ASCII case: inserts, deletes, replacements and swaps of neighbours count one.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().map(|c| c.to_ascii_lowercase()).collect();
    let b: Vec<char> = b.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn finds_what_was_meant_and_nothing_far_fetched() {
        let columns = ["id", "title", "status", "project_id"];
        assert_eq!(closest("titel", columns), Some("title"));
        assert_eq!(closest("Title", columns), Some("title"));
        assert_eq!(closest("projectid", columns), Some("project_id"));
        assert_eq!(closest("weather", columns), None);
        assert_eq!(closest(&"x".repeat(100_000), columns), None);
    }
}
