//! Full-text search as FTS5 documents it, for ASCII: words of letters and digits, in either case.

/// The words of a text, each with where it stands.
pub(crate) fn words(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_ascii_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                words.push((text[first..at].to_ascii_lowercase(), first..at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// What a search looks for in the texts of a row.
#[derive(Clone, Debug)]
pub(crate) enum Search {
    /// These words in a row, the last one perhaps only begun.
    Phrase {
        words: Vec<String>,
        begun: bool,
    },
    All(Vec<Search>),
    Either(Box<Search>, Box<Search>),
    Without(Box<Search>, Box<Search>),
}

impl Search {
    /// `{"fts": "plain words"}`: each of them.
    pub(crate) fn plain(text: &str) -> Self {
        Self::All(text.split_whitespace().map(Self::phrase).collect())
    }

    /// `{"match": …}`, of FTS5's grammar what `ask` writes: `a`, `a*`, `"a b"`, and two of these with `AND`, `OR`, `NOT` or nothing between.
    pub(crate) fn grammar(text: &str) -> Self {
        if let Some(quoted) = text.strip_prefix('"') {
            return Self::phrase(quoted.strip_suffix('"').unwrap());
        }
        let two = |one: &str, other: &str| (Box::new(Self::grammar(one)), Box::new(Self::grammar(other)));
        match text.split(' ').collect::<Vec<_>>().as_slice() {
            [one] => match one.strip_suffix('*') {
                Some(begun) => Self::Phrase { words: vec![begun.to_ascii_lowercase()], begun: true },
                None => Self::phrase(one),
            },
            [one, "OR", other] => {
                let (one, other) = two(one, other);
                Self::Either(one, other)
            }
            [one, "NOT", other] => {
                let (one, other) = two(one, other);
                Self::Without(one, other)
            }
            [one, "AND", other] | [one, other] => Self::All(vec![Self::grammar(one), Self::grammar(other)]),
            other => panic!("{other:?}"),
        }
    }

    fn phrase(text: &str) -> Self {
        Self::Phrase { words: words(text).into_iter().map(|(word, _)| word).collect(), begun: false }
    }

    /// Whether it is found in the texts of a row.
    pub(crate) fn finds(&self, texts: &[&str]) -> bool {
        match self {
            Self::Phrase { .. } => texts.iter().any(|text| !self.found_in(text).is_empty()),
            Self::All(all) => all.iter().all(|search| search.finds(texts)),
            Self::Either(one, other) => one.finds(texts) || other.finds(texts),
            Self::Without(one, other) => one.finds(texts) && !other.finds(texts),
        }
    }

    /// Where the words of a phrase stand in a text.
    fn found_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let Self::Phrase { words: wanted, begun } = self else { return Vec::new() };
        let found = words(text);
        let fits = |(at, (word, _)): (usize, &(String, _))| {
            word == &wanted[at] || (*begun && at + 1 == wanted.len() && word.starts_with(&wanted[at]))
        };
        let places = found.windows(wanted.len()).filter(|window| window.iter().enumerate().all(fits));
        places.map(|window| window[0].1.start..window[window.len() - 1].1.end).collect()
    }

    /// The text with what was found between `before` and `after`.
    pub(crate) fn highlight(&self, text: &str, before: &str, after: &str) -> String {
        let mut marked = String::new();
        let mut done = 0;
        for place in self.places(text) {
            marked += &text[done..place.start];
            marked += before;
            marked += &text[place.clone()];
            marked += after;
            done = place.end;
        }
        marked + &text[done..]
    }

    /// How well each of some rows fits a search of plain words, best lowest: BM25 as FTS5 reckons it. Of a row `texts` are all its
    /// searched columns, and `within` says in which of them is looked.
    pub(crate) fn ranks(&self, rows: &[Vec<&str>], within: &dyn Fn(usize) -> bool) -> Vec<f64> {
        let Self::All(phrases) = self else { return Vec::new() };
        let found = |phrase: &Search, texts: &[&str]| -> f64 {
            let texts = texts.iter().enumerate().filter(|(column, _)| within(*column));
            texts.map(|(_, text)| phrase.found_in(text).iter().map(|_| 1.0).sum::<f64>()).sum()
        };
        let number = |rows: &mut dyn Iterator<Item = &Vec<&str>>| rows.map(|_| 1.0).sum::<f64>();
        let length = |texts: &Vec<&str>| texts.iter().flat_map(|text| words(text)).map(|_| 1.0).sum::<f64>();
        let all = number(&mut rows.iter());
        let average = rows.iter().map(length).sum::<f64>() / all;
        let weight = |phrase: &Search| {
            let with = number(&mut rows.iter().filter(|texts| found(phrase, texts) > 0.0));
            let weight = ((all - with + 0.5) / (with + 0.5)).ln();
            if weight <= 0.0 { 1e-6 } else { weight }
        };
        let weights: Vec<f64> = phrases.iter().map(weight).collect();
        let rank = |texts: &Vec<&str>| {
            let scores = phrases.iter().zip(&weights).map(|(phrase, weight)| {
                let times = found(phrase, texts);
                weight * ((times * 2.2) / (times + 1.2 * (1.0 - 0.75 + 0.75 * length(texts) / average)))
            });
            -scores.fold(0.0, |sum, score| sum + score)
        };
        rows.iter().map(rank).collect()
    }

    /// Where each phrase of a search of plain words is, once.
    fn places(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut places: Vec<_> = match self {
            Self::All(all) => all.iter().flat_map(|search| search.places(text)).collect(),
            other => other.found_in(text),
        };
        places.sort_by_key(|place| (place.start, place.end));
        places.dedup();
        places
    }
}

#[test]
fn words_are_found_in_either_case() {
    let finds = |search: &str, text: &str| Search::plain(search).finds(&[text]);
    assert!(finds("RED apple", "An Apple, red."));
    assert!(!finds("red apples", "An Apple, red."));
    assert!(finds("apple-red", "An Apple, red."));
    assert!(Search::grammar("app* NOT green").finds(&["An Apple, red."]));
    assert!(!Search::grammar("\"an red\"").finds(&["An Apple, red."]));
    assert_eq!(Search::plain("a b").highlight("A b, c a", "<", ">"), "<A> <b>, c <a>");
}
