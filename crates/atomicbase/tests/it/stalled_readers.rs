//! Fifty clients that stop reading half-way through a large export: memory and log stay small, nobody else notices, and the server
//! cuts them off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use serde_json::{Value, json};

use crate::program::{KEY, Program, Start, notes};

const CLIENTS: usize = 50;
/// What each client reads before it stops.
const TAKEN: usize = 64 * 1024;
const STALL_TIMEOUT: Duration = Duration::from_secs(8);
const ROWS: u64 = 100_000;
const ROW_BYTES: usize = 1_000;
/// What the clients may cost the server: what it read ahead for each, a page of 500 rows at most, twice because it grew.
const MOST_MEMORY: u64 = (CLIENTS * 500 * ROW_BYTES * 2) as u64;
/// Rows that one write changes.
const WRITTEN: u64 = 2_000;
/// The log is emptied at 16 MB; the write that reaches it is on top.
const MOST_LOG: u64 = 24_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn stalled_exports_cost_little_and_are_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let big = create_databases(folder.path());
    let settings = vec![("ATOMICBASE_LIMITS_STALL_TIMEOUT_MS", STALL_TIMEOUT.as_millis().to_string())];
    let program = Start { settings, ..Start::on(folder.path()) }.run();
    let log = big.with_extension("db-wal");
    let mut others = Others { program: &program, writes: 0, waits: Vec::new() };
    (0..20).for_each(|_| others.ask());
    let (before, usual) = (resident(&program), others.p99());
    let sockets = open_sockets(&program);

    let began = Instant::now();
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| export(&program)).collect();
    clients.iter_mut().for_each(take_some);
    let (mut memory, mut grown, writes) = (0, 0, others.writes);
    while open_sockets(&program) >= sockets + CLIENTS {
        assert!(began.elapsed() < PATIENCE, "nobody was cut off");
        others.ask();
        memory = memory.max(resident(&program).saturating_sub(before));
        grown = grown.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(others.writes > writes, "the first clients were cut off before the last had begun");
    let (took, written) = (began.elapsed(), (others.writes - writes) * WRITTEN * ROW_BYTES as u64);
    let meanwhile = others.p99();
    assert!(took >= STALL_TIMEOUT, "cut off after {took:?}");
    assert!(memory < MOST_MEMORY, "{memory} bytes of memory for {CLIENTS} clients");
    assert!(grown < MOST_LOG, "the log has {grown} bytes after {written} were written");
    assert!(written > MOST_LOG, "{written} bytes written tell nothing of a log that may have {MOST_LOG}");
    assert!(meanwhile < usual * 10 + Duration::from_millis(500), "{meanwhile:?} instead of {usual:?}");

    while open_sockets(&program) > sockets {
        assert!(began.elapsed() < PATIENCE, "some were not cut off");
        others.ask();
    }
    for client in clients {
        let (bytes, end) = rest_of(client);
        assert!(
            bytes < ROWS * ROW_BYTES as u64 / 2 && end != *b"0\r\n\r\n",
            "an export went on for {bytes} bytes"
        );
    }
}

/// `big` with a table of 100 MB, whose file is answered, and `small`.
fn create_databases(folder: &Path) -> PathBuf {
    let program = Start::on(folder).run();
    let (_, pushed) = program.push(&notes(1));
    program.finish(pushed["job_id"].as_str().unwrap());
    let big = program.create("big", "notes");
    program.create("small", "notes");
    program.kill();
    let file = folder.join(format!("tenants/{}.db", big["id"].as_str().unwrap()));
    let sqlite = rusqlite::Connection::open(&file).unwrap();
    let rows = format!(
        "WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < {ROWS} - 1)
         INSERT INTO notes SELECT id, printf('%.{ROW_BYTES}c', 'x') FROM ids"
    );
    sqlite.execute(&rows, []).unwrap();
    file
}

/// What everybody else asks, and how long each request takes.
struct Others<'a> {
    program: &'a Program,
    writes: u64,
    waits: Vec<Duration>,
}

impl Others<'_> {
    /// A write to the database that is exported, a read of it, and one of another.
    fn ask(&mut self) {
        let program = self.program;
        let first = self.writes * WRITTEN % ROWS;
        self.writes += 1;
        let text = (self.writes % 10).to_string().repeat(ROW_BYTES);
        let change = json!({
            "data": {"text": text},
            "where": {"id": {"between": [first, first + WRITTEN - 1]}},
        });
        self.wait(|| assert_eq!(ask(program, "big", "update", &change)["rows_affected"], WRITTEN));
        let one = json!({"where": {"id": {"eq": first}}});
        self.wait(|| assert_eq!(ask(program, "big", "select", &one)["data"][0]["text"], text));
        self.wait(|| assert_eq!(ask(program, "small", "select", &json!({}))["data"], json!([])));
    }

    fn wait(&mut self, ask: impl FnOnce()) {
        let began = Instant::now();
        ask();
        self.waits.push(began.elapsed());
    }

    /// How long all but one in a hundred took since this was asked last.
    fn p99(&mut self) -> Duration {
        let mut waits = std::mem::take(&mut self.waits);
        waits.sort();
        waits[(waits.len() - 1) * 99 / 100]
    }
}

fn ask(program: &Program, database: &str, operation: &str, body: &Value) -> Value {
    let operation = format!("operation={operation}");
    let headers = [("database", database), ("prefer", &operation)];
    let (status, answer) = program.post("/data/query/notes", &headers, body).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer
}

/// Asks for all rows.
fn export(program: &Program) -> TcpStream {
    let mut client = TcpStream::connect(&program.address).unwrap();
    // The system holds little for the client, so that most of what is not read is the server's business.
    set_socket_recv_buffer_size(&client, TAKEN).unwrap();
    let request = format!(
        "POST /data/query/notes HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {KEY}\r\ndatabase: big\r\n\
         accept: application/x-ndjson\r\ncontent-length: 0\r\n\r\n"
    );
    client.write_all(request.as_bytes()).unwrap();
    client
}

fn take_some(client: &mut TcpStream) {
    let mut taken = vec![0; TAKEN];
    client.read_exact(&mut taken).unwrap();
    assert!(taken.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&taken[..300]));
}

/// How much a client still gets, and its last bytes.
fn rest_of(mut client: TcpStream) -> (u64, [u8; 5]) {
    // Nothing more is sent: a server that still waited for the client would be seen here.
    client.shutdown(Shutdown::Write).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut length, mut end) = (0, [0; 5]);
    let mut part = vec![0; 1 << 16];
    // The connection ends, or is reset.
    while let Ok(read @ 1..) = client.read(&mut part) {
        length += read as u64;
        let mut last = [&end[..], &part[..read]].concat();
        end.copy_from_slice(&last.split_off(last.len() - 5));
    }
    (length, end)
}

/// Bytes of memory that the program has.
fn resident(program: &Program) -> u64 {
    let status = std::fs::read_to_string(proc(program).join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

fn open_sockets(program: &Program) -> usize {
    let files = std::fs::read_dir(proc(program).join("fd")).unwrap();
    let targets = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

fn proc(program: &Program) -> PathBuf {
    Path::new("/proc").join(program.child.id().to_string())
}
