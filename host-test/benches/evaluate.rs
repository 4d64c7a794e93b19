//! Cost of a decision: the native code, and the component in each of the ways to call it, in one run.
//!
//! `make bench` runs it and prints the table. Only ratios within one run mean anything on a shared machine.
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::{
    fs,
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use host_test::{BLUE_GREEN, component};
use pointsman::{
    HealthStatus, Labels, Route, RouteStatus, Spec, Timestamp, TrafficStatus, blue_green::BlueGreen, evaluate_cycle,
    json::Request,
};
use pointsman_host::{Guard, Host, Limits};

const SIZES: [u64; 5] = [1, 10, 100, 1_000, 10_000];

/// Start of the rollout, in milliseconds.
const STARTED_AT: u64 = 1_760_000_000_000;

/// Half of the routes serve the old revision, half are the new one's, with ids like UUIDs, in no order.
fn routes(n: u64, health_of_last: HealthStatus) -> Vec<Route> {
    let route = |i: u64| {
        let is_green = i >= n / 2;
        // The multiplier of splitmix64 spreads the numbers over the whole range.
        let spread = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Route {
            id: format!("{:08x}-{:04x}-4000-8000-{:012x}", spread >> 32, (spread >> 16) & 0xffff, i),
            revision: if is_green { "5f0c8b1e-v2" } else { "5f0c8b1e-v1" }.to_owned(),
            status: RouteStatus::Running,
            health: if i + 1 == n { health_of_last } else { HealthStatus::Healthy },
            traffic_status: if is_green { TrafficStatus::Inactive } else { TrafficStatus::Active },
            traffic_ratio: if is_green { 0.0 } else { 1.0 },
            created_at: Timestamp::from_millis(STARTED_AT + i),
            status_updated_at: Some(Timestamp::from_millis(STARTED_AT + i)),
            end: None,
            labels: Labels::default(),
        }
    };
    (0..n).map(route).collect()
}

fn spec(n: u64) -> Spec {
    let (started_at, now) = (Timestamp::from_millis(STARTED_AT), Timestamp::from_millis(STARTED_AT + 60_000));
    let target = u32::try_from(n - n / 2).unwrap();
    Spec {
        stable_revision: Some("5f0c8b1e-v1".to_owned()),
        config: r#"{"auto_promote": true, "progress_deadline_seconds": 600}"#.to_owned(),
        ..Spec::new("5f0c8b1e-v2", target, started_at, now)
    }
}

/// `wait`: the usual cycle, in which nothing changes. `promote`: the cycle that names every route.
fn evaluate(c: &mut Criterion) {
    let plugin = &*BLUE_GREEN;
    for (name, health) in [("wait", HealthStatus::Degraded), ("promote", HealthStatus::Healthy)] {
        let mut group = c.benchmark_group(name);
        group.sample_size(30).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for n in SIZES {
            let (routes, spec) = (routes(n, health), spec(n));
            let request = serde_json::to_string(&[Request { routes: routes.clone(), spec: spec.clone() }]).unwrap();
            let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();
            assert_eq!(plugin.evaluate_cycle(&routes, &spec).unwrap(), plan);
            assert_eq!(plan.is_empty(), name == "wait");

            group.bench_function(BenchmarkId::new("native", n), |b| {
                b.iter(|| evaluate_cycle::<BlueGreen>(black_box(&routes), black_box(&spec)));
            });
            let mut session = plugin.session().unwrap();
            group.bench_function(BenchmarkId::new("typed-reused", n), |b| {
                b.iter(|| session.evaluate_cycle(black_box(&routes), black_box(&spec)).unwrap());
            });
            drop(session);
            let mut session = plugin.with_guard(Guard::IdsOnly).session().unwrap();
            group.bench_function(BenchmarkId::new("typed-reused-ids-only", n), |b| {
                b.iter(|| session.evaluate_cycle(black_box(&routes), black_box(&spec)).unwrap());
            });
            drop(session);
            group.bench_function(BenchmarkId::new("typed-fresh", n), |b| {
                b.iter(|| plugin.evaluate_cycle(black_box(&routes), black_box(&spec)).unwrap());
            });
            group.bench_function(BenchmarkId::new("json-fresh", n), |b| {
                b.iter(|| plugin.evaluate_cycles_json(black_box(&request)).unwrap());
            });
        }
    }
}

/// The guard by itself, natively: what it adds to every evaluation.
fn guard(c: &mut Criterion) {
    let mut group = c.benchmark_group("guard");
    group.sample_size(30).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for (name, health) in [("wait", HealthStatus::Degraded), ("promote", HealthStatus::Healthy)] {
        let (routes, spec) = (routes(100, health), spec(100));
        let plan = evaluate_cycle::<BlueGreen>(&routes, &spec).unwrap();
        group.bench_function(name, |b| {
            b.iter(|| Guard::default().check(black_box(&routes), black_box(&spec), black_box(&plan)));
        });
    }
}

/// Evaluations on several threads at once, of 10 routes each, with a fresh instance.
fn threads(c: &mut Criterion) {
    let plugin = &*BLUE_GREEN;
    let (routes, spec) = (routes(10, HealthStatus::Degraded), spec(10));
    let mut group = c.benchmark_group("threads");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
    for count in [1, 2, 4] {
        group.bench_function(count.to_string(), |b| {
            b.iter_custom(|iterations| {
                let start = Instant::now();
                thread::scope(|scope| {
                    for i in 0..count {
                        // All of them together do as many as criterion says.
                        let share = iterations / count + u64::from(i < iterations % count);
                        let evaluate = || plugin.evaluate_cycle(black_box(&routes), black_box(&spec)).unwrap();
                        scope.spawn(move || (0..share).for_each(|_| drop(evaluate())));
                    }
                });
                start.elapsed()
            });
        });
    }
}

/// Loading the component: compiled from source, and found in the cache.
fn load(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(component("plugins/blue_green.wasm")).unwrap();
    let mut group = c.benchmark_group("load");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
    let source = Host::new(Limits::default()).unwrap();
    group.bench_function("source", |b| {
        b.iter_batched(|| (), |()| source.load_bytes("blue_green.wasm", &bytes).unwrap(), BatchSize::PerIteration);
    });
    let cached = Host::with_cache(Limits::default(), folder.path()).unwrap();
    group.bench_function("cache", |b| {
        b.iter_batched(|| (), |()| cached.load_bytes("blue_green.wasm", &bytes).unwrap(), BatchSize::PerIteration);
    });
}

criterion_group!(benches, evaluate, guard, threads, load);
criterion_main!(benches);
