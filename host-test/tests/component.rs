//! Properties of the built files.

use std::fs;

use host_test::{BLUE_GREEN, component};
use pointsman_host::SUPPORTED_CONTRACTS;
use rstest::rstest;
use wasm_metadata::Payload;

#[rstest]
#[case::blue_green("plugins/blue_green.wasm", 262_000)]
#[case::rolling_update("plugins/rolling_update.wasm", 235_000)]
#[case::guard("plugins/guard.wasm", 208_000)]
fn first_party_components_are_small(#[case] path: &str, #[case] most: u64) {
    let size = fs::metadata(component(path)).unwrap().len();

    assert!(size <= most, "{path} has {size} bytes");
}

#[test]
fn blue_green_says_what_it_is_in_standard_metadata() {
    let bytes = fs::read(component("plugins/blue_green.wasm")).unwrap();
    let payload = Payload::from_binary(&bytes).unwrap();
    let metadata = payload.metadata();
    let text = |field: Option<String>| field.expect("the field is there");

    assert_eq!(metadata.name.as_deref(), Some("blue-green"));
    assert_eq!(text(metadata.version.as_ref().map(ToString::to_string)), env!("CARGO_PKG_VERSION"));
    assert!(text(metadata.description.as_ref().map(ToString::to_string)).starts_with("Blue-green rollouts"));
    assert_eq!(text(metadata.licenses.as_ref().map(ToString::to_string)), "Apache-2.0");
    assert_eq!(text(metadata.source.as_ref().map(ToString::to_string)), "https://github.com/pointsman/pointsman");
}

#[test]
fn blue_green_exports_the_contract_and_nothing_else() {
    assert_eq!(BLUE_GREEN.contract_version(), SUPPORTED_CONTRACTS[0]);
    let mut exports = BLUE_GREEN.exports();
    exports.sort();
    assert_eq!(exports, ["pointsman:strategy/strategy-json@0.2.0", "pointsman:strategy/strategy@0.2.0"]);
}

#[test]
fn no_path_of_the_building_machine_is_in_a_component() {
    let home = std::env::home_dir().unwrap();
    let here = fs::canonicalize(component("plugins").join("../..")).unwrap();
    for file in ["plugins/blue_green.wasm", "examples/batched.wasm"] {
        let bytes = fs::read(component(file)).unwrap();
        for path in [&home, &here] {
            let path = path.to_str().unwrap().as_bytes();
            assert!(!bytes.windows(path.len()).any(|window| window == path), "{file}");
        }
    }
}
