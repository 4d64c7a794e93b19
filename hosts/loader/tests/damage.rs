//! Files that are damaged: what fuzzing has found, each in its smallest form.

use pointsman_loader::{Budgets, Contract, Refusal, Runtime, admit};
use rstest::rstest;

/// Whatever follows is missing, so that the part ends where the file does.
#[rstest]
#[case::core_module(b"\x01\x64\0asm\x01\0\0\0")]
#[case::component(b"\x04\x64\0asm\x0d\0\x01\0")]
#[case::core_module_in_a_component(b"\x04\x13\0asm\x0d\0\x01\0\x01\x64\0asm\x01\0\0\0")]
fn a_part_that_is_cut_off(#[case] part: &[u8], #[values(Runtime::Wasmtime, Runtime::Wazero)] runtime: Runtime) {
    let file = [b"\0asm\x0d\0\x01\0", part].concat();

    let refusal = admit(&file, &Contract::STRATEGY, runtime, &Budgets::default()).unwrap_err();

    assert!(matches!(refusal, Refusal::Malformed { .. }), "{refusal}");
}
