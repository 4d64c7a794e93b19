//! Measures what the dearest files that pass the loader's budgets take to compile: `make budgets`.
//!
//! Each file is compiled in a process of its own, whose time on the processor and memory are told. Times are told as
//! multiples of what blue-green takes in the same run, because machines differ and are shared; where blue-green takes
//! 80 ms, 25 of it are 2 s. The files stay in the folder, with what they are for wazero, for the same measurement
//! there.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use host_test::{component, dear::Dear};
use pointsman_host::{Host, Limits};
use pointsman_loader::{Budgets, Contract, Options, Runtime, load};

type Failure = Box<dyn Error>;

fn main() -> Result<ExitCode, Failure> {
    let args: Vec<String> = env::args().skip(1).collect();
    match &args[..] {
        [command, file] if command == "compile" => compile(Path::new(file)).map(|()| ExitCode::SUCCESS),
        [folder, kinds @ ..] => measure(Path::new(folder), kinds).map(|()| ExitCode::SUCCESS),
        [] => {
            eprintln!("usage: budgets FOLDER [KIND…]");
            Ok(ExitCode::from(2))
        }
    }
}

fn measure(folder: &Path, kinds: &[String]) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let options = Options {
        contract: &Contract::STRATEGY,
        runtime: Runtime::Wazero,
        memory: 64 << 20,
        budgets: Budgets::default(),
    };
    let put = |name: &str, bytes: &[u8]| -> Result<PathBuf, Failure> {
        let path = folder.join(format!("{}.wasm", name.replace(' ', "-")));
        fs::write(&path, bytes)?;
        fs::write(path.with_extension("metered"), load(bytes, &options)?.core)?;
        Ok(path)
    };
    let blue_green = put("blue-green", &fs::read(component("plugins/blue_green.wasm"))?)?;
    println!("{:32} {:>9} {:>9} {:>10} {:>8}", "kind", "bytes", "work", "blue-green", "MiB");
    for dear in Dear::all().filter(|dear| kinds.is_empty() || kinds.iter().any(|kind| kind == dear.name)) {
        let bytes = dear.largest(|bytes| load(bytes, &options).is_ok());
        let work = load(&bytes, &options)?.work;
        let path = put(dear.name, &bytes)?;
        // Before and after, for what else the machine does meanwhile.
        let (before, _) = cost(&blue_green)?;
        let (time, memory) = cost(&path)?;
        let (after, _) = cost(&blue_green)?;
        let times = time / f64::midpoint(before, after);
        println!("{:32} {:>9} {work:>9} {times:>10.1} {memory:>8}", dear.name, bytes.len());
    }
    Ok(())
}

/// Cost of compiling a file: seconds on the processor, and MiB of memory.
fn cost(file: &Path) -> Result<(f64, u64), Failure> {
    let output = Command::new(env::current_exe()?).arg("compile").arg(file).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (time, memory) =
        text.trim().split_once(' ').ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((time.parse()?, memory.parse()?))
}

/// Compiles a file, and prints what that took.
fn compile(file: &Path) -> Result<(), Failure> {
    let bytes = fs::read(file)?;
    let host = Host::new(Limits::default())?;
    let before = on_processor()?;
    let loaded = host.load_bytes("it", &bytes);
    let time = on_processor()? - before;
    // What cannot be started was compiled all the same.
    drop(loaded);
    let status = fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let memory: u64 = memory.ok_or("the system does not tell how much memory was used")?.parse()?;
    println!("{time} {}", memory >> 10);
    Ok(())
}

/// Seconds that this thread, which compiles by itself, was on the processor.
fn on_processor() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
