//! The little of HTTP/1.1 that a load generator needs: requests as bytes, answers cut out of a buffer, a blocking client.

use crate::Result;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request but for its body: rendered once, sent many times.
#[derive(Clone)]
pub struct Request {
    head: Vec<u8>,
}

impl Request {
    /// `headers` are whole lines without their end.
    pub fn new(method: &str, path: &str, headers: &[&str]) -> Self {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self { head: head.into_bytes() }
    }

    /// Appends the request with `body` to `out`.
    pub fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        if !body.is_empty() {
            out.extend_from_slice(b"Content-Type: application/json\r\nContent-Length: ");
            out.extend_from_slice(body.len().to_string().as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
    }
}

/// A whole answer at the front of a buffer.
pub struct Answer {
    pub status: u16,
    /// Where the body begins.
    pub head_bytes: usize,
    /// Where the answer ends.
    pub total_bytes: usize,
    chunked: bool,
}

impl Answer {
    /// Reads an answer at the front of `buffer`; `None` while some of it is missing.
    pub fn parse(buffer: &[u8]) -> Result<Option<Self>> {
        let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
        let head_bytes = end + 4;
        let status = buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        let status = status.and_then(|digits| digits.parse().ok()).ok_or("the answer is not HTTP")?;
        let (mut length, mut chunked) = (0, false);
        for line in buffer[..end].split(|byte| *byte == b'\n').skip(1) {
            if let Some(value) = header(line, "content-length") {
                length = value.parse()?;
            } else if let Some(value) = header(line, "transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            }
        }
        let total_bytes = match chunked {
            true => match Chunks(&buffer[head_bytes..]).end() {
                Some(end) => head_bytes + end,
                None => return Ok(None),
            },
            false => head_bytes + length,
        };
        Ok((buffer.len() >= total_bytes).then_some(Self { status, head_bytes, total_bytes, chunked }))
    }

    /// The body without its framing.
    pub fn body(&self, buffer: &[u8]) -> Vec<u8> {
        let framed = &buffer[self.head_bytes..self.total_bytes];
        if self.chunked { Chunks(framed).flatten().copied().collect() } else { framed.to_vec() }
    }
}

fn header<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let (key, value) = line.split_at_checked(name.len())?;
    let value = key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.strip_prefix(b":"))??;
    std::str::from_utf8(value).ok().map(str::trim)
}

/// The chunks of a chunked body.
struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    /// Where the body ends, or `None` while some of it is missing.
    fn end(mut self) -> Option<usize> {
        let all = self.0.len();
        loop {
            if self.next()?.is_empty() {
                return Some(all - self.0.len());
            }
        }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.0.windows(2).position(|bytes| bytes == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&self.0[..line]).ok()?.trim(), 16).ok()?;
        let chunk = self.0.get(line + 2..line + 2 + length)?;
        self.0 = self.0.get(line + 2 + length + 2..)?;
        Some(chunk)
    }
}

/// A blocking connection for what happens before and after the load.
pub struct Client {
    stream: TcpStream,
    headers: Vec<String>,
}

/// What a [`Client`] got.
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Client {
    /// Connects; `headers` go with every request.
    pub fn connect(address: SocketAddr, headers: &[&str]) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Self { stream, headers: headers.iter().map(|header| (*header).to_owned()).collect() })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Result<Reply> {
        let all: Vec<&str> = self.headers.iter().map(String::as_str).chain(headers.iter().copied()).collect();
        let mut buffer = Vec::new();
        Request::new(method, path, &all).write(body, &mut buffer);
        self.stream.write_all(&buffer)?;
        buffer.clear();
        let mut part = [0; 16 * 1024];
        loop {
            if let Some(answer) = Answer::parse(&buffer)? {
                let head = String::from_utf8_lossy(&buffer[..answer.head_bytes]).into_owned();
                return Ok(Reply { status: answer.status, head, body: answer.body(&buffer) });
            }
            match self.stream.read(&mut part)? {
                0 => return Err("the server closed the connection".into()),
                read => buffer.extend_from_slice(&part[..read]),
            }
        }
    }

    /// Sends JSON, expects a 2xx and reads JSON.
    pub fn json(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let reply = self.send(method, path, headers, &body)?;
        if !(200..300).contains(&reply.status) {
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            return Err(format!("{method} {path} answered {}: {text}", reply.status).into());
        }
        Ok(if reply.body.is_empty() { serde_json::Value::Null } else { serde_json::from_slice(&reply.body)? })
    }
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| header(line.as_bytes(), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_out_of_the_stream() {
        let two = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\n{}HTTP/1.1 204 No Content\r\n\r\n";
        let first = Answer::parse(two).unwrap().unwrap();
        assert_eq!((first.status, first.body(two)), (200, b"{}".to_vec()));
        let second = Answer::parse(&two[first.total_bytes..]).unwrap().unwrap();
        assert_eq!((second.status, second.total_bytes), (204, two.len() - first.total_bytes));
        assert!(Answer::parse(&two[..30]).unwrap().is_none());
        assert!(Answer::parse(b"SMTP ready now\r\n\r\n").is_err());
    }

    #[test]
    fn chunked_answers_are_read_whole() {
        let text =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
        for missing in 1..text.len() - 48 {
            assert!(Answer::parse(&text[..text.len() - missing]).unwrap().is_none(), "{missing}");
        }
        let answer = Answer::parse(text).unwrap().unwrap();
        assert_eq!((answer.total_bytes, answer.body(text)), (text.len(), b"{\"a\":1}".to_vec()));
    }
}
