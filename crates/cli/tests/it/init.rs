//! `init`: what it writes, and that it never overwrites.

use cli::Exit;

use crate::folder::Folder;

#[test]
fn init_writes_a_project_and_says_what_is_next() {
    let folder = Folder::empty();
    let ran = folder.run("init notes");
    assert_eq!(ran.exit, Exit::Done, "{ran:?}");
    let expected = "\
✓ atomicbase.config.ts
✓ schemas/notes.schema.ts
✓ .gitignore (/atomicbase-data)

Next:
  types for your editor  npm install --save-dev @atomicbase/schema
  a local server         atomicbase dev
  the schema's template  atomicbase push
  a first tenant         atomicbase databases create acme --template notes
";
    assert_eq!(ran.out, expected);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80));
    assert!(folder.read("schemas/notes.schema.ts").contains("defineSchema('notes', {"));
    assert_eq!(folder.read(".gitignore"), "/atomicbase-data\n");
}

#[test]
fn init_overwrites_nothing() {
    let folder = Folder::empty();
    folder.write("atomicbase.config.ts", "mine");
    folder.write("schemas/notes.schema.ts", "mine");
    folder.write(".gitignore", "node_modules");
    let document = folder.run("init notes --json").json();
    assert_eq!(document["created"][0], ".gitignore (/atomicbase-data)");
    assert_eq!(document["kept"].as_array().unwrap().len(), 2);
    assert_eq!(folder.read("atomicbase.config.ts"), "mine");
    assert_eq!(folder.read("schemas/notes.schema.ts"), "mine");
    assert_eq!(folder.read(".gitignore"), "node_modules\n/atomicbase-data\n");
    folder.run("init notes");
    assert_eq!(folder.read(".gitignore"), "node_modules\n/atomicbase-data\n");
}

#[test]
fn init_asks_for_a_name_in_a_terminal_only() {
    let asked = Folder::empty().in_terminal("crm\n").run("init");
    assert!(asked.err.starts_with("Name of the schema ["), "{asked:?}");
    assert!(asked.out.contains("schemas/crm.schema.ts"), "{asked:?}");
    let piped = Folder::empty().run("init");
    assert_eq!((piped.exit, piped.err.as_str()), (Exit::Done, ""));
}

#[test]
fn a_name_that_is_none_is_refused_and_nothing_is_written() {
    let folder = Folder::empty();
    for name in ["My_App", "a/../b", "-x", "x'"] {
        let ran = folder.run(&format!("init -- {name}"));
        assert_eq!(ran.exit, Exit::Usage, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_init_writes_is_a_schema_that_can_be_pushed() {
    let folder = Folder::empty();
    folder.run("init notes");
    let ran = folder.run_at("http://127.0.0.1:9", "diff");
    assert_eq!(ran.exit, Exit::ServerLost, "it got as far as the server: {ran:?}");
}
