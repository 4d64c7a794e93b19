//! A strategy around any core module.

use std::sync::LazyLock;

use wasm_encoder::Encode;

/// A component that is a strategy, around a core module that is replaced.
static STRATEGY: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(include_str!("../../fixtures/strategy.wat")).expect("it is WebAssembly text"));

/// A strategy with another core module, which has to export what the contract wants.
pub fn with_core_module(core: &[u8]) -> Vec<u8> {
    /// The id of a core module's section.
    const CORE_MODULE: u8 = 1;
    // It is the first section.
    let section = &STRATEGY[8..];
    assert_eq!(section[0], CORE_MODULE);
    let (size, length) = leb128(&section[1..]);
    let mut component = STRATEGY[..8].to_vec();
    component.push(CORE_MODULE);
    core.encode(&mut component);
    component.extend_from_slice(&section[1 + length + size..]);
    component
}

/// A number, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> (usize, usize) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).map_or(bytes.len(), |last| last + 1);
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, length)
}
