//! Values on their way in: exact, or refused.

use atomicbase_core::Code;
use db::Value;

use super::{compile, refusal, values};
use crate::Verb;

/// What `column` of `projects` is set to by the JSON text `json`.
fn stored(column: &str, json: &str) -> Result<Value, Code> {
    let body = format!(r#"{{"data": {{"{column}": {json}}}, "where": [{{"id": {{"eq": 1}}}}]}}"#);
    let query = compile(Verb::Update, "projects", &body).map_err(|problem| {
        assert_eq!(problem.errors()[0].path, format!("data.{column}"), "{problem}");
        problem.code()
    })?;
    Ok(values(&query)[0][0].clone())
}

#[test]
fn integers_are_exact() {
    for number in ["0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"] {
        assert_eq!(stored("id", number), Ok(Value::Integer(number.parse().unwrap())));
    }
    assert_eq!(stored("id", "\"9007199254740993\""), Ok(Value::Integer(9_007_199_254_740_993)));
    assert_eq!(stored("created_at", "1700000000"), Ok(Value::Integer(1_700_000_000)));
    let bad = [
        "1.5",
        "1.0",
        "1e3",
        "9223372036854775808",
        "1e400",
        "-0.0",
        "true",
        "\"1\"",
        "\"+9007199254740993\"",
        "\"09007199254740993\"",
        "\"9223372036854775808\"",
        "[1]",
        "{}",
        "\"\"",
    ];
    for bad in bad {
        assert_eq!(stored("id", bad), Err(Code::TypeMismatch), "{bad}");
    }
}

#[test]
fn reals_take_every_finite_number() {
    for (json, number) in [("1", 1.0), ("-0.0", -0.0), ("1e308", 1e308), ("5e-324", 5e-324), ("0.1", 0.1)] {
        assert_eq!(stored("budget", json), Ok(Value::Real(number)));
    }
    for bad in ["1e400", "\"1\"", "true", "\"NaN\""] {
        assert_eq!(stored("budget", bad), Err(Code::TypeMismatch), "{bad}");
    }
}

#[test]
fn booleans_are_no_numbers() {
    assert_eq!(stored("active", "true"), Ok(Value::Integer(1)));
    for bad in ["1", "\"true\"", "0"] {
        assert_eq!(stored("active", bad), Err(Code::TypeMismatch), "{bad}");
    }
    assert_eq!(stored("active", "null"), Err(Code::NotNullViolation));
}

#[test]
fn text_is_whole_characters_without_nul() {
    assert_eq!(stored("name", r#""it's \"é\" \ud83d\ude00""#), Ok("it's \"é\" 😀".into()));
    for bad in [r#""a\u0000b""#, r#""\ud800""#, r#""\udc00\ud800""#, "1", "{}"] {
        assert_eq!(stored("name", bad), Err(Code::TypeMismatch), "{bad}");
    }
}

#[test]
fn blobs_are_base64_with_padding_or_without() {
    assert_eq!(stored("photo", "\"AP8=\""), Ok(Value::Blob(vec![0, 255])));
    assert_eq!(stored("photo", "\"AP8\""), Ok(Value::Blob(vec![0, 255])));
    assert_eq!(stored("photo", "\"\""), Ok(Value::Blob(vec![])));
    for bad in ["\"A\"", "\"AP_=\"", "\"é\"", "[1]"] {
        assert_eq!(stored("photo", bad), Err(Code::TypeMismatch), "{bad}");
    }
}

#[test]
fn json_is_kept_as_it_was_sent() {
    for json in [
        r#"{"a":1e400,"b":[0.10, 12345678901234567890],"a":2}"#,
        "[]",
        "\"x\\u0000\"",
        "false",
        r#""\ud83d\ude00""#,
    ] {
        assert_eq!(stored("meta", json), Ok(json.into()));
    }
    assert_eq!(stored("meta", "null"), Ok(Value::Null));
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(stored("meta", &nested(1_000)).is_ok());
    assert_eq!(stored("meta", &nested(1_001)), Err(Code::CheckViolation));
    let quoted = format!("\"{}\"", "[\\\"".repeat(2_000));
    assert!(stored("meta", &quoted).is_ok());
    for half in [r#""\ud800""#, r#"{"\uDFFF":1}"#, r#"["\ud800x", "\udc00"]"#, r#""\ud800\ud800\udc00""#] {
        assert_eq!(stored("meta", half), Err(Code::CheckViolation), "{half}");
    }
}

#[test]
fn an_enum_and_a_key_are_checked_before_any_sql() {
    let task = |fields: &str| {
        let data = format!(r#"{{"data": {{"id": "t", "project_id": 1, "title": "x"{fields}}}}}"#);
        refusal(compile(Verb::Insert, "tasks", &data))
    };
    assert_eq!(task(r#", "status": "later""#).0, Code::CheckViolation);
    assert_eq!(task(r#", "status": null"#).0, Code::NotNullViolation);
    let (code, path, _) = refusal(compile(Verb::Insert, "tasks", r#"{"data": [{"id": "t", "title": "x"}]}"#));
    assert_eq!((code, path.as_str()), (Code::NotNullViolation, "data[0].project_id"));
    // A null is a value, not a request for the next number.
    let (code, path, _) =
        refusal(compile(Verb::Insert, "projects", r#"{"data": {"id": null, "name": "x"}}"#));
    assert_eq!((code, path.as_str()), (Code::NotNullViolation, "data.id"));
}
