//! What a search tells of a row that it found: its rank, a highlight, a snippet.

use atomicbase_core::{Code, Problem};
use schema::{Column, Table};

use super::fault::{Fault, Place};
use super::fields::{Json, Member};
use super::view::View;

/// Longest mark put around a word, bytes.
const MARK_BYTES: usize = 64;
/// Most words of a snippet; FTS5 takes no more.
const TOKENS: u64 = 64;

/// A value of a search, under its name in the answer.
#[derive(Clone, Debug)]
pub(super) struct SearchValue<'t> {
    pub label: String,
    pub table: &'t Table,
    pub kind: Kind<'t>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind<'t> {
    /// How well the row matches: the less, the better.
    Rank,
    /// The column's text, its words marked.
    Highlight { column: &'t Column, index: usize, marks: [String; 2] },
    /// A part of the text around them.
    Snippet { column: &'t Column, index: usize, marks: [String; 2], ellipsis: String, tokens: u64 },
}

impl<'t> SearchValue<'t> {
    pub(super) fn is_rank(&self) -> bool {
        matches!(self.kind, Kind::Rank)
    }

    /// Reads `{"snippet": "title"}`, `{"highlight": {"column": "title", …}}` or `{"rank": "__fts"}`; `None` where it is none.
    pub(super) fn read(
        view: View<'t>,
        label: &str,
        members: &[Member<'_>],
        place: &Place<'_>,
    ) -> Result<Option<Self>, Problem> {
        let [(word, json)] = members else { return Ok(None) };
        let place = place.field(word);
        let kind = match (word.as_ref(), json) {
            ("rank", Json::Text(text)) if text == "__fts" => Kind::Rank,
            ("highlight" | "snippet", Json::Text(_) | Json::Object(_)) => {
                Self::marked(view, word == "snippet", json, &place)?
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { label: label.to_owned(), table: view.table, kind }))
    }

    fn marked(
        view: View<'t>,
        snippet: bool,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<Kind<'t>, Problem> {
        const FIELDS: [&str; 5] = ["column", "before", "after", "ellipsis", "tokens"];
        let fields = match json {
            Json::Text(_) => None,
            json => {
                let known = if snippet { &FIELDS[..] } else { &FIELDS[..3] };
                Some(json.fields(place, known, "An object with `column`")?)
            }
        };
        let field = |name: &str| fields.and_then(|fields| fields.get(name));
        let column_place = place.field("column");
        let (name, column_place) = match fields {
            None => (json.as_text(), place),
            Some(_) => (field("column").and_then(Json::as_text), &column_place),
        };
        let Some(name) = name else { return Err(Fault::query(column_place, "A column's name is wanted.")) };
        let column = view.find(name, column_place)?;
        let indexed = view.table.fts.as_ref().map_or(&[][..], |fts| &fts.columns);
        let Some(index) = indexed.iter().position(|known| *known == column.name) else {
            let message = format!("`{}.{}` has no full-text search.", view.table.name, column.name);
            return Err(Fault::at(Code::InvalidOperator, column_place, message));
        };
        let mark = |name: &str, default: &str| match field(name) {
            None => Ok(default.to_owned()),
            Some(Json::Text(text)) if text.len() <= MARK_BYTES && !text.contains('\0') => {
                Ok(text.to_string())
            }
            Some(_) => {
                let message = format!("A text of at most {MARK_BYTES} bytes is wanted.");
                Err(Fault::query(place.field(name), message))
            }
        };
        let marks = [mark("before", "<b>")?, mark("after", "</b>")?];
        if !snippet {
            return Ok(Kind::Highlight { column, index, marks });
        }
        let tokens = match field("tokens") {
            None => Some(16),
            Some(Json::Number(number)) => number.as_u64().filter(|tokens| (1..=TOKENS).contains(tokens)),
            Some(_) => None,
        };
        let Some(tokens) = tokens else {
            return Err(Fault::query(
                place.field("tokens"),
                format!("A number from 1 to {TOKENS} is wanted."),
            ));
        };
        Ok(Kind::Snippet { column, index, marks, ellipsis: mark("ellipsis", "…")?, tokens })
    }
}
