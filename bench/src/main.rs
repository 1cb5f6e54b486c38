//! The bench: starts our server, the yardstick and the peers in turn, loads them, prints ratios. Asserts no time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports on the terminal")]

mod atomicbase;
mod figures;
mod floor;
mod http;
mod load;
mod pocketbase;
mod process;
mod report;
mod saas;
mod workloads;
mod yardstick;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Any error ends the run; its text is for the reader.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
Usage: bench all | <workload>… [--rounds N] [--seconds S] [--fleet N] [--minutes M] [--binary FILE]

  --rounds N     rounds of each contestant, in turn (default 5)
  --seconds S    length of one load (default 2)
  --fleet N      databases of the push (default 847)
  --minutes M    length of the soak (default 10)
  --binary FILE  the server to measure (default: built here, release)

Workloads:
";

/// How to measure.
pub struct Bench {
    /// Rounds of each contestant.
    pub rounds: u32,
    /// Length of one load.
    pub window: Duration,
    /// Keep-alive connections of a load.
    pub connections: usize,
    /// Databases of the push.
    pub fleet: u32,
    /// Length of the soak.
    pub minutes: u32,
    /// The server to measure.
    pub binary: PathBuf,
    /// Where results and logs go.
    pub folder: PathBuf,
}

impl Bench {
    /// A folder on the disk that is measured; it goes when it is dropped.
    pub fn scratch(&self) -> Result<tempfile::TempDir> {
        Ok(tempfile::tempdir_in(&self.folder)?)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.first().map(String::as_str) {
        None | Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            every_workload().for_each(|(goal, name, _)| println!("  {goal:4} {name}"));
            Ok(())
        }
        // The yardstick's own process, started by the runner.
        Some("echo") => arguments
            .get(1)
            .ok_or("echo needs an address".into())
            .and_then(|it| yardstick::serve(it.parse()?)),
        Some(_) => run(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (bench, chosen) = parse(arguments)?;
    let machine = machine();
    println!("{machine}\n");
    let (mut reports, mut failed) = (Vec::new(), Vec::new());
    for (goal, name, workload) in chosen {
        eprintln!("{goal} {name} …");
        match workload(&bench) {
            Ok(report) => {
                println!("{}", report.text());
                reports.push(report);
            }
            // The others are still worth their time.
            Err(error) => {
                eprintln!("{goal} {name}: {error}\n");
                failed.push(name);
            }
        }
        report::save(&reports, &machine, &bench.folder.join("results.json"))?;
    }
    println!("All figures: {}", bench.folder.join("results.json").display());
    if failed.is_empty() { Ok(()) } else { Err(format!("not measured: {}", failed.join(", ")).into()) }
}

fn every_workload() -> impl Iterator<Item = workloads::Workload> {
    workloads::ALL.into_iter().chain(workloads::BY_NAME)
}

fn parse(arguments: &[String]) -> Result<(Bench, Vec<workloads::Workload>)> {
    let folder = std::env::current_dir()?.join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let (rounds, window, fleet) = (5, Duration::from_secs(2), 847);
    let mut bench =
        Bench { rounds, window, connections: 64, fleet, minutes: 10, binary: PathBuf::new(), folder };
    let (mut chosen, mut rest) = (Vec::new(), arguments.iter());
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "all" => chosen.extend(workloads::ALL),
            "--rounds" => bench.rounds = value()?.parse()?,
            "--seconds" => bench.window = Duration::from_secs_f64(value()?.parse()?),
            "--fleet" => bench.fleet = value()?.parse()?,
            "--minutes" => bench.minutes = value()?.parse()?,
            "--binary" => bench.binary = value()?.into(),
            name => {
                let known = every_workload().find(|(goal, it, _)| *it == name || *goal == name);
                chosen.push(known.ok_or_else(|| format!("`{name}` is no workload\n\n{USAGE}"))?);
            }
        }
    }
    if bench.binary.as_os_str().is_empty() {
        bench.binary = build()?;
    }
    Ok((bench, chosen))
}

/// Builds the server as it is released.
fn build() -> Result<PathBuf> {
    eprintln!("building the release binary …");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo).args(["build", "--quiet", "--release", "-p", "atomicbase"]).status()?;
    if !status.success() {
        return Err("the release binary does not build".into());
    }
    Ok(std::env::current_exe()?.with_file_name("atomicbase"))
}

/// What the figures were measured on, and that the load comes from the same machine.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("CPU unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{cores} × {model}, load {load} before;\nserver and load generator on this machine over loopback")
}
