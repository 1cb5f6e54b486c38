//! Which server, which key, which schema files: flags before environment before atomicbase.config.ts before defaults.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use ureq::http::Uri;

use crate::GlobalArgs;
use crate::exit::{Failure, Outcome};
use crate::project_settings;

/// The configuration's file, beside the schemas.
pub(crate) const CONFIG_FILE: &str = "atomicbase.config.ts";
pub(crate) const DEFAULT_URL: &str = "http://localhost:8080";
/// Where `atomicbase dev` keeps its data, its key included.
pub(crate) const DEV_DATA_DIR: &str = "atomicbase-data";
const DEV_KEY_FILE: &str = "dev-key";
const DEFAULT_SCHEMAS: &str = "schemas";

/// A server's address: http or https, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    url: String,
    local: bool,
}

impl Address {
    pub fn parse(text: &str) -> Outcome<Self> {
        let fault = |why: &str| {
            Failure::usage(format!("`{text}` is not a server's address: {why}."))
                .hint(format!("An address looks like {DEFAULT_URL} or https://api.example.com."))
        };
        let uri: Uri = text.parse().map_err(|_| fault("it cannot be read"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(fault("it lacks http:// or https://"));
        };
        if !matches!(scheme, "http" | "https") {
            return Err(fault("it is neither http nor https"));
        }
        if authority.as_str().contains('@') {
            return Err(fault("the key is given by itself, not in the address"));
        }
        if uri.query().is_some() {
            return Err(fault("it has a query"));
        }
        let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        Ok(Self { url: format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')), local })
    }

    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Is it this machine?
    pub fn is_local(&self) -> bool {
        self.local
    }
}

/// What a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub address: Address,
    pub api_key: String,
}

/// Where the schema files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// The folder that schema files may import from.
    pub root: PathBuf,
    pub schemas: PathBuf,
}

/// What the command line, the environment and the configuration say, before anything is demanded of it.
pub(crate) struct Settings {
    url: Option<String>,
    api_key: Option<String>,
    folder: PathBuf,
    project: Project,
    /// What the server is to know of the project, where the configuration says something of it.
    pub for_server: Option<Value>,
}

/// The members of the configuration that the command line uses; the others are the server's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    url: Option<String>,
    api_key: Option<String>,
    schemas: Option<String>,
    #[serde(skip)]
    for_server: Option<Value>,
}

impl Settings {
    /// Reads the configuration of `folder`. Flags and environment are in `args` already.
    pub fn read(args: &GlobalArgs, folder: &Path) -> Outcome<Self> {
        let path = folder.join(args.config.as_deref().unwrap_or(Path::new(CONFIG_FILE)));
        let found = path.is_file();
        if !found && args.config.is_some() {
            return Err(Failure::usage(format!("There is no configuration at {}.", path.display())));
        }
        let beside = path.parent().unwrap_or(folder);
        // An empty path is the current folder, in words that the file system understands.
        let root = if beside == Path::new("") { PathBuf::from(".") } else { beside.to_path_buf() };
        let config = if found { read_config(&path, &root)? } else { Config::default() };
        let schemas =
            beside.join(config.schemas.as_deref().unwrap_or(DEFAULT_SCHEMAS).trim_start_matches("./"));
        Ok(Self {
            url: given(&args.url).or(given(&config.url)),
            api_key: given(&args.api_key).or(given(&config.api_key)),
            folder: folder.to_path_buf(),
            project: Project { root, schemas },
            for_server: config.for_server,
        })
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The address and key to use. The key of `atomicbase dev` goes to this machine only.
    pub fn connection(&self) -> Outcome<Connection> {
        let address = Address::parse(self.url.as_deref().unwrap_or(DEFAULT_URL))?;
        let dev_key = || given(&fs::read_to_string(self.folder.join(DEV_DATA_DIR).join(DEV_KEY_FILE)).ok());
        let key = self.api_key.clone().or_else(|| if address.is_local() { dev_key() } else { None });
        let Some(api_key) = key else {
            return Err(Failure::usage(format!("No service key for {}.", address.as_str())).hint(
                "Give one with --api-key or ATOMICBASE_API_KEY. `atomicbase dev` makes one that is found by itself.",
            ));
        };
        // What cannot stand in a header would fail later, in words that do not name the key.
        if !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage("The service key has characters that no key has."));
        }
        Ok(Connection { address, api_key })
    }
}

/// A value that is there and not blank.
fn given(value: &Option<String>) -> Option<String> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn read_config(path: &Path, root: &Path) -> Outcome<Config> {
    let value: Value = evaluate::evaluate_config(path, root, &evaluate::Limits::default())
        .map_err(|error| Failure::usage(error.to_string()))?;
    let config = Config::deserialize(&value)
        .map_err(|error| Failure::usage(format!("{}: {error}.", path.display())))?;
    Ok(Config { for_server: project_settings::of_config(&value), ..config })
}
