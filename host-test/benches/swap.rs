//! Cost of a swap for those who evaluate meanwhile, and the time from a changed file to the switch.
//!
//! `make bench` runs it. It prints what `cargo xtask bench-table` then puts below the table: `target/bench/swap.json`.
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use host_test::{Folder, component, cycle, numbered};
use pointsman::{Route, Spec, json::Request};
use pointsman_host::{
    Host, Limits, Registry,
    registry::{Options, Swap, Watching},
};
use serde_json::json;

/// Time for which each part is measured.
const LONG: Duration = Duration::from_secs(5);

/// Times that a file is changed.
const CHANGES: u8 = 20;

/// The request of the README.
fn request() -> (Vec<Route>, Spec) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/request.json");
    let Request { routes, spec } = Request::parse(&fs::read_to_string(path).unwrap()).unwrap();
    (routes, spec)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000_000, 3).unwrap()
}

/// Latencies of evaluations on one thread, in nanoseconds, while `meanwhile` runs on another.
fn latencies(registry: &Registry, meanwhile: impl FnOnce(&AtomicBool) + Send) -> Histogram<u64> {
    let (routes, spec) = request();
    let is_over = AtomicBool::new(false);
    let mut latencies = histogram();
    thread::scope(|scope| {
        scope.spawn(|| meanwhile(&is_over));
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            let start = Instant::now();
            registry.evaluate_cycle("blue-green", &cycle(&routes, &spec)).unwrap();
            latencies.saturating_record(u64::try_from(start.elapsed().as_nanos()).unwrap());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    latencies
}

fn quantiles(latencies: &Histogram<u64>) -> serde_json::Value {
    json!({
        "evaluations": latencies.len(),
        "p50": latencies.value_at_quantile(0.5),
        "p99": latencies.value_at_quantile(0.99),
        "p999": latencies.value_at_quantile(0.999),
        "max": latencies.max(),
    })
}

/// Latencies while nothing happens, while another thread only computes, and while another swaps without a pause.
fn pauses(host: &Host, files: &[PathBuf; 2]) -> serde_json::Value {
    let registry = Registry::new(host.clone(), Options::default());
    registry.swap("blue-green", &files[0]).unwrap();
    let quiet = latencies(&registry, |_| {});
    // What the machine does to a thread when the other core is busy too, without any swap.
    let busy = latencies(&registry, |is_over| {
        while !is_over.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let mut swaps = 0;
    let swapping = latencies(&registry, |is_over| {
        while !is_over.load(Ordering::Relaxed) {
            swaps += 1;
            registry.swap("blue-green", &files[swaps % 2]).unwrap();
        }
    });
    json!({ "quiet": quantiles(&quiet), "busy": quantiles(&busy), "swapping": quantiles(&swapping), "swaps": swaps })
}

/// From the rename that puts a file in place to the switch, in nanoseconds.
fn from_change_to_switch(host: &Host, wasm: &[u8]) -> serde_json::Value {
    let folder = Folder::new();
    folder.write("blue_green.wasm", wasm);
    let registry = Registry::new(host.clone(), Options::default());
    let (sender, switched) = channel();
    let on_change = move |_: &Path, result: &Result<Swap, _>| {
        if matches!(result, Ok(Swap::Swapped { .. })) {
            sender.send(Instant::now()).unwrap();
        }
    };
    let how = Watching { on_change: Arc::new(on_change), ..Watching::default() };
    let quiet = how.quiet;
    let _watch = registry.watch(folder.path(), how).unwrap();
    let mut times = histogram();
    for number in 0..CHANGES {
        let start = Instant::now();
        folder.write("blue_green.wasm", &numbered(wasm, number));
        let took = switched.recv().unwrap() - start;
        times.saturating_record(u64::try_from(took.as_nanos()).unwrap());
    }
    let quiet = u64::try_from(quiet.as_nanos()).unwrap();
    json!({ "p50": times.value_at_quantile(0.5), "max": times.max(), "quiet": quiet })
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = Folder::new();
    let files = [1, 2].map(|number| folder.copy("plugins/blue_green.wasm", number));
    let wasm = fs::read(component("plugins/blue_green.wasm")).unwrap();
    let compiling = Host::new(Limits::default()).unwrap();
    let cached = Host::with_cache(Limits::default(), folder.path().join("cache")).unwrap();
    let results = json!({
        "compiled": pauses(&compiling, &files),
        "cached": pauses(&cached, &files),
        "from_change_to_switch": from_change_to_switch(&compiling, &wasm),
    });
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("swap.json"), serde_json::to_string_pretty(&results).unwrap()).unwrap();
    println!("{results:#}");
}
