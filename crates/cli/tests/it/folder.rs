//! A folder to run commands in, and what they printed.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::rc::Rc;

use clap::Parser;
use cli::{Command, Exit, GlobalArgs, Look, Terminal};
use serde_json::Value;
use tempfile::TempDir;

pub const KEY: &str = "atb_sk_0123456789abcdef0123456789abcdef";

/// A schema as the seed prints it.
pub const SAAS_APP: &str = "\
import { defineSchema, defineTable, c } from '@atomicbase/schema'

export default defineSchema('saas-app', {
  projects: defineTable({
    id: c.text().primaryKey(),
    name: c.text().notNull(),
  }),
})
";

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    args: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub exit: Exit,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A folder and the person in front of it.
pub struct Folder {
    place: TempDir,
    look: Look,
    typed: String,
}

impl Folder {
    /// A folder with the seed's schema; output goes into a pipe.
    pub fn new() -> Self {
        let folder = Self::empty();
        folder.write("schemas/saas-app.schema.ts", SAAS_APP);
        folder
    }

    pub fn empty() -> Self {
        Self { place: TempDir::new().unwrap(), look: Look::default(), typed: String::new() }
    }

    /// In a terminal, with what the person will type.
    pub fn in_terminal(mut self, typed: &str) -> Self {
        self.look = Look { live: true, live_err: true, asks: true, ..self.look };
        self.typed = typed.to_owned();
        self
    }

    pub fn in_color(mut self) -> Self {
        self.look = Look { color_out: true, color_err: true, ..self.look };
        self
    }

    pub fn path(&self) -> &Path {
        self.place.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs a command line against a server, with a key.
    pub fn run_at(&self, url: &str, line: &str) -> Ran {
        self.run(&format!("{line} --url {url} --api-key {KEY}"))
    }

    pub fn run(&self, line: &str) -> Ran {
        let program = Program::try_parse_from(format!("atomicbase {line}").split_whitespace()).unwrap();
        let (out, err) = (Captured::default(), Captured::default());
        let look = Look { json: program.args.json, asks: self.look.asks && !program.args.json, ..self.look };
        let input = Cursor::new(self.typed.clone().into_bytes());
        let mut terminal = Terminal::new(out.clone(), err.clone(), input, look);
        let exit = cli::run_in(self.path(), &program.command, &program.args, &mut terminal);
        Ran { exit, out: out.text(), err: err.text() }
    }
}

#[derive(Clone, Default)]
struct Captured(Rc<RefCell<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
