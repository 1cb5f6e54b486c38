//! A row read column by column, in the order of the statement. A column that is not what its table promises is our failure.

use atomicbase_core::{Code, DatabaseId, JobId, KeyId, Name, Problem};
use db::{Outcome, Rows, Value};

/// A row, consumed from the left.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The rows of one statement of a batch.
    pub(crate) fn of(outcome: &Outcome, statement: usize) -> Vec<Self> {
        match outcome.statements.get(statement).map(|done| &done.rows) {
            Some(Rows::Values(rows)) => rows.iter().cloned().map(Self::new).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, Problem> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(unexpected("text", other)),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Problem> {
        self.optional_text()?.ok_or_else(|| unexpected("text", None))
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, Problem> {
        match self.0.next() {
            Some(Value::Integer(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            other => Err(unexpected("an integer", other)),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Problem> {
        self.optional_integer()?.ok_or_else(|| unexpected("an integer", None))
    }

    pub(crate) fn count(&mut self) -> Result<u64, Problem> {
        u64::try_from(self.integer()?).map_err(Problem::internal)
    }

    /// A version; NULL is 0, none.
    pub(crate) fn version(&mut self) -> Result<u32, Problem> {
        u32::try_from(self.optional_integer()?.unwrap_or(0)).map_err(Problem::internal)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        match self.0.next() {
            Some(Value::Blob(bytes)) => {
                bytes.try_into().map_err(|_| Problem::internal("tenants.db holds a cut value"))
            }
            other => Err(unexpected("bytes", other)),
        }
    }

    /// A text that `parse` knows.
    pub(crate) fn parsed<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Problem> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| unknown_word(&text))
    }

    pub(crate) fn name(&mut self) -> Result<Name, Problem> {
        self.parsed(|text| Name::parse(text).ok())
    }

    pub(crate) fn database_id(&mut self) -> Result<DatabaseId, Problem> {
        self.parsed(DatabaseId::parse)
    }

    pub(crate) fn optional_database_id(&mut self) -> Result<Option<DatabaseId>, Problem> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        DatabaseId::parse(&text).map(Some).ok_or_else(|| unknown_word(&text))
    }

    pub(crate) fn job_id(&mut self) -> Result<JobId, Problem> {
        self.parsed(JobId::parse)
    }

    pub(crate) fn key_id(&mut self) -> Result<KeyId, Problem> {
        self.parsed(KeyId::parse)
    }

    /// A code; one that this program does not know was written by another version of it.
    pub(crate) fn code(&mut self) -> Result<Code, Problem> {
        let text = self.text()?;
        Ok(known_code(&text))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Problem> {
        serde_json::from_str(&self.text()?).map_err(Problem::internal)
    }
}

pub(crate) fn known_code(text: &str) -> Code {
    Code::ALL.iter().copied().find(|code| code.as_str() == text).unwrap_or(Code::Internal)
}

fn unknown_word(text: &str) -> Problem {
    Problem::internal(format!("tenants.db holds an unknown word: {text}"))
}

fn unexpected(wanted: &str, found: Option<Value>) -> Problem {
    let found = match found {
        None | Some(Value::Null) => "nothing",
        Some(Value::Integer(_)) => "an integer",
        Some(Value::Real(_)) => "a float",
        Some(Value::Text(_)) => "text",
        Some(Value::Blob(_)) => "bytes",
    };
    Problem::internal(format!("tenants.db answered {found} where {wanted} is stored"))
}
