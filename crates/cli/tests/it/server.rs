//! A server that answers from a script, over a real socket: one request for each connection.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    pub authorization: String,
    /// By their names in lower case.
    pub headers: HashMap<String, String>,
    pub body: Value,
}

/// What the script says to a request.
pub enum Answer {
    Json(u16, Value),
    /// An answer that is no JSON, with a header of its own.
    Raw(u16, &'static str, &'static str),
    /// Events, then the stream's end.
    Events(Vec<Value>),
    /// Events, then silence on an open connection.
    EventsThenSilence(Vec<Value>),
    /// Events, then the server is gone: the connection breaks and no other is accepted.
    EventsThenGone(Vec<Value>),
}

type Script = dyn FnMut(&Request) -> Answer + Send;

/// The running server; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    acceptor: Option<JoinHandle<()>>,
    stop: Arc<Mutex<bool>>,
}

impl Server {
    pub fn start(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let (seen, stopped) = (requests.clone(), stop.clone());
        let acceptor = thread::spawn(move || accept(listener, Box::new(script), &seen, &stopped));
        Self { address, requests, acceptor: Some(acceptor), stop }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Methods and paths, in order.
    pub fn asked(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.stop.lock().unwrap() = true;
        // Wakes the acceptor; it may be gone already.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let outcome = acceptor.join();
            assert!(outcome.is_ok() || thread::panicking(), "the script failed");
        }
    }
}

fn accept(listener: TcpListener, mut script: Box<Script>, seen: &Mutex<Vec<Request>>, stop: &Mutex<bool>) {
    // Connections kept open in silence end with this scope.
    let mut silent = Vec::<TcpStream>::new();
    let (gone, is_gone): (Sender<()>, _) = mpsc::channel();
    while is_gone.try_recv().is_err() {
        let Ok((mut stream, _)) = listener.accept() else { return };
        if *stop.lock().unwrap() {
            return;
        }
        let request = read_request(&stream);
        let answer = script(&request);
        seen.lock().unwrap().push(request);
        match answer {
            Answer::Json(status, body) => {
                respond(&mut stream, status, "content-type: application/json", &body.to_string())
            }
            Answer::Raw(status, header, body) => respond(&mut stream, status, header, body),
            Answer::Events(events) => stream_events(&mut stream, &events, true),
            Answer::EventsThenSilence(events) => {
                stream_events(&mut stream, &events, false);
                silent.push(stream);
            }
            Answer::EventsThenGone(events) => {
                stream_events(&mut stream, &events, false);
                gone.send(()).unwrap();
            }
        }
    }
}

fn read_request(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    assert!(!headers.contains_key("transfer-encoding"), "the client knows the length of what it sends");
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let authorization = headers.get("authorization").cloned().unwrap_or_default();
    Request { method, path, authorization, headers, body }
}

fn respond(stream: &mut TcpStream, status: u16, header: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all((head + body).as_bytes());
}

fn stream_events(stream: &mut TcpStream, events: &[Value], ends: bool) {
    let mut text =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    for event in events {
        let event = format!(": heartbeat\n\nevent: progress\ndata: {event}\n\n");
        text += &format!("{:x}\r\n{event}\r\n", event.len());
    }
    if ends {
        text += "0\r\n\r\n";
    }
    let _ = stream.write_all(text.as_bytes());
}
