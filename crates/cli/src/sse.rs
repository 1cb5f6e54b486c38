//! Reads a stream of server-sent events (WHATWG HTML, 9.2). Knows no HTTP: it takes any reader.

use std::io::{self, BufRead, Read};

/// A line longer than this is no event of ours.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// One event: its type and its data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub kind: String,
    pub data: String,
}

/// The events of a stream, in order.
pub(crate) struct Events<R> {
    reader: R,
}

impl<R: BufRead> Events<R> {
    pub fn new(reader: R) -> Self {
        Self { reader }
    }

    /// The next event; `None` at the stream's end. An event that the end cuts short is dropped, as the standard says.
    pub fn read_next(&mut self) -> io::Result<Option<Event>> {
        let (mut kind, mut data) = (String::new(), None::<String>);
        while let Some(line) = self.read_line()? {
            if line.is_empty() {
                let event_kind = std::mem::take(&mut kind);
                let Some(data) = data.take() else { continue };
                let kind = if event_kind.is_empty() { "message".to_owned() } else { event_kind };
                return Ok(Some(Event { kind, data }));
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut kind),
                "data" => match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_owned()),
                },
                // Comments (an empty field name) keep the connection alive; `id` and `retry` are not used by our server.
                _ => {}
            }
        }
        Ok(None)
    }

    fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        if bytes.pop() != Some(b'\n') {
            return if bytes.len() as u64 >= MAX_LINE_BYTES - 1 {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a line of the event stream is too long"))
            } else {
                Ok(None)
            };
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        String::from_utf8(bytes).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Events, MAX_LINE_BYTES};

    fn all(stream: &str) -> Vec<Event> {
        let mut events = Events::new(stream.as_bytes());
        std::iter::from_fn(|| events.read_next().unwrap()).collect()
    }

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.into(), data: data.into() }
    }

    #[test]
    fn events_have_a_type_and_data() {
        assert_eq!(
            all("event: progress\ndata: {\"done\":1}\n\ndata:two\r\ndata: lines\r\n\r\n"),
            [event("progress", "{\"done\":1}"), event("message", "two\nlines")]
        );
    }

    #[test]
    fn comments_and_unknown_fields_are_passed_over() {
        assert_eq!(all(": still here\n\nid: 7\nretry: 10\nnonsense\ndata\n\n"), [event("message", "")]);
    }

    #[test]
    fn a_type_without_data_is_no_event_and_does_not_stick() {
        assert_eq!(all("event: progress\n\ndata: x\n\n"), [event("message", "x")]);
    }

    #[test]
    fn an_event_cut_short_is_dropped() {
        assert_eq!(all("data: whole\n\nevent: progress\ndata: ha"), [event("message", "whole")]);
        assert_eq!(all("data: no empty line after it\n"), []);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let length = usize::try_from(MAX_LINE_BYTES).unwrap() + 5;
        let line = format!("data: {}\n\n", "x".repeat(length));
        assert!(Events::new(line.as_bytes()).read_next().is_err());
    }
}
