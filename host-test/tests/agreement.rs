//! A strategy's component answers exactly as the native code does, through both entry points.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{fs, path::Path, sync::LazyLock};

use host_test::{BLUE_GREEN, HOSTILE, ROLLING_UPDATE, verdict};
use pointsman::{Route, Spec, Strategy, blue_green::BlueGreen, evaluate_cycle, json, rolling_update::RollingUpdate};
use pointsman_host::{Guard, Plugin};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use serde_json::{Value, value::RawValue};
use support::{any_blue_green_config, any_rolling_update_config, any_routes, any_spec_with};

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

/// What the plugin itself answers, without a policy's limits.
fn assert_agreement<S: Strategy>(plugin: &Plugin, name: &str, routes: &[Route], spec: &Spec) {
    let component = verdict(plugin.evaluate_cycle(routes, spec));

    assert_eq!(component, evaluate_cycle::<S>(routes, spec), "{name}");
}

/// Ratios of whatever bits come through every entry point as they are, to the last bit.
#[test]
fn ratios_to_the_bit() {
    let echo = HOSTILE.with_guard(Guard::IdsOnly);
    let mut bits: Vec<u64> = vec![0, 1, f64::MIN_POSITIVE.to_bits(), 0.1_f64.to_bits(), 1.0_f64.to_bits()];
    // A walk over all exponents and through the mantissas.
    bits.extend((0..5_000).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1.0_f64.to_bits()));
    let ratios: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    let given: Vec<Route> = ratios
        .iter()
        .enumerate()
        .map(|(i, ratio)| Route { traffic_ratio: *ratio, ..support::route(&format!("r-{i:04}"), "v1") })
        .collect();
    let spec = support::spec(0, r#"{"misdeed": "echo_traffic"}"#);

    let typed = echo.evaluate_cycle(&given, &spec).unwrap();
    let request = serde_json::to_string(&[json::Request { routes: given, spec }]).unwrap();
    let answers: Vec<json::Answer> = serde_json::from_str(&echo.evaluate_cycles_json(&request).unwrap()).unwrap();
    let [json::Answer::Ok(json)] = &answers[..] else { panic!("{answers:?}") };

    for plan in [&typed, json] {
        assert_eq!(plan.traffic_changes.len(), ratios.len());
        for (change, ratio) in plan.traffic_changes.iter().zip(&ratios) {
            assert_eq!(change.traffic_ratio.to_bits(), ratio.to_bits(), "{ratio:e}");
        }
    }
}

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
                for config in
                    ["{}", "", "[]", r#"{"auto_promote": 1}"#, r#"{"deadline_seconds": 0}"#, r#"{"max_replacements": 4294967296}"#, r#"{"max_surge": 0, "max_unavailable": 0}"#]
                {
                    let limits = None;
                    let component = $plugin.check_config(config, 3).map_err(|error| error.to_string());
                    match (component, pointsman::check_config::<$strategy>(config, 3, limits)) {
                        (Ok(component), Ok(native)) => assert_eq!(component, native),
                        (Err(component), Err(native)) => assert!(component.ends_with(&native), "{component} is not {native}"),
                        other => panic!("`{config}`: {other:?}"),
                    }
                }
                for request in [r#"{"target_replicas": 3}"#, r#"{"config": {"max_surge": 0}, "target_replicas": 1, "limits": {"least_serving": 1, "most_live": 2}}"#, "{}", "nonsense"] {
                    assert_eq!($plugin.check_config_json(request).unwrap(), json::check_config::<$strategy>(request), "{request}");
                }
                let description = $plugin.describe().unwrap();
                assert_eq!(description, pointsman::describe::<$strategy>());
                assert!(serde_json::from_str::<Value>(&description.config_schema).unwrap().is_object());
            }

            proptest! {
                #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

                #[test]
                fn random_input_through_both_entry_points(routes in any_routes(), mut spec in any_spec_with($config), break_it in 0..20u8) {
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
