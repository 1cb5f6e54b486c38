//! The HTTP seam: sends a request with the key, and turns whatever is no success into a `Failure`. Knows no route.

use std::io::{BufReader, Read};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, BodyReader, Error};

use crate::exit::{Exit, Failure, FieldError, Outcome, Reference};
use crate::settings::{Address, Connection};
use crate::sse::Events;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest page is 1,000 jobs with 100 failures each; beyond this, it is no answer of ours.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// How much of an answer that is not ours is shown.
const MAX_FOREIGN_CHARACTERS: usize = 200;

/// The server, and the key it is asked with.
pub(crate) struct Client {
    agent: Agent,
    address: Address,
    authorization: String,
}

/// Events of a job, as they arrive.
pub(crate) type EventStream = Events<BufReader<BodyReader<'static>>>;

impl Client {
    pub fn new(connection: &Connection) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            // A question to the person can outlast a kept connection, and a POST on a dead one cannot be repeated blindly.
            .max_idle_connections(0)
            .user_agent(concat!("atomicbase-cli/", env!("CARGO_PKG_VERSION")));
        if connection.address.is_local() {
            config = config.proxy(None);
        }
        Self {
            agent: config.build().new_agent(),
            address: connection.address.clone(),
            authorization: format!("Bearer {}", connection.api_key),
        }
    }

    /// The server's address.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    pub fn get(&self, path: &str) -> Outcome<Value> {
        let request = self.agent.get(self.url(path)).header("authorization", &self.authorization);
        self.answer(request.config().timeout_global(Some(ANSWER_TIMEOUT)).build().call())
    }

    pub fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.post_with(path, &[], body)
    }

    /// A post with headers beside the key's.
    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Outcome<Value> {
        let mut request = self.agent.post(self.url(path)).header("authorization", &self.authorization);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.config().timeout_global(Some(ANSWER_TIMEOUT)).build().send_json(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Outcome<Value> {
        let request = self.agent.put(self.url(path)).header("authorization", &self.authorization);
        self.answer(request.config().timeout_global(Some(ANSWER_TIMEOUT)).build().send_json(body))
    }

    pub fn delete(&self, path: &str) -> Outcome<()> {
        let request = self.agent.delete(self.url(path)).header("authorization", &self.authorization);
        let response = request.config().timeout_global(Some(ANSWER_TIMEOUT)).build().call();
        self.success(response).map(drop)
    }

    /// A list, page after page, until its end or until `limit` entries are there.
    pub fn list(&self, path: &str, query: &[(&str, &str)], limit: Option<usize>) -> Outcome<Vec<Value>> {
        let mut entries = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let page_limit = limit.map_or(1_000, |limit| (limit - entries.len()).min(1_000)).to_string();
            let mut pairs = query.to_vec();
            pairs.push(("limit", &page_limit));
            if let Some(cursor) = &cursor {
                pairs.push(("cursor", cursor));
            }
            let query: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
            let mut page = self.get(&format!("{path}?{}", query.join("&")))?;
            let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) else {
                return Err(self.foreign("a list without `data`"));
            };
            entries.extend(data);
            cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() || limit.is_some_and(|limit| entries.len() >= limit) {
                entries.truncate(limit.unwrap_or(usize::MAX));
                return Ok(entries);
            }
        }
    }

    /// Opens an event stream. `silence` bounds the wait for the answer and then for each read.
    pub fn events(&self, path: &str, silence: Duration) -> Outcome<EventStream> {
        let request = self.agent.get(self.url(path)).header("authorization", &self.authorization);
        let response = request
            .header("accept", "text/event-stream")
            .config()
            .timeout_connect(Some(silence))
            .timeout_recv_response(Some(silence))
            .timeout_per_read(Some(silence))
            .build()
            .call();
        self.success(response).map(|response| Events::new(BufReader::new(response.into_body().into_reader())))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address.as_str())
    }

    fn answer(&self, response: Result<Response<Body>, Error>) -> Outcome<Value> {
        let text = self.text(self.success(response)?)?;
        serde_json::from_str(&text).map_err(|_| self.foreign(&excerpt(&text)))
    }

    /// The response when it is a success, else what it says is wrong.
    fn success(&self, response: Result<Response<Body>, Error>) -> Outcome<Response<Body>> {
        let response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let location =
            response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = self.text(response)?;
        match (serde_json::from_str::<Problem>(&text), location) {
            (Ok(problem), _) => Err(problem.into_failure()),
            (Err(_), Some(location)) => {
                Err(Failure::new(Exit::Failed, format!("{} redirects to {location}.", self.address()))
                    .hint("Give the address it redirects to with --url or ATOMICBASE_URL."))
            }
            // A gateway in front of the server speaks for one that it lost itself.
            (Err(_), None) if matches!(status.as_u16(), 502..=504) => Err(Failure::new(
                Exit::ServerLost,
                format!("{} answered {status}: the server behind it cannot be reached.", self.address()),
            )),
            (Err(_), None) => Err(self.foreign(&format!("{status}: {}", excerpt(&text)))),
        }
    }

    fn text(&self, response: Response<Body>) -> Outcome<String> {
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader().take(MAX_ANSWER_BYTES);
        reader.read_to_end(&mut bytes).map_err(|error| self.unreachable(&Error::from(error)))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn unreachable(&self, error: &Error) -> Failure {
        let reason = match error {
            Error::Timeout(_) => "it does not answer in time".to_owned(),
            Error::HostNotFound => "no such host".to_owned(),
            Error::Io(error) => reason_of(error),
            error => error.to_string(),
        };
        Failure::new(Exit::ServerLost, format!("Cannot reach {}: {reason}.", self.address())).hint(
            "`atomicbase dev` starts a server here; --url, ATOMICBASE_URL or `url` in atomicbase.config.ts names another.",
        )
    }

    fn foreign(&self, what: &str) -> Failure {
        Failure::new(
            Exit::Failed,
            format!("{} does not answer like an Atomicbase server: {what}", self.address()),
        )
        .hint("Check the address: --url, ATOMICBASE_URL or `url` in atomicbase.config.ts.")
    }
}

/// The kind of an I/O error in plain words; its own text carries error numbers.
fn reason_of(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::ConnectionReset
        | std::io::ErrorKind::ConnectionAborted
        | std::io::ErrorKind::BrokenPipe
        | std::io::ErrorKind::UnexpectedEof => "the connection broke".to_owned(),
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => {
            "it does not answer in time".to_owned()
        }
        _ => error.to_string(),
    }
}

/// RFC 9457, with the members that are ours.
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    code: String,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

impl Problem {
    fn into_failure(self) -> Failure {
        let exit = if self.code == "DESTRUCTIVE_CHANGE" { Exit::Destructive } else { Exit::Failed };
        // The server's own hint speaks of the header, which nobody writes here.
        let hint = match self.code.as_str() {
            "UNAUTHENTICATED" => {
                Some("Give a valid service key with --api-key or ATOMICBASE_API_KEY.".to_owned())
            }
            _ => self.hint,
        };
        Failure {
            exit,
            message: self.detail.or(self.title).unwrap_or_else(|| self.code.clone()),
            hint,
            errors: self.errors,
            reference: Some(Box::new(Reference { code: self.code, request_id: self.request_id })),
            done: None,
        }
    }
}

/// `text` as one segment of a path or one value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.') {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    // Dots alone are steps in a path.
    if encoded.bytes().all(|byte| byte == b'.') { encoded.replace('.', "%2E") } else { encoded }
}

fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_FOREIGN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "an empty answer".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, encode, excerpt};
    use crate::exit::Exit;

    #[test]
    fn names_stay_one_segment() {
        assert_eq!(encode("acme-prod_1.x~"), "acme-prod_1.x~");
        assert_eq!(encode("a/../b?c#d e%é"), "a%2F..%2Fb%3Fc%23d%20e%25%C3%A9");
        assert_eq!(encode(".."), "%2E%2E");
    }

    #[test]
    fn a_destructive_refusal_has_its_own_exit_code() {
        let problem: Problem = serde_json::from_str(
            r#"{"type":"about:blank","title":"Data would be lost","status":422,"code":"DESTRUCTIVE_CHANGE"}"#,
        )
        .unwrap();
        let failure = problem.into_failure();
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Destructive, "Data would be lost"));
    }

    #[test]
    fn foreign_answers_are_shown_in_short() {
        assert_eq!(excerpt("<html>\n  <body>nginx"), "<html> <body>nginx");
        assert_eq!(excerpt(" "), "an empty answer");
        assert_eq!(excerpt(&"é".repeat(300)).chars().count(), 201);
    }
}
