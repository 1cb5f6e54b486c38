//! The load generator: keep-alive connections on one thread, each sending its next request when the last is answered.
//! Knows nothing of what it asks for; an answer that is not 2xx ends the run.

use crate::Result;
use crate::http::Answer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Writes request number `n` to the buffer.
pub type Requests = Arc<dyn Fn(u64, &mut Vec<u8>) + Send + Sync>;

/// When a load ends.
#[derive(Clone)]
pub enum Until {
    /// After this long.
    Elapsed(Duration),
    /// After this many requests.
    Requests(u64),
    /// When somebody says so.
    Stopped(Arc<AtomicBool>),
}

/// One load.
#[derive(Clone)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    pub until: Until,
    /// Requests per second over all connections; `None` is as fast as the answers come.
    pub per_second: Option<u32>,
    pub requests: Requests,
}

/// What came of it.
pub struct Answered {
    pub count: u64,
    pub elapsed: Duration,
    /// Latencies in microseconds with the numbers of their requests, sorted.
    latencies: Vec<(u32, u64)>,
}

impl Answered {
    /// The latency that `share` of the requests stayed within, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let rank = (last as f64 * share).round();
        // A rank is within the list, so the cast keeps it.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= rank <= last")]
        let at = rank as usize;
        self.latencies.get(at).map_or(f64::NAN, |(us, _)| f64::from(*us) / 1000.0)
    }

    /// Only the requests of these numbers.
    pub fn only(mut self, chosen: impl Fn(u64) -> bool) -> Self {
        self.latencies.retain(|(_, number)| chosen(*number));
        self.count = self.latencies.len() as u64;
        self
    }

    /// Answers per second.
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }
}

/// What the connections of one load have in common.
struct Shared {
    load: Load,
    next: AtomicU64,
    start: Instant,
}

impl Shared {
    /// The number of the next request, or `None` at the end.
    fn take(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let more = match &self.load.until {
            Until::Elapsed(duration) => self.start.elapsed() < *duration,
            Until::Requests(count) => number < *count,
            Until::Stopped(stop) => !stop.load(Ordering::Relaxed),
        };
        more.then_some(number)
    }
}

impl Load {
    /// Runs the load on this thread, to its end.
    pub fn run(&self) -> Result<Answered> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.connect_and_send())
    }

    async fn connect_and_send(&self) -> Result<Answered> {
        let mut streams = Vec::new();
        for _ in 0..self.connections {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let shared = Arc::new(Shared { load: self.clone(), next: AtomicU64::new(0), start: Instant::now() });
        let mut connections = JoinSet::new();
        for stream in streams {
            connections.spawn(converse(stream, shared.clone()));
        }
        let mut latencies = Vec::new();
        while let Some(done) = connections.join_next().await {
            latencies.extend(done?.map_err(|error| error.to_string())?);
        }
        let elapsed = shared.start.elapsed();
        latencies.sort_unstable();
        Ok(Answered { count: latencies.len() as u64, elapsed, latencies })
    }
}

/// One connection's requests and answers; the latencies in microseconds.
async fn converse(
    mut stream: TcpStream,
    shared: Arc<Shared>,
) -> std::result::Result<Vec<(u32, u64)>, String> {
    let (mut out, mut answer, mut latencies) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(number) = shared.take() {
        out.clear();
        (shared.load.requests)(number, &mut out);
        let sent = match shared.load.per_second {
            None => Instant::now(),
            Some(rate) => {
                let due = shared.start + Duration::from_secs_f64(number as f64 / f64::from(rate));
                wait_for_turn(due).await
            }
        };
        stream.write_all(&out).await.map_err(|error| error.to_string())?;
        receive(&mut stream, &mut answer).await?;
        latencies.push((u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX), number));
    }
    Ok(latencies)
}

/// Waits until a request is due, and answers from when its latency counts: one that the answer before it kept from being sent, from
/// when it was due. What this program's own timer is late by, a millisecond as a rule, is no latency of the server.
async fn wait_for_turn(due: Instant) -> Instant {
    if Instant::now() >= due {
        return due;
    }
    tokio::time::sleep_until(due.into()).await;
    Instant::now()
}

/// Reads one answer and checks its status.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::result::Result<(), String> {
    buffer.clear();
    loop {
        match stream.read_buf(buffer).await {
            Ok(0) => return Err("the server closed a connection".to_owned()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        match Answer::parse(buffer).map_err(|error| error.to_string())? {
            Some(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Some(answer) => {
                let body = String::from_utf8_lossy(&answer.body(buffer)).into_owned();
                return Err(format!("the server answered {}: {body}", answer.status));
            }
            None => {}
        }
    }
}

/// A number that looks random and is the same in every run.
pub fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks_of_the_sorted_latencies() {
        let answered = Answered {
            count: 101,
            elapsed: Duration::from_secs(2),
            latencies: (0..=100).map(|n| (n * 1000, u64::from(n))).collect(),
        };
        assert_eq!((answered.percentile_ms(0.5), answered.percentile_ms(0.99)), (50.0, 99.0));
        assert_eq!(answered.per_second(), 50.5);
        assert_eq!(answered.only(|number| number < 51).percentile_ms(1.0), 50.0);
    }
}
