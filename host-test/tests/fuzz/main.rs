//! Files that were once too much for a host, and those that fuzzing starts from: see `make fuzz`.

mod alike;
mod hosts;
#[path = "../../../hosts/loader/tests/support/promises.rs"]
mod promises;
mod run;
#[path = "../../../hosts/loader/tests/support/structured.rs"]
mod structured;

use std::{fs, path::Path};

use rstest::rstest;

#[rstest]
#[case::loader("loader")]
#[case::host("host")]
fn all_of_the_corpus_holds(#[case] target: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz").join(target);
    let mut tried = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let case = structured::case(&fs::read(path).unwrap());
        promises::hold(&case);
        hosts::hold(&case);
        alike::hold(&case);
        tried += 1;
    }
    assert!(tried > 0);
}
