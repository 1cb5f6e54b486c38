//! Full-text search: plain words, or FTS5's own grammar, over the columns of a table's index that the caller sees.

use atomicbase_core::{Code, Problem};
use schema::Column;

use super::Scope;
use super::condition::Search;
use super::fault::{Fault, Place, shown};
use super::fields::Json;
use super::view::View;

/// Longest expression, bytes, and most words of one.
const BYTES: usize = 1_024;
const WORDS: usize = 32;

/// Reads `{"fts": "words"}` or `{"match": "…"}`, over one column or over all that are indexed.
pub(super) fn read<'t>(
    scope: &Scope<'_>,
    view: View<'t>,
    column: Option<&'t Column>,
    word: &str,
    json: &Json<'_>,
    place: &Place<'_>,
) -> Result<Search<'t>, Problem> {
    let Some(text) = json.as_text() else {
        return Err(Fault::at(Code::TypeMismatch, place, "A search is text."));
    };
    if text.len() > BYTES || text.contains('\0') {
        let message = format!("A search has at most {BYTES} bytes, and no NUL.");
        return Err(Fault::query(place, message));
    }
    let among = columns(view, column, place)?;
    let expression = match word {
        "fts" => plain(text, place)?,
        // Only a database can read FTS5's grammar, and a policy is proved without one.
        "match" if scope.policy_for.is_some() => {
            return Err(Fault::query(place, "A policy searches for plain words: write `fts`."));
        }
        "match" => grammar(text, place)?,
        _ => {
            let message = format!("There is no operator `{}`.", shown(word));
            return Err(Fault::at(Code::InvalidOperator, place, message)
                .hint("A search is `fts` for plain words or `match` for FTS5's grammar."));
        }
    };
    let expression = match among {
        None => expression,
        Some(columns) => format!("{{{columns}}} : ({expression})"),
    };
    Ok(Search { table: view.table, expression })
}

/// The columns searched; `None` is every column of the index.
fn columns(view: View<'_>, column: Option<&Column>, place: &Place<'_>) -> Result<Option<String>, Problem> {
    let table = view.table;
    let fts = table.fts.as_ref();
    let indexed = fts.iter().flat_map(|fts| &fts.columns);
    let seen: Vec<&str> = indexed.map(String::as_str).filter(|name| view.column(name).is_some()).collect();
    let known = column.is_none_or(|column| seen.contains(&column.name.as_str()));
    if seen.is_empty() || !known {
        let what =
            column.map_or(format!("`{}`", table.name), |column| format!("`{}.{}`", table.name, column.name));
        let problem = Fault::at(Code::InvalidOperator, place, format!("{what} has no full-text search."));
        return Err(match seen.as_slice() {
            [] => problem.hint("Add `.fts([...])` to the table's schema and push it."),
            seen => problem.hint(format!("It is over {}.", seen.join(", "))),
        });
    }
    let quoted =
        |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ");
    Ok(match column {
        Some(column) => Some(quoted(&[column.name.as_str()])),
        None if fts.is_some_and(|fts| fts.columns.len() > seen.len()) => Some(quoted(&seen)),
        None => None,
    })
}

/// Every word is looked for as it is; all must be found.
fn plain(text: &str, place: &Place<'_>) -> Result<String, Problem> {
    let words: Vec<String> =
        text.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    match words.len() {
        0 => Err(Fault::query(place, "A search has at least one word.")
            .hint("Leave the condition out where nothing is searched for.")),
        1..=WORDS => Ok(words.join(" ")),
        _ => Err(Fault::query(place, format!("A search has at most {WORDS} words."))),
    }
}

/// An expression whose parentheses match, so that it stays within those around it, which may limit its columns.
fn grammar(text: &str, place: &Place<'_>) -> Result<String, Problem> {
    let (mut depth, mut quoted) = (0_usize, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                let Some(less) = depth.checked_sub(1) else { return Err(unbalanced(place)) };
                depth = less;
            }
            _ => {}
        }
    }
    if depth > 0 || quoted {
        return Err(unbalanced(place));
    }
    if text.trim().is_empty() {
        return Err(Fault::query(place, "A search has at least one word."));
    }
    Ok(text.to_owned())
}

fn unbalanced(place: &Place<'_>) -> Problem {
    Fault::query(place, "The search's quotes or parentheses do not match.")
}
