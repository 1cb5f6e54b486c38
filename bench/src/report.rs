//! What the runner says: a table of at most 80 columns per workload, and everything as JSON in a file.

use crate::Result;
use crate::figures::{Ratio, Series};
use std::path::Path;

/// What one workload found.
#[derive(serde::Serialize)]
pub struct Report {
    /// The goal's name and what it is about.
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub ratios: Vec<Ratio>,
    /// What a reader must know to believe the figures.
    pub notes: Vec<String>,
}

/// One line of the table.
#[derive(serde::Serialize)]
pub struct Row {
    pub name: String,
    /// One per column; what was not measured is `null`.
    pub values: Vec<Option<f64>>,
}

impl Report {
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
            ratios: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A table of requests per second, CPU and latencies: the medians of each contestant.
    pub fn of_requests(title: &str, contestants: &[&Series]) -> Self {
        let mut report = Self::new(title, &["per second", "CPU µs", "p50 ms", "p99 ms"]);
        for series in contestants {
            let medians = [
                series.median(|it| it.per_second),
                series.median(|it| it.cpu_us),
                series.median(|it| it.p50_ms),
                series.median(|it| it.p99_ms),
            ];
            report.row(&series.name, &medians);
        }
        report
    }

    /// Adds a line; a value that is not a number was not measured.
    pub fn row(&mut self, name: &str, values: &[f64]) {
        let values = values.iter().map(|value| value.is_finite().then_some(*value)).collect();
        self.rows.push(Row { name: name.to_owned(), values });
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The table as text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        let width = 80 - 2 - 11 * self.columns.len();
        text.push_str(&format!("  {:width$}", ""));
        for column in &self.columns {
            text.push_str(&format!(" {column:>10}"));
        }
        text.push('\n');
        for row in &self.rows {
            text.push_str(&format!("  {:width$.width$}", row.name));
            for value in &row.values {
                text.push_str(&format!(" {:>10}", value.map_or_else(|| "–".to_owned(), number)));
            }
            text.push('\n');
        }
        for ratio in &self.ratios {
            let Ratio { what, median, low, high, goal } = ratio;
            let spread = format!("{median:.2} ({low:.2}–{high:.2})");
            text.push_str(&format!("  {what:42.42} {spread:>20} {goal:>14}\n"));
        }
        for note in &self.notes {
            for line in wrapped(note, 76) {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text
    }
}

/// Writes all reports as one JSON file.
pub fn save(reports: &[Report], machine: &str, file: &Path) -> Result<()> {
    let all = serde_json::json!({ "machine": machine, "workloads": reports });
    Ok(std::fs::write(file, serde_json::to_vec_pretty(&all)?)?)
}

/// Three significant digits, or whole thousands with commas.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!(
            "{value:.*}",
            if value < 1.0 {
                3
            } else if value < 10.0 {
                2
            } else {
                1
            }
        );
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_fit_80_columns() {
        let mut report = Report::new("G1 point read by key", &["per second", "CPU µs", "p50 ms", "p99 ms"]);
        report.row(
            "a contestant with a name that is much too long for it",
            &[1_234_567.0, 0.123, 12.34, f64::NAN],
        );
        report.ratios.push(Ratio::of("CPU, ours : echo", vec![1.0, 2.0, 3.0], "<= 1.25"));
        report.note("a ".repeat(100));
        let text = report.text();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("1,234,567      0.123       12.3          –"), "{text}");
        assert!(text.contains("2.00 (1.00–3.00)        <= 1.25"), "{text}");
    }
}
