//! `atomicbase policies test`: what each role may do, tried on a scratch database against what a file says.

mod cases;
mod judge;
mod report;
mod scratch;

use std::path::{Path, PathBuf};

use schema::Template;
use serde_json::{Value, json};

use crate::answers::{Plan, read};
use crate::client::{Client, encode};
use crate::exit::{Exit, Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::policies::cases::{PolicyTests, TestFile};
use crate::policies::judge::{Verdict, judge};
use crate::policies::scratch::Scratch;
use crate::print::Terminal;
use crate::settings::Settings;
use crate::units::count;

/// Verbs of `policies`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PoliciesCommand {
    /// Try what each role may do against what a file says
    Test(PoliciesTestArgs),
}

/// Arguments of `policies test`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PoliciesTestArgs {
    /// The file of cases; without it, every *.policies.ts in the schemas' folder
    pub file: Option<PathBuf>,
}

pub(crate) fn run(
    command: &PoliciesCommand,
    settings: &Settings,
    folder: &Path,
    terminal: &mut Terminal,
) -> Outcome<()> {
    let PoliciesCommand::Test(args) = command;
    let files = cases::load(settings.project(), folder, args.file.as_deref())?;
    let client = Client::new(&settings.connection()?);
    let interrupt = Interrupt::watch();
    let mut results = Vec::new();
    let (mut cases, mut broken) = (0, 0);
    for (i, file) in files.iter().enumerate() {
        if i > 0 {
            terminal.say("");
        }
        let tested = test(&client, &interrupt, file, terminal);
        let (verdicts, version) = tested.map_err(|failure| failure.after(json!({ "data": results })))?;
        cases += verdicts.len() as u64;
        broken += verdicts.iter().filter(|verdict| !verdict.holds()).count() as u64;
        report::show(terminal, file, version, &verdicts);
        results.push(report::document(file, version, &verdicts));
    }
    let done = json!({ "data": results });
    if broken > 0 {
        let message = format!("{broken} of {} did not come out as expected.", count(cases, "case"));
        return Err(Failure::new(Exit::Failed, message).after(done));
    }
    terminal.say("");
    terminal.success(&format!("{} came out as expected", count(cases, "case")));
    terminal.document(&done);
    Ok(())
}

/// What came of each case of a file, and the version they were tried at.
fn test(
    client: &Client,
    interrupt: &Interrupt,
    file: &TestFile,
    terminal: &mut Terminal,
) -> Outcome<(Vec<Verdict>, u64)> {
    let version = pushed_version(client, file)?;
    let mut scratch = Scratch::create(client, interrupt, &file.template, version)?;
    let tried = try_cases(&mut scratch, &file.tests);
    // Also after a failure: nothing of a test stays.
    if let Err(failure) = scratch.delete() {
        terminal.trouble(&format!(
            "The scratch database {} is still there: {}",
            scratch.name(),
            failure.message
        ));
    }
    Ok((tried?, version))
}

/// The latest version, when it is what the schema file says.
fn pushed_version(client: &Client, file: &TestFile) -> Outcome<u64> {
    let name = &file.template.name;
    let path = format!("/platform/templates/{}/diff", encode(name));
    let plan: Plan = read(&client.post(&path, &json!({ "template": file.json }))?)?;
    match plan.from_version {
        Some(version) if version == plan.to_version => Ok(version),
        _ => Err(Failure::new(Exit::Failed, format!("The schema \"{name}\" is not what was last pushed."))
            .hint("Policies are tried on the server: `atomicbase push` first.")),
    }
}

fn try_cases(scratch: &mut Scratch<'_>, tests: &PolicyTests) -> Outcome<Vec<Verdict>> {
    scratch.fill(&tests.rows)?;
    tests.cases.iter().map(|case| judge(case, scratch)).collect()
}

/// What makes a condition of any row: its key is there.
fn every_row(template: &Template, table: &str) -> Value {
    let key = template.table(table).and_then(|table| table.primary_key.first());
    json!([{ "not": { key.map_or("", String::as_str): { "is": null } } }])
}
