//! The functions that a component has to export to be a strategy, or the guard.

use wasmparser::ValType;

/// The types of all functions, one a line: `interface#function: func(…) -> …`. A test writes them from the built
/// components.
const SIGNATURES: &str = include_str!("contract/0.2.0.txt");

/// What a component has to export.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contract {
    /// What a component that keeps it is.
    pub name: &'static str,
    /// The interface whose version is that of the contract.
    pub interface: &'static str,
    /// The versions that are supported, the newest first.
    pub versions: &'static [&'static str],
    /// What to do about a component of an older version.
    pub(crate) remedy_for_older: &'static str,
    /// All functions that must be there.
    pub functions: &'static [Function],
}

/// A function that must be there.
#[derive(Debug)]
#[non_exhaustive]
pub struct Function {
    /// Its interface, without the version.
    pub interface: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How many parameters it has as a function of the core module, each of 32 bits; it returns one such number.
    pub core_params: usize,
}

const fn function(interface: &'static str, name: &'static str, core_params: usize) -> Function {
    Function { interface, name, core_params }
}

const STRATEGY: &str = "pointsman:strategy/strategy";
const STRATEGY_JSON: &str = "pointsman:strategy/strategy-json";
const GUARD: &str = "pointsman:guard/guard";
const GUARD_JSON: &str = "pointsman:guard/guard-json";

impl Contract {
    /// A strategy, by `wit/strategy/strategy.wit`.
    pub const STRATEGY: Self = Self {
        name: "strategy",
        interface: STRATEGY,
        versions: &["0.2.0"],
        remedy_for_older: "rebuild it with pointsman 0.2 (CONTRIBUTING, 'From 0.1.0 to 0.2.0')",
        functions: &[
            // More numbers than are passed one by one: they are in memory.
            function(STRATEGY, "evaluate-cycle", 1),
            function(STRATEGY, "describe", 0),
            // A string is two numbers, the target one, and an option of two numbers three.
            function(STRATEGY, "check-config", 6),
            function(STRATEGY_JSON, "evaluate-cycles", 2),
            function(STRATEGY_JSON, "check-config", 2),
        ],
    };

    /// The guard, by `wit/guard/guard.wit`.
    pub const GUARD: Self = Self {
        name: "guard",
        interface: GUARD,
        versions: &["0.2.0"],
        remedy_for_older: "take the guard of this host's release",
        functions: &[
            function(GUARD, "check", 1),
            function(GUARD, "check-ids", 1),
            // Three amounts of two numbers each, and the target.
            function(GUARD, "resolve", 7),
            function(GUARD_JSON, "check-plans", 2),
            function(GUARD_JSON, "resolve", 2),
        ],
    };
}

// === impl Contract ===

impl Contract {
    /// What to do about a component of these versions.
    pub(crate) fn remedy(&self, found: &[&str]) -> &'static str {
        let newest =
            |version: &str| version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect::<Vec<_>>();
        let is_newer = found.iter().any(|found| newest(found) > newest(self.versions[0]));
        if is_newer { "use a host that supports it" } else { self.remedy_for_older }
    }
}

// === impl Function ===

impl Function {
    /// The name under which a core module exports it.
    pub fn export(&self, version: &str) -> String {
        format!("{}@{version}#{}", self.interface, self.name)
    }

    /// Its type as a component exports it.
    pub(crate) fn signature(&self) -> &'static str {
        let key = [self.interface, "#", self.name, ": "];
        let found = SIGNATURES.lines().find_map(|line| key.iter().try_fold(line, |line, part| line.strip_prefix(part)));
        // A test has all of them.
        found.unwrap_or_default()
    }

    /// Whether a function of a core module has the type that this one has there.
    pub(crate) fn is_core(&self, params: &[ValType], results: &[ValType]) -> bool {
        params.len() == self.core_params
            && params.iter().all(|param| *param == ValType::I32)
            && results == [ValType::I32]
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use wasmparser::{Validator, component_types::ComponentEntityType};

    use super::{Contract, SIGNATURES};
    use crate::signature::write_function;

    /// The signatures, from components that are built from wit/.
    fn built(contract: &Contract, plugin: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let component = fs::read(root.join("target/plugins").join(plugin)).expect("run `make components` first");
        let types = Validator::new().validate_all(&component).unwrap();
        let types = types.as_ref();
        let line = |function: &super::Function| {
            let interface = format!("{}@{}", function.interface, contract.versions[0]);
            let Some(ComponentEntityType::Instance(id)) =
                types.component_item_for_export(&interface).map(|item| item.ty)
            else {
                panic!("{interface} is no instance")
            };
            let ComponentEntityType::Func(id) = types[id].exports[function.name].ty else { panic!("no function") };
            let mut text = String::new();
            write_function(&types[id], types, &mut text).unwrap();
            format!("{}#{}: {text}\n", function.interface, function.name)
        };
        contract.functions.iter().map(line).collect()
    }

    #[test]
    fn signatures_are_those_of_wit() {
        let found = built(&Contract::STRATEGY, "blue_green.wasm") + &built(&Contract::GUARD, "guard.wasm");
        if env::var_os("BLESS").is_some() {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract/0.2.0.txt");
            fs::write(file, &found).unwrap();
        }
        assert_eq!(found, SIGNATURES, "BLESS=1 writes them");
    }

    #[test]
    fn every_function_has_a_signature() {
        for contract in [Contract::STRATEGY, Contract::GUARD] {
            for function in contract.functions {
                assert!(function.signature().starts_with("func("), "{function:?}");
            }
        }
    }
}
