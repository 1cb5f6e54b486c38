//! Starting: settings, folders and ports that are not right are told before anything is opened.

use std::process::{Command, Output};

use crate::program::{BINARY, Start};

fn serve(variables: &[(&str, &str)]) -> Output {
    Command::new(BINARY).arg("serve").envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn all_faults_of_a_configuration_are_told_together_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let output = serve(&[
        ("ATOMICBASE_DATA_DIR", data_dir.to_str().unwrap()),
        ("ATOMICBASE_LISTEN", "nowhere"),
        ("ATOMICBASE_SERVICE_KEY", "short"),
        ("ATOMICBASE_LIMITS_DEPTH", "deep"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    for words in
        ["3 settings are not right", "ATOMICBASE_LISTEN", "ATOMICBASE_SERVICE_KEY", "ATOMICBASE_LIMITS_DEPTH"]
    {
        assert!(text.contains(words), "{text}");
    }
    assert!(!text.contains("short"), "the key is a secret: {text}");
    assert!(!data_dir.exists());
}

#[test]
fn a_folder_has_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Start::on(folder.path()).run();
    let output = serve(&[
        ("ATOMICBASE_DATA_DIR", folder.path().to_str().unwrap()),
        ("ATOMICBASE_LISTEN", "127.0.0.1:0"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("another process already serves"), "{text}");
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let first = Start::on(folder.path()).run();
    let other = tempfile::tempdir().unwrap();
    let output = serve(&[
        ("ATOMICBASE_DATA_DIR", other.path().to_str().unwrap()),
        ("ATOMICBASE_LISTEN", &first.address),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("Cannot listen on") && text.contains("--listen"), "{text}");
}
