//! Who may do what with a table's rows: the policies of a template, as they travel. Conditions are kept as they were written;
//! `query` reads them with the reader of every `where`.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Policies by table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policies(pub BTreeMap<String, TablePolicies>);

/// What each role may do with a table. A role that is not named may do nothing, `owner` excepted.
pub type TablePolicies = BTreeMap<String, RolePolicy>;

/// What a role may do with a table.
#[derive(Clone, Debug, PartialEq)]
pub enum RolePolicy {
    /// Everything: `"all"`.
    All,
    /// What its rules say.
    Rules(Box<Rules>),
}

/// The rules of a role. What is left out is refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Which rows it sees.
    #[serde(skip_serializing_if = "Rule::is_never")]
    pub select: Rule,
    /// Which rows may result from its inserts.
    #[serde(skip_serializing_if = "Rule::is_never")]
    pub insert: Rule,
    /// Which rows it may change, and into what.
    #[serde(skip_serializing_if = "UpdateRule::is_never")]
    pub update: UpdateRule,
    /// Which rows it may delete.
    #[serde(skip_serializing_if = "Rule::is_never")]
    pub delete: Rule,
    /// Columns that do not exist for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
}

/// Rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rule {
    /// None: `false`.
    #[default]
    Never,
    /// All: `true`.
    Always,
    /// Those for which the list of conditions is true.
    When(Vec<Value>),
}

/// Which rows an update touches, and which may result from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateRule {
    /// The rows as they were.
    pub using: Rule,
    /// The rows as they become. Written as one rule where both are the same.
    pub check: Rule,
}

impl Policies {
    /// The policies of a table; `None` where it has none.
    #[must_use]
    pub fn table(&self, table: &str) -> Option<&TablePolicies> {
        self.0.get(table)
    }

    /// The rules of every role that does not have everything.
    pub(crate) fn rules_mut(&mut self) -> impl Iterator<Item = &mut Rules> {
        let policies = self.0.values_mut().flat_map(BTreeMap::values_mut);
        policies.filter_map(|policy| match policy {
            RolePolicy::All => None,
            RolePolicy::Rules(rules) => Some(rules.as_mut()),
        })
    }

    /// Every condition there is.
    pub(crate) fn conditions_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let rules = self.rules_mut().flat_map(|rules| {
            let Rules { select, insert, update, delete, hidden: _ } = rules;
            [select, insert, &mut update.using, &mut update.check, delete]
        });
        rules.flat_map(|rule| match rule {
            Rule::When(conditions) => conditions.as_mut_slice(),
            Rule::Never | Rule::Always => &mut [],
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every role that is named, once.
    #[must_use]
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = self.0.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

impl Rule {
    fn is_never(&self) -> bool {
        *self == Rule::Never
    }
}

impl UpdateRule {
    fn is_never(&self) -> bool {
        self.using.is_never()
    }
}

impl Serialize for RolePolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RolePolicy::All => serializer.serialize_str("all"),
            RolePolicy::Rules(rules) => rules.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RolePolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(word) if word == "all" => Ok(RolePolicy::All),
            rules @ Value::Object(_) => {
                serde_json::from_value(rules).map(RolePolicy::Rules).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom("a role's policy is \"all\" or an object of operations")),
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Rule::Never => serializer.serialize_bool(false),
            Rule::Always => serializer.serialize_bool(true),
            Rule::When(conditions) => conditions.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(false) => Ok(Rule::Never),
            Value::Bool(true) => Ok(Rule::Always),
            Value::Array(conditions) if !conditions.is_empty() => Ok(Rule::When(conditions)),
            _ => Err(D::Error::custom("a rule is true, false or a list of conditions")),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsingAndCheck {
    using: Rule,
    check: Rule,
}

impl Serialize for UpdateRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.using == self.check {
            return self.using.serialize(serializer);
        }
        UsingAndCheck { using: self.using.clone(), check: self.check.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UpdateRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_object() {
            let UsingAndCheck { using, check } = serde_json::from_value(value).map_err(D::Error::custom)?;
            return Ok(Self { using, check });
        }
        let rule: Rule = serde_json::from_value(value).map_err(D::Error::custom)?;
        Ok(Self { using: rule.clone(), check: rule })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_are_written_as_they_were_read() {
        let written = json!({"tasks": {
            "admin": "all",
            "member": {
                "select": true,
                "insert": [{"owner": {"eq": {"__auth": "user_id"}}}],
                "update": {"using": [{"open": {"eq": true}}], "check": true},
                "hidden": ["salary"],
            },
            "viewer": {},
        }});
        let policies: Policies = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&policies).unwrap(), written);
        assert_eq!(policies.roles(), ["admin", "member", "viewer"]);
        let rules = json!({"select": false, "update": {"using": true, "check": true}});
        let policy: RolePolicy = serde_json::from_value(rules).unwrap();
        assert_eq!(serde_json::to_value(&policy).unwrap(), json!({"update": true}));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for bad in [
            json!(true),
            json!("some"),
            json!({"select": []}),
            json!({"select": "all"}),
            json!({"update": {"using": true}}),
            json!({"upsert": true}),
        ] {
            assert!(serde_json::from_value::<RolePolicy>(bad.clone()).is_err(), "{bad}");
        }
    }
}
