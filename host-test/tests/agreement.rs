//! A strategy's component answers exactly as the native code does, through both entry points.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use host_test::{BLUE_GREEN, HOSTILE, ROLLING_UPDATE, verdict};
use pointsman::{
    EvaluationError, Rollout, Route, RouteChanges, Spec, Strategy, SubStep, TrafficChange, blue_green::BlueGreen,
    evaluate_cycle, json, rolling_update::RollingUpdate,
};
use pointsman_host::{Guard, Plugin};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy as _, prop_assert_eq, prop_oneof, proptest},
};
use serde_json::{Value, value::RawValue};
use support::{any_blue_green_config, any_ratio, any_rolling_update_config, any_routes, any_spec_with};

/// The requests of the corpus, as they are written there.
fn corpus(strategy: &str) -> Vec<(String, Box<RawValue>)> {
    #[derive(pointsman::serde::Deserialize)]
    #[serde(crate = "pointsman::serde")]
    struct Vector {
        request: Box<RawValue>,
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(strategy);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let vector: Vector = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            (path.display().to_string(), vector.request)
        })
        .collect()
}

/// The plugin's own answer, without a policy's limits.
fn assert_agreement<S: Strategy>(plugin: &Plugin, name: &str, routes: &[Route], spec: &Spec) {
    let component = verdict(plugin.evaluate_cycle(routes, spec));

    assert_eq!(component, evaluate_cycle::<S>(routes, spec), "{name}");
}

/// Sets every route's traffic as it is: what the hostile guest does when it is to echo, as native code.
struct Echo;

impl Strategy for Echo {
    const NAME: &'static str = "echo";
    const VERSION: &'static str = "1.0.0";
    const SUMMARY: &'static str = "Sets every route's traffic as it is.";
    type Config = BTreeMap<String, String>;

    fn evaluate(rollout: &Rollout<'_>, _: &Self::Config) -> Result<RouteChanges, EvaluationError> {
        let echo = rollout.routes().map(|route| TrafficChange {
            route_id: route.id.clone(),
            traffic_status: route.traffic_status,
            traffic_ratio: route.traffic_ratio,
        });
        Ok(RouteChanges::none(SubStep::Provisioning, "echo", String::new()).change_traffic(echo))
    }
}

/// Ratios of any bits: over all exponents, subnormal ones, and those next to the ones that are usual.
fn any_ratios() -> impl proptest::strategy::Strategy<Value = Vec<f64>> {
    let bits = prop_oneof![
        4 => 0..=1.0_f64.to_bits(),
        2 => 0..f64::MIN_POSITIVE.to_bits(),
        2 => (0..=100u32, 0..=2u64).prop_map(|(percent, off)| {
            let usual = (f64::from(percent) / 100.0).to_bits();
            (usual + off).saturating_sub(1).min(1.0_f64.to_bits())
        }),
    ];
    vec(prop_oneof![3 => bits.prop_map(f64::from_bits), 1 => any_ratio()], 1..100)
}

/// The ratios that a plan sets, bit by bit, in the order of ids.
fn bits(plan: &RouteChanges) -> Vec<u64> {
    plan.traffic_changes.iter().map(|change| change.traffic_ratio.to_bits()).collect()
}

/// The plan that is the only answer.
fn only(answers: &str) -> RouteChanges {
    let mut answers: Vec<json::Answer> = serde_json::from_str(answers).unwrap();
    let Some(json::Answer::Ok(plan)) = answers.pop().filter(|_| answers.is_empty()) else { panic!("{answers:?}") };
    plan
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Ratios of whatever bits come through every entry point as they are, to the last bit.
    #[test]
    fn ratios_to_the_bit(ratios in any_ratios()) {
        let echo = HOSTILE.with_guard(Guard::IdsOnly);
        let route = |(i, ratio): (usize, &f64)| {
            Route { traffic_ratio: *ratio, ..support::route(&format!("r-{i:04}"), "v1") }
        };
        let given: Vec<Route> = ratios.iter().enumerate().map(route).collect();
        let spec = support::spec(0, r#"{"misdeed": "echo_traffic"}"#);
        let request = serde_json::to_string(&[json::Request { routes: given.clone(), spec: spec.clone() }]).unwrap();
        let expected: Vec<u64> = ratios.iter().map(|ratio| ratio.to_bits()).collect();
        let mut session = echo.session().unwrap();

        prop_assert_eq!(bits(&evaluate_cycle::<Echo>(&given, &spec).unwrap()), &expected[..]);
        prop_assert_eq!(bits(&only(&json::evaluate_cycles::<Echo>(&request).unwrap())), &expected[..]);
        prop_assert_eq!(bits(&echo.evaluate_cycle(&given, &spec).unwrap()), &expected[..]);
        prop_assert_eq!(bits(&only(&echo.evaluate_cycles_json(&request).unwrap())), &expected[..]);
        prop_assert_eq!(bits(&session.evaluate_cycle(&given, &spec).unwrap()), &expected[..]);
        prop_assert_eq!(bits(&only(&session.evaluate_cycles_json(&request).unwrap())), &expected[..]);
    }
}

/// Configurations that one strategy or both take, or refuse.
const CONFIGS: [&str; 7] = [
    "{}",
    "",
    "[]",
    r#"{"auto_promote": 1}"#,
    r#"{"progress_deadline_seconds": 0}"#,
    r#"{"max_replacements": 4294967296}"#,
    r#"{"max_surge": 0, "max_unavailable": 0}"#,
];

/// Requests of the JSON entry point's `check-config`, and texts that are none.
const CONFIGS_TO_CHECK: [&str; 4] = [
    r#"{"target_replicas": 3}"#,
    r#"{"config": {"max_surge": 0}, "target_replicas": 1, "limits": {"least_serving": 1, "most_live": 2}}"#,
    "{}",
    "nonsense",
];

macro_rules! agreement {
    ($module:ident, $strategy:ty, $plugin:ident, $config:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn the_corpus_through_the_typed_entry_point() {
                let mut typed = 0;
                for (name, request) in corpus(<$strategy>::NAME) {
                    // Some of the corpus is about text that is no request.
                    if let Ok(json::Request { routes, spec }) = json::Request::parse(request.get()) {
                        assert_agreement::<$strategy>(&$plugin, &name, &routes, &spec);
                        typed += 1;
                    }
                }
                assert!(typed > 40, "only {typed} requests of the corpus can be typed");
            }

            #[test]
            fn the_corpus_through_the_json_entry_point_one_by_one() {
                for (name, request) in corpus(<$strategy>::NAME) {
                    let request = format!("[{request}]");
                    let component = $plugin.evaluate_cycles_json(&request).unwrap();

                    assert_eq!(component, json::evaluate_cycles::<$strategy>(&request).unwrap(), "{name}");
                }
            }

            #[test]
            fn the_corpus_through_the_json_entry_point_at_once() {
                let requests: Vec<_> = corpus(<$strategy>::NAME).into_iter().map(|(_, request)| request).collect();
                let requests = serde_json::to_string(&requests).unwrap();
                let component = $plugin.evaluate_cycles_json(&requests).unwrap();

                assert_eq!(component, json::evaluate_cycles::<$strategy>(&requests).unwrap());
            }

            #[test]
            fn what_is_no_array_of_requests() {
                for text in ["", "{}", "nonsense", "[1", "[NaN]"] {
                    let component = $plugin.evaluate_cycles_json(text).unwrap_err().to_string();
                    let native = json::evaluate_cycles::<$strategy>(text).unwrap_err();

                    assert!(component.ends_with(&native), "{component} is not {native}");
                }
            }

            #[test]
            fn configs_and_description() {
                for config in CONFIGS {
                    let limits = None;
                    let component = $plugin.check_config(config, 3).map_err(|error| error.to_string());
                    match (component, pointsman::check_config::<$strategy>(config, 3, limits)) {
                        (Ok(component), Ok(native)) => assert_eq!(component, native),
                        (Err(component), Err(native)) => {
                            assert!(component.ends_with(&native), "{component} is not {native}");
                        }
                        other => panic!("`{config}`: {other:?}"),
                    }
                }
                for request in CONFIGS_TO_CHECK {
                    let native = json::check_config::<$strategy>(request);
                    assert_eq!($plugin.check_config_json(request).unwrap(), native, "{request}");
                }
                let description = $plugin.describe().unwrap();
                assert_eq!(description, pointsman::describe::<$strategy>());
                assert!(serde_json::from_str::<Value>(&description.config_schema).unwrap().is_object());
            }

            proptest! {
                #![proptest_config(ProptestConfig {
                    cases: 2_000, failure_persistence: None, ..ProptestConfig::default()
                })]

                #[test]
                fn random_input_through_both_entry_points(
                    routes in any_routes(), mut spec in any_spec_with($config), break_it in 0..20u8
                ) {
                    let mut routes = routes;
                    match break_it {
                        0 => spec.config = "{\"auto_promote\": \"yes\"}".to_owned(),
                        1 => routes.extend(routes.first().cloned()),
                        2 => routes.iter_mut().take(1).for_each(|route| route.traffic_ratio = f64::NAN),
                        _ => {}
                    }
                    assert_agreement::<$strategy>(&$plugin, "random", &routes, &spec);
                    let request = serde_json::to_string(&[json::Request { routes, spec }]).unwrap();
                    prop_assert_eq!(
                        $plugin.evaluate_cycles_json(&request).unwrap(),
                        json::evaluate_cycles::<$strategy>(&request).unwrap()
                    );
                }
            }
        }
    };
}

/// As the hosts load them, but without a policy whose limits would be put into the specs.
static PLAIN_BLUE_GREEN: LazyLock<Plugin> = LazyLock::new(|| BLUE_GREEN.with_guard(Guard::IdsOnly));
static PLAIN_ROLLING_UPDATE: LazyLock<Plugin> = LazyLock::new(|| ROLLING_UPDATE.with_guard(Guard::IdsOnly));

agreement!(blue_green, BlueGreen, PLAIN_BLUE_GREEN, any_blue_green_config());
agreement!(rolling_update, RollingUpdate, PLAIN_ROLLING_UPDATE, any_rolling_update_config());
