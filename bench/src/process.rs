//! A server under measurement: started, awaited, its CPU time and memory read from `/proc`, stopped.

use crate::Result;
use crate::http::Client;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Linux counts CPU time for `/proc` in hundredths of a second, on every architecture we build for.
const TICK: Duration = Duration::from_millis(10);

/// A running server process; it ends when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

/// A loopback address that nobody listens on at the moment.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

impl Server {
    /// Starts `command` with its output in `log`, and waits until `GET ready_path` answers 200.
    pub fn start(command: &mut Command, address: SocketAddr, ready_path: &str, log: &Path) -> Result<Self> {
        let file = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|error| format!("{program} does not start: {error}"))?;
        let mut server = Self { child, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let reply = Client::connect(address, &[]).and_then(|mut it| it.send("GET", ready_path, &[], b""));
            if reply.is_ok_and(|reply| reply.status == 200) {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{program} ended at once ({status}): {}", last_lines(&said)).into());
            }
            if Instant::now() > deadline {
                return Err(format!("{program} is not ready after 60 s; see {}", log.display()).into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// User and system time of the process so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(&self.pid().to_string())
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Asks the process to end and waits for it.
    pub fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of a process (`self` for our own), its ended threads included.
pub fn cpu_of(pid: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold spaces; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).ok_or("odd /proc stat");
    Ok(TICK * (ticks(11)? + ticks(12)?))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
