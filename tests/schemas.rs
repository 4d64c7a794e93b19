//! The checked-in JSON Schemas are those of the configuration types. `BLESS=1` writes them.

use pointsman::{
    Strategy,
    blue_green::{BlueGreen, BlueGreenConfig},
    schema_of,
};

#[test]
fn schema_of_blue_green() {
    let schema = schema_of::<BlueGreenConfig>();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write("src/blue_green/config.schema.json", &schema).unwrap();
    } else {
        assert_eq!(BlueGreen::config_schema(), schema, "run `BLESS=1 cargo test --test schemas` and review the diff");
    }
}
