//! As many routes as the documentation measures, in half of the sandbox.

use std::time::{Duration, Instant};

use pointsman::{Route, Timestamp, json::Request};
use pointsman_host::{EvaluateError, Guard, Limits};

use crate::{
    bench::Bench,
    requests,
    subject::Subject,
    tried::{Failure, Tried},
};

/// Numbers of routes.
const ROUTES: [usize; 2] = [1000, 10_000];

/// `headroom`: memory and response are halved; time is told only, because a clock on the wall measures the machine too.
pub(super) fn headroom(bench: &Bench<'_>, _: &str) -> Tried {
    let limits = &bench.options.limits;
    let half = Limits { memory: limits.memory / 2, response: limits.response / 2, ..limits.clone() };
    let plugin = bench.options.host_with(half.clone()).map_err(|error| error.to_string());
    let plugin = plugin.and_then(|host| host.load_file(bench.file).map_err(|error| error.to_string()));
    let plugin = match plugin {
        Ok(plugin) => plugin,
        Err(message) => {
            let half = format!("it cannot be loaded with {} KiB of memory: {message}", half.memory >> 10);
            return Tried::failed(1, Failure::new(half));
        }
    };
    let (subject, longest) = (Subject::new(&plugin, Guard::IdsOnly), std::cell::Cell::new(Duration::ZERO));
    let configs = bench.configs.plain();
    let cases = configs.iter().flat_map(|config| ROUTES.into_iter().flat_map(move |n| all(config, n)));
    let tried = Tried::of_each(cases, |(what, request)| {
        let text = serde_json::to_string(&[&request]).map_err(|error| Failure::new(error.to_string()))?;
        let named = |failure: Failure| {
            let message = format!("{what}, with half of the memory and the response: {}", failure.message);
            Failure { message, ..failure }
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
    });
    match tried {
        Tried::Passed { cases, .. } => {
            let most = ROUTES[ROUTES.len() - 1];
            let share = share(longest.get(), limits.time);
            Tried::Passed { cases, note: Some(format!("{most} routes take {share} the time limit")) }
        }
        other => other,
    }
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
