//! What passes as one expression stays between the parentheses it is put in: SQLite makes the one table or index, or nothing.

use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Error;
use schema::check_expression;

use crate::database::Database;

/// What an attack is made of, and enough harmless SQL to get past a parser.
const PIECES: [&str; 60] = [
    "(",
    ")",
    "((",
    "))",
    "1)",
    "(1",
    ";",
    "; DROP TABLE x",
    "--",
    "/*",
    "*/",
    "'",
    "''",
    "\"",
    "\"\"",
    "`",
    "[",
    "]",
    "x'",
    "x'00'",
    "X'0'",
    "'a'",
    "\"a\"",
    "a",
    "b",
    "1",
    "1e5",
    "1e",
    "0x1F",
    ".5",
    "1.",
    "-",
    "+",
    "*",
    "/",
    ",",
    ".",
    "=",
    "<",
    "|",
    "||",
    "&",
    "~",
    "!",
    "!=",
    "->",
    "->>",
    "?",
    "?1",
    ":a",
    "@a",
    "$a",
    "#1",
    "\\",
    "\u{feff}",
    "é",
    " NOT ",
    " SELECT 1",
    "\0",
    "\n",
];
const WORDS: [&str; 30] = [
    " SELECT ",
    " WITH ",
    " VALUES ",
    " IN ",
    " FROM x ",
    " x ",
    " EXISTS ",
    " UNION ",
    " AND ",
    " OR ",
    " IS NULL ",
    " COLLATE NOCASE ",
    " CASE WHEN ",
    " THEN ",
    " ELSE ",
    " END ",
    " CAST(a AS TEXT) ",
    " CURRENT_TIMESTAMP ",
    " DEFAULT ",
    " CHECK ",
    " UNIQUE ",
    " PRIMARY KEY ",
    " REFERENCES x ",
    " STRICT ",
    " length(b) ",
    " abs(a) ",
    " RAISE(IGNORE) ",
    " LIKE ",
    " BETWEEN 1 AND 2 ",
    " STORED ",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        2 => proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

/// Everything in the database but what the statement was to make.
fn surroundings(database: &Database) -> Vec<String> {
    let mut found =
        database.strings("SELECT type, name FROM sqlite_schema WHERE name <> 'made' ORDER BY name");
    found.extend(database.strings("SELECT name FROM pragma_table_xinfo('made')"));
    found.extend(database.strings("SELECT secret FROM x"));
    found
}

fn assert_contained(expression: &str) {
    for (sql, columns) in [
        (format!("CREATE TABLE made (a INTEGER, b TEXT, CHECK ({expression})) STRICT"), &["a", "b"][..]),
        (format!("CREATE TABLE made (a INTEGER DEFAULT ({expression}), b TEXT) STRICT"), &["a", "b"]),
        (format!("CREATE TABLE made (a INTEGER, b TEXT AS ({expression}) VIRTUAL) STRICT"), &["a", "b"]),
        (format!("CREATE INDEX made ON y (a) WHERE ({expression})"), &[]),
    ] {
        let database = Database::empty();
        let before =
            "CREATE TABLE x (secret TEXT) STRICT; INSERT INTO x VALUES ('kept'); CREATE TABLE y (a, b);";
        database.0.execute_batch(before).unwrap();
        let result = database.0.execute(&sql, []);
        assert!(
            !matches!(result, Err(Error::MultipleStatement)),
            "{expression:?} is more than one statement"
        );
        let mut expected = vec!["table x", "table y"];
        if result.is_ok() {
            expected.extend(columns);
        }
        expected.push("kept");
        assert_eq!(surroundings(&database), expected, "{expression:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn no_expression_leaves_its_parentheses(expression in hostile()) {
        if check_expression(&expression).is_ok() {
            assert_contained(&expression);
        }
    }
}

/// A check that reads other rows would be wrong by the next write, and SQLite knows more ways to write one than SELECT.
#[test]
fn no_expression_reads_other_rows() {
    for subselect in [
        "(SELECT 1)",
        "a = (select secret from x)",
        "a IN (SELECT secret FROM x)",
        "a IN x",
        "a IN\"x\"",
        "a not in main.x",
        "a IN pragma_table_info('x')",
        "EXISTS (SELECT 1)",
        "(VALUES (1))",
        "(WITH s AS (SELECT 1) SELECT * FROM s)",
    ] {
        assert!(check_expression(subselect).is_err(), "{subselect}");
    }
}

#[test]
fn what_people_write_is_accepted_and_sqlite_agrees() {
    for expression in [
        "a > 0 AND a <= 100",
        "a IN (1, 2, 3)",
        "b LIKE '%;--/*%' OR b GLOB '[a-z]*'",
        "length(trim(b)) > 0",
        "\"a\" IS NOT NULL AND [b] <> `b` || 'it''s'",
        "CASE WHEN a THEN b ELSE 'x' END = 'y'",
        "json_valid(b) AND b ->> '$.a' = 1",
        "coalesce(b, 'ü') = 'ü'",
        "a - -1 < 1e-3",
        "a * (a + (1 - a)) / 2 % 3 <> 0x1F",
        "b COLLATE NOCASE = 'select ? from :x'",
        "b = x'00ff'",
        "a BETWEEN .5 AND 1.",
        "NOT a & ~1 | 2 << 1 >= 4",
    ] {
        assert_eq!(check_expression(expression), Ok(()), "{expression}");
        let database = Database::empty();
        database
            .0
            .execute(&format!("CREATE TABLE made (a INTEGER, b TEXT, CHECK ({expression}))"), [])
            .unwrap();
    }
}
