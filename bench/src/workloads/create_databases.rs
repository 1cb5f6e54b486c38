//! G8: creating tenant databases, one alone and many at once, against running the DDL on bare SQLite.

use crate::atomicbase::{Atomicbase, platform};
use crate::figures::{Contestant, Ratio, Sample, Series, interleave, sample};
use crate::load::{Load, Until};
use crate::report::Report;
use crate::{Bench, Result, floor, saas};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Databases per round, one after the other and at once.
const ALONE: u64 = 100;
const AT_ONCE: u64 = 2_000;
/// Databases created under the tracer.
const TRACED: u64 = 20;

pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.scratch()?;
    let ours = Atomicbase::start(bench, &folder.path().join("ours"))?;
    ours.create_template()?;
    let alone = |round: u32| load(bench, &ours, 1, ALONE, &format!("alone-{round}"));
    let at_once = |round: u32| load(bench, &ours, bench.connections, AT_ONCE, &format!("many-{round}"));
    let series = interleave(
        bench.rounds,
        &mut [
            Contestant { name: "SQLite, DDL one by one", round: Box::new(|_| run_ddl(bench)) },
            Contestant {
                name: "atomicbase, one by one",
                round: Box::new(|round| sample(&ours.server, &alone(round))),
            },
            Contestant {
                name: "atomicbase, at once",
                round: Box::new(|round| sample(&ours.server, &at_once(round))),
            },
        ],
    )?;
    let [ddl, _, many] = &series[..] else { return Err("three contestants".into()) };
    let mut report = Report::of_requests("G8 create databases", &series.iter().collect::<Vec<&Series>>());
    report.ratios.push(Ratio::new("per second, at once : DDL", many, ddl, |it| it.per_second, ">= 20"));
    let rates = many.samples.iter().map(|it| it.per_second).collect();
    report.ratios.push(Ratio::of("at once, per second", rates, ">= 1500"));
    match syncs_per_database(bench, &ours) {
        Ok(syncs) => report.ratios.push(Ratio::of("syncs of one alone", vec![syncs], "<= 3")),
        Err(reason) => report.note(format!("Syncs were not counted: {reason}.")),
    }
    report.note(format!(
        "{} databases of one server stand there at the end.",
        u64::from(bench.rounds) * (ALONE + AT_ONCE)
    ));
    Ok(report)
}

/// Creates `count` databases called `prefix-<n>`.
pub fn load(bench: &Bench, ours: &Atomicbase, connections: usize, count: u64, prefix: &str) -> Load {
    let prefix = prefix.to_owned();
    let load = ours.load(bench, platform("/platform/databases"), move |number, body| {
        body.extend_from_slice(format!(r#"{{"name":"{prefix}-{number}","template":"saas-app"}}"#).as_bytes());
    });
    Load { connections, until: Until::Requests(count), ..load }
}

/// What a server without prepared images would do: open, run the DDL, commit, for each database.
fn run_ddl(bench: &Bench) -> Result<Sample> {
    let (folder, start) = (bench.scratch()?, Instant::now());
    let before = crate::process::cpu_of("self")?;
    for number in 0..ALONE {
        let connection = floor::open(&folder.path().join(format!("{number}.db")))?;
        connection.execute_batch(&format!("BEGIN;{}COMMIT;", saas::DDL))?;
    }
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), crate::process::cpu_of("self")? - before);
    let count = ALONE as f64;
    Ok(Sample {
        per_second: count / elapsed,
        cpu_us: cpu.as_secs_f64() * 1e6 / count,
        p50_ms: elapsed * 1e3 / count,
        p99_ms: f64::NAN,
    })
}

/// Counts the syncs that creating databases one after the other asks the kernel for.
fn syncs_per_database(bench: &Bench, ours: &Atomicbase) -> Result<f64> {
    let trace = bench.folder.join("create-databases.strace");
    let calls = "trace=fsync,fdatasync,syncfs,sync_file_range,msync";
    let mut tracer = Command::new("strace")
        .args(["-f", "-e", calls, "-p", &ours.server.pid().to_string(), "-o"])
        .arg(&trace)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("strace: {error}"))?;
    let attached = wait_for_line(&mut tracer, "attached");
    let created = attached.and_then(|()| load(bench, ours, 1, TRACED, "traced").run().map(drop));
    Command::new("kill").args(["-INT", &tracer.id().to_string()]).status()?;
    tracer.wait()?;
    created?;
    count_syncs(&trace).map(|syncs| syncs as f64 / TRACED as f64)
}

/// Reads the tracer's messages until one says that it is attached.
fn wait_for_line(tracer: &mut std::process::Child, word: &str) -> Result<()> {
    use std::io::BufRead;
    let stderr = tracer.stderr.as_mut().ok_or("strace without messages")?;
    for line in std::io::BufReader::new(stderr).lines() {
        let line = line?;
        if line.contains(word) {
            return Ok(());
        }
    }
    Err("strace could not attach".into())
}

fn count_syncs(trace: &Path) -> Result<usize> {
    let text = std::fs::read_to_string(trace)?;
    // A call that another thread interrupts is printed twice; the second time as `<... resumed>`.
    Ok(text.lines().filter(|line| line.contains("sync") && !line.contains("resumed>")).count())
}
