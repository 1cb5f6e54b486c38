//! `atomicbase init`: a configuration, a first schema and a line in .gitignore. Never overwrites, talks to no server.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::exit::{Failure, Outcome};
use crate::print::Terminal;
use crate::settings::{CONFIG_FILE, DEV_DATA_DIR};

const DEFAULT_NAME: &str = "app";
const MAX_NAME_CHARACTERS: usize = 63;

const CONFIG: &str = "\
import { defineConfig } from '@atomicbase/schema'

// ATOMICBASE_URL and ATOMICBASE_API_KEY win over what stands here. Keys belong there, not in this file.
export default defineConfig({
  url: 'http://localhost:8080',
  schemas: './schemas',
})
";

/// Arguments of `init`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InitArgs {
    /// The schema's name [default: this folder's]
    pub name: Option<String>,
}

/// What became of the files.
#[derive(Default)]
struct Written {
    created: Vec<String>,
    kept: Vec<String>,
}

pub(crate) fn run(args: &InitArgs, folder: &Path, terminal: &mut Terminal) -> Outcome<()> {
    let name = choose_name(args, folder, terminal)?;
    let mut written = Written::default();
    write_new(folder, CONFIG_FILE, CONFIG, &mut written)?;
    write_new(folder, &format!("schemas/{name}.schema.ts"), &schema(&name), &mut written)?;
    ignore_data(folder, &mut written)?;
    for path in &written.created {
        terminal.success(path);
    }
    for path in &written.kept {
        terminal.say_dim(&format!("  {path} is there already, and was left as it is"));
    }
    terminal.say("");
    terminal.say("Next:");
    let steps = [
        ("types for your editor", "npm install --save-dev @atomicbase/schema"),
        ("a local server", "atomicbase dev"),
        ("the schema's template", "atomicbase push"),
        ("a first tenant", &format!("atomicbase databases create acme --template {name}")),
    ];
    for (meaning, command) in steps {
        terminal.say(&format!("  {meaning:<22} {command}"));
    }
    terminal.document(&json!({ "name": name, "created": written.created, "kept": written.kept }));
    Ok(())
}

fn choose_name(args: &InitArgs, folder: &Path, terminal: &mut Terminal) -> Outcome<String> {
    let chosen = match &args.name {
        Some(name) => name.clone(),
        None => {
            let absolute = std::path::absolute(if folder == Path::new("") { Path::new(".") } else { folder });
            let folder_name =
                absolute.ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
            let default = name_from(folder_name.as_deref().unwrap_or(DEFAULT_NAME));
            if terminal.asks() { terminal.ask_for("Name of the schema", &default) } else { default }
        }
    };
    if name_from(&chosen) != chosen {
        return Err(Failure::usage(format!("`{chosen}` is not a name for a schema.")).hint(
            "A name has lowercase letters, digits and hyphens, at most 63, and no hyphen at its ends.",
        ));
    }
    Ok(chosen)
}

/// The name that is nearest to `text`: `My App!` becomes `my-app`.
fn name_from(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(MAX_NAME_CHARACTERS);
    let name = name.trim_end_matches('-');
    if name.is_empty() { DEFAULT_NAME.to_owned() } else { name.to_owned() }
}

fn schema(name: &str) -> String {
    format!(
        "\
import {{ defineSchema, defineTable, c, sql }} from '@atomicbase/schema'

export default defineSchema('{name}', {{
  notes: defineTable({{
    id: c.id(),
    title: c.text().notNull(),
    body: c.text(),
    created_at: c.timestamp().notNull().default(sql`unixepoch()`),
  }}).index('idx_notes_created', ['created_at']),
}})
"
    )
}

/// Writes a file unless something is there, in one step, so that nothing is lost between a look and the write.
fn write_new(folder: &Path, name: &str, content: &str, written: &mut Written) -> Outcome<()> {
    let path = folder.join(name);
    let create = || {
        if let Some(parent) = path.parent().filter(|parent| *parent != Path::new("")) {
            fs::create_dir_all(parent)?;
        }
        OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(content.as_bytes())
    };
    match create() {
        Ok(()) => written.created.push(name.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => written.kept.push(name.to_owned()),
        Err(error) => return Err(Failure::usage(format!("Cannot write {}: {error}.", path.display()))),
    }
    Ok(())
}

/// Keeps the development server's data, and the key in it, out of git.
fn ignore_data(folder: &Path, written: &mut Written) -> Outcome<()> {
    let path = folder.join(".gitignore");
    let fault = |error: io::Error| Failure::usage(format!("Cannot write {}: {error}.", path.display()));
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fault(error)),
    };
    if before.lines().any(|line| line.trim().trim_matches('/') == DEV_DATA_DIR) {
        written.kept.push(".gitignore".to_owned());
        return Ok(());
    }
    let newline = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(fault)?;
    file.write_all(format!("{newline}/{DEV_DATA_DIR}\n").as_bytes()).map_err(fault)?;
    written.created.push(format!(".gitignore (/{DEV_DATA_DIR})"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::name_from;

    #[test]
    fn a_folder_gives_a_name() {
        assert_eq!(name_from("My App!"), "my-app");
        assert_eq!(name_from("saas-app"), "saas-app");
        assert_eq!(name_from("__x__"), "x");
        assert_eq!(name_from("日本"), "app");
        assert_eq!(name_from(&"a-".repeat(60)).len(), 63);
    }
}
