//! Files that were once too much for the loader, and those that fuzzing starts from: see `make fuzz`.

#[path = "support/promises.rs"]
mod promises;
#[path = "support/structured.rs"]
mod structured;

use std::{fs, path::Path};

#[test]
fn all_of_the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/loader");
    let mut tried = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        promises::hold(&structured::case(&fs::read(path).unwrap()));
        tried += 1;
    }
    assert!(tried > 0);
}
