//! `atomicbase dev`: the server with everything a first look needs. Makes a key, pushes the schemas, fills databases from
//! `seed.json`, and says what to do next.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{GlobalArgs, Terminal};

use crate::config::{self, ServeArgs};
use crate::seed;
use crate::serve::{describe, fail, serve};

/// Flags of `atomicbase dev`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DevArgs {
    /// The project's folder, with its schemas and configuration [default: this folder]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(crate) fn run(args: &DevArgs) -> ExitCode {
    let folder = args.dir.clone().unwrap_or_default();
    match start(&folder, args) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => fail(code, &text),
    }
}

fn start(folder: &Path, args: &DevArgs) -> Result<(), (u8, String)> {
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        return Err((2, format!("error: there is no folder {}\n", folder.display())));
    }
    let mut serve_args = args.serve.clone();
    let mut variables: Vec<(String, String)> = std::env::vars().collect();
    let given = |name: &str, variables: &[(String, String)]| variables.iter().any(|(key, _)| key == name);
    if serve_args.data_dir.is_none() && !given("ATOMICBASE_DATA_DIR", &variables) {
        serve_args.data_dir = Some(folder.join("atomicbase-data").display().to_string());
    }
    // Checked first, so that a mistake in the settings leaves no folder behind.
    let settings =
        config::load(&serve_args, variables.clone().into_iter()).map_err(|faults| (2, faults.to_string()))?;
    let key = match std::env::var("ATOMICBASE_SERVICE_KEY") {
        Ok(key) => key,
        Err(_) => {
            let key = seed::dev_key(&settings.data_dir).map_err(|error| (1, format!("error: {error}\n")))?;
            variables.push(("ATOMICBASE_SERVICE_KEY".to_owned(), key.clone()));
            key
        }
    };
    // In dev each request's line would drown the messages; what goes wrong is still told.
    variables.push(("ATOMICBASE_ACCESS_LOG".to_owned(), "false".to_owned()));
    let settings =
        config::load(&serve_args, variables.into_iter()).map_err(|faults| (2, faults.to_string()))?;
    log_for_people();
    let data_dir = settings.data_dir.clone();
    let project = folder.to_owned();
    serve(settings, move |address| {
        // The server is needed to push to it: prepare from another thread, while this one serves.
        let prepare = move || prepare(&project, &data_dir, address, &key);
        drop(std::thread::Builder::new().name("dev".to_owned()).spawn(prepare));
    })
    .map_err(|problem| (1, describe(&problem)))
}

/// Pushes, seeds and greets. What fails is said; the server goes on, so that the mistake can be mended and pushed again.
fn prepare(folder: &Path, data_dir: &Path, address: SocketAddr, key: &str) {
    let url = format!("http://localhost:{}", address.port());
    let args = GlobalArgs { url: Some(url.clone()), api_key: Some(key.to_owned()), ..GlobalArgs::default() };
    let mut terminal = Terminal::standard(false);
    let pushed = if has_schemas(folder) {
        let push = cli::Command::Push(cli::PushArgs::default());
        cli::run_in(folder, &push, &args, &mut terminal) == cli::Exit::Done
    } else {
        true
    };
    let seeded = if pushed { seed::fill(folder, &url, key) } else { Ok(None) };
    let text = match seeded {
        Ok(example) => greeting(&url, data_dir, key, example.as_ref()),
        Err(error) => format!("error: seed.json: {error}\n\n{}", greeting(&url, data_dir, key, None)),
    };
    // A closed standard output leaves nobody to tell; the server goes on.
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn has_schemas(folder: &Path) -> bool {
    folder.join("schemas").is_dir() || folder.join("atomicbase.config.ts").is_file()
}

fn greeting(url: &str, data_dir: &Path, key: &str, example: Option<&seed::Example>) -> String {
    let mut text = format!(
        "\nAtomicbase is running.\n\n  address   {url}\n  key       {key}\n  data      {}\n",
        data_dir.display()
    );
    match example {
        Some(example) => {
            text += &format!("  databases {}\n\nTry it:\n\n", example.databases.join(", "));
            // One space before the options: a line with a key then has 80 columns.
            text += &format!(
                "curl {url}/data/query/{} \\\n -H 'Authorization: Bearer {key}' \\\n -H 'Database: {}' \\\n --json '{}'\n",
                example.table, example.databases[0], example.body
            );
        }
        None => {
            text += "\nNext: `atomicbase init` writes a first schema, `atomicbase push` brings it here.\n"
        }
    }
    text += "\nStop with Ctrl-C.\n";
    text
}

fn log_for_people() {
    let log = tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::new("warn"));
    drop(log.with_target(false).with_writer(std::io::stderr).try_init());
}
