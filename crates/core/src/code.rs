//! The one table of error codes: what a client may branch on. `docs/errors.md` and the SDK's codes are generated from it.

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $title:literal $meaning:literal;)+) => {
        /// A stable error code. Its text, HTTP status and title never change once released.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of `docs/errors.md`.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code on the wire, e.g. `TABLE_NOT_FOUND`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)+ }
            }

            /// A short title, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)+ }
            }

            /// What it means, one sentence for the documentation.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)+ }
            }
        }
    };
}

codes! {
    InvalidQuery "INVALID_QUERY" 400 "Invalid request" "The body, a header or a parameter is not what this route takes; `errors` names each fault by its path.";
    InvalidOperator "INVALID_OPERATOR" 400 "Unknown operator" "A filter uses an operator that does not exist or does not fit the column.";
    TypeMismatch "TYPE_MISMATCH" 400 "Wrong type" "A value is not of its column's type.";
    CheckViolation "CHECK_VIOLATION" 400 "Check failed" "A value breaks a check or is not one of the column's enum values.";
    NotNullViolation "NOT_NULL_VIOLATION" 400 "Value required" "A column that must have a value got none.";
    MissingWhereClause "MISSING_WHERE_CLAUSE" 400 "Missing where" "An update or delete came without a `where`.";
    QueryTooDeep "QUERY_TOO_DEEP" 400 "Nested too deeply" "The query or body nests deeper than the configured limit.";
    AmbiguousRelation "AMBIGUOUS_RELATION" 400 "Ambiguous relation" "Several foreign keys join these tables; name one of them.";
    DatabaseRequired "DATABASE_REQUIRED" 400 "Database required" "The request names no database and none follows from the caller.";
    TokenInvalid "TOKEN_INVALID" 400 "Invalid token" "A single-use token is unknown, used or expired.";
    AnswerTooLarge "ANSWER_TOO_LARGE" 400 "Answer too large" "The answer would be larger than the configured limit.";
    TooManyRows "TOO_MANY_ROWS" 400 "Too many rows" "The write would reach more rows than `max-affected` allows; nothing was changed.";
    CursorExpired "CURSOR_EXPIRED" 400 "Cursor expired" "The cursor is not of this query, or a push changed its columns.";
    Unauthenticated "UNAUTHENTICATED" 401 "Not authenticated" "The request carries no valid key or session.";
    InvalidCredentials "INVALID_CREDENTIALS" 401 "Wrong credentials" "The email address or the password is wrong.";
    Forbidden "FORBIDDEN" 403 "Not allowed" "The caller is known but may not do this.";
    LimitExceeded "LIMIT_EXCEEDED" 403 "Limit exceeded" "The plan's limit is used up.";
    TableNotFound "TABLE_NOT_FOUND" 404 "Unknown table" "The template has no such table.";
    ColumnNotFound "COLUMN_NOT_FOUND" 400 "Unknown column" "The table has no such column.";
    RelationNotFound "RELATION_NOT_FOUND" 400 "Unknown relation" "No foreign key joins these tables.";
    DatabaseNotFound "DATABASE_NOT_FOUND" 404 "Unknown database" "There is no such database, or the caller has no path to it.";
    TemplateNotFound "TEMPLATE_NOT_FOUND" 404 "Unknown template" "There is no such template.";
    GrantNotFound "GRANT_NOT_FOUND" 404 "No grant" "There is no such grant.";
    NotFound "NOT_FOUND" 404 "Not found" "There is nothing at this address.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 "Method not allowed" "The address exists, but not with this method.";
    RequestTimeout "REQUEST_TIMEOUT" 408 "Request too slow" "The request's body did not arrive in time.";
    UniqueViolation "UNIQUE_VIOLATION" 409 "Already taken" "A row with the same key or unique value exists.";
    ForeignKeyViolation "FOREIGN_KEY_VIOLATION" 409 "Reference broken" "A referenced row does not exist, or a row is still referenced.";
    AlreadyExists "ALREADY_EXISTS" 409 "Already exists" "Something of this name exists, or existed and is still in the trash.";
    EmailTaken "EMAIL_TAKEN" 409 "Email taken" "A user with this address exists.";
    LastOwner "LAST_OWNER" 409 "Last owner" "An organization keeps at least one owner.";
    Conflict "CONFLICT" 409 "Conflict" "The thing is not in a state that allows this now.";
    PayloadTooLarge "PAYLOAD_TOO_LARGE" 413 "Body too large" "The body is larger than the configured limit.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 "Unsupported media type" "The body is not `application/json`.";
    DestructiveChange "DESTRUCTIVE_CHANGE" 422 "Data would be lost" "The change drops data and was not allowed to.";
    ChangeNotSupported "CHANGE_NOT_SUPPORTED" 422 "Change not supported" "This version cannot make that schema change.";
    InvalidTemplate "INVALID_TEMPLATE" 422 "Invalid template" "The template is not valid; `errors` names each fault by its path.";
    MigrationFailed "MIGRATION_FAILED" 422 "Migration failed" "The data of a database does not allow its next schema version.";
    RateLimited "RATE_LIMITED" 429 "Too many requests" "Too many requests; `Retry-After` says when to come back.";
    Internal "INTERNAL" 500 "Internal error" "Something failed on our side; the request id finds it in the logs.";
    StorageFull "STORAGE_FULL" 507 "Storage full" "The server's disk is full; nothing was changed.";
    MigrationInProgress "MIGRATION_IN_PROGRESS" 503 "Migration in progress" "The database is moving to a new schema version; `Retry-After` says when to come back.";
    Unavailable "UNAVAILABLE" 503 "Unavailable" "The server or a database cannot answer now; try again.";
    QueryTimeout "QUERY_TIMEOUT" 504 "Query too slow" "The query did not finish before its deadline and was stopped.";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_unique_and_screaming_snake() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code:?}");
            assert!(Code::ALL[..i].iter().all(|other| other.as_str() != code.as_str()), "{code:?}");
            assert!((400..600).contains(&code.status()));
        }
    }
}
