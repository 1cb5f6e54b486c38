//! What came of the cases, as a table for people and as `--json` has it.

use serde_json::{Value, json};

use crate::policies::cases::TestFile;
use crate::policies::judge::Verdict;
use crate::print::Terminal;
use crate::table::Table;
use crate::units::count;

pub(crate) fn show(terminal: &mut Terminal, file: &TestFile, version: u64, verdicts: &[Verdict]) {
    let (name, cases) = (&file.template.name, count(verdicts.len() as u64, "case"));
    terminal.say(&format!("{}: {cases} at \"{name}\" v{version}", file.path.display()));
    let mut table = Table::new(&["#", "AS", "DOES", "EXPECTED", "FOUND"], &[2, 3, 4]);
    for (i, (case, verdict)) in file.tests.cases.iter().zip(verdicts).enumerate() {
        let number = (i + 1).to_string();
        table.row([
            number,
            case.actor.shown(),
            case.shown(),
            verdict.expected.clone(),
            verdict.found.clone(),
        ]);
    }
    let marks: Vec<bool> = verdicts.iter().map(Verdict::holds).collect();
    terminal.marked_table(&table, &marks);
    // A cell may have been cut.
    for (i, (case, verdict)) in file.tests.cases.iter().zip(verdicts).enumerate() {
        if verdict.holds() {
            continue;
        }
        terminal.say("");
        terminal.trouble(&format!("case {}: {}, {}", i + 1, case.actor.shown(), case.shown()));
        terminal.say(&format!("  expected  {}", verdict.expected));
        terminal.say(&format!("  found     {}", verdict.found));
        if let Some(detail) = &verdict.detail {
            terminal.say(&format!("            {detail}"));
        }
    }
}

pub(crate) fn document(file: &TestFile, version: u64, verdicts: &[Verdict]) -> Value {
    let cases = file.tests.cases.iter().zip(verdicts).map(|(case, verdict)| {
        let mut document = json!({
            "as": case.actor.header(),
            "does": case.shown(),
            "expected": verdict.expected,
            "found": verdict.found,
            "holds": verdict.holds(),
        });
        if let Some(detail) = &verdict.detail {
            document["detail"] = json!(detail);
        }
        document
    });
    json!({
        "file": file.path.display().to_string(),
        "template": file.template.name,
        "version": version,
        "cases": cases.collect::<Vec<_>>(),
    })
}
