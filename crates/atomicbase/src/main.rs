//! The program: `serve` and `dev` here, every other command in `cli`.

mod access_log;
mod config;
mod dev;
mod seed;
mod serve;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A request makes some hundred small allocations: this allocator takes a tenth of its time off.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One SQLite database for every customer of your SaaS.
#[derive(Parser)]
#[command(name = "atomicbase", version, after_help = cli::AFTER_HELP, max_term_width = 80)]
struct Arguments {
    #[command(flatten, next_help_heading = "Options of commands that talk to a server")]
    global: cli::GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(config::ServeArgs),
    /// Run the server for development: with a key, the schemas pushed, and example rows
    Dev(dev::DevArgs),
    #[command(flatten)]
    Client(cli::Command),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Dev(dev) => dev::run(&dev),
        Command::Client(command) => cli::run(&command, &arguments.global),
    }
}
