//! The table of a benchmark run, from what criterion left behind.

use std::{fs, path::Path};

use anyhow::{Context, Result};

const SIZES: [u32; 5] = [1, 10, 100, 1_000, 10_000];
const WAYS: [&str; 4] = ["native", "typed-reused", "typed-fresh", "json-fresh"];
const UNGUARDED: &str = "typed-reused-ids-only";

/// Prints the last run as Markdown: medians, and ratios to native.
pub(crate) fn print(root: &Path) -> Result<()> {
    let criterion = root.join("target/criterion");
    for (group, title) in [("wait", "Nothing changes (the usual cycle)"), ("promote", "Every route changes")] {
        println!(
            "{title}:\n\n| routes | native | typed, reused | typed, fresh | JSON, fresh |\n|---:|---:|---:|---:|---:|"
        );
        for size in SIZES {
            let mut cells = vec![];
            let mut native = f64::NAN;
            for way in WAYS {
                let time = median(&criterion.join(group).join(way).join(size.to_string()))?;
                if way == "native" {
                    native = time;
                    cells.push(duration(time));
                } else {
                    cells.push(format!("{} ({:.1}x)", duration(time), time / native));
                }
            }
            println!("| {size} | {} |", cells.join(" | "));
        }
        let per_route = |way: &str, size: u32| {
            Ok::<_, anyhow::Error>(median(&criterion.join(group).join(way).join(size.to_string()))? / f64::from(size))
        };
        let growth = |way| Ok::<_, anyhow::Error>(per_route(way, 10_000)? / per_route(way, 100)?);
        println!(
            "\nCost of a route at 10,000 routes to that at 100: native {:.2}, typed reused {:.2}, \
             typed fresh {:.2}, JSON {:.2}.",
            growth(WAYS[0])?,
            growth(WAYS[1])?,
            growth(WAYS[2])?,
            growth(WAYS[3])?
        );
        let fresh = median(&criterion.join(group).join("typed-fresh/10"))?
            - median(&criterion.join(group).join("typed-reused/10"))?;
        let guard = median(&criterion.join(group).join("typed-reused/100"))?
            / median(&criterion.join(group).join(UNGUARDED).join("100"))?;
        println!("The whole guard against the checks of ids alone, at 100 routes, typed, reused: {guard:.2}x.");
        println!("A fresh instance instead of a reused one, at 10 routes: {}.\n", duration(fresh));
    }
    let guarded = |group: &str| {
        let with = median(&criterion.join(group).join("typed-reused/100"))?;
        Ok::<_, anyhow::Error>(with / (with - median(&criterion.join("guard").join(group))?))
    };
    println!(
        "Guarded against unguarded, at 100 routes, typed, reused: {:.2}x where nothing changes, \
         {:.2}x where every route does\n\
         (unguarded is guarded less the guard's own time, because no host evaluates without).",
        guarded("wait")?,
        guarded("promote")?
    );
    let per_second = |threads: &str| Ok::<_, anyhow::Error>(1e9 / median(&criterion.join("threads").join(threads))?);
    let (one, two, four) = (per_second("1")?, per_second("2")?, per_second("4")?);
    println!(
        "Evaluations a second, 10 routes, a fresh instance each: {one:.0} on one thread, \
         {two:.0} on two ({:.2}x), {four:.0} on four ({:.2}x).",
        two / one,
        four / one
    );
    swaps(&root.join("target/bench/swap.json"))?;
    let (source, cache) = (median(&criterion.join("load/source"))?, median(&criterion.join("load/cache"))?);
    println!("Loading: {} compiled from source, {} from the cache.", duration(source), duration(cache));
    Ok(())
}

/// Prints the costs of swaps.
fn swaps(path: &Path) -> Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{} is not there: run `make bench`", path.display()))?;
    let results: serde_json::Value = serde_json::from_str(&text)?;
    let number = |path: &str| results.pointer(path).and_then(serde_json::Value::as_f64).context("a number is missing");
    println!(
        "\n| one thread evaluates, another | evaluations | p50 | p99.9 | longest | longest to p99.9 in quiet | swaps |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (part, title, swaps) in [
        ("compiled/quiet", "does nothing", None),
        ("compiled/busy", "computes", None),
        ("compiled/swapping", "swaps, compiling each", Some("compiled/swaps")),
        ("cached/swapping", "swaps, compiled before", Some("cached/swaps")),
    ] {
        let quiet = format!("/{}/quiet/p999", part.split('/').next().unwrap_or_default());
        let value = |name: &str| number(&format!("/{part}/{name}"));
        let swaps = swaps.map(|path| number(&format!("/{path}"))).transpose()?;
        println!(
            "| {title} | {} | {} | {} | {} | {:.1}x | {} |",
            value("evaluations")?,
            duration(value("p50")?),
            duration(value("p999")?),
            duration(value("max")?),
            value("max")? / number(&quiet)?,
            swaps.map_or(String::new(), |swaps| swaps.to_string())
        );
    }
    println!(
        "\nFrom a file's rename to the switch, compiling included: {} (median), \
         of which 2 x {} is the debounce.",
        duration(number("/from_change_to_switch/p50")?),
        duration(number("/from_change_to_switch/quiet")?)
    );
    Ok(())
}

/// The median of a benchmark in nanoseconds.
fn median(benchmark: &Path) -> Result<f64> {
    let path = benchmark.join("new/estimates.json");
    let text =
        fs::read_to_string(&path).with_context(|| format!("{} is not there: run `make bench`", path.display()))?;
    let estimates: serde_json::Value = serde_json::from_str(&text)?;
    estimates["median"]["point_estimate"].as_f64().with_context(|| format!("{} has no median", path.display()))
}

fn duration(nanos: f64) -> String {
    match nanos {
        _ if nanos < 1e3 => format!("{nanos:.0} ns"),
        _ if nanos < 1e6 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.2} ms", nanos / 1e6),
    }
}
