//! What the server is told: defaults ← atomicbase.toml ← ATOMICBASE_* ← flags. Read once, checked whole, every fault
//! reported together before anything opens.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use atomicbase_core::{Limits, Rate, closest};
use gateway::ServiceKey;

/// Flags of `atomicbase serve`. Every setting has a place in the file and a variable; flags are for the common ones.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Folder of all databases [default: ./atomicbase-data]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// Settings file [default: ./atomicbase.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Serve only these, separated by commas: data, platform
    #[arg(long, value_name = "SERVICES")]
    pub only: Option<String>,
    /// Any setting by its name in the file, e.g. --set limits.depth=8
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// Checked settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub service_key: Option<ServiceKey>,
    pub public_url: String,
    pub allowed_origins: Vec<String>,
    pub access_log: bool,
    pub log: String,
    pub limits: Limits,
    /// Open tenant databases; `None` is as many as the limit of open files allows, at most 2,000.
    pub max_open_databases: Option<usize>,
    pub max_connections: usize,
}

/// Names in the file; the variable is `ATOMICBASE_` and the name in capitals, dots as underscores.
const NAMES: [&str; 26] = [
    "listen",
    "data_dir",
    "service_key",
    "public_url",
    "allowed_origins",
    "only",
    "log",
    "access_log",
    "max_open_databases",
    "max_connections",
    "limits.tenant_requests_per_second",
    "limits.tenant_burst",
    "limits.key_requests_per_second",
    "limits.key_burst",
    "limits.body_bytes",
    "limits.request_timeout_ms",
    "limits.depth",
    "limits.default_rows",
    "limits.max_rows",
    "limits.nested_rows",
    "limits.max_operations",
    "limits.answer_bytes",
    "limits.unread_bytes",
    "limits.stall_timeout_ms",
    "limits.tenant_concurrency",
    "limits.waiting_requests",
];
const SERVICES: [&str; 2] = ["data", "platform"];
/// Variables of the same prefix that are not the server's.
const OTHER_VARIABLES: [&str; 2] = ["ATOMICBASE_URL", "ATOMICBASE_API_KEY"];

/// Everything that is wrong with the settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let things = if count == 1 { "setting is" } else { "settings are" };
        writeln!(f, "error: {count} {things} not right:")?;
        self.0.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}

/// Reads every source and checks the whole.
pub(crate) fn load(
    args: &ServeArgs,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Settings, Faults> {
    let mut given = Given::default();
    given.take_file(args.settings.as_ref());
    given.take_variables(variables);
    given.take_flags(args);
    let settings = given.settings();
    if given.faults.is_empty() { Ok(settings) } else { Err(Faults(given.faults)) }
}

/// The name of a setting's variable.
fn variable(name: &str) -> String {
    format!("ATOMICBASE_{}", name.to_uppercase().replace('.', "_"))
}

/// What was given, by name: the text and where it comes from, later sources over earlier ones.
#[derive(Default)]
struct Given {
    values: BTreeMap<&'static str, (String, String)>,
    faults: Vec<String>,
}

impl Given {
    fn take_file(&mut self, path: Option<&PathBuf>) {
        let default = PathBuf::from("atomicbase.toml");
        let file = path.unwrap_or(&default);
        if path.is_none() && !file.exists() {
            return;
        }
        let shown = file.display();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return self.faults.push(format!("{shown}: {error}")),
        };
        match text.parse::<toml::Table>() {
            Ok(table) => self.take_table("", &table, &shown.to_string()),
            Err(error) => self.faults.push(format!("{shown}: {}", error.message())),
        }
    }

    fn take_table(&mut self, prefix: &str, table: &toml::Table, source: &str) {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            match value {
                toml::Value::Table(inner) => self.take_table(&format!("{name}."), inner, source),
                toml::Value::Array(items) => {
                    let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                    match texts {
                        Some(texts) => self.put(&name, texts.join(","), format!("{name} in {source}")),
                        None => {
                            self.faults.push(format!("{name} in {source}: a list takes texts, in quotes"))
                        }
                    }
                }
                toml::Value::String(text) => self.put(&name, text.clone(), format!("{name} in {source}")),
                other => self.put(&name, other.to_string(), format!("{name} in {source}")),
            }
        }
    }

    fn take_variables(&mut self, variables: impl Iterator<Item = (String, String)>) {
        let known: Vec<(String, &str)> = NAMES.iter().map(|name| (variable(name), *name)).collect();
        for (key, value) in variables.filter(|(key, _)| key.starts_with("ATOMICBASE_")) {
            if let Some((_, name)) = known.iter().find(|(known, _)| *known == key) {
                self.put(name, value, key);
            } else if !OTHER_VARIABLES.contains(&key.as_str())
                && let Some(meant) = closest(&key, known.iter().map(|(known, _)| known.as_str()))
            {
                // Other programs may use the prefix; what is nearly a setting is a typing mistake.
                self.faults.push(format!("{key} is not a setting. Did you mean {meant}?"));
            }
        }
    }

    fn take_flags(&mut self, args: &ServeArgs) {
        for (name, flag, value) in [
            ("listen", "--listen", &args.listen),
            ("data_dir", "--data-dir", &args.data_dir),
            ("only", "--only", &args.only),
        ] {
            if let Some(value) = value {
                self.put(name, value.clone(), flag.to_owned());
            }
        }
        for pair in &args.set {
            match pair.split_once('=') {
                Some((name, value)) => self.put(name, value.to_owned(), format!("--set {name}")),
                None => self.faults.push(format!("--set {pair}: write it as NAME=VALUE")),
            }
        }
    }

    fn put(&mut self, name: &str, value: String, source: String) {
        match NAMES.iter().find(|known| **known == name) {
            Some(known) => drop(self.values.insert(known, (value, source))),
            None => {
                let hint = closest(name, NAMES).map(|meant| format!(" Did you mean {meant}?"));
                self.faults.push(format!("{source}: there is no such setting.{}", hint.unwrap_or_default()));
            }
        }
    }

    fn settings(&mut self) -> Settings {
        self.check_services();
        let listen = self.parse("listen", SocketAddr::from(([127, 0, 0, 1], 8080)), "an address and port");
        Settings {
            listen,
            data_dir: self.text("data_dir").unwrap_or("./atomicbase-data").into(),
            service_key: self.service_key(),
            public_url: self.public_url(listen.port()),
            allowed_origins: self.origins(),
            access_log: self.parse("access_log", true, "true or false"),
            log: self.log_level(),
            limits: self.limits(),
            max_open_databases: self.optional("max_open_databases", 1),
            max_connections: self.number("max_connections", 10_000, 1),
        }
    }

    fn limits(&mut self) -> Limits {
        let defaults = Limits::default();
        Limits {
            body_bytes: self.number("limits.body_bytes", defaults.body_bytes, 1024),
            request_timeout: self.milliseconds("limits.request_timeout_ms", defaults.request_timeout, 10),
            depth: self.number("limits.depth", defaults.depth, 0),
            default_rows: self.number("limits.default_rows", defaults.default_rows, 1),
            max_rows: self.number("limits.max_rows", defaults.max_rows, 1),
            nested_rows: self.number("limits.nested_rows", defaults.nested_rows, 1),
            max_operations: self.number("limits.max_operations", defaults.max_operations, 1),
            answer_bytes: self.number("limits.answer_bytes", defaults.answer_bytes, 1024),
            unread_bytes: self.number("limits.unread_bytes", defaults.unread_bytes, 1024),
            stall_timeout: self.milliseconds("limits.stall_timeout_ms", defaults.stall_timeout, 100),
            tenant_concurrency: self.optional("limits.tenant_concurrency", 1),
            tenant_rate: self.rate("limits.tenant_requests_per_second", "limits.tenant_burst"),
            key_rate: self.rate("limits.key_requests_per_second", "limits.key_burst"),
            waiting_requests: self.number("limits.waiting_requests", defaults.waiting_requests, 1),
        }
    }

    /// `data` and `platform` both open tenants, and an embedded tenant file has one owner.
    fn check_services(&mut self) {
        let Some((text, source)) = self.values.get("only").cloned() else { return };
        let services: Vec<&str> = text.split(',').map(str::trim).collect();
        for service in &services {
            if !SERVICES.contains(service) {
                let hint = closest(service, SERVICES).map(|meant| format!(" Did you mean {meant}?"));
                let known = SERVICES.join(", ");
                self.faults.push(format!(
                    "{source}: there is no service `{service}`; they are {known}.{}",
                    hint.unwrap_or_default()
                ));
            }
        }
        if SERVICES.iter().any(|service| !services.contains(service)) {
            self.faults.push(format!(
                "{source}: data and platform both open tenant databases; on embedded ones they run in one process"
            ));
        }
    }

    fn service_key(&mut self) -> Option<ServiceKey> {
        let (text, source) = self.values.get("service_key")?.clone();
        let key = ServiceKey::parse(&text);
        if key.is_none() {
            // The text is a secret, or nearly one: it is not repeated.
            self.faults.push(format!(
                "{source}: a service key is atb_sk_ and at least 32 further characters of A-Z a-z 0-9 _"
            ));
        }
        key
    }

    fn public_url(&mut self, port: u16) -> String {
        let Some((text, source)) = self.values.get("public_url").cloned() else {
            return format!("http://localhost:{port}");
        };
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace)) {
            self.faults.push(format!("{source}: `{text}` is not an address like https://api.example.com"));
        }
        text.trim_end_matches('/').to_owned()
    }

    fn origins(&mut self) -> Vec<String> {
        let Some((text, source)) = self.values.get("allowed_origins").cloned() else { return Vec::new() };
        let origins: Vec<String> =
            text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        for origin in &origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ', '@'])) {
                self.faults.push(format!(
                    "{source}: `{origin}` is not an exact origin like https://app.example.com"
                ));
            }
        }
        origins
    }

    fn log_level(&mut self) -> String {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let Some((text, source)) = self.values.get("log").cloned() else { return "info".to_owned() };
        if !LEVELS.contains(&text.as_str()) {
            self.faults.push(format!("{source}: `{text}` is not one of {}", LEVELS.join(", ")));
        }
        text
    }

    /// A rate, where one is set; at once goes what a second allows, unless more or less is set.
    fn rate(&mut self, per_second: &'static str, burst: &'static str) -> Option<Rate> {
        let requests_per_second = self.optional(per_second, 1);
        let at_once = self.optional(burst, 1);
        if requests_per_second.is_none()
            && let Some((_, source)) = self.values.get(burst)
        {
            self.faults.push(format!("{source}: it needs {per_second}"));
        }
        requests_per_second.map(|rate| Rate { requests_per_second: rate, burst: at_once.unwrap_or(rate) })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(text, _)| text.as_str())
    }

    fn parse<T: FromStr>(&mut self, name: &str, default: T, what: &str) -> T {
        let Some((text, source)) = self.values.get(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.faults.push(format!("{source}: `{text}` is not {what}"));
            default
        })
    }

    /// A number that has no default.
    fn optional<T: FromStr + PartialOrd + Copy + fmt::Display>(
        &mut self,
        name: &'static str,
        least: T,
    ) -> Option<T> {
        self.text(name).is_some().then(|| self.number(name, least, least))
    }

    fn milliseconds(&mut self, name: &'static str, default: Duration, least: u64) -> Duration {
        let default_ms = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.number(name, default_ms, least))
    }

    fn number<T: FromStr + PartialOrd + Copy + fmt::Display>(
        &mut self,
        name: &'static str,
        default: T,
        least: T,
    ) -> T {
        let value = self.parse(name, default, "a whole number");
        if value < least
            && let Some((_, source)) = self.values.get(name)
        {
            self.faults.push(format!("{source}: {value} is less than {least}"));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_with(variables: &[(&str, &str)], set: &[&str]) -> Result<Settings, Faults> {
        let args =
            ServeArgs { set: set.iter().map(|&pair| pair.to_owned()).collect(), ..ServeArgs::default() };
        load(&args, variables.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())))
    }

    #[test]
    fn defaults_hold_and_later_sources_win() {
        let settings = load_with(&[], &[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.public_url, "http://localhost:8080");
        let settings = load_with(
            &[("ATOMICBASE_LIMITS_DEPTH", "7"), ("ATOMICBASE_LISTEN", "0.0.0.0:90")],
            &["limits.depth=8"],
        );
        let settings = settings.unwrap();
        assert_eq!((settings.limits.depth, settings.listen.port()), (8, 90));
    }

    #[test]
    fn a_rate_goes_at_once_for_a_second_unless_its_burst_is_set() {
        let limits = load_with(&[], &[]).unwrap().limits;
        assert_eq!((limits.tenant_rate, limits.key_rate), (None, None));
        let variables = [
            ("ATOMICBASE_LIMITS_TENANT_REQUESTS_PER_SECOND", "20"),
            ("ATOMICBASE_LIMITS_TENANT_BURST", "50"),
        ];
        let limits = load_with(&variables, &["limits.key_requests_per_second=7"]).unwrap().limits;
        assert_eq!(limits.tenant_rate, Some(Rate { requests_per_second: 20, burst: 50 }));
        assert_eq!(limits.key_rate, Some(Rate { requests_per_second: 7, burst: 7 }));
    }

    #[test]
    fn a_file_is_read_with_its_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(
            &file,
            "allowed_origins = ['https://a.test', 'https://b.test']\n[limits]\nmax_rows = 50\n",
        )
        .unwrap();
        let args = ServeArgs { settings: Some(file), ..ServeArgs::default() };
        let settings = load(&args, std::iter::empty()).unwrap();
        assert_eq!(settings.limits.max_rows, 50);
        assert_eq!(settings.allowed_origins, ["https://a.test", "https://b.test"]);
    }

    #[test]
    fn a_list_that_holds_something_else_is_reported_and_not_shortened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(&file, "allowed_origins = ['https://a.test', 8080]\nonly = ['data', ['platform']]\n")
            .unwrap();
        let shown = file.display().to_string();
        let args = ServeArgs { settings: Some(file), ..ServeArgs::default() };
        let Faults(faults) = load(&args, std::iter::empty()).unwrap_err();
        assert_eq!(
            faults,
            ["allowed_origins", "only"]
                .map(|name| format!("{name} in {shown}: a list takes texts, in quotes"))
        );
    }

    #[test]
    fn every_fault_is_reported_at_once_and_no_secret_with_it() {
        let variables = [
            ("ATOMICBASE_LISTEN", "here"),
            ("ATOMICBASE_SERVICE_KEY", "hunter2"),
            ("ATOMICBASE_DATADIR", "x"),
            ("ATOMICBASE_ALLOWED_ORIGINS", "https://ok.test,*"),
            ("ATOMICBASE_ONLY", "dta"),
            ("ATOMICBASE_SOMETHING_ELSE_ENTIRELY", "x"),
        ];
        const WRONG: [&str; 6] = [
            "limits.max_rows=0",
            "limit.depth=1",
            "limits.tenant_requests_per_second=0",
            "limits.tenant_burst=0.5",
            "limits.key_burst=9",
            "limits.tenant_request_per_second=9",
        ];
        let Faults(faults) = load_with(&variables, &WRONG).unwrap_err();
        assert_eq!(
            faults,
            [
                "ATOMICBASE_DATADIR is not a setting. Did you mean ATOMICBASE_DATA_DIR?",
                "--set limit.depth: there is no such setting. Did you mean limits.depth?",
                "--set limits.tenant_request_per_second: there is no such setting. Did you mean limits.tenant_requests_per_second?",
                "ATOMICBASE_ONLY: there is no service `dta`; they are data, platform. Did you mean data?",
                "ATOMICBASE_ONLY: data and platform both open tenant databases; on embedded ones they run in one process",
                "ATOMICBASE_LISTEN: `here` is not an address and port",
                "ATOMICBASE_SERVICE_KEY: a service key is atb_sk_ and at least 32 further characters of A-Z a-z 0-9 _",
                "ATOMICBASE_ALLOWED_ORIGINS: `*` is not an exact origin like https://app.example.com",
                "--set limits.max_rows: 0 is less than 1",
                "--set limits.tenant_requests_per_second: 0 is less than 1",
                "--set limits.tenant_burst: `0.5` is not a whole number",
                "--set limits.key_burst: it needs limits.key_requests_per_second",
            ]
        );
    }
}
