//! Modules of which metering made invalid ones, each in its smallest form: what comes out of it can be run.

use pointsman_loader::{Budget, Budgets, Contract, Loaded, Options, Refusal, Runtime, load};
use rstest::rstest;
use wasmparser::{Parser, Payload, Validator};

/// The smallest strategy, as text.
const STRATEGY: &str = include_str!("../../../host-test/fixtures/strategy.wat");

/// A field of its core module, after which others may stand.
const MEMORY: &str = "(memory (export \"memory\") 1)";

/// A strategy with something more in its core module.
fn strategy(more: &str) -> Vec<u8> {
    wat::parse_str(STRATEGY.replacen(MEMORY, &format!("{MEMORY} {more}"), 1)).unwrap()
}

fn loaded(component: &[u8], runtime: Runtime, budgets: Budgets) -> Result<Loaded, Refusal> {
    let loaded = load(component, &Options { contract: &Contract::STRATEGY, runtime, memory: 1 << 20, budgets })?;
    Validator::new().validate_all(&loaded.core).unwrap();
    Ok(loaded)
}

#[rstest]
#[case::wasmtime(Runtime::Wasmtime)]
#[case::wazero(Runtime::Wazero)]
fn numbers_that_are_longer_than_they_need_be(#[case] runtime: Runtime) {
    let component = strategy("(elem func $trap)");
    let core = Parser::new(0).parse_all(&component).find_map(|payload| match payload.unwrap() {
        Payload::ModuleSection { unchecked_range, .. } => Some(unchecked_range),
        _ => None,
    });
    let core = core.unwrap();
    let [before, core, after] = [&component[..core.start], &component[core.clone()], &component[core.end..]];
    // The section of elements: one segment, of which 1 says how it is to be read.
    let (short, long) = (&[9, 5, 1, 1, 0, 1, 0][..], &[9, 7, 1, 0x81, 0x80, 0, 0, 1, 0][..]);
    let at = core.windows(short.len()).position(|bytes| bytes == short).unwrap();
    let core = [&core[..at], long, &core[at + short.len()..]].concat();
    // The size of the core module, in two bytes.
    let size = [core.len() & 0x7f | 0x80, core.len() >> 7].map(|byte| u8::try_from(byte).unwrap());
    let component = [&before[..before.len() - 2], &size, &core, after].concat();

    assert!(loaded(&component, runtime, Budgets::default()).is_ok());
}

#[rstest]
#[case::wasmtime(Runtime::Wasmtime)]
#[case::wazero(Runtime::Wazero)]
fn a_table_that_begins_with_more_than_tables_may_grow_to(#[case] runtime: Runtime) {
    let component = strategy("(table 30000 funcref)");
    assert!(matches!(
        loaded(&component, runtime, Budgets::default()),
        Err(Refusal::OverBudget { budget: Budget::Elements, found: 30_000, .. })
    ));

    let raised = Budgets::default().with(Budget::Elements, 30_000);
    assert!(loaded(&component, runtime, raised).is_ok());
}

#[rstest]
fn names_that_are_the_loaders(
    #[values("pointsman refused", "pointsman allocate each", "pointsman global 0")] name: &str,
    #[values(Runtime::Wasmtime, Runtime::Wazero)] runtime: Runtime,
) {
    let component = strategy(&format!("(global (export \"{name}\") (mut i32) (i32.const 0))"));

    let refusal = loaded(&component, runtime, Budgets::default()).unwrap_err();

    assert_eq!(
        refusal.to_string(),
        format!(
            "is not a valid component: its core module exports `{name}`, which is a name of the loader's; rename it"
        )
    );
}

/// wasmtime takes them only where it was built with a garbage collector, and the Rust host's is not.
#[rstest]
#[case::a_table("(table 1 externref)")]
#[case::a_global("(global externref (ref.null extern))")]
#[case::code("(func (drop (ref.null extern)))")]
fn references_to_what_is_not_a_function(
    #[case] more: &str,
    #[values(Runtime::Wasmtime, Runtime::Wazero)] runtime: Runtime,
) {
    let refusal = loaded(&strategy(more), runtime, Budgets::default()).unwrap_err();

    assert!(matches!(refusal, Refusal::Malformed { .. }), "{refusal}");
}
