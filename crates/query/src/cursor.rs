//! Paging by key: where a page begins, as SQL and as the opaque text of `next` and `prev`.
//! The text is signed together with the query, its caller and its database: another query's cursor is none.

use atomicbase_core::{Caller, Code, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::Value;
use hmac::{Hmac, KeyInit, Mac};
use schema::Column;
use sha2::Sha256;

use super::Scope;
use super::fault::{Fault, Place};
use super::sql::Sql;

/// Bytes of a signature that are kept.
const SIGNATURE: usize = 16;
const BACKWARD: u8 = 1;
const INCLUSIVE: u8 = 2;

/// A place in an order, and which way the page goes from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// A value per column of the order.
    pub(super) values: Vec<Value>,
    /// The page ends here instead of beginning.
    pub(super) backward: bool,
    /// The row here is part of the page.
    pub(super) inclusive: bool,
}

/// A column of the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'t> {
    /// `None` is the rank of a search, a number.
    pub column: Option<&'t Column>,
    pub descending: bool,
    pub nullable: bool,
}

/// Signs positions in one query's order.
#[derive(Clone)]
pub(super) struct Signer {
    secret: [u8; 32],
    /// Everything that a cursor is bound to.
    query: Vec<u8>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// Signs for a query of these rows in this order.
    pub(super) fn new(scope: &Scope<'_>, source: &Sql, keys: &[Key<'_>]) -> Self {
        let mut query = Vec::with_capacity(source.text.len() + 128);
        put_bytes(&mut query, scope.database.as_bytes());
        put_caller(&mut query, scope.caller);
        put_bytes(&mut query, source.text.as_bytes());
        source.params.iter().for_each(|value| put_value(&mut query, value));
        for key in keys {
            let column = key.column.map(|column| {
                [&*column.name, column.column_type.as_str(), column.collate.as_deref().unwrap_or_default()]
            });
            for text in column.unwrap_or_default() {
                put_bytes(&mut query, text.as_bytes());
            }
            query.push(key.descending.into());
        }
        Self { secret: *scope.secret, query }
    }

    /// A position as text.
    pub(super) fn write(&self, position: &Position) -> String {
        let mut bytes = Vec::with_capacity(64);
        let backward = if position.backward { BACKWARD } else { 0 };
        bytes.push(backward | if position.inclusive { INCLUSIVE } else { 0 });
        position.values.iter().for_each(|value| put_value(&mut bytes, value));
        let signature = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature[..SIGNATURE]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a text of this query says.
    pub(super) fn read(&self, text: &str, keys: usize, place: &Place<'_>) -> Result<Position, Problem> {
        self.position(text, keys).ok_or_else(|| {
            Fault::at(Code::CursorExpired, place, "The cursor is not of this query, or a push changed its columns.")
                .hint("Send it with the `where`, `order`, caller and database that it came from; or begin again without it.")
        })
    }

    fn position(&self, text: &str, keys: usize) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        self.mac(signed).verify_truncated_left(signature).ok()?;
        let (flags, mut rest) = signed.split_first()?;
        let values: Option<Vec<Value>> = (0..keys).map(|_| take_value(&mut rest)).collect();
        let position =
            Position { values: values?, backward: flags & BACKWARD != 0, inclusive: flags & INCLUSIVE != 0 };
        rest.is_empty().then_some(position)
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        // A shorter key stands for itself with zeros behind it.
        let mut key = [0; 64];
        key[..self.secret.len()].copy_from_slice(&self.secret);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&key.into());
        mac.update(&self.query);
        mac.update(signed);
        mac
    }
}

/// The rows beyond a position. `column` writes a key's column.
pub(super) fn beyond(
    sql: &mut Sql,
    position: &Position,
    keys: &[Key<'_>],
    column: impl Fn(&mut Sql, &Key<'_>),
) {
    // NULL is written, not bound.
    let bound = |value: &Value| (*value != Value::Null).then(|| sql.parameter(value.clone()));
    let params: Vec<Option<String>> = position.values.iter().map(bound).collect();
    let compare = |sql: &mut Sql, index: usize, operator: &str| {
        column(sql, &keys[index]);
        sql.push(operator);
        sql.push(params[index].as_deref().unwrap_or("NULL"));
    };
    let ascending = |index: usize| keys[index].descending == position.backward;
    // What all of them have in common comes first: it is what an index can find.
    match (params.first(), keys.first()) {
        (Some(Some(_)), Some(first)) if keys.len() > 1 && (ascending(0) || !first.nullable) => {
            compare(sql, 0, if ascending(0) { " >= " } else { " <= " });
            sql.push(" AND ");
        }
        _ => {}
    }
    sql.push("(");
    let last = keys.len() + usize::from(position.inclusive);
    for index in 0..last {
        sql.push(if index > 0 { " OR (" } else { "(" });
        for equal in 0..index {
            sql.push(if equal > 0 { " AND " } else { "" });
            compare(sql, equal, " IS ");
        }
        if index < keys.len() {
            sql.push(if index > 0 { " AND " } else { "" });
            match (ascending(index), &params[index]) {
                // NULL comes first ascending: everything else follows it, and nothing follows it descending.
                (true, None) => compare(sql, index, " IS NOT "),
                (false, None) => sql.push("0"),
                (true, Some(_)) => compare(sql, index, " > "),
                (false, Some(_)) if keys[index].nullable => {
                    sql.push("(");
                    compare(sql, index, " < ");
                    sql.push(" OR ");
                    column(sql, &keys[index]);
                    sql.push(" IS NULL)");
                }
                (false, Some(_)) => compare(sql, index, " < "),
            }
        }
        sql.push(")");
    }
    sql.push(")");
}

fn put_caller(out: &mut Vec<u8>, caller: &Caller) {
    match caller {
        Caller::Key { id, .. } => {
            out.push(0);
            put_bytes(out, id.as_ref().map_or("", |id| id.as_str()).as_bytes());
        }
        Caller::Subject { subject, .. } => {
            out.push(1);
            put_bytes(out, subject.user.as_deref().unwrap_or_default().as_bytes());
            put_bytes(out, subject.organization.as_deref().unwrap_or_default().as_bytes());
            put_bytes(out, subject.role.as_deref().unwrap_or_default().as_bytes());
        }
        Caller::Anonymous => out.push(2),
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Integer(number) => {
            out.push(1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Real(number) => {
            out.push(2);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => {
            out.push(3);
            put_bytes(out, text.as_bytes());
        }
        Value::Blob(bytes) => {
            out.push(4);
            put_bytes(out, bytes);
        }
    }
}

fn take_value(rest: &mut &[u8]) -> Option<Value> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    let eight = |rest: &mut &[u8]| {
        let (bytes, after) = rest.split_first_chunk::<8>()?;
        *rest = after;
        Some(*bytes)
    };
    let bytes = |rest: &mut &[u8]| {
        let length = usize::try_from(u64::from_le_bytes(eight(rest)?)).ok()?;
        let (bytes, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(bytes.to_vec())
    };
    Some(match tag {
        0 => Value::Null,
        1 => Value::Integer(i64::from_le_bytes(eight(rest)?)),
        2 => Value::Real(f64::from_le_bytes(eight(rest)?)),
        3 => Value::Text(String::from_utf8(bytes(rest)?).ok()?),
        4 => Value::Blob(bytes(rest)?),
        _ => return None,
    })
}
