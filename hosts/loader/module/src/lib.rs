//! The loader as a core WebAssembly module, for hosts that are not written in Rust.
//!
//! It imports nothing and exports three things, made for an instance that is used once:
//!
//! - `memory`;
//! - `allocate(size: i32) -> i32`: makes room for so many bytes, which the host writes there: the length of the
//!   options, four bytes, the lowest first; the options; the component;
//! - `load() -> i32`: the address of the answer: the length of a text, four bytes; the text; the length of a core
//!   module, four bytes; the core module, which is empty where there is none.
//!
//! The options are JSON: `{"contract": "strategy", "runtime": "wazero", "memory": 67108864, "budgets": {"loops":
//! 1000}}`; `contract` is `strategy` or `guard`, `runtime` is `wasmtime` or `wazero`, `memory` is in bytes, and
//! `budgets` are those that are other than by default.
//!
//! The answer is `{"ok": {"version": …, "exports": […], "globals": […], "is_rewindable": …}}`, or `{"error": {"kind":
//! …, "message": …, …}}`: the kind is a word in kebab-case, the message a sentence without its subject, and the other
//! fields are those of [`Refusal`]. Its kind is `invalid-options` where the options are not right, which is the host's
//! fault.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use pointsman_loader::{Budget, Budgets, Contract, Loaded, Options, Refusal, Runtime};
use serde::{Deserialize, Serialize};

/// What a host has written, or is about to.
static INPUT: Mutex<Vec<u8>> = Mutex::new(vec![]);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ContractName {
    Strategy,
    Guard,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuntimeName {
    Wasmtime,
    Wazero,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOptions {
    contract: ContractName,
    runtime: RuntimeName,
    memory: u64,
    #[serde(default)]
    budgets: BTreeMap<String, u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Ok(Loaded),
    Error(Error),
}

#[derive(Serialize)]
struct Error {
    #[serde(flatten)]
    what: What,
    message: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What {
    Refused(Refusal),
    InvalidOptions { kind: &'static str },
}

/// Makes room for what the host is about to write.
#[allow(unsafe_code, reason = "a name that the host calls it by")]
#[unsafe(no_mangle)]
pub extern "C" fn allocate(size: usize) -> *mut u8 {
    let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    *input = vec![0; size];
    input.as_mut_ptr()
}

/// Answers what the host has written.
#[allow(unsafe_code, reason = "a name that the host calls it by")]
#[unsafe(no_mangle)]
pub extern "C" fn load() -> *const u8 {
    let input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    // The instance is used once, so what it has taken need not be given back.
    Box::leak(answer(&input).into_boxed_slice()).as_ptr()
}

/// The answer, as the host reads it.
fn answer(input: &[u8]) -> Vec<u8> {
    let (answer, core) = match loaded(input) {
        Ok(mut loaded) => {
            let core = std::mem::take(&mut loaded.core);
            (Answer::Ok(loaded), core)
        }
        Err(error) => (Answer::Error(error), vec![]),
    };
    // It has neither maps with keys that are no texts, nor anything else that could not be written.
    let text = serde_json::to_vec(&answer).unwrap_or_default();
    let mut written = Vec::with_capacity(text.len() + core.len() + 8);
    for part in [text, core] {
        written.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        written.extend(part);
    }
    written
}

fn loaded(input: &[u8]) -> Result<Loaded, Error> {
    let (options, component) = read(input).map_err(|message| Error {
        what: What::InvalidOptions { kind: "invalid-options" },
        message: format!("cannot be loaded, because the options are not right: {message}"),
    })?;
    pointsman_loader::load(component, &options)
        .map_err(|refusal| Error { message: refusal.to_string(), what: What::Refused(refusal) })
}

/// Reads the options, and what follows them.
fn read(input: &[u8]) -> Result<(Options<'static>, &[u8]), String> {
    let (length, rest) = input.split_first_chunk().ok_or("their length is missing")?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (options, component) = rest.split_at_checked(length).ok_or("they are cut off")?;
    let written: WrittenOptions = serde_json::from_slice(options).map_err(|error| error.to_string())?;
    let mut budgets = Budgets::default();
    for (name, most) in written.budgets {
        let budget: Budget = name.parse().map_err(|error: pointsman_loader::UnknownBudget| error.to_string())?;
        budgets = budgets.with(budget, most);
    }
    let contract = match written.contract {
        ContractName::Strategy => &Contract::STRATEGY,
        ContractName::Guard => &Contract::GUARD,
    };
    let runtime = match written.runtime {
        RuntimeName::Wasmtime => Runtime::Wasmtime,
        RuntimeName::Wazero => Runtime::Wazero,
    };
    Ok((Options { contract, runtime, memory: written.memory, budgets }, component))
}
