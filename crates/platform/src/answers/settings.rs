//! The project's settings: read from what somebody wants them to be, each fault by its path.

use atomicbase_core::{Code, FieldError, Problem, Subject, check_slug, closest, shown};
use directory::{OrganizationSettings, Settings, UserSettings};
use serde_json::{Map, Value, json};

const FIELDS: [&str; 4] = ["organizations", "users", "roles", "plans"];
/// Entries of a list or of an object of names.
const MAX_ENTRIES: usize = 100;

/// Reads settings; everything that is wrong with them is said at once.
pub(crate) fn read_settings(wanted: &Value) -> Result<Settings, Problem> {
    let mut reader = Reader::default();
    let settings = reader.object("", wanted).map(|map| {
        reader.known("", map, &FIELDS);
        Settings {
            organizations: map.get("organizations").and_then(|value| reader.organizations(value)),
            users: map.get("users").and_then(|value| reader.users(value)),
            roles: map.get("roles").and_then(|value| reader.roles(value)),
            plans: map.get("plans").and_then(|value| reader.named("plans", value)),
        }
    });
    match settings {
        Some(settings) if reader.faults.is_empty() => Ok(settings),
        _ => Err(reader.problem()),
    }
}

#[derive(Default)]
struct Reader {
    faults: Vec<FieldError>,
    hint: Option<String>,
}

impl Reader {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(FieldError { path: path.to_owned(), message: message.into() });
    }

    fn problem(self) -> Problem {
        let detail = match self.faults.as_slice() {
            [fault] if fault.path.is_empty() => format!("The settings are not valid: {}.", fault.message),
            [fault] => format!("The settings are not valid: `{}` {}.", fault.path, fault.message),
            faults => format!("The settings have {} faults.", faults.len()),
        };
        let problem = Problem::new(Code::InvalidQuery, detail).with_errors(self.faults);
        match self.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    fn object<'a>(&mut self, path: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.fault(path, "is not an object");
        }
        object
    }

    fn known(&mut self, path: &str, map: &Map<String, Value>, known: &[&str]) {
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            self.hint = self
                .hint
                .take()
                .or(closest(name, known.iter().copied()).map(|meant| format!("Did you mean `{meant}`?")));
            self.fault(&join(path, name), format!("is no setting; there are {}", known.join(", ")));
        }
    }

    fn organizations(&mut self, value: &Value) -> Option<OrganizationSettings> {
        let map = self.object("organizations", value)?;
        self.known("organizations", map, &["default_template", "templates"]);
        let default = map.get("default_template");
        Some(OrganizationSettings {
            default_template: default.and_then(|name| self.template("organizations.default_template", name)),
            templates: map.get("templates").and_then(|list| self.templates("organizations.templates", list)),
        })
    }

    fn users(&mut self, value: &Value) -> Option<UserSettings> {
        let map = self.object("users", value)?;
        self.known("users", map, &["templates"]);
        Some(UserSettings {
            templates: map.get("templates").and_then(|list| self.templates("users.templates", list)),
        })
    }

    /// A template that may not be there yet: settings are sent before the first push.
    fn template(&mut self, path: &str, value: &Value) -> Option<String> {
        let Some(name) = value.as_str() else {
            self.fault(path, "is not the name of a template");
            return None;
        };
        if let Err(error) = check_slug(name) {
            self.fault(path, format!("is not the name of a template: {error}"));
        }
        Some(name.to_owned())
    }

    fn templates(&mut self, path: &str, value: &Value) -> Option<Vec<String>> {
        let Some(list) = value.as_array() else {
            self.fault(path, "is not a list of templates");
            return None;
        };
        self.count(path, list.len());
        list.iter().enumerate().map(|(i, name)| self.template(&format!("{path}[{i}]"), name)).collect()
    }

    fn roles(&mut self, value: &Value) -> Option<Map<String, Value>> {
        let roles = self.named("roles", value)?;
        for role in roles.keys() {
            let path = join("roles", role);
            if Subject::ROLES.contains(&role.as_str()) {
                self.fault(&path, "is built in and cannot be defined");
            } else if role == Subject::ANONYMOUS {
                self.fault(&path, "is what policies call a caller without a key or session, and no role");
            }
        }
        Some(roles)
    }

    /// An object of objects whose keys are names.
    fn named(&mut self, path: &str, value: &Value) -> Option<Map<String, Value>> {
        let map = self.object(path, value)?;
        self.count(path, map.len());
        for (name, value) in map {
            let path = join(path, name);
            if let Err(error) = check_slug(name) {
                self.fault(&path, format!("is not well named: {error}"));
            }
            self.object(&path, value);
        }
        Some(map.clone())
    }

    fn count(&mut self, path: &str, entries: usize) {
        if entries > MAX_ENTRIES {
            self.fault(path, format!("has {entries} entries, {MAX_ENTRIES} at most"));
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { shown(name) } else { format!("{path}.{}", shown(name)) }
}

pub(crate) fn settings_schema() -> Value {
    let template = json!({"type": "string", "description": "Name of a template."});
    let templates = json!({"type": "array", "maxItems": MAX_ENTRIES, "items": template});
    let named = |description: &str| {
        json!({
            "type": "object",
            "description": description,
            "maxProperties": MAX_ENTRIES,
            "propertyNames": {"pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
            "additionalProperties": {"type": "object"},
        })
    };
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "organizations": {
                "type": "object",
                "additionalProperties": false,
                "properties": {"default_template": template, "templates": templates},
            },
            "users": {"type": "object", "additionalProperties": false, "properties": {"templates": templates}},
            "roles": named("Roles beside owner, admin, member and viewer."),
            "plans": named("Plans."),
        },
    })
}
