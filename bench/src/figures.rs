//! Samples, medians and ratios: rounds of contestants in turn, compared round by round.

use crate::load::Answered;
use crate::process::{Server, cpu_of};
use crate::{Result, load::Load};
use std::time::{Duration, Instant};

/// One contestant in one round.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Sample {
    pub per_second: f64,
    /// CPU time of the server process per request, user and system, in microseconds.
    pub cpu_us: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// A contestant's rounds.
pub struct Series {
    pub name: String,
    pub samples: Vec<Sample>,
}

impl Series {
    pub fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(&self.samples.iter().map(figure).collect::<Vec<_>>())
    }
}

/// Somebody who does the same work as the others, once per round.
pub struct Contestant<'a> {
    pub name: &'a str,
    pub round: Box<dyn FnMut(u32) -> Result<Sample> + 'a>,
}

/// Runs the contestants in turn, A B A B …, so that the machine's mood falls on all of them alike.
pub fn interleave(rounds: u32, contestants: &mut [Contestant]) -> Result<Vec<Series>> {
    let mut all: Vec<Series> =
        contestants.iter().map(|it| Series { name: it.name.to_owned(), samples: Vec::new() }).collect();
    for round in 0..rounds {
        for (contestant, series) in contestants.iter_mut().zip(&mut all) {
            let sample =
                (contestant.round)(round).map_err(|error| format!("{}: {error}", contestant.name))?;
            series.samples.push(sample);
        }
    }
    Ok(all)
}

/// Loads a server and takes its sample.
pub fn sample(server: &Server, load: &Load) -> Result<Sample> {
    let before = server.cpu()?;
    let answered = load.run()?;
    Ok(Sample::of(&answered, server.cpu()? - before))
}

/// Runs `operation` in this process on one thread for about `window`, and takes its sample.
pub fn sample_loop(window: Duration, mut operation: impl FnMut(u64) -> Result<()>) -> Result<Sample> {
    let (before, start, mut count) = (cpu_of("self")?, Instant::now(), 0);
    while start.elapsed() < window {
        // Looking at the clock costs as much as a small operation: look now and then.
        for _ in 0..16 {
            operation(count)?;
            count += 1;
        }
    }
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), cpu_of("self")? - before);
    let count = count as f64;
    let cpu_us = cpu.as_secs_f64() * 1e6 / count;
    Ok(Sample { per_second: count / elapsed, cpu_us, p50_ms: f64::NAN, p99_ms: f64::NAN })
}

impl Sample {
    pub fn of(answered: &Answered, cpu: Duration) -> Self {
        Self {
            per_second: answered.per_second(),
            cpu_us: cpu.as_secs_f64() * 1e6 / answered.count as f64,
            p50_ms: answered.percentile_ms(0.5),
            p99_ms: answered.percentile_ms(0.99),
        }
    }
}

/// A comparison with its spread over the rounds.
#[derive(Debug, serde::Serialize)]
pub struct Ratio {
    pub what: String,
    pub median: f64,
    pub low: f64,
    pub high: f64,
    /// The goal, in words: `<= 1.25`. Nothing checks it but the reader.
    pub goal: String,
}

impl Ratio {
    /// `ours` against `theirs`, round by round.
    pub fn new(
        what: &str,
        ours: &Series,
        theirs: &Series,
        figure: impl Fn(&Sample) -> f64,
        goal: &str,
    ) -> Self {
        let pairs = ours.samples.iter().zip(&theirs.samples);
        Self::of(what, pairs.map(|(a, b)| figure(a) / figure(b)).collect(), goal)
    }

    pub fn of(what: &str, mut rounds: Vec<f64>, goal: &str) -> Self {
        rounds.sort_by(f64::total_cmp);
        let at = |place: Option<&f64>| place.copied().unwrap_or(f64::NAN);
        Self {
            what: what.to_owned(),
            median: median(&rounds),
            low: at(rounds.first()),
            high: at(rounds.last()),
            goal: goal.to_owned(),
        }
    }
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_compare_round_by_round() {
        let series = |cpu: [f64; 3]| Series {
            name: String::new(),
            samples: cpu.map(|cpu_us| Sample { per_second: 1.0, cpu_us, p50_ms: 1.0, p99_ms: 1.0 }).to_vec(),
        };
        let ratio = Ratio::new(
            "CPU",
            &series([30.0, 26.0, 90.0]),
            &series([20.0, 20.0, 60.0]),
            |it| it.cpu_us,
            "<= 1.25",
        );
        assert_eq!((ratio.median, ratio.low, ratio.high), (1.5, 1.3, 1.5));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
