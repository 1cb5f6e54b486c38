//! A database that exists for one run of tests, and is put back to the same rows after every case that changed it.
//! Knows no expectations.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use schema::{Table, Template};
use serde_json::{Map, Value, json};

use crate::answers::{Database, read};
use crate::client::{Client, encode};
use crate::exit::{Exit, Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::policies::every_row;

/// The database.
///
/// Its rows are put back, rather than the database made anew or the change rolled back: a deleted database keeps its name for ever,
/// so that each case would leave a trace, and a batch that fails at its end does not tell how many rows it had touched.
pub(crate) struct Scratch<'a> {
    client: &'a Client,
    interrupt: &'a Interrupt,
    template: &'a Template,
    name: String,
    /// The rows as the database holds them, defaults included; of tables that others refer to first.
    rows: Vec<(String, Vec<Value>)>,
}

/// What the server says to a question that it does not do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
}

impl<'a> Scratch<'a> {
    pub fn create(
        client: &'a Client,
        interrupt: &'a Interrupt,
        template: &'a Template,
        version: u64,
    ) -> Outcome<Self> {
        interrupt.check()?;
        let Database { name, version: at, .. } = create(client, template)?;
        let scratch = Self { client, interrupt, template, name, rows: Vec::new() };
        if at == version {
            return Ok(scratch);
        }
        scratch.delete()?;
        Err(not_released(template, version, at))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn template(&self) -> &Template {
        self.template
    }

    /// How many rows a table holds at the start of each case.
    pub fn row_count(&self, table: &str) -> usize {
        self.rows.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| rows.len())
    }

    /// Inserts the rows that every case starts from.
    pub fn fill(&mut self, rows: &Map<String, Value>) -> Outcome<()> {
        for table in parents_first(&self.template.tables) {
            let Some(rows) = rows.get(&table.name).filter(|rows| rows != &&json!([])) else { continue };
            let kept: Vec<&str> = table
                .columns
                .iter()
                .filter(|column| column.generated.is_none())
                .map(|column| column.name.as_str())
                .collect();
            let body = json!({ "data": rows, "returning": kept });
            let mut answer = self.ask(None, "insert", &table.name, &body)?.map_err(|refusal| {
                Failure::new(
                    Exit::Failed,
                    format!("The rows of `{}` are refused: {}", table.name, refusal.message),
                )
            })?;
            let Some(Value::Array(stored)) = answer.get_mut("data").map(Value::take) else {
                return Err(Failure::new(Exit::Failed, "The server answered an insert without its rows."));
            };
            self.rows.push((table.name.clone(), stored));
        }
        Ok(())
    }

    /// Asks the database as `actor`, or as the key itself.
    pub fn ask(
        &self,
        actor: Option<&str>,
        operation: &str,
        table: &str,
        body: &Value,
    ) -> Outcome<Result<Value, Refusal>> {
        let prefer = format!("operation={operation}, count=exact");
        let path = format!("/data/query/{}", encode(table));
        self.send(&path, Some(&prefer), actor, body)
    }

    /// Puts the rows back as they were.
    pub fn restore(&mut self) -> Outcome<()> {
        let tables = parents_first(&self.template.tables);
        let deletes = tables.iter().rev().map(|table| {
            json!({ "operation": "delete", "table": table.name, "body": { "where": every_row(self.template, &table.name) } })
        });
        let inserts = self
            .rows
            .iter()
            .map(|(table, rows)| json!({ "operation": "insert", "table": table, "body": { "data": rows } }));
        let batch = json!({ "operations": deletes.chain(inserts).collect::<Vec<_>>() });
        if self.send("/data/batch", None, None, &batch)?.is_ok() {
            return Ok(());
        }
        // Rows that refer to each other in a circle cannot go one table at a time.
        self.start_over()
    }

    /// Takes another database instead of this one.
    fn start_over(&mut self) -> Outcome<()> {
        let rows: Map<String, Value> =
            self.rows.drain(..).map(|(table, rows)| (table, Value::Array(rows))).collect();
        let old = std::mem::replace(&mut self.name, create(self.client, self.template)?.name);
        self.client.delete(&format!("/platform/databases/{}", encode(&old)))?;
        self.fill(&rows)
    }

    pub fn delete(&self) -> Outcome<()> {
        self.client.delete(&self.path())
    }

    fn path(&self) -> String {
        format!("/platform/databases/{}", encode(&self.name))
    }

    fn send(
        &self,
        path: &str,
        prefer: Option<&str>,
        actor: Option<&str>,
        body: &Value,
    ) -> Outcome<Result<Value, Refusal>> {
        self.interrupt.check()?;
        let mut headers = vec![("database", self.name.as_str())];
        headers.extend(prefer.map(|prefer| ("prefer", prefer)));
        headers.extend(actor.map(|actor| ("act-as", actor)));
        match self.client.post_with(path, &headers, body) {
            Ok(answer) => Ok(Ok(answer)),
            // Whoever is refused is answered with a code; anything else ends the run.
            Err(failure) => match failure.code().map(str::to_owned) {
                Some(code) => Ok(Err(Refusal { code, message: failure.message })),
                None => Err(failure),
            },
        }
    }
}

fn create(client: &Client, template: &Template) -> Outcome<Database> {
    // Hashers are seeded by the system's randomness.
    let name = format!("policies-test-{:016x}", RandomState::new().build_hasher().finish());
    read(&client.post("/platform/databases", &json!({ "name": name, "template": template.name }))?)
}

fn not_released(template: &Template, version: u64, at: u64) -> Failure {
    let name = &template.name;
    Failure::new(
        Exit::Failed,
        format!("\"{name}\" v{version} is pushed and not released yet: a new database gets v{at}."),
    )
    .hint("`atomicbase jobs list` shows its push.")
}

/// The tables, each after those that it refers to, as far as there is such an order.
fn parents_first(tables: &[Table]) -> Vec<&Table> {
    let mut waiting: Vec<&Table> = tables.iter().collect();
    let mut ordered = Vec::with_capacity(tables.len());
    loop {
        let names: Vec<&str> = waiting.iter().map(|table| table.name.as_str()).collect();
        let waits = |table: &&Table| {
            let targets = table.columns.iter().filter_map(|column| column.references.as_ref());
            targets.map(|target| target.table.as_str()).any(|to| to != table.name && names.contains(&to))
        };
        let (later, now): (Vec<&Table>, Vec<&Table>) = waiting.iter().copied().partition(waits);
        if now.is_empty() {
            ordered.extend(later);
            return ordered;
        }
        ordered.extend(now);
        waiting = later;
    }
}

#[cfg(test)]
mod tests {
    use schema::Template;
    use serde_json::json;

    use super::parents_first;

    #[test]
    fn tables_come_after_those_they_refer_to() {
        let table = |name: &str, references: &[&str]| {
            let column =
                |to: &&str| json!({"name": to, "type": "text", "references": {"table": to, "column": "id"}});
            let mut columns = vec![json!({"name": "id", "type": "text"})];
            columns.extend(references.iter().map(column));
            json!({"name": name, "primary_key": ["id"], "columns": columns})
        };
        let tables = [table("c", &["b", "c"]), table("b", &["a"]), table("a", &[]), table("d", &["a"])];
        let template = Template::parse(&json!({"format": 1, "name": "x", "tables": tables})).unwrap();
        let names: Vec<&str> =
            parents_first(&template.tables).into_iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "d", "c"]);
    }
}
