//! The project's own build steps, for what plain cargo does not do.
#![forbid(unsafe_code)]

mod bench_table;
mod components;
mod reproducible;
mod toolchain;

use std::{path::Path, process::ExitCode};

use clap::Parser;

/// Build steps for what plain cargo does not do.
#[derive(Parser)]
enum Task {
    /// Build components: target/plugins, target/examples, target/guests, target/loader and target/release-files.
    Components {
        /// Only these packages; without any, all that there are.
        packages: Vec<String>,
    },
    /// Build the components in another folder too, and compare the bytes.
    Reproducible,
    /// Print the table of the last benchmark run: times, and ratios to native.
    BenchTable,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    // The manifest is in `xtask`, one level below the workspace.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a manifest has a parent");
    match Task::parse() {
        Task::Components { packages } => {
            for component in components::build(root, &packages)? {
                println!("{:>9} bytes  {}", component.bytes.len(), component.path.display());
            }
            Ok(())
        }
        Task::Reproducible => reproducible::check(root),
        Task::BenchTable => bench_table::print(root),
    }
}
