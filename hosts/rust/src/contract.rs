//! Version of the contract, and where a component exports its functions.

use wasmtime::component::ComponentExportIndex;

/// The contract versions that this host supports: those that its loader admits.
pub const SUPPORTED_CONTRACTS: &[&str] = pointsman_loader::Contract::STRATEGY.versions;

/// The interface of the typed entry point, without its version.
pub(crate) const TYPED_ENTRY_POINT: &str = pointsman_loader::Contract::STRATEGY.interface;

/// The interface of the JSON entry point, without its version.
pub(crate) const JSON_ENTRY_POINT: &str = "pointsman:strategy/strategy-json";

/// The contract as a component exports it: its version, and its functions.
pub(crate) struct Contract {
    pub(crate) version: &'static str,
    pub(crate) evaluate_cycle: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
    pub(crate) check_config: ComponentExportIndex,
    pub(crate) evaluate_cycles: ComponentExportIndex,
    pub(crate) check_config_json: ComponentExportIndex,
}
