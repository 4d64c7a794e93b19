//! Bytes that were once too much, and those that fuzzing starts from: see `make fuzz`.

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/oracle/mod.rs"]
mod oracle;
mod support;

use std::{fs, path::Path};

use rstest::rstest;

#[rstest]
#[case::json_entry_point("json_entry_point", fuzz::json_entry_point)]
#[case::config("config", fuzz::config)]
#[case::guard("guard", fuzz::guard)]
fn all_of_the_corpus_holds(#[case] target: &str, #[case] check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(target);
    let mut tried = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        tried += 1;
    }
    assert!(tried > 0);
}
