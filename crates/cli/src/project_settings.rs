//! What the configuration says of the project's server: sent by a push before the templates, which may name its roles.

use serde_json::{Map, Value};

use crate::client::Client;
use crate::exit::Outcome;
use crate::print::Terminal;

const PATH: &str = "/platform/settings";
/// The members of the configuration that are the server's.
const MEMBERS: [&str; 4] = ["organizations", "users", "roles", "plans"];

/// The server's part of a configuration, in the words of its wire; `None` where it has none.
pub(crate) fn of_config(config: &Value) -> Option<Value> {
    let given = |name: &&str| config.get(name).map(|value| ((*name).to_owned(), in_snake_case(name, value)));
    let settings: Map<String, Value> = MEMBERS.iter().filter_map(given).collect();
    (!settings.is_empty()).then_some(Value::Object(settings))
}

/// `defaultTemplate` is `default_template` there. The keys of roles and plans are names, and stay.
fn in_snake_case(member: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) if matches!(member, "organizations" | "users") => {
            fields.iter().map(|(name, value)| (snake_case(name), value.clone())).collect()
        }
        other => other.clone(),
    }
}

fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, c| {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        snake
    })
}

/// A sending that has begun.
#[derive(Default)]
pub(crate) struct Sending {
    /// The settings without the roles that have still to go.
    rest: Option<Value>,
    /// The settings as they are on the server now, where they were changed.
    pub changed: Option<Value>,
}

/// Sends what differs. A role that is to go stays until the templates are pushed: their versions before may still name it.
pub(crate) fn send(client: &Client, wanted: &Value, terminal: &mut Terminal) -> Outcome<Sending> {
    let stored = client.get(PATH)?;
    let going = roles_lacking(wanted, &stored);
    let mut sending = Sending::default();
    if going.is_empty() {
        sending.put(client, &stored, wanted, terminal)?;
    } else {
        let mut first = wanted.clone();
        let mut roles = wanted.get("roles").and_then(Value::as_object).cloned().unwrap_or_default();
        roles.extend(going);
        first["roles"] = roles.into();
        sending.put(client, &stored, &first, terminal)?;
        sending.rest = Some(wanted.clone());
    }
    Ok(sending)
}

impl Sending {
    /// Sends what had to wait for the templates.
    pub fn finish(&mut self, client: &Client, terminal: &mut Terminal) -> Outcome<()> {
        let Some(wanted) = self.rest.take() else { return Ok(()) };
        let stored = client.get(PATH)?;
        self.put(client, &stored, &wanted, terminal)
    }

    fn put(
        &mut self,
        client: &Client,
        stored: &Value,
        wanted: &Value,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        let changed: Vec<&str> =
            MEMBERS.into_iter().filter(|name| stored.get(name) != wanted.get(name)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.changed = Some(client.put(PATH, wanted)?);
        terminal.success(&format!("Settings updated: {}", changed.join(", ")));
        Ok(())
    }
}

/// The roles that `stored` has and `wanted` has not.
fn roles_lacking(wanted: &Value, stored: &Value) -> Vec<(String, Value)> {
    let roles = stored.get("roles").and_then(Value::as_object).into_iter().flatten();
    let gone = roles.filter(|(name, _)| wanted.get("roles").is_none_or(|roles| roles.get(name).is_none()));
    gone.map(|(name, role)| (name.clone(), role.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of_config;

    #[test]
    fn a_configuration_holds_the_servers_settings_in_camel_case() {
        let config = json!({
            "url": "http://x",
            "organizations": {"defaultTemplate": "app", "templates": ["app"]},
            "roles": {"editor": {"mayInvite": true}},
        });
        let wanted = json!({
            "organizations": {"default_template": "app", "templates": ["app"]},
            "roles": {"editor": {"mayInvite": true}},
        });
        assert_eq!(of_config(&config), Some(wanted));
        assert_eq!(of_config(&json!({"url": "http://x"})), None);
        assert_eq!(of_config(&json!({"roles": {}})), Some(json!({"roles": {}})));
    }
}
