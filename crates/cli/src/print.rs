//! The terminal: the only place that prints or asks. Knows looks (colour, a live bar, JSON), nothing of what is said.

use std::borrow::Cow;
use std::io::{self, BufRead, IsTerminal, Write};

use serde_json::{Value, json};

use crate::exit::{Failure, FieldError};
use crate::table::Table;
use crate::wrap::wrap;

const BAR_CELLS: u64 = 40;
/// Lines for people are broken here; every terminal has as many columns.
const COLUMNS: usize = 80;

/// What the other side can show and answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Standard output is a terminal: the bar moves, lines are fitted to 80 columns.
    pub live: bool,
    /// Standard error is a terminal, with lines of 80 columns too.
    pub live_err: bool,
    /// Somebody is there to answer a question.
    pub asks: bool,
    /// Standard output shows colour.
    pub color_out: bool,
    /// Standard error shows colour.
    pub color_err: bool,
    /// One JSON document instead of words for people.
    pub json: bool,
}

impl Look {
    /// What this process's standard streams can do. <https://no-color.org>: `NO_COLOR`, when not empty, turns colour off.
    #[must_use]
    pub fn detect(json: bool) -> Self {
        let colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let (out, err) = (io::stdout().is_terminal() && !json, io::stderr().is_terminal());
        Self {
            live: out && !dumb,
            live_err: err && !dumb,
            asks: !json && err && io::stdin().is_terminal(),
            color_out: out && !colorless && !dumb,
            color_err: err && !colorless && !dumb,
            json,
        }
    }
}

#[derive(Clone, Copy)]
enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Bold = 1,
    Dim = 2,
}

/// Where a command's words go. A stream that is closed (`| head`) is not an error: a push goes on without listeners.
pub struct Terminal {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    input: Box<dyn BufRead>,
    look: Look,
    /// The bar that stands on the current line, not yet ended by a newline.
    open_bar: Option<String>,
}

impl Terminal {
    /// A terminal over any streams.
    pub fn new(
        out: impl Write + 'static,
        err: impl Write + 'static,
        input: impl BufRead + 'static,
        look: Look,
    ) -> Self {
        Self { out: Box::new(out), err: Box::new(err), input: Box::new(input), look, open_bar: None }
    }

    /// This process's own streams.
    #[must_use]
    pub fn standard(json: bool) -> Self {
        Self::new(io::stdout(), io::stderr(), io::stdin().lock(), Look::detect(json))
    }

    pub(crate) fn json(&self) -> bool {
        self.look.json
    }

    pub(crate) fn asks(&self) -> bool {
        self.look.asks
    }

    /// A line for people.
    pub(crate) fn say(&mut self, text: &str) {
        let text = fitted(self.look.live, text, 4);
        self.line(&text);
    }

    /// A line for people that matters less.
    pub(crate) fn say_dim(&mut self, text: &str) {
        let text = paint(self.look.color_out, Color::Dim, &fitted(self.look.live, text, 4));
        self.line(&text);
    }

    /// One change of a schema; `summary` starts with its sign.
    pub(crate) fn change(&mut self, summary: &str) {
        let color = match summary.as_bytes().first() {
            Some(b'+') => Color::Green,
            Some(b'-') => Color::Red,
            _ => Color::Yellow,
        };
        let text = paint(self.look.color_out, color, &shown(summary));
        self.line(&format!("  {text}"));
    }

    /// A line that says what was achieved.
    pub(crate) fn success(&mut self, text: &str) {
        self.marked(Color::Green, "✓", text);
    }

    /// A line that says what was not.
    pub(crate) fn trouble(&mut self, text: &str) {
        self.marked(Color::Red, "✗", text);
    }

    fn marked(&mut self, color: Color, mark: &str, text: &str) {
        let text = fitted(self.look.live, &format!("{mark} {text}"), 2);
        let mark_in_color = paint(self.look.color_out, color, mark);
        self.line(&text.replacen(mark, &mark_in_color, 1));
    }

    /// A list with its headings; nothing is cut where the output goes on to a program.
    pub(crate) fn table(&mut self, table: &Table) {
        let width = self.look.live.then_some(COLUMNS);
        for (i, line) in table.lines(width).iter().enumerate() {
            let line = shown(line);
            if i == 0 {
                let heading = paint(self.look.color_out, Color::Bold, &line);
                self.line(&heading);
            } else {
                self.line(&line);
            }
        }
    }

    /// A list whose rows are each marked as achieved or not.
    pub(crate) fn marked_table(&mut self, table: &Table, marks: &[bool]) {
        let mut lines = table.lines(self.look.live.then_some(COLUMNS - 2)).into_iter();
        if let Some(headings) = lines.next() {
            let heading = paint(self.look.color_out, Color::Bold, &format!("  {headings}"));
            self.line(&heading);
        }
        for (line, mark) in lines.zip(marks) {
            if *mark { self.success(&line) } else { self.trouble(&line) }
        }
    }

    /// The one document that `--json` prints.
    pub(crate) fn document(&mut self, document: &Value) {
        if self.look.json {
            let _ = writeln!(self.out, "{document:#}");
            let _ = self.out.flush();
        }
    }

    /// Moves the bar, where there is one to see.
    pub(crate) fn progress(&mut self, done: u64, total: u64) {
        let bar = bar(done, total);
        if !self.look.live || total == 0 || self.open_bar.as_ref() == Some(&bar) {
            return;
        }
        let _ = write!(self.out, "\r{bar}");
        let _ = self.out.flush();
        self.open_bar = Some(bar);
    }

    /// Leaves the bar as it stands; without a live terminal it is printed here, once.
    pub(crate) fn progress_ends(&mut self, done: u64, total: u64) {
        self.progress(done, total);
        if self.open_bar.is_none() {
            self.line(&bar(done, total));
        }
        self.end_bar();
    }

    /// Asks a yes-or-no question; no is the answer of silence. Only to be called where somebody `asks()`.
    pub(crate) fn confirms(&mut self, question: &str) -> bool {
        let answer = self.answer(&format!("{question} [y/N] "));
        matches!(answer.to_lowercase().as_str(), "y" | "yes")
    }

    /// Asks for a word; `default` is the answer of silence.
    pub(crate) fn ask_for(&mut self, question: &str, default: &str) -> String {
        let answer = self.answer(&format!("{question} [{default}]: "));
        if answer.is_empty() { default.to_owned() } else { answer }
    }

    /// Says why a command failed: in words on standard error, or as the document of `--json`.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if self.look.json {
            let mut document = failure.done.as_deref().cloned().unwrap_or_else(|| json!({}));
            document["error"] = failure_document(failure);
            return self.document(&document);
        }
        self.end_bar();
        let text = failure_text(failure, self.look);
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }

    fn answer(&mut self, question: &str) -> String {
        self.end_bar();
        let _ = write!(self.err, "{}", fitted(self.look.live_err, question, 0));
        let _ = self.err.flush();
        let mut answer = String::new();
        // A terminal that is gone answers like silence.
        let _ = self.input.read_line(&mut answer);
        answer.trim().to_owned()
    }

    fn line(&mut self, text: &str) {
        if self.look.json {
            return;
        }
        self.end_bar();
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    fn end_bar(&mut self) {
        if self.open_bar.take().is_some() {
            let _ = writeln!(self.out);
        }
    }
}

/// A failure in words.
fn failure_text(failure: &Failure, look: Look) -> String {
    let fitted = |text: &str, hang| fitted(look.live_err, text, hang);
    let label = |color: Color, word: &str, text: &str| {
        let text = fitted(&format!("{word} {text}"), word.len() + 1);
        text.replacen(word, &paint(look.color_err, color, word), 1) + "\n"
    };
    let mut text = label(Color::Red, "error:", &failure.message);
    for FieldError { path, message } in &failure.errors {
        // A fault that is the whole message is not said twice, and neither is the place in one that names it.
        if failure.message.contains(message.as_str()) {
            continue;
        }
        let named = path.is_empty() || message.contains(path.as_str());
        let line = if named { format!("  {message}") } else { format!("  {path}: {message}") };
        text += &format!("{}\n", fitted(&line, 4));
    }
    if let Some(hint) = &failure.hint {
        text += &label(Color::Yellow, "hint:", hint);
    }
    if let Some(reference) = &failure.reference {
        let request = reference.request_id.iter().map(|id| format!(", request {id}")).collect::<String>();
        let reference = fitted(&format!("({}{request})", reference.code), 1);
        text += &format!("{}\n", paint(look.color_err, Color::Dim, &reference));
    }
    text
}

/// A failure as `--json` shows it.
fn failure_document(failure: &Failure) -> Value {
    let mut document = json!({ "message": failure.message });
    if let Some(hint) = &failure.hint {
        document["hint"] = json!(hint);
    }
    if let Some(reference) = &failure.reference {
        document["code"] = json!(reference.code);
        if let Some(request_id) = &reference.request_id {
            document["request_id"] = json!(request_id);
        }
    }
    if !failure.errors.is_empty() {
        document["errors"] = json!(failure.errors);
    }
    document["exit"] = json!(failure.exit as u8);
    document
}

/// `[████    ] 50%`. It says 100% only when nothing is left.
fn bar(done: u64, total: u64) -> String {
    let share = |of: u64| done.min(total).saturating_mul(of).checked_div(total).unwrap_or(of);
    let filled = share(BAR_CELLS);
    let cells: String = (0..BAR_CELLS).map(|cell| if cell < filled { '█' } else { '░' }).collect();
    format!("[{cells}] {:>3}%", share(100))
}

fn paint(color: bool, paint: Color, text: &str) -> String {
    if color { format!("\x1b[{}m{text}\x1b[0m", paint as u8) } else { text.to_owned() }
}

/// Text as it may reach a stream: safe, and where that is a terminal, with lines of its width.
fn fitted(terminal: bool, text: &str, hang: usize) -> String {
    let text = shown(text);
    if terminal { wrap(&text, COLUMNS, hang) } else { text.into_owned() }
}

/// Text from files and servers as it may reach a terminal: control characters (escape sequences above all) made visible.
fn shown(text: &str) -> Cow<'_, str> {
    let dangerous = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(dangerous) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if dangerous(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::{bar, shown};

    #[test]
    fn the_bar_is_the_seeds() {
        assert_eq!(bar(847, 847), "[████████████████████████████████████████] 100%");
        assert_eq!(bar(0, 0), bar(1, 1));
    }

    #[test]
    fn the_bar_is_full_only_at_the_end() {
        assert_eq!(bar(846, 847), "[███████████████████████████████████████░]  99%");
        assert_eq!(bar(0, 847), "[░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░]   0%");
        assert_eq!(bar(9, 3), bar(3, 3));
        assert!(bar(u64::MAX - 1, u64::MAX).len() > 40);
    }

    #[test]
    fn escape_sequences_of_others_do_not_reach_the_terminal() {
        assert_eq!(shown("a\x1b[2Jb\rc\u{9b}d"), "a\\u{1b}[2Jb\\rc\\u{9b}d");
        assert_eq!(shown("plain é\tand\nlines"), "plain é\tand\nlines");
    }
}
