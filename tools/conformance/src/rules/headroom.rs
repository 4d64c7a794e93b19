//! As many routes as the documentation measures, in half of the sandbox.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use pointsman::{Route, Timestamp, json::Request};
use pointsman_host::{EvaluateError, Guard, Limits};

use crate::{
    bench::Bench,
    requests,
    subject::Subject,
    tried::{Failure, Tried, Warning},
};

/// Routes that a plugin should take, and fewer of them, down to the least that it must.
const ROUTES: [usize; 4] = [10_000, 5000, 2000, 1000];

/// What is tried where the sandbox is too small: as many times its memory and its response.
const TIMES: [usize; 4] = [2, 4, 8, 16];

/// `headroom`: the largest requests of 10,000 routes through both entry points, each in a fresh instance, with half of
/// the memory and half of the response that the sandbox allows. Where they do not fit, fewer routes are tried: a plugin
/// that takes at least 1,000 passes with a warning that says how many, and which options take the others. The time is
/// told only, because a clock on the wall measures the machine too.
pub(super) fn headroom(bench: &Bench<'_>, _: &str) -> Tried {
    let (mut tried, mut first) = (0, None);
    for n in ROUTES {
        let longest = Cell::new(Duration::ZERO);
        let failure = match fits(bench, &half(&bench.options.limits), n, &longest) {
            Tried::Passed { cases, .. } => {
                tried += cases;
                let Some(failure) = first else {
                    let share = share(longest.get(), bench.options.limits.time);
                    let note = format!("{n} routes fit, and take {share} the time limit");
                    return Tried::Passed { cases: tried, note: Some(note) };
                };
                return warned(bench, tried, n, &failure);
            }
            Tried::Failed { cases, failure } => {
                tried += cases;
                failure
            }
            other => return other,
        };
        if n == ROUTES[ROUTES.len() - 1] {
            let remedy = enough(bench, n);
            return Tried::failed(tried, failure.clone().remedied(remedy));
        }
        first.get_or_insert(*failure);
    }
    unreachable!("the last number of routes returns")
}

/// The warning that so many routes fit, and why more do not.
fn warned(bench: &Bench<'_>, cases: u32, n: usize, failure: &Failure) -> Tried {
    let message = format!("{n} routes fit, {} do not: {}", ROUTES[0], failure.message);
    let remedy = enough(bench, ROUTES[0]);
    let remedy = remedy.unwrap_or_else(|| "`--memory-limit` and `--response-limit`, more than 16 times".to_owned());
    Tried::Warned { cases, warning: Warning { message, remedy } }
}

/// Half of a sandbox, and as much time.
fn half(limits: &Limits) -> Limits {
    Limits { memory: limits.memory / 2, response: limits.response / 2, ..limits.clone() }
}

/// The options under which so many routes fit.
fn enough(bench: &Bench<'_>, n: usize) -> Option<String> {
    let limits = &bench.options.limits;
    TIMES.into_iter().find_map(|times| {
        let more = Limits {
            memory: limits.memory.checked_mul(times)?,
            response: limits.response.checked_mul(times)?,
            ..limits.clone()
        };
        let is_enough = matches!(fits(bench, &half(&more), n, &Cell::default()), Tried::Passed { .. });
        let (memory, response) = (more.memory >> 20, more.response >> 20);
        is_enough.then(|| format!("`--memory-limit {memory}` and `--response-limit {response}` take {n} routes"))
    })
}

/// Tries requests of so many routes within limits; notes the longest time of a call.
fn fits(bench: &Bench<'_>, limits: &Limits, n: usize, longest: &Cell<Duration>) -> Tried {
    let plugin = bench.options.host_with(limits.clone()).map_err(|error| error.to_string());
    let plugin = plugin.and_then(|host| host.load_file(bench.file).map_err(|error| error.to_string()));
    let plugin = match plugin {
        Ok(plugin) => plugin,
        Err(message) => {
            let half = format!("it cannot be loaded with {} KiB of memory: {message}", limits.memory >> 10);
            return Tried::failed(1, Failure::new(half));
        }
    };
    let subject = Subject::new(&plugin, Guard::IdsOnly);
    let cases = bench.configs.plain().iter().flat_map(|config| all(config, n));
    Tried::of_each(cases, |(what, request)| {
        let text = serde_json::to_string(&[&request]).map_err(|error| Failure::new(error.to_string()))?;
        let named = |failure: Failure| {
            let message = format!("{what}, with half of the memory and the response: {}", failure.message);
            // The limits of this rule are halves; what is enough is tried.
            Failure { message, remedy: None, ..failure }
        };
        let start = now();
        match subject.decide(&request).map_err(|failure| named(Failure { request: None, ..failure }))? {
            Ok(_) | Err(EvaluateError::Rejected { .. }) => {}
            Err(error) => return Err(named(Failure::new(error.to_string()))),
        }
        let typed = start.elapsed();
        subject.answers(&text).map_err(named)?;
        longest.set(longest.get().max(typed).max(start.elapsed().saturating_sub(typed)));
        Ok(())
    })
}

/// The clock on the wall.
#[expect(clippy::disallowed_methods, reason = "what it measures is told, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

/// Rounded so much that it is the same every time.
fn share(time: Duration, limit: Duration) -> &'static str {
    match limit.as_nanos() / time.as_nanos().max(1) {
        10.. => "less than a tenth of",
        4..10 => "less than a quarter of",
        2..4 => "less than half of",
        _ => "more than half of",
    }
}

/// The largest requests: nothing new yet, all of it new, and half and half.
fn all(config: &str, n: usize) -> [(String, Request); 3] {
    let request = |what: &str, new: fn(usize) -> bool| {
        let route = |i| -> Route {
            let id = format!("0198c0de-0000-7000-8000-{i:012}");
            if new(i) { requests::route(id, requests::GREEN) } else { requests::serving_route(id) }
        };
        let mut spec = requests::spec(u32::try_from(n).unwrap_or(u32::MAX), config);
        // An hour in, whatever is waited for is over.
        spec.now = Timestamp::from_millis(requests::STARTED_AT + 3_600_000);
        (format!("{n} routes, {what}"), Request { routes: (0..n).map(route).collect(), spec })
    };
    [request("none new", |_| false), request("all new", |_| true), request("half of them new", |i| i % 2 == 0)]
}
