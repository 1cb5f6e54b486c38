//! The commands that talk to a server over HTTP. The program adds `serve` and `dev`, and calls `run`.
//! Knows `schema` and `evaluate`, and nothing of how a server works inside.

mod answers;
mod client;
mod databases;
mod diff;
mod exit;
mod follow;
mod init;
mod interrupt;
mod jobs;
mod policies;
mod print;
mod project_settings;
mod push;
mod schemas;
mod settings;
mod sse;
mod table;
mod templates;
mod units;
mod wrap;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use crate::databases::DatabasesCommand;
pub use crate::diff::DiffArgs;
pub use crate::exit::{AFTER_HELP, Exit};
pub use crate::init::InitArgs;
pub use crate::jobs::JobsCommand;
pub use crate::policies::{PoliciesCommand, PoliciesTestArgs};
pub use crate::print::{Look, Terminal};
pub use crate::push::PushArgs;
pub use crate::templates::TemplatesCommand;

use crate::client::Client;
use crate::exit::Outcome;
use crate::settings::Settings;

/// Arguments that every command takes, before or after its name.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GlobalArgs {
    /// The server's address [default: http://localhost:8080]
    #[arg(long, global = true, env = "ATOMICBASE_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<String>,
    /// A service key
    #[arg(long, global = true, env = "ATOMICBASE_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub api_key: Option<String>,
    /// Print one JSON document instead of words for people
    #[arg(long, global = true)]
    pub json: bool,
    /// The configuration file [default: atomicbase.config.ts]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
}

/// The commands of this crate.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Write a configuration and a first schema into this folder
    Init(InitArgs),
    /// Bring all tenant databases to what the schema files say
    Push(PushArgs),
    /// Show what a push would change
    Diff(DiffArgs),
    /// List, create and delete tenant databases
    #[command(subcommand)]
    Databases(DatabasesCommand),
    /// List schema templates and their versions
    #[command(subcommand)]
    Templates(TemplatesCommand),
    /// Try the policies of the schema files
    #[command(subcommand)]
    Policies(PoliciesCommand),
    /// List, show and retry jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
}

/// Runs a command in the current folder, on this process's standard streams.
#[must_use]
pub fn run(command: &Command, args: &GlobalArgs) -> ExitCode {
    let mut terminal = Terminal::standard(args.json);
    run_in(Path::new(""), command, args, &mut terminal).into()
}

/// Runs a command in a folder, on any terminal. Paths are printed as seen from there: an empty folder is the current one.
pub fn run_in(folder: &Path, command: &Command, args: &GlobalArgs, terminal: &mut Terminal) -> Exit {
    match dispatch(folder, command, args, terminal) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit
        }
    }
}

fn dispatch(folder: &Path, command: &Command, args: &GlobalArgs, terminal: &mut Terminal) -> Outcome<()> {
    if let Command::Init(init) = command {
        return init::run(init, folder, terminal);
    }
    let settings = Settings::read(args, folder)?;
    let connect = || settings.connection().map(|connection| Client::new(&connection));
    match command {
        Command::Init(init) => init::run(init, folder, terminal),
        Command::Push(push) => push::run(push, &settings, folder, terminal),
        Command::Diff(diff) => diff::run(diff, &settings, folder, terminal),
        Command::Databases(command) => databases::run(command, &connect()?, terminal),
        Command::Templates(command) => templates::run(command, &connect()?, terminal),
        Command::Policies(command) => policies::run(command, &settings, folder, terminal),
        Command::Jobs(command) => jobs::run(command, &connect()?, terminal),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{CommandFactory, Parser};

    use super::{Command, GlobalArgs};

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        args: GlobalArgs,
        #[command(subcommand)]
        command: ProgramCommand,
    }

    #[derive(clap::Subcommand)]
    enum ProgramCommand {
        /// As the program does it
        Serve {
            #[arg(long)]
            config: Option<PathBuf>,
        },
        #[command(flatten)]
        Cli(Command),
    }

    #[test]
    fn the_arguments_are_well_formed_and_fit_into_the_program() {
        Program::command().debug_assert();
        let serve = Program::try_parse_from(["atomicbase", "serve", "--config", "x.toml"]).unwrap();
        assert!(matches!(serve.command, ProgramCommand::Serve { config: Some(_) }));
    }

    #[test]
    fn global_arguments_stand_before_or_after_the_verb() {
        let line =
            ["atomicbase", "--json", "databases", "create", "acme", "--template", "saas-app", "--url", "x"];
        let program = Program::try_parse_from(line).unwrap();
        assert!(program.args.json);
        assert_eq!(program.args.url.as_deref(), Some("x"));
        assert!(matches!(program.command, ProgramCommand::Cli(Command::Databases(_))));
    }

    #[test]
    fn the_help_does_not_show_the_key() {
        let help = Program::command().render_long_help().to_string();
        assert!(help.contains("ATOMICBASE_API_KEY") && !help.contains("ATOMICBASE_API_KEY="), "{help}");
    }
}
