//! The checked-in JSON Schemas are those of the configuration types. `BLESS=1` writes them.

use pointsman::{Strategy, blue_green::BlueGreen, rolling_update::RollingUpdate, schema_of};

fn check<S: Strategy>(file: &str) {
    let schema = schema_of::<S::Config>();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, &schema).unwrap();
    } else {
        assert_eq!(S::config_schema(), schema, "run `BLESS=1 cargo test --test schemas` and review the diff");
    }
}

#[test]
fn schema_of_blue_green() {
    check::<BlueGreen>("src/strategies/blue_green/config.schema.json");
}

#[test]
fn schema_of_rolling_update() {
    check::<RollingUpdate>("src/strategies/rolling_update/config.schema.json");
}
