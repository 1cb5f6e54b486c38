//! `atomicbase serve`: opens everything, listens with one runtime per core, and ends without dropping what it accepted.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use atomicbase_core::Problem;
use atomicbase_http::Turns;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tracing_subscriber::EnvFilter;

use crate::config::{self, ServeArgs, Settings};
use crate::wire::{self, Wired};

/// Exit code of a server that could not start or had to stop.
const FAILED: u8 = 1;
/// Exit code of settings that are not right.
const USAGE: u8 = 2;
/// Threads of each serving thread for what takes long, such as writing an answer of many megabytes.
const LONG_THREADS: usize = 2;
/// How long requests in flight may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(30);

pub(crate) fn run(args: &ServeArgs) -> ExitCode {
    let settings = match config::load(args, std::env::vars()) {
        Ok(settings) => settings,
        Err(faults) => return fail(USAGE, &faults.to_string()),
    };
    log_as_json(&settings.log);
    let (data_dir, public_url) = (settings.data_dir.display().to_string(), settings.public_url.clone());
    if settings.service_key.is_none() {
        tracing::warn!("no ATOMICBASE_SERVICE_KEY is set: only stored keys are accepted");
    }
    let outcome = serve(settings, |address| tracing::info!(%address, public_url, data_dir, "listening"));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(FAILED, &describe(&problem)),
    }
}

/// What went wrong and what to do, as lines for a terminal.
pub(crate) fn describe(problem: &Problem) -> String {
    let cause = problem.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let hint = problem.hint_text().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    format!("error: {}{cause}\n{hint}", problem.detail())
}

/// Prints on standard error and answers the exit code.
pub(crate) fn fail(code: u8, text: &str) -> ExitCode {
    // A closed standard error leaves nobody to tell.
    drop(std::io::stderr().write_all(text.as_bytes()));
    ExitCode::from(code)
}

/// Serves until a signal says stop. `started` is called once, when requests are accepted.
pub(crate) fn serve(mut settings: Settings, started: impl FnOnce(SocketAddr)) -> Result<(), Problem> {
    let listener = bind(settings.listen)?;
    let address = listener.local_addr().map_err(Problem::internal)?;
    let control = runtime()?;
    let served = control.block_on(async {
        let mut signals = Signals::install()?;
        let wired = wire::wire(&mut settings).await?;
        wired.platform.resume_jobs().await?;
        let (stop, stopping) = watch::channel(false);
        let servers = start_servers(&listener, &wired, &settings, &stopping)?;
        drop(listener);
        started(address);
        signals.stop().await;
        tracing::info!("stopping: finishing the requests in flight");
        stop.send_replace(true);
        let finish = async {
            // Streams that follow a job would never end by themselves.
            wired.platform.stop().await;
            if !join(servers).await {
                tracing::error!("a server thread panicked");
            }
            // A request in flight may have begun another job.
            wired.platform.stop().await;
        };
        tokio::select! {
            () = finish => {}
            () = tokio::time::sleep(GRACE) => tracing::warn!("requests were still running after {GRACE:?}"),
            () = signals.stop() => tracing::warn!("stopped at once by a second signal"),
        }
        drop(wired.access_log);
        drop(wired.lock);
        Ok(())
    });
    // Past its grace nothing holds the process: neither a client that does not read nor a long step of a database.
    control.shutdown_background();
    served
}

/// Waits for the server threads; false if one panicked. On a thread of its own: a runtime waits for its blocking tasks, however
/// long they take.
async fn join(servers: Vec<JoinHandle<()>>) -> bool {
    let (joined, ended) = tokio::sync::oneshot::channel();
    let joining = std::thread::Builder::new().name("stop".to_owned()).spawn(move || {
        let ended = servers.into_iter().map(JoinHandle::join).all(|end| end.is_ok());
        // Nobody waits any more once the grace is over.
        joined.send(ended).ok();
    });
    joining.is_ok() && ended.await.unwrap_or(false)
}

/// One thread and runtime per core: a request stays on the core that accepted it.
fn start_servers(
    listener: &TcpListener,
    wired: &Wired,
    settings: &Settings,
    stopping: &watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, Problem> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let connections = Arc::new(Semaphore::new(settings.max_connections));
    (0..cores)
        .map(|core| {
            let listener = listener.try_clone().map_err(Problem::internal)?;
            let turns = Turns::new();
            let (router, runtime) = (wired.router(&turns), serving_runtime(turns)?);
            let (connections, patience) = (Arc::clone(&connections), settings.limits.stall_timeout);
            let listening =
                atomicbase_http::listen(listener, router, connections, patience, stopping.clone());
            std::thread::Builder::new()
                .name(format!("serve-{core}"))
                .spawn(move || {
                    if let Err(error) = runtime.block_on(listening) {
                        tracing::error!(%error, "the server cannot listen");
                    }
                })
                .map_err(Problem::internal)
        })
        .collect()
}

/// A runtime that begins a turn whenever it had nothing to do. What takes long runs on few threads beside it, which step back behind it.
fn serving_runtime(turns: Arc<Turns>) -> Result<Runtime, Problem> {
    let mut builder = Builder::new_current_thread();
    builder.on_thread_unpark(move || turns.begin());
    builder.max_blocking_threads(LONG_THREADS).on_thread_start(|| {
        // Where it cannot be changed the thread works all the same.
        rustix::process::nice(10).ok();
    });
    builder.enable_all().build().map_err(Problem::internal)
}

fn bind(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).map_err(|error| {
        let problem =
            Problem::new(atomicbase_core::Code::Unavailable, format!("Cannot listen on {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => problem.hint(format!(
                "Another program uses port {}. Stop it, or choose another with --listen 127.0.0.1:{}.",
                address.port(),
                address.port().wrapping_add(1).max(1024)
            )),
            _ => problem,
        }
    })
}

fn runtime() -> Result<Runtime, Problem> {
    Builder::new_current_thread().enable_all().build().map_err(Problem::internal)
}

fn log_as_json(level: &str) {
    let filter = EnvFilter::new(level);
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter);
    // Only fails where a subscriber is set already, and nothing else sets one.
    drop(log.with_target(false).with_writer(std::io::stderr).try_init());
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Without a handler the kernel kills a process that reaches its file-size limit; with one the write fails, and that is told.
    _file_size: Signal,
}

impl Signals {
    fn install() -> Result<Self, Problem> {
        let install = |kind| signal(kind).map_err(Problem::internal);
        Ok(Self {
            interrupt: install(SignalKind::interrupt())?,
            terminate: install(SignalKind::terminate())?,
            _file_size: install(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
