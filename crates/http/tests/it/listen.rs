//! The accept loop on a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::sync::{Notify, Semaphore, watch};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_was_accepted_is_finished_after_the_signal_to_stop() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
        move || async move {
            entered.notify_one();
            release.notified().await;
            "finished"
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let router = Router::new().route("/", get(handler));
    let connections = Arc::new(Semaphore::new(10));
    let server = tokio::spawn(atomicbase_http::listen(listener, router, connections, PATIENCE, stopping));
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    entered.notified().await;
    stop.send_replace(true);
    release.notify_one();
    assert!(client.await.unwrap().ends_with("finished"));
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody new is let in");
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_so_is_what_stands_before_half_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopping) = watch::channel(false);
    let router = Router::new().route("/", get(async || "hello"));
    tokio::spawn(atomicbase_http::listen(listener, router, Arc::new(Semaphore::new(10)), PATIENCE, stopping));
    let client = tokio::task::spawn_blocking(move || {
        let answer_to = |sent: &[u8]| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(sent).unwrap();
            let mut answer = [0_u8; 12];
            stream.read_exact(&mut answer).unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        assert_eq!(answer_to(b"GARBAGE\r\n\r\n"), "HTTP/1.1 400");
        assert_eq!(answer_to(b"GET / HTTP/1.1\r\nhost: test\r\n\r\nGET /he"), "HTTP/1.1 200");
    });
    client.await.unwrap();
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopping) = watch::channel(false);
    // More than the buffers of two sockets hold.
    let router = Router::new().route("/", get(async || vec![b'x'; 64 * 1024 * 1024]));
    let connections = Arc::new(Semaphore::new(1));
    let patience = Duration::from_millis(300);
    tokio::spawn(atomicbase_http::listen(listener, router, Arc::clone(&connections), patience, stopping));
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
        stream
    });
    let mut stream = client.await.unwrap();
    // There is room for one connection: the next is served when this one was given up.
    let next = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /none HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
    });
    next.await.unwrap();
    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).map(|_| rest.len())
    });
    assert!(rest.await.unwrap().is_ok_and(|read| read < 64 * 1024 * 1024), "the answer has no end");
}
